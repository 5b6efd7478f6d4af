"""Write docs/calibration.md from a calibrated run and from the results of two other benchmarks.

Run: python benchmarks/calibrate.py RUN. RUN holds `calibration.json` (metinfer calibrate DATA -o
RUN); beside this file lie `wrong_worlds.json` and `dask_fits.json`, the output of
`wrong_worlds.py` and `dask_fits.py`, and `calibrate_notes.json`: wall times and the agreement with
another program. A part whose file is missing says so on the page.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from metinfer.calibration import FEWEST, JOINT_ERROR, LEVELS, MAIN, read_calibration, reasons
from metinfer.runs import load_run

HERE = Path(__file__).parent
#: Fits of each kind that the command makes by default.
FULL = 200
PAGE = HERE.parent / "docs" / "calibration.md"
INTRO = """# Do the intervals hold the truth?

Written by `python benchmarks/calibrate.py RUN` from what `metinfer calibrate data -o RUN` left in
RUN; do not edit by hand.

Tables are simulated on the design of the bundled evidence: same rows, same numbers of animals and
people, same intervals; every published number is replaced by a draw of its own statistic on the
reported scale. They are fitted with one short chain from one compiled model that holds each row
twice: every fit only replaces data. The truth is ranked among 99 draws, thinned from {draws} after
{tune} of tuning; if sampler, priors and likelihood belong together, its rank is uniform.

- **Truths from the prior**: the published tables weigh nothing.
- **Truths from the posterior**: the truth is a draw of the posterior given the published tables,
  and the fit is given the published *and* the simulated tables (Sailynoja and others 2025, arXiv
  2502.03279). This tests where the answers are, not where the prior is.

The standard deviation of rows whose spread the model takes as known (means and geometric means)
is part of the design, as the number of animals is: it is held, not simulated. What that
approximation costs is measured in [statistics_recovery.md](statistics_recovery.md).

## Fixed before any fit

The named answers of `data/analysis.toml`: {answers}.

The parameters that they hang on: {main}; and the log-likelihood of all tables, which shows a
posterior that ignored the data. All other parameters are ranked too, and listed where they are
outside 95 %. Limits: ranks against simultaneous ECDF bands (Sailynoja, Burkner and Vehtari 2022),
coverage of 50 % and 90 % intervals against binomial limits; the {tests} tests of the answers of one
kind together at {level:.0%} (Bonferroni). At most 2 % of fits may fail.
"""


def page(found: Mapping[str, Any], extra: Mapping[str, Any]) -> str:
    """The whole page."""
    part = next(iter(found.values()))
    names = [q["quantity"] for q in part["quantities"] if q["group"] == "answer"]
    intro = INTRO.format(
        draws=part["draws"], tune=part["tune"], answers=", ".join(f"`{n}`" for n in names),
        main=", ".join(f"`{n}`" for n in MAIN), tests=len(names) * (len(LEVELS) + 1),
        level=1.0 - JOINT_ERROR,
    )  # fmt: skip
    lines = [intro]
    for kind, one in found.items():
        lines += section(kind, one)
    lines += times(extra.get("notes")) + worlds(extra) + cluster(extra.get("dask"))
    lines += agreement(extra.get("notes"))
    return "\n".join(lines).rstrip() + "\n"


def section(kind: str, part: Mapping[str, Any]) -> Iterator[str]:
    """One kind of calibration."""
    why = reasons(part)
    rows = [q for q in part["quantities"] if q["p"] is not None]
    yield f"## Truths from the {kind}\n"
    yield (
        f"{part['finished']} of {part['asked']} fits finished, {len(part['failed'])} failed, "
        f"{part['fits_with_divergences']} had divergent transitions (they are counted, not left "
        f"out). **{'Every named answer holds' if not why else 'Not passed: ' + '; '.join(why)}.**\n"
    )
    if part["finished"] < FULL:
        low = min(c["low"] for q in rows for c in q["coverage"] if c["level"] == LEVELS[-1])
        yield (
            f"These are {part['finished']} fits, not the {FULL} that the command makes: the limits "
            f"are wide, and 90 % intervals that held the truth in {low:.0%} of cases would still "
            "pass. Gross errors would show; small ones would not. The same command goes on from "
            "here.\n"
        )
    yield from table([q for q in rows if q["group"] == "answer"])
    yield "\nThe parameters that the answers hang on:\n"
    yield from table([q for q in rows if q["group"] == "main"])
    outside = [q for q in rows if q["p"] < 0.05]
    yield (
        f"\nOutside 95 %: {len(outside)} of {len(rows)} quantities; chance alone puts about "
        f"{part['expected_outside']:.1f} there.\n"
    )
    for q in outside:
        yield f"- `{q['quantity']}` ({q['group']}), p {q['p']:.2g}: {remark(q, len(rows))}"
    if outside:
        yield ""
    for fit in part["failed"]:
        yield f"- failed: {fit['fit']}, {fit['reason']}"


def remark(q: Mapping[str, Any], number: int) -> str:
    """What a rank outside its band means."""
    words = q["comment"]
    if q["effective"] is not None and q["effective"] < FEWEST:
        words += f"; its 99 draws are worth {q['effective']:.0f}, so ranks lean to the ends"
    if q["p"] > JOINT_ERROR / number:
        return f"{words}; not beyond what {number} tests make by chance"
    return f"{words}; beyond chance"


def table(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Ranks and coverage of quantities."""
    yield "| quantity | p of the ranks | in the 50 % interval | in the 90 % interval | effective |"
    yield "| --- | --- | --- | --- | --- |"
    for q in rows:
        shares = " | ".join(
            f"{c['share']:.1%} ({c['low']:.1%} to {c['high']:.1%})" for c in q["coverage"]
        )
        effective = "" if q["effective"] is None else f"{q['effective']:.0f}"
        yield f"| `{q['quantity']}` | {q['p']:.3f} | {shares} | {effective} |"


