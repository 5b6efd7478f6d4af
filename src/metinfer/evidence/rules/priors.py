"""Checks of parameters.toml: every prior is one that the model can use, and says why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from metinfer.evidence.bundled import bundled_path
from metinfer.evidence.cells import SLUG, SLUG_HINT
from metinfer.evidence.draft import Draft
from metinfer.evidence.faults import WARNING, Issue, did_you_mean, one_of
from metinfer.evidence.settings import read_toml

FILE = "parameters.toml"
_ENTRY = ("name", "symbol", "unit", "meaning", "prior", "reason", "source", "dims", "transfer",
          "role", "by")  # fmt: skip
_TEXTS = ("name", "symbol", "unit", "meaning", "reason", "source")
_DIMS = ("species", "context", "stock", "site", "timp1_level", "assay", "spread")
_ROLES = ("mechanism", "nuisance")
# Numbers of each distribution; those listed under _POSITIVE must be above 0.
_NUMBERS = {
    "lognormal": ("median", "log_sd"),
    "normal": ("mean", "sd"),
    "beta": ("a", "b"),
    "link": ("scale", "absent", "reversed"),
}
_POSITIVE = ("median", "log_sd", "sd", "a", "b", "scale")


def entries_are_complete(draft: Draft) -> Iterator[Issue]:
    """Each parameter has a name of its own, known fields, and texts that say what and why."""
    seen: set[str] = set()
    for where, entry in _entries(draft):
        for key in entry:
            if key not in _ENTRY:
                yield Issue("unknown field", FILE, column=f"{where}.{key}", allowed=one_of(_ENTRY),
                            hint=did_you_mean(key, _ENTRY, "remove it"))  # fmt: skip
        for key in _TEXTS:
            if not isinstance(entry.get(key), str):
                yield Issue("not a text", FILE, column=f"{where}.{key}",
                            value=str(entry.get(key, "")), hint="say it in quotes")  # fmt: skip
            elif not entry[key].strip():
                yield Issue("the text is empty", FILE, column=f"{where}.{key}", severity=WARNING,
                            hint="the report will show the gap")  # fmt: skip
        name = str(entry.get("name"))
        if name in seen:
            yield Issue("the name stands twice", FILE, column=f"{where}.name", value=name)
        elif not SLUG.fullmatch(name):
            yield Issue("not a valid id", FILE, column=f"{where}.name", value=name, hint=SLUG_HINT)
        seen.add(name)
        for key, choices in (("dims", _DIMS), ("role", _ROLES), ("transfer", (True, False))):
            if key in entry and entry[key] not in choices:
                yield Issue(f"unknown {key}", FILE, column=f"{where}.{key}", value=str(entry[key]),
                            allowed=one_of([str(choice) for choice in choices]))  # fmt: skip


def priors_can_be_used(draft: Draft) -> Iterator[Issue]:
    """Each prior has a known distribution and the numbers that it needs."""
    for where, entry in _entries(draft):
        yield from _prior_issues(f"{where}.prior", entry.get("prior"))
        others = entry.get("by", {})
        if not isinstance(others, dict):
            yield Issue("not a table", FILE, column=f"{where}.by", value=str(others))
            continue
        for key, prior in others.items():
            yield from _prior_issues(f"{where}.by.{key}", prior)
            if isinstance(prior, dict) and isinstance(entry.get("prior"), dict):
                given, own = prior.get("dist"), entry["prior"].get("dist")
                if given != own and given in _NUMBERS and own in _NUMBERS:
                    column = f"{where}.by.{key}"
                    yield Issue("another distribution than the parameter's own", FILE,
                                column=column, value=str(given), allowed=str(own))  # fmt: skip


def every_parameter_is_there(draft: Draft) -> Iterator[Issue]:
    """A folder's own parameters.toml has all parameters of the model."""
    own = any(f.name == FILE and not f.bundled for f in draft.files)
    shipped = bundled_path() / FILE
    if not own or "parameters" in draft.unread or not shipped.exists():
        return
    given = {str(entry.get("name")) for _, entry in _entries(draft)}
    known = [str(e.get("name")) for e in read_toml(FILE, shipped.read_bytes())[0]["parameter"]]
    for name in known:
        if name not in given:
            yield Issue("a parameter of the model has no prior", FILE, column="name", value=name,
                        hint="copy its entry from the bundled parameters.toml")  # fmt: skip
    for name in sorted(given - set(known)):
        yield Issue("no parameter of the model", FILE, column="name", value=name,
                    hint=did_you_mean(name, known, "remove it"))  # fmt: skip


def _entries(draft: Draft) -> Iterator[tuple[str, dict[str, Any]]]:
    entries = draft.settings.get("parameters", {}).get("parameter", [])
    for number, entry in enumerate(entries if isinstance(entries, list) else [], start=1):
        if isinstance(entry, dict):
            yield str(entry.get("name") or f"parameter {number}"), entry


def _prior_issues(where: str, prior: object) -> Iterator[Issue]:
    if not isinstance(prior, dict) or prior.get("dist") not in _NUMBERS:
        given = str(prior.get("dist", "")) if isinstance(prior, dict) else str(prior or "")
        yield Issue("unknown distribution", FILE, column=where, value=given,
                    allowed=one_of(tuple(_NUMBERS)),
                    hint=did_you_mean(given, _NUMBERS))  # fmt: skip
        return
    needed = _NUMBERS[prior["dist"]]
    for key in prior:
        if key not in ("dist", *needed):
            yield Issue("unknown number", FILE, column=f"{where}.{key}", allowed=one_of(needed),
                        hint=did_you_mean(key, needed, "remove it"))  # fmt: skip
    for key in needed:
        value = prior.get(key)
        if not isinstance(value, int | float) or isinstance(value, bool):
            yield Issue("not a number", FILE, column=f"{where}.{key}",
                        value="" if value is None else str(value))  # fmt: skip
        elif key in _POSITIVE and value <= 0:
            yield Issue("not above 0", FILE, column=f"{where}.{key}", value=str(value))
        elif key in ("absent", "reversed") and not 0 <= value < 1:
            yield Issue("not a probability", FILE, column=f"{where}.{key}", value=str(value))
