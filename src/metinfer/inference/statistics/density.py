"""Elementwise log-densities with finite gradients (PyTensor).

Every function is defined wherever it is called: callers replace impossible arguments first
(`where_ok`), because a gradient through an unused branch of a switch must be finite too.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytensor.tensor as pt

LOG_2PI = float(np.log(2.0 * np.pi))
SQRT2 = float(np.sqrt(2.0))


def positive(x: Any) -> Any:
    """Say where 0 < x < inf (false for NaN)."""
    return pt.and_(pt.gt(x, 0.0), pt.lt(x, np.inf))


def finite(x: Any) -> Any:
    """Say where x is a finite number."""
    return pt.and_(pt.gt(x, -np.inf), pt.lt(x, np.inf))


def where_ok(ok: Any, x: Any, stand_in: float = 1.0) -> Any:
    """``x`` where ``ok``, else a harmless stand-in."""
    return pt.switch(ok, x, stand_in)


def or_impossible(ok: Any, logp: Any) -> Any:
    """``logp`` where ``ok``, else -inf."""
    return pt.switch(ok, logp, -np.inf)


def xlogy(x: Any, y: Any) -> Any:
    """Product x ln y, and 0 where x = 0 (also at y = 0, with zero gradient)."""
    none = pt.eq(x, 0.0)
    return pt.switch(none, 0.0, x * pt.log(pt.switch(none, 1.0, y)))


def normal(x: Any, mu: Any, sigma: Any) -> Any:
    """Log-density of Normal(mu, sigma) at x."""
    z = (x - mu) / sigma
    return -0.5 * z * z - pt.log(sigma) - 0.5 * LOG_2PI


def gamma(x: Any, shape: Any, rate: Any) -> Any:
    """Log-density of Gamma(shape, rate) at x > 0."""
    return shape * pt.log(rate) - pt.gammaln(shape) + (shape - 1.0) * pt.log(x) - rate * x


def variance(s2: Any, sigma2: Any, n: Any) -> Any:
    """Log-density of a sample variance: (n - 1) s2 / sigma2 ~ chi-square(n - 1)."""
    half = 0.5 * (n - 1.0)
    return gamma(s2, half, half / sigma2)


def log_ndtr(z: Any) -> Any:
    """Logarithm of Phi(z), accurate in both tails (erfcx form on the left)."""
    left = pt.lt(z, -1.0)
    zl = pt.switch(left, z, -1.0)
    zr = pt.switch(left, -1.0, z)
    tail = pt.log(0.5 * pt.erfcx(-zl / SQRT2)) - 0.5 * zl * zl
    return pt.switch(left, tail, pt.log1p(-0.5 * pt.erfc(zr / SQRT2)))


def log_ndtr_between(low: Any, high: Any) -> Any:
    """Logarithm of Phi(high) - Phi(low) for low < high, computed in the left tail."""
    flip = pt.gt(low + high, 0.0)
    a = pt.switch(flip, -high, low)
    b = pt.switch(flip, -low, high)
    log_b = log_ndtr(b)
    return log_b + pt.log1mexp(pt.minimum(log_ndtr(a) - log_b, -1e-300))


def log_choose(n: Any, k: Any) -> Any:
    """Logarithm of the binomial coefficient, by gamma functions (n and k may be fractional)."""
    return pt.gammaln(n + 1.0) - pt.gammaln(k + 1.0) - pt.gammaln(n - k + 1.0)


def poisson(k: Any, mean: Any) -> Any:
    """Log-mass of Poisson(mean) at k."""
    return xlogy(k, mean) - mean - pt.gammaln(k + 1.0)


def negative_binomial(k: Any, mean: Any, shape: Any) -> Any:
    """Log-mass of a Gamma(shape)-mixed Poisson of this mean at k (Greenwood & Yule 1920)."""
    log_gammas = pt.gammaln(k + shape) - pt.gammaln(shape) - pt.gammaln(k + 1.0)
    return log_gammas - shape * pt.log1p(mean / shape) + xlogy(k, mean / (mean + shape))