def times(notes: Mapping[str, Any] | None) -> list[str]:
    """Wall times, memory, resumption."""
    if not notes:
        return ["\n## Time and memory\n", "Not measured.\n"]
    return ["\n## Time and memory\n", *(f"- {line}" for line in notes["times"]), ""]


def worlds(extra: Mapping[str, Any]) -> list[str]:
    """The wrong worlds."""
    found = extra.get("worlds")
    lines = ["\n## Five wrong worlds and a right one\n"]
    if not found:
        return [*lines, "Not run (`python benchmarks/wrong_worlds.py RUN`).\n"]
    checks = list(found["checks"])
    lines += [
        "Truths are draws of the posterior; tables are simulated in the changed world and fitted "
        "alone by the standard model. The worlds and thresholds were fixed before the fits. "
        "Cells: fits in which the check raised an alarm.\n",
        "| world | fits | " + " | ".join(checks) + " | any | answers in their 90 % interval |",
        "| --- |" + " --- |" * (len(checks) + 3),
    ]
    for w in found["worlds"]:
        cells = " | ".join(str(w["alarms"][c]) for c in checks)
        covered = "" if w["covered90"] is None else f"{w['covered90']:.0%}"
        lines.append(f"| {w['words']} | {w['fits']} | {cells} | {w['any']} | {covered} |")
    lines += ["", *(f"- **{c}**: {words}." for c, words in found["checks"].items()), ""]
    return lines + [f"{line}\n" for line in (extra.get("notes") or {}).get("worlds", [])]


def cluster(found: Mapping[str, Any] | None) -> list[str]:
    """The thousand fits."""
    lines = ["## A cluster that loses a worker\n"]
    if not found:
        return [*lines, "Not run (`python benchmarks/dask_fits.py`).\n"]
    return [
        *lines,
        f"`python benchmarks/dask_fits.py`: {found['done']} of {found['fits']} short fits on a "
        f"local Dask cluster of {found['workers']} processes in {found['wall_s']:.0f} s; one "
        f"worker was killed (SIGKILL) after {found['killed_after']}, and was "
        f"{'replaced' if found['worker_replaced'] else 'not replaced'}. {found['failed']} failed; "
        f"{found['files']} results lie on the disk; {found['equal_here']} compared fits are equal, "
        f"bit for bit, to the same fit without the cluster. Memory of the client: "
        f"{found['memory_start_mib']} MiB after the first fit, {found['memory_most_mib']} MiB at "
        "most.\n",
    ]


def agreement(notes: Mapping[str, Any] | None) -> list[str]:
    """Another program."""
    said = (notes or {}).get("simuk", ["Not run."])
    return ["## Agreement with another program\n", *said]


def _read(name: str) -> Any:
    path = HERE / name
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def main() -> None:
    """Write the page."""
    run = load_run(sys.argv[1])
    extra = {
        "notes": _read("calibrate_notes.json"),
        "worlds": _read("wrong_worlds.json"),
        "dask": _read("dask_fits.json"),
    }
    PAGE.write_text(page(read_calibration(run), extra), encoding="utf-8")


if __name__ == "__main__":
    main()
