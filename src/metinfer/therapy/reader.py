"""Reading of a TOML table that collects every fault, each with its file and key path."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from metinfer.errors import MetinferError, UsageError
from metinfer.evidence.faults import did_you_mean
from metinfer.evidence.settings import LARGEST_TOML, has_long_key

_MISSING = object()
#: A number with the comma that many languages write, where TOML takes a point.
_COMMA = re.compile(r"=\s*([-+]?\d+),(\d+)")


@dataclass(frozen=True)
class Fault:
    """One fault of a TOML file: where it stands, what is wrong, what is allowed."""

    file: str
    key: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}: {self.key}: {self.message}"


class TherapyError(MetinferError):
    """A therapies or populations file has faults; every one of them is listed."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        noun = "fault" if len(self.faults) == 1 else "faults"
        super().__init__("\n".join([f"{len(self.faults)} {noun}:", *map(str, self.faults)]))

    def __reduce__(self) -> tuple[type[TherapyError], tuple[tuple[Fault, ...]]]:
        """Pickle by the faults, so that a worker process can raise it."""
        return (type(self), (self.faults,))


class ArgumentError(UsageError, ValueError):
    """Arguments of a Python call that cannot be used; every one of them is listed."""

    def __init__(self, call: str, faults: Sequence[tuple[str, str]]) -> None:
        self.call, self.faults = call, tuple(faults)
        lines = [f"{call}: {f'{name}: ' if name else ''}{told}" for name, told in self.faults]
        super().__init__("\n".join(lines))

    def __reduce__(self) -> tuple[type[ArgumentError], tuple[str, tuple[tuple[str, str], ...]]]:
        """Pickle by the faults, so that a worker process can raise it."""
        return (type(self), (self.call, self.faults))


def from_python[T](call: str, read: Callable[[Table], T], table: Mapping[str, Any]) -> T:
    """Return what `read` makes of the arguments of a Python call.

    Parameters
    ----------
    call : str
        What was called, for messages.
    read : callable
        Reads the same table of a TOML file.
    table : mapping
        Arguments as a TOML file would give them.

    Raises
    ------
    ArgumentError
        If `read` noted a fault.
    """
    faults: list[Fault] = []
    found = read(Table(table, "", "", faults))
    if faults:
        # the last part of a key is the argument; a place in a list is none
        names = [fault.key.rpartition(".")[2] for fault in faults]
        told = [(n if "[" not in n else "", f.message) for n, f in zip(names, faults, strict=True)]
        raise ArgumentError(call, told)
    return found


def load_toml(path: Path | str) -> dict[str, Any]:
    """Return parsed TOML file; a missing or broken one raises a TherapyError that names it."""
    path, text = Path(path), ""
    try:
        text = path.read_text(encoding="utf-8-sig")
        if len(text) > LARGEST_TOML or has_long_key(text):
            raise RecursionError("too long, or nested too deeply")
        return tomllib.loads(text)
    except OSError as error:
        raise TherapyError(
            [Fault(path.name, "file", f"cannot be read: {error.strerror}")]
        ) from None
    except (ValueError, RecursionError) as error:
        told = f"is not valid TOML: {error}{_comma_hint(text, str(error))}"
        raise TherapyError([Fault(path.name, "file", told)]) from None


def _comma_hint(text: str, error: str) -> str:
    """Return what to say where the line that a parser stopped at has a decimal comma."""
    place = re.search(r"at line (\d+)", error)
    lines = text.splitlines()
    if not place or int(place[1]) > len(lines):
        return ""
    found = _COMMA.search(lines[int(place[1]) - 1])
    return f"; a decimal takes a point: {found[1]}.{found[2]}" if found else ""


def hint(word: str, known: Iterable[str]) -> str:
    """Return ``; did you mean ...?`` with the nearest known word, or nothing if none is near."""
    near = did_you_mean(word, known)
    return f"; {near}" if near else ""


