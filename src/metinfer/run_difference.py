"""Two runs side by side: which rows came, went or changed, and which answers moved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from metinfer import results
from metinfer.runs import Run, load_run

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

#: An answer moved if its median did by more combined Monte-Carlo standard errors than this.
MOVED = 3.5
CAME, WENT, CHANGED = "came", "went", "changed"
#: Table, row, change, role, what changed in words, and by column.
Line = tuple[str, str, str, str, str, dict[str, list[Any]]]


@dataclass(frozen=True)
class RunDifference:
    """What is different between two runs.

    Attributes
    ----------
    names : tuple of str
        The two run folders.
    rows : pandas.DataFrame
        Lines of the tables that came, went or changed: table, row, change, role, what (in words),
        cells (column -> value before and after).
    answers : pandas.DataFrame
        Index: named answers. Median and 90 % interval in each run; `change` of the median, in the
        unit of the answer; `in_mcse`, in combined Monte-Carlo standard errors; `in_sd`, in sd of
        the first posterior; `moved`, whether that is more than Monte-Carlo error.
    gates : pandas.DataFrame
        Index: gates. Value and pass or fail in each run.
    settings : pandas.DataFrame
        Settings, program and versions that differ.
    """

    names: tuple[str, str]
    rows: pd.DataFrame
    answers: pd.DataFrame
    gates: pd.DataFrame
    settings: pd.DataFrame

    @property
    def summary(self) -> str:
        """One sentence on rows, one on answers."""
        counts = {k: int((self.rows["change"] == k).sum()) for k in (CAME, WENT, CHANGED)}
        told = ", ".join(f"{n} {k}" for k, n in counts.items() if n) or "the same in both"
        moved = [str(k) for k in self.answers.index[self.answers["moved"].to_numpy(dtype=bool)]]
        shared = int(self.answers["change"].notna().sum())
        words = ", ".join(moved) if moved else "none"
        return f"Lines of the tables: {told}. Answers that moved: {words} (of {shared})."

    def __repr__(self) -> str:
        return self.to_text()

    def to_text(self) -> str:
        """The difference as tables for reading, numbers with four digits."""
        parts = [f"{self.names[0]} -> {self.names[1]}", self.summary]
        for title, frame in self._tables():
            parts += ["", title, frame.to_string(float_format="{:.4g}".format, na_rep="-")]
        return "\n".join(parts)

    def to_dict(self) -> dict[str, Any]:
        """The difference as plain data: runs, rows, answers, gates, settings."""
        frames = {"rows": self.rows.drop(columns="what").set_index("table"),
                  "answers": self.answers.rename_axis("name"),
                  "gates": self.gates.rename_axis("name"), "settings": self.settings}  # fmt: skip
        before, after = self.names
        return {"runs": {"before": before, "after": after}} | {
            name: results.plain(
                frame.rename(columns=lambda c: c.replace(" ", "_")).reset_index().to_dict("records")
            )
            for name, frame in frames.items()
        }

    def _repr_html_(self) -> str:
        from html import escape

        parts = [f"<p>{escape(self.names[0])} &rarr; {escape(self.names[1])}</p>",
                 f"<p>{escape(self.summary)}</p>"]  # fmt: skip
        for title, frame in self._tables():
            parts += [f"<h4>{escape(title)}</h4>", frame.to_html(escape=True)]
        return "\n".join(parts)

    def _tables(self) -> Iterator[tuple[str, pd.DataFrame]]:
        rows = self.rows.drop(columns="cells").set_index("table")
        named = {"Answers": self.answers, "Lines of the tables": rows, "Gates": self.gates,
                 "Settings and program": self.settings}  # fmt: skip
        return ((title, frame) for title, frame in named.items() if len(frame))


def compare_runs(a: Run | str | Path, b: Run | str | Path) -> RunDifference:
    """Two runs side by side, as when a new paper has been added.

    Parameters
    ----------
    a, b : Run or path
        Finished runs: before, and after.

    Returns
    -------
    RunDifference
        Nothing is written to either folder.

    Examples
    --------
    >>> import metinfer as mi
    >>> difference = mi.compare_runs("runs/tiny", "runs/tiny")
    """
    import pandas as pd

    before, after = (r if isinstance(r, Run) else load_run(r) for r in (a, b))
    columns = ["table", "row", "change", "role", "what", "cells"]
    rows = pd.DataFrame(_rows(before, after), columns=columns)
    settings = pd.DataFrame(_settings(before, after), columns=["what", "before", "after"])
    return RunDifference(
        (str(before.path), str(after.path)), rows, _answers(before, after), _gates(before, after),
        settings.set_index("what"),
    )  # fmt: skip


def _rows(before: Run, after: Run) -> Iterator[Line]:
    old, new = before.evidence, after.evidence
    for table, name in (("studies", "study"), ("arms", "arm"), ("measurements", "row")):
        pair = ({getattr(x, name): _cells(x) for x in getattr(e, table)} for e in (old, new))
        yield from _changes(table, *pair)
    for table, key in (("doses", _dose), ("intervals", _interval)):
        pair = ({key(x): _cells(x) for x in getattr(e, table)} for e in (old, new))
        yield from _changes(table, *pair)
    priors = ({p["name"]: dict(p) for p in e.parameters["parameter"]} for e in (old, new))
    yield from _changes("parameters", *priors)


def _interval(item: Any) -> str:
    return f"{item.arm}:{item.start_day:g}-{item.end_day:g}"


def _dose(item: Any) -> str:
    return f"{item.arm}:{item.agent}:{item.start}"


def _cells(item: Any) -> dict[str, Any]:
    """What a line says; not where in the file it stands."""
    return {f.name: getattr(item, f.name) for f in fields(item) if f.compare}


def _changes(
    table: str, old: Mapping[str, Mapping[str, Any]], new: Mapping[str, Mapping[str, Any]]
) -> Iterator[Line]:
    for key in dict.fromkeys((*old, *new)):
        role = str(new.get(key, old.get(key, {})).get("role", ""))
        if key not in old:
            yield table, key, CAME, role, "", {}
        elif key not in new:
            yield table, key, WENT, role, "", {}
        elif old[key] != new[key]:
            names = dict.fromkeys((*old[key], *new[key]))
            pairs = {n: [old[key].get(n), new[key].get(n)] for n in names}
            cells = {n: pair for n, pair in pairs.items() if pair[0] != pair[1]}
            what = "; ".join(f"{n}: {x} -> {y}" for n, (x, y) in cells.items())
            yield table, key, CHANGED, role, what, cells


def _settings(before: Run, after: Run) -> Iterator[tuple[str, Any, Any]]:
    """Settings, program and versions that are not the same."""
    old, new = (
        {**r.record.settings, "program": r.record.code[:12], **r.record.versions}
        for r in (before, after)
    )
    for name in dict.fromkeys((*old, *new)):
        if old.get(name) != new.get(name):
            yield name, old.get(name), new.get(name)


def _answers(before: Run, after: Run) -> pd.DataFrame:
    import pandas as pd

    sides = [{k: _summary(v) for k, v in answer_draws(r).items()} for r in (before, after)]
    lines = {}
    for name in dict.fromkeys((*sides[0], *sides[1])):
        old, new = (side.get(name) for side in sides)
        line = {f"{word} {k}": v[k] if v else np.nan
                for word, v in (("before", old), ("after", new))
                for k in ("median", "lo90", "hi90")}  # fmt: skip
        lines[name] = line | _change(old, new)
    columns = [f"{w} {k}" for w in ("before", "after") for k in ("median", "lo90", "hi90")]
    return pd.DataFrame.from_dict(
        lines, orient="index", columns=[*columns, "change", "in_mcse", "in_sd", "moved"]
    )


def _change(old: Mapping[str, float] | None, new: Mapping[str, float] | None) -> dict[str, Any]:
    if old is None or new is None:
        return {"change": np.nan, "in_mcse": np.nan, "in_sd": np.nan, "moved": False}
    change = new["median"] - old["median"]
    error = float(np.hypot(old["mcse"], new["mcse"]))
    in_mcse = change / error if error > 0 else (0.0 if change == 0 else np.inf)
    in_sd = change / old["sd"] if old["sd"] > 0 else np.nan
    return {"change": change, "in_mcse": in_mcse, "in_sd": in_sd, "moved": abs(in_mcse) > MOVED}


def _summary(draws: xr.DataArray) -> dict[str, float]:
    import arviz as az

    values = draws.transpose("chain", "draw").to_numpy()
    low, middle, high = np.nanquantile(values, [0.05, 0.5, 0.95])
    error = az.mcse(draws.to_dataset(name="x"), method="median")["x"]
    return {"median": float(middle), "lo90": float(low), "hi90": float(high),
            "sd": float(np.nanstd(values)), "mcse": float(error)}  # fmt: skip


def answer_draws(run: Run) -> Mapping[str, xr.DataArray]:
    """Named answers of the main fit (chain, draw): of `answers.nc`, or else solved here."""
    import xarray as xr

    kept = results.read_groups(run, "answers.nc").get("posterior")
    if kept is not None:
        return {str(k): v for k, v in kept.data_vars.items()}
    from metinfer.comparison import solved_answers
    from metinfer.inference.density import Joint
    from metinfer.therapy.draws import NamedDraws

    where = Joint.of(run.evidence).design.coordinates
    found = solved_answers(run, {"posterior": NamedDraws.of(run.posterior, where)})["posterior"]
    size = (run.posterior.sizes["chain"], run.posterior.sizes["draw"])
    dims = ("chain", "draw")
    return {k: xr.DataArray(np.reshape(v, size), dims=dims) for k, v in found.items()}


def _gates(before: Run, after: Run) -> pd.DataFrame:
    import pandas as pd

    sides = [_judged(r) for r in (before, after)]
    names: Iterable[str] = dict.fromkeys((*sides[0], *sides[1]))
    lines = {}
    for name in names:
        cells: dict[str, Any] = {}
        for word, side in zip(("before", "after"), sides, strict=True):
            gate = side.get(name, {})
            passed = {True: "pass", False: "FAIL"}.get(gate.get("passed"), "not judged")
            cells |= {f"{word} value": gate.get("value"), word: passed}
        lines[name] = cells
    columns = ["before value", "before", "after value", "after"]
    return pd.DataFrame.from_dict(lines, orient="index", columns=columns)


def _judged(run: Run) -> dict[str, Any]:
    """Gates by name, as `diagnose` left them; none if the run was not judged."""
    return {g["name"]: g for g in results.read_json(run, "diagnostics.json").get("gates", ())}
