"""What variants and left-out studies do to the named answers, judged by limits set beforehand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from metinfer.report.contents_compare import Compared, ComparedAnswer, FitAnswer
from metinfer.report.gather.chance import UNLIKELY, tails
from metinfer.report.words import share

#: Fits that are judged, and what they are called.
KINDS = {"variant": "variants", "left out": "left-out studies"}
#: So many studies surprise by chance: each has this probability of doing so.
SURPRISE = 0.05


@dataclass(frozen=True)
class Checked:
    """State of the level "checked", and what was found, in words.

    Attributes
    ----------
    state : str
        ``not run``; ``fail`` where fits are not to be trusted; ``pass`` where no fit puts an
        answer outside its 90 % interval, no more studies surprise than chance allows, and no
        variant predicts better; ``done`` otherwise.
    told : str
    faults : tuple of str
        Why fits are not to be trusted.
    """

    state: str
    told: str = ""
    faults: tuple[str, ...] = ()


def checked(found: Compared | None) -> Checked:
    """Judge a comparison by its largest shifts, its surprises and the scores of its variants."""
    if found is None:
        return Checked("not run")
    told = "; ".join(_told(found))
    if found.reasons:
        return Checked("fail", told, tuple(_named(r, found) for r in found.reasons))
    moved = any(outside(a, kind) for a in found.answers for kind in KINDS)
    many = too_many(len(found.surprises), len(found.studies))
    return Checked("done" if moved or many or _better(found) else "pass", told)


def _named(reason: str, found: Compared) -> str:
    """A reason with variants called as on the page."""
    for line in found.variants:
        reason = reason.replace(f"variant {line.key}:", f"{line.key}:")
        if reason.startswith(line.key):
            return f"variant \u201c{line.label}\u201d{reason.removeprefix(line.key)}"
    return reason


def outside(answer: ComparedAnswer, kind: str) -> tuple[FitAnswer, ...]:
    """Fits of a kind whose median lies outside the 90 % interval of the base."""
    base = answer.span("base")
    if base is None:
        return ()
    return tuple(f for f in answer.of(kind) if not base.lo90 <= f.span.median <= base.hi90)


def largest(answers: Iterable[ComparedAnswer], kind: str) -> FitAnswer | None:
    """The fit of a kind that moves an answer most, in widths of its 90 % interval."""
    shifts = [f for a in answers for f in a.of(kind) if f.shift is not None and f.key != "base"]
    return max(shifts, key=lambda f: abs(f.shift or 0.0), default=None)


def too_many(surprises: int, studies: int) -> bool:
    """Whether so many surprising studies are more than chance allows (binomial tail)."""
    return surprises > 0 and tails(surprises, studies, SURPRISE)[1] < UNLIKELY


def _better(found: Compared) -> int:
    return sum(v.verdict == "the tables speak for" for v in found.variants)


def _told(found: Compared) -> list[str]:
    made = []
    for kind, words in KINDS.items():
        most = largest(found.answers, kind)
        if most is not None and most.shift is not None:
            size = share(abs(most.shift))
            made.append(f"largest shift of an answer over {words}: {size} of its 90 % interval "
                        f"({most.label})")  # fmt: skip
    if found.studies:
        made.append(f"{len(found.surprises)} of {len(found.studies)} studies surprise the model")
    if len(found.variants) > 1:
        count = _better(found)
        made.append(
            f"{count} of {len(found.variants) - 1} variants predict{'s' if count == 1 else ''} the "
            "published values better"
        )
    return made
