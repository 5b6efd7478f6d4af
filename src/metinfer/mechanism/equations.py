"""The model equations: written here once, in SymPy, and nowhere else.

Every state obeys ``x' = production - loss x``. States are listed in cascade order: the
production and the loss of a state use only itself, the states above it, the parameters and
the inputs; the one exception is named `FEEDBACK`. The compiled solver, its exact gradient, the
reference solver of the tests, the printed equations and the parameter table are all derived from
this module.

A link of the model is switched by a parameter value (``bT = 0``: TIMP-1 does not raise CXCL12;
``bQ < 0``: the link is reversed), so that one compiled solver serves every variant.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp
from sympy import Expr, Symbol, exp, log, sqrt

#: Added to a quantity before its logarithm is taken, so that a full block (zero) stays finite.
FLOOR = 1e-9


@dataclass(frozen=True)
class State:
    """One state: fold over healthy (1) for the niche, cells per founder for the tumour."""

    name: str
    title: str
    unit: str
    meaning: str
    source: str


@dataclass(frozen=True)
class Parameter:
    """One lane parameter, with the value used where nothing else is known."""

    name: str
    symbol: str
    unit: str
    meaning: str
    source: str
    default: float


@dataclass(frozen=True)
class InputSpec:
    """One input of a lane (a function of time), with its value in an untreated healthy host."""

    name: str
    unit: str
    meaning: str
    default: float


@dataclass(frozen=True)
class Equation:
    """``x' = production - loss x`` with the value of `x` at time zero.

    The start of the first state may use `FEEDBACK`: the start of all is then the fixed point that
    repeated evaluation reaches from the start without it.
    """

    state: str
    production: Expr
    loss: Expr
    start: Expr


CORREIA = "Correia 2021, doi 10.1038/s41586-021-03614-z"
SEUBERT = "Seubert 2015, doi 10.1002/hep.27378"
DESIGN = "model form"

STATES: tuple[State, ...] = (
    State("A", "stellate", "fold", "activated hepatic stellate cells", CORREIA),
    State("X", "cxcl12", "fold", "hepatic CXCL12", f"{CORREIA}; {SEUBERT}"),
    State("R", "responsiveness", "1", "responsiveness of NK cells to IL-15", DESIGN),
    State("N", "nk", "fold", "number of hepatic NK cells", CORREIA),
    State("U", "neutrophils", "fold", "hepatic neutrophils", SEUBERT),
    State("H", "awakening_signal", "1", "awakening signal, delayed image of IFN-g", CORREIA),
    State("D", "dormant", "cells", "dormant founders", CORREIA),
    State("W1", "awake1", "cells", "awakened clones, first third of the way to detection", DESIGN),
    State("W2", "awake2", "cells", "awakened clones, second third", DESIGN),
    State("W3", "awake3", "cells", "awakened clones, last third", DESIGN),
    State("L", "metastases", "cells", "expected number of detectable metastases", DESIGN),
    State("K", "cleared", "cells", "founders and clones that died or were killed", DESIGN),
)

PARAMETERS: tuple[Parameter, ...] = (
    Parameter(
        "kA", "k_A", "1/day", "rate at which stellate activation follows injury", CORREIA, 0.09
    ),
    Parameter("bA", "b_A", "1", "log slope of CXCL12 in stellate activation", CORREIA, 0.7),
    Parameter("kX", "k_X", "1/day", "turnover of CXCL12", DESIGN, 2.0),
    Parameter("bT", "b_T", "1", "log slope of CXCL12 in TIMP-1", SEUBERT, 0.3),
    Parameter(
        "Kx",
        "K_X",
        "fold",
        "CXCL12 that doubles the drug needed at CXCR4",
        "Cheng-Prusoff 1973",
        1.0,
    ),
    Parameter("bQ", "b_Q", "1", "log slope of NK loss in the CXCR4 signal", CORREIA, 0.5),
    Parameter(
        "th", "\\theta", "1", "share of that loss borne by NK number, not activity", DESIGN, 0.5
    ),
    Parameter("kN", "k_N", "1/day", "turnover of hepatic NK cells", DESIGN, 0.05),
    Parameter("r15", "r_{15}", "1/day", "NK growth rate at full IL-15", DESIGN, 0.8),
    Parameter("Ncap", "N_{max}", "fold", "NK number at which IL-15 growth stops", DESIGN, 40.0),
    Parameter("kdep", "k_{dep}", "1/day", "rate of NK loss at full depletion", DESIGN, 1.5),
    Parameter("kR", "k_R", "1/day", "recovery of responsiveness to IL-15", DESIGN, 0.1),
    Parameter("kd", "k_d", "1/day", "loss of responsiveness at full IL-15", DESIGN, 0.2),
    Parameter("kU", "k_U", "1/day", "turnover of hepatic neutrophils", DESIGN, 1.0),
    Parameter("mu", "\\mu", "1", "neutrophils mobilised by full CXCR4 blockade", DESIGN, 0.5),
    Parameter("bU", "b_U", "1", "log slope of neutrophils in the CXCR4 signal", SEUBERT, 0.5),
    Parameter(
        "kdepU", "k_{dep,U}", "1/day", "rate of neutrophil loss at full depletion", DESIGN, 2.0
    ),
    Parameter("fN", "f_N", "1", "share of hepatic IFN-g made by NK cells", CORREIA, 0.5),
    Parameter("SG", "S_G", "1", "potency of given IFN-g", DESIGN, 1.0),
    Parameter("hG", "h_G", "1", "steepness of the hold by IFN-g", DESIGN, 1.0),
    Parameter("eta", "\\eta", "1", "strength of the hold by IFN-g", CORREIA, 0.5),
    Parameter("f0", "f_0", "1", "share of awakening that IFN-g cannot hold", DESIGN, 0.1),
    Parameter("kH", "k_H", "1/day", "rate of the awakening signal", DESIGN, 1.0),
    Parameter("w1", "w_1", "1/day", "awakening rate in a healthy liver", CORREIA, 3e-4),
    Parameter(
        "d0", "d_0", "1/day", "death rate of dormant founders without NK cells", DESIGN, 1e-4
    ),
    Parameter("m", "m", "1/day", "killing of dormant founders by healthy NK cells", DESIGN, 1e-4),
    Parameter(
        "kap", "\\kappa", "1/day", "killing of awakened clones by healthy NK cells", DESIGN, 1e-4
    ),
    Parameter(
        "kS", "k_S", "1", "log share of arriving cells killed by healthy NK cells", DESIGN, 0.7
    ),
    Parameter("fU", "f_U", "1", "share of seeding that needs neutrophils", SEUBERT, 0.4),
    Parameter("nu", "\\nu", "1", "log slope of that seeding in neutrophils", SEUBERT, 1.0),
    Parameter("tau", "\\tau", "day", "mean time from awakening to detection", DESIGN, 1278.0),
    Parameter("founders", "S", "cells", "founders that arrive after time zero", DESIGN, 0.0),
    Parameter("founders0", "D_0", "cells", "dormant founders at time zero", DESIGN, 1.0),
    Parameter("awake0", "W_0", "cells", "clones awake at time zero", DESIGN, 0.2),
    Parameter("injury_scale", "J", "1", "multiplies the injury input", DESIGN, 1.0),
    Parameter("timp1_scale", "T_0", "fold", "multiplies the TIMP-1 input", DESIGN, 1.0),
    Parameter("dip", "q", "1", "share of NK activity lost while the dip input is on", DESIGN, 0.0),
    Parameter(
        "sT",
        "s_T",
        "1",
        "share of the CXCL12 raised by TIMP-1 that NK cells meet (0: it acts on seeding only)",
        DESIGN,
        1.0,
    ),
    Parameter(
        "bNA",
        "b_{NA}",
        "1",
        "log of the stellate activation set free when no active NK cell restrains it (0: none)",
        DESIGN,
        0.0,
    ),
    Parameter(
        "seen",
        "s_W",
        "1",
        "share of the clones in their last third that was found and removed at time zero",
        DESIGN,
        0.0,
    ),
    Parameter(
        "il15_scale", "P_{15}", "1", "multiplies the exposure to an IL-15 agonist", DESIGN, 1.0
    ),
    Parameter(
        "cxcr4_scale", "P_4", "1", "multiplies the exposure to a CXCR4 antagonist", DESIGN, 1.0
    ),
    Parameter("ifng_scale", "P_G", "1", "multiplies the exposure to given IFN-g", DESIGN, 1.0),
)

INPUTS: tuple[InputSpec, ...] = (
    InputSpec("injury", "fold", "extra stellate activation by injury", 0.0),
    InputSpec("timp1", "fold", "blood TIMP-1 over healthy", 1.0),
    InputSpec("stellate_block", "1", "share of stellate activation blocked", 0.0),
    InputSpec("cxcr4_drug", "1", "CXCR4 antagonist concentration over its Ki", 0.0),
    InputSpec("cxcl12_neutral", "1", "share of CXCL12 neutralised", 0.0),
    InputSpec("il15", "1", "IL-15 agonist concentration over its EC50", 0.0),
    InputSpec("nk_depletion", "1", "NK depletion, 1 = full", 0.0),
    InputSpec("nk_activity", "1", "activity of an NK cell over healthy", 1.0),
    InputSpec("perforin_loss", "1", "share of NK killing lost, IFN-g spared", 0.0),
    InputSpec("ifng_loss", "1", "share of IFN-g lost", 0.0),
    InputSpec("ifng_drug", "1", "given IFN-g in units of the healthy hepatic signal", 0.0),
    InputSpec("neutrophil_depletion", "1", "neutrophil depletion, 1 = full", 0.0),
    InputSpec("arrival", "1/day", "founders arriving per day, as a share of their total", 0.0),
    InputSpec("dip_on", "1", "switches the dip of NK activity (parameter `dip`)", 1.0),
)


def bounded_log(x: Expr) -> Expr:
    """Bounded log ratio ``2 (x - 1)/(x + 1)``: slope 1 in ln x at 1, from -2 at 0 to 2.

    Used where no dose-response curve is published: one signed slope, and no ridge between a
    maximum and a half-effect concentration.
    """
    return 2 * (x - 1) / (x + 1)


def _power(base: Expr, exponent: Expr) -> Expr:
    """Power of a quantity that never falls below zero, except by the rounding of a long step."""
    return exp(exponent * log(base**2 + FLOOR**2) / 2)


def symbols(names: str) -> list[Symbol]:
    """Real SymPy symbols by name."""
    return [Symbol(n, real=True) for n in names.split()]


A, X, R, N, U, H, D, W1, W2, W3, L, K = symbols(" ".join(s.name for s in STATES))
(kA, bA, kX, bT, Kx, bQ, th, kN, r15, Ncap, kdep, kR, kd, kU, mu, bU, kdepU, fN, SG, hG, eta, f0,
 kH, w1, d0, m, kap, kS, fU, nu, tau, founders, founders0, awake0, injury_scale, timp1_scale,
 dip, sT, bNA, seen, il15_scale, cxcr4_scale,
 ifng_scale) = symbols(" ".join(p.name for p in PARAMETERS))  # fmt: skip
(injury, timp1, stellate_block, cxcr4_drug, cxcl12_neutral, il15, nk_depletion, nk_activity,
 perforin_loss, ifng_loss, ifng_drug, neutrophil_depletion, arrival,
 dip_on) = symbols(" ".join(i.name for i in INPUTS))  # fmt: skip
#: 1 if the arriving founders come at once at time zero, else 0.
bolus = Symbol("bolus", real=True)

e15, lnT, e4, Z, ZN, lnQ, F, FA, Fk, G, omega, seed, leave, onward = symbols(
    "e15 lnT e4 Z ZN lnQ F FA Fk G omega seed leave onward"
)

#: States of the niche, which the tumour does not act on: they rest where no input changes.
NICHE = ("A", "X", "R", "N", "U", "H")
#: Inputs that do not act on the niche.
TUMOUR_INPUTS = ("arrival",)

#: Functions of inputs alone: evaluated once, when a grid is built. Replaces the raw input.
PREPARED: dict[str, tuple[Symbol, Expr]] = {
    "timp1": (lnT, log(timp1)),
}

#: Quantities without a state, in order of use. `ZN`, the signal that NK cells meet, leaves out
#: what TIMP-1 added where `sT` is 0: exactly so while TIMP-1 does not change, and within a day
#: (the turnover of CXCL12) after it did.
DERIVED: dict[Symbol, Expr] = {
    e15: il15_scale * il15 / (1 + il15_scale * il15),
    e4: cxcr4_scale * cxcr4_drug / (cxcr4_scale * cxcr4_drug + 1 + X / Kx),
    Z: X * (1 - cxcl12_neutral) * (1 - e4),
    ZN: Z * exp((sT - 1) * bT * (lnT + log(timp1_scale))),
    lnQ: -bQ * bounded_log(ZN),
    F: nk_activity * (1 - dip * dip_on) * exp((1 - th) * lnQ) * N,
    FA: F,
    Fk: F * (1 - perforin_loss),
    G: (fN * F + 1 - fN) * (1 - ifng_loss) + SG * ifng_scale * ifng_drug,
    omega: f0 + (1 - f0) * exp(-eta * bounded_log(_power(G, hG))),
    seed: (1 - fU + fU * _power(U, nu)) * exp(-kS * (Fk - 1)),
    leave: d0 + m * Fk,
    onward: 3 / tau,
}

#: The one quantity that acts on a state above those it depends on: active NK cells as stellate
#: cells feel them. Over a step it is predicted from the step's start (see `scheme`).
FEEDBACK = FA


def freed(active: Expr) -> Expr:
    """Share of the restraint on stellate cells that is gone: 0 for healthy NK cells, 1 for none.

    A threshold below the healthy state (half at half the active NK cells, steepness 4:
    assumptions) lets a healthy and an inflamed niche be stable side by side; a slope that is
    steepest at the healthy state could not.
    """
    healthy = sp.Rational(1, 17)
    return (1 / (1 + 16 * active**4) - healthy) / (1 - healthy)


_activation = (1 + injury_scale * injury) * (1 - stellate_block) * exp(bNA * freed(FA))
_growth = r15 * R * e15
#: Inflow of NK cells over healthy.
number = exp(th * lnQ)
_linear = kN + kdep * nk_depletion - _growth
_settle = exp(bA * log(A + FLOOR) + bT * (lnT + log(timp1_scale)))

EQUATIONS: tuple[Equation, ...] = (
    Equation("A", kA * _activation, kA, _activation),
    Equation("X", kX * _settle, kX, _settle),
    Equation("R", kR, kR + kd * e15, kR / (kR + kd * e15)),
    Equation("N", kN * number + _growth * N, kN + _growth * N / Ncap + kdep * nk_depletion,
             2 * kN * number / (_linear + sqrt(_linear**2 + 4 * _growth / Ncap * kN * number))),
    Equation("U", kU * (1 + mu * e4) * _power(Z, bU), kU + kdepU * neutrophil_depletion,
             kU * (1 + mu * e4) * _power(Z, bU) / (kU + kdepU * neutrophil_depletion)),
    Equation("H", kH * omega, kH, omega),
    Equation("D", founders * arrival * seed, w1 * H + leave, founders0 + bolus * founders * seed),
    Equation("W1", w1 * H * D, onward + kap * Fk, awake0 / 3),
    Equation("W2", onward * W1, onward + kap * Fk, awake0 / 3),
    Equation("W3", onward * W2, onward + kap * Fk, awake0 / 3 * (1 - seen)),
    Equation("L", onward * W3, sp.Integer(0), sp.Integer(0)),
    Equation("K", leave * D + kap * Fk * (W1 + W2 + W3), sp.Integer(0), sp.Integer(0)),
)  # fmt: skip


def expand(expression: Expr) -> Expr:
    """`expression` with every derived quantity replaced by its definition."""
    for symbol in reversed(DERIVED):
        expression = expression.subs(symbol, DERIVED[symbol])
    return expression


def defaults() -> dict[str, float]:
    """Default value of every parameter, in order."""
    return {p.name: p.default for p in PARAMETERS}