class Table:
    """One TOML table under inspection: typed access that notes faults and goes on.

    Parameters
    ----------
    data : mapping
    file, key : str
        Where the table stands, for messages.
    faults : list of Fault
        Shared by all tables of one reading.
    """

    def __init__(self, data: Any, file: str, key: str, faults: list[Fault]) -> None:
        self.file, self.key, self.faults = file, key, faults
        self.seen: set[str] = set()
        self.data: Mapping[str, Any] = data if isinstance(data, Mapping) else {}
        if not isinstance(data, Mapping):
            self.fault("", f"a table is needed, got {data!r}")

    def fault(self, name: str, message: str) -> None:
        """Note a fault at `name` inside this table."""
        key = ".".join(part for part in (self.key, name) if part)
        self.faults.append(Fault(self.file, key, message))

    def has(self, name: str) -> bool:
        """Whether the key is given."""
        return name in self.data

    def number(
        self, name: str, default: Any = _MISSING, low: float = -math.inf, above: float = -math.inf
    ) -> float:
        """Return a finite number that is >= `low` and > `above`."""
        value = self._get(name, default)
        if value is _MISSING:
            return math.nan
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not math.isfinite(value)
        ):
            self.fault(name, f"a number is needed, got {value!r}")
            return math.nan
        if value < low or value <= above:
            bound = f"at least {low:g}" if value < low else f"above {above:g}"
            self.fault(name, f"must be {bound}, got {value:g}")
        return float(value)

    def whole(self, name: str, default: Any = _MISSING) -> int:
        """Return a whole number of at least 1."""
        value = self._get(name, default)
        if value is _MISSING:
            return 1
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            self.fault(name, f"a whole number of at least 1 is needed, got {value!r}")
            return 1
        return value

    def flag(self, name: str, default: Any = _MISSING) -> bool:
        """Return true or false."""
        value = self._get(name, default)
        if not isinstance(value, bool) and value is not _MISSING:
            self.fault(name, f"true or false is needed, got {value!r}")
        return value is True

    def text(self, name: str, default: Any = _MISSING, allowed: Sequence[str] = ()) -> str:
        """Text, one of `allowed` if that is given."""
        value = self._get(name, default)
        if value is _MISSING:
            return ""
        if not isinstance(value, str):
            self.fault(name, f"text is needed, got {value!r}")
            return ""
        if allowed and value not in allowed:
            known = f"allowed: {', '.join(allowed)}{hint(value, allowed)}"
            self.fault(name, f"unknown value {value!r}; {known}")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts; empty if not given."""
        value = self._get(name, ())
        if not isinstance(value, list | tuple) or not all(isinstance(v, str) for v in value):
            self.fault(name, f"a list of texts is needed, got {value!r}")
            return ()
        return tuple(value)

    def numbers(self, name: str) -> tuple[float, ...]:
        """Return a list of numbers."""
        value = self._get(name, _MISSING)
        if value is _MISSING:
            return ()
        good = isinstance(value, list) and all(
            isinstance(v, int | float) and not isinstance(v, bool) for v in value
        )
        if not good or not value:
            self.fault(name, f"a list of numbers is needed, got {value!r}")
            return ()
        return tuple(float(v) for v in value)

    def tables(self, name: str) -> Iterator[Table]:
        """Return the tables of a list (or a single table)."""
        value = self._get(name, [])
        many = isinstance(value, list)
        for i, data in enumerate(value if many else [value]):
            key = f"{self.key}.{name}[{i}]" if many else f"{self.key}.{name}"
            yield Table(data, self.file, key, self.faults)

    def named(self, name: str) -> Iterator[tuple[str, Table]]:
        """Name and table of each entry of a table of tables."""
        value = self._get(name, {})
        if not isinstance(value, Mapping):
            self.fault(name, f"a table is needed, got {value!r}")
            return
        for key, data in value.items():
            path = ".".join(part for part in (self.key, name, key) if part)
            yield key, Table(data, self.file, path, self.faults)

    def shares(self, name: str, default: Any = _MISSING) -> tuple[tuple[str, float], ...]:
        """Return a name, or names with shares that add up to 1."""
        value = self._get(name, default)
        if isinstance(value, str):
            return ((value, 1.0),)
        if not isinstance(value, Mapping) or not value:
            if value is not _MISSING:
                self.fault(name, f"a name or a table of shares is needed, got {value!r}")
            return ()
        good = all(isinstance(v, int | float) and v > 0 for v in value.values())
        if not good or abs(sum(value.values()) - 1.0) > 5e-4:
            self.fault(name, f"shares must be positive and add up to 1, got {dict(value)!r}")
            return ()
        total = sum(value.values())
        return tuple((key, float(share) / total) for key, share in value.items())

    def close(self) -> None:
        """Note every key that nothing asked for: it would be ignored without a word."""
        for name in self.data:
            if name not in self.seen:
                allowed = f"{', '.join(sorted(self.seen))}{hint(name, self.seen)}"
                self.fault(name, f"unknown key; allowed here: {allowed}")

    def _get(self, name: str, default: Any) -> Any:
        self.seen.add(name)
        if name not in self.data and default is _MISSING:
            self.fault(name, "is missing")
        return self.data.get(name, default)
