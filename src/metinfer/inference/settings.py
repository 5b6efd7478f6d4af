"""What decides the draws of a fit, besides its evidence and the program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import TypedDict

import numpy as np

from metinfer.errors import UsageError
from metinfer.inference.chains import Length
from metinfer.inference.variants import BASE, find
from metinfer.runs import Record

#: Draws, tuning draws and chains of a short sub-fit, at least: enough for a median and an
#: interval, and for gates of its own (two chains of 500 draws passed R-hat narrowly, or not).
SHORT_DRAWS, SHORT_TUNE, SHORT_CHAINS = 1000, 500, 2


class Options(TypedDict, total=False):
    """Settings of a fit that may be left out; see `Settings`."""

    draws: int | None
    tune: int | None
    chains: int | None
    seed: int | None
    quick: bool | None
    variant: str | None


@dataclass(frozen=True)
class Settings:
    """What decides the draws, besides evidence and program.

    Attributes
    ----------
    draws, tune, chains : int
        Draws kept and draws spent on adapting, per chain; chains per sub-fit.
    seed : int
        Every chain's seed is spawned from it.
    quick : bool
        A first look: few draws and no short sub-fits, marked as such in the report.
    variant : str
        Form of the mechanism: a name of `metinfer.inference.variants.VARIANTS`.
    """

    draws: int = 1000
    tune: int = 1000
    chains: int = 4
    seed: int = 1
    quick: bool = False
    variant: str = BASE

    def __post_init__(self) -> None:
        find(self.variant)
        for name, least in (("draws", 4), ("tune", 20), ("chains", 1), ("seed", 0)):
            if getattr(self, name) < least:
                raise UsageError(f"--{name} is {getattr(self, name)}: it must be {least} or more")

    @property
    def length(self) -> Length:
        """Length of each chain of a full sub-fit."""
        return Length(self.draws, self.tune)

    @property
    def short_length(self) -> Length:
        """Length of each chain of a short sub-fit: half of a full one where that is more.

        So that more draws are also the remedy where a short sub-fit has too few.
        """
        draws = max(min(self.draws, SHORT_DRAWS), self.draws // 2)
        return Length(draws, max(min(self.tune, SHORT_TUNE), self.tune // 2))

    def seeds(self, subfits: Sequence[str], short: Sequence[str] = ()) -> dict[str, list[int]]:
        """Seed of each chain of each sub-fit.

        The first chains do not depend on how many follow, nor the first sub-fits.
        """
        children = np.random.SeedSequence(self.seed).spawn(len(subfits))
        counts = {name: min(self.chains, SHORT_CHAINS) for name in short}
        return {
            name: [seed_of(s) for s in child.spawn(counts.get(name, self.chains))]
            for name, child in zip(subfits, children, strict=True)
        }


QUICK = Settings(draws=250, tune=300, chains=2, quick=True)


def settings_of(record: Record) -> Settings:
    """The settings that a record holds; those that it never heard of have their defaults."""
    known = {f.name for f in fields(Settings)}
    return Settings(**{k: v for k, v in record.settings.items() if k in known})


def settings_from(options: Options) -> Settings:
    """Settings with what was asked for; the rest is as for a full or a first look."""
    given = {name: value for name, value in options.items() if value is not None}
    base = QUICK if given.get("quick") else Settings()
    return replace(base, **given)  # type: ignore[arg-type]


def seed_of(sequence: np.random.SeedSequence) -> int:
    """A seed that fits a signed 64-bit integer, as TOML has them."""
    return int(sequence.generate_state(1, np.uint64)[0] >> np.uint64(1))
