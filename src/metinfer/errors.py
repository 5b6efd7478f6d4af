"""The errors that reach a person: one clear message each, with an exit code."""

from __future__ import annotations

from collections.abc import Sequence

SHOWN_FAULTS = 100


class MetinferError(Exception):
    """Anything that stops metinfer for a reason that a person can act on.

    Attributes
    ----------
    exit_code : int
        What the command line returns: 1 bad input, 2 wrong usage,
        3 finished but not to be trusted.
    """

    exit_code = 1


class EvidenceError(MetinferError):
    """The evidence has faults; every one of them is listed.

    Parameters
    ----------
    faults : sequence of metinfer.evidence.faults.Issue
        All faults found in one reading of the folder.
    """

    def __init__(self, faults: Sequence[object]) -> None:
        self.faults = tuple(faults)
        super().__init__(self._message())

    def _message(self) -> str:
        count = len(self.faults)
        shown = [str(fault) for fault in self.faults[:SHOWN_FAULTS]]
        if count > SHOWN_FAULTS:
            shown.append(f"... and {count - SHOWN_FAULTS} more")
        noun = "fault" if count == 1 else "faults"
        return "\n".join([f"The evidence has {count} {noun}:", *shown])

    def __reduce__(self) -> tuple[type[EvidenceError], tuple[tuple[object, ...]]]:
        """Pickle by the faults, so that a worker process can raise it."""
        return (type(self), (self.faults,))


class UsageError(MetinferError):
    """The command or the call was wrong: a bad option, or a place that is taken."""

    exit_code = 2


class RunError(MetinferError):
    """A run folder cannot be read, or what is in it cannot be used."""


class NotTrustedError(MetinferError):
    """The work finished, but a gate failed: the numbers must not be trusted."""

    exit_code = 3
