"""What the page shows of a calibration: ranks of truths, and how often intervals hold them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Coverage:
    """Share of truths inside intervals of one level, and the limits that chance allows."""

    level: float
    share: float
    low: float
    high: float


@dataclass(frozen=True)
class Ranked:
    """One quantity: are the ranks of its truth uniform? `holds` is judged jointly, at 99 %."""

    kind: str
    name: str
    label: str
    group: str  # "answer", "main" or "other"
    fits: int
    unsolved: int
    p: float
    holds: bool
    coverage: tuple[Coverage, ...]
    effective: float | None
    comment: str
    ecdf: tuple[float, ...] = ()


@dataclass(frozen=True)
class Kind:
    """All fits with truths from one source. The band (low, high) is of the ECDF difference."""

    name: str
    asked: int
    finished: int
    failed: tuple[tuple[str, str], ...]
    divergent: int
    seconds: float
    expected_outside: float
    ranks: int
    band: tuple[tuple[float, ...], tuple[float, ...]]
    reasons: tuple[str, ...]
    quantities: tuple[Ranked, ...]

    @property
    def outside(self) -> tuple[Ranked, ...]:
        """Quantities outside the 95 % band."""
        return tuple(q for q in self.quantities if q.p < 0.05)

    @property
    def power(self) -> float | None:
        """Least share of truths in the 90 % interval of an answer that would still pass."""
        lows = [q.coverage[1].low for q in self.quantities if q.group == "answer"]
        return min(lows, default=None)

    @property
    def shown(self) -> tuple[Ranked, ...]:
        """What is drawn: named answers, the log-likelihood, and whatever is outside its band."""
        drawn = ("answer", "log_likelihood")
        return tuple(q for q in self.quantities if {q.group, q.name} & set(drawn) or q.p < 0.05)


@dataclass(frozen=True)
class Calibrated:
    """The calibration of this very posterior."""

    kinds: tuple[Kind, ...]

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it is not passed."""
        return tuple(f"truths from the {k.name}: {r}" for k in self.kinds for r in k.reasons)

    @property
    def whole(self) -> bool:
        """Whether both kinds were run."""
        return len(self.kinds) == 2
