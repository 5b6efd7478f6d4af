"""What an SBML model is made of, as plain records that know no library."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Quantity:
    """A number of the model with a name.

    Attributes
    ----------
    id, title, unit : str
    value : float or None
        Its value, or its first value.
    rule : str
        Formula that holds at all times.
    start : str
        Formula of its value at time zero.
    rate : str
        Formula of its time derivative, per day.
    state : bool
        Whether it is a species, and not a parameter.
    jumps : bool
        Whether events change it.
    """

    id: str
    title: str = ""
    unit: str = "1"
    value: float | None = None
    rule: str = ""
    start: str = ""
    rate: str = ""
    state: bool = False
    jumps: bool = False

    @property
    def constant(self) -> bool:
        """Whether it never changes over time."""
        return not (self.rule or self.rate or self.state or self.jumps)


@dataclass(frozen=True)
class Event:
    """When `trigger` becomes true, the quantities in `changes` take the values of the formulas."""

    id: str
    trigger: str
    changes: Mapping[str, str]


@dataclass(frozen=True)
class Parts:
    """All quantities and events of a model."""

    id: str
    title: str
    quantities: tuple[Quantity, ...]
    events: tuple[Event, ...] = ()
