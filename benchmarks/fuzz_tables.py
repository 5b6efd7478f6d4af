"""Damage copies of an evidence folder at random: each gets a clean verdict or a list of faults.

    python benchmarks/fuzz_tables.py [--copies 2000] [--seed 1] [--data data] [--exports]

Without `--exports` bytes are damaged. Anything but `EvidenceError` counts as a crash; a copy that
is accepted must hold as many rows as its tables have lines (no silent drop).

With `--exports` one table is written anew as R, pandas or a spreadsheet would write it, and the
table of kinds and verdicts is printed. What is harmless must be read alike; what changes a number
must be found, unless the file holds no trace of it.
"""

from __future__ import annotations

import argparse
import calendar
import csv
import io
import json
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path

from metinfer.errors import EvidenceError
from metinfer.evidence import read_evidence
from metinfer.evidence.check import judge
from metinfer.evidence.draft import Draft, read_draft
from metinfer.evidence.faults import make_report
from metinfer.evidence.schema import TABLES

JUNK = [
    "", "nan", "inf", "-1", "1e400", "0", "1,5", "=1+1", "+cmd|' /C calc'!A0", "-", "abc", "<5",
    "../../x", "\u202e", "a;b", "NULL", "1_000", "0x10", "\uff11\uff12", "<b>x</b>", "9" * 400,
    "\ud7ff", "a:0.5;b:0.5", "fit", "mean", "ordered", "1e-320", " 7 ", '"', "'", "\\", "%s", "{0}",
]  # fmt: skip

Damage = Callable[[bytes, random.Random], bytes]


def flip_bytes(data: bytes, rng: random.Random) -> bytes:
    out = bytearray(data)
    for _ in range(rng.randint(1, 8)):
        out[rng.randrange(len(out))] = rng.randrange(256)
    return bytes(out)


def cut(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data))]


def cut_out(data: bytes, rng: random.Random) -> bytes:
    start = rng.randrange(len(data))
    return data[:start] + data[start + rng.randint(1, 400) :]


def insert(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data))
    return (
        data[:at]
        + rng.choice([b'"', b",", b"\n", b"\0", b"\r", b";", b"\xff", b"=", b"[["])
        + data[at:]
    )


def change_cell(data: bytes, rng: random.Random) -> bytes:
    lines = data.split(b"\n")
    index = rng.randrange(len(lines))
    cells = lines[index].split(b",")
    cells[rng.randrange(len(cells))] = rng.choice(JUNK).encode("utf-8", "surrogatepass")
    lines[index] = b",".join(cells)
    return b"\n".join(lines)


def swap_cells(data: bytes, rng: random.Random) -> bytes:
    lines = data.split(b"\n")
    index = rng.randrange(len(lines))
    cells = lines[index].split(b",")
    one, two = rng.randrange(len(cells)), rng.randrange(len(cells))
    cells[one], cells[two] = cells[two], cells[one]
    lines[index] = b",".join(cells)
    return b"\n".join(lines)


def double_line(data: bytes, rng: random.Random) -> bytes:
    lines = data.split(b"\n")
    lines.insert(rng.randrange(len(lines) + 1), rng.choice(lines))
    return b"\n".join(lines)


def drop_line(data: bytes, rng: random.Random) -> bytes:
    lines = data.split(b"\n")
    del lines[rng.randrange(len(lines))]
    return b"\n".join(lines)


def other_encoding(data: bytes, rng: random.Random) -> bytes:
    return data.decode().encode(rng.choice(["utf-16", "utf-16-le", "utf-8-sig", "utf-7", "cp500"]))


def other_separator(data: bytes, rng: random.Random) -> bytes:
    return data.replace(b",", rng.choice([b";", b"\t", b"|", b", "]))


def other_line_end(data: bytes, rng: random.Random) -> bytes:
    return data.replace(b"\n", rng.choice([b"\r\n", b"\r", b"\n\r", b"\n\n", b"\x85", b" "]))


DAMAGES: tuple[Damage, ...] = (
    flip_bytes, cut, cut_out, insert, change_cell, change_cell, change_cell, swap_cells,
    double_line, drop_line, other_encoding, other_separator, other_line_end,
)  # fmt: skip


def damage_copy(source: Path, target: Path, rng: random.Random) -> str:
    """Copy `source` to `target` with one file damaged once or twice; what was done, in words."""
    shutil.copytree(source, target)
    path = rng.choice(sorted(p for p in target.iterdir() if p.suffix in (".csv", ".toml")))
    data, done = path.read_bytes(), []
    for damage in rng.choices(DAMAGES, k=rng.randint(1, 2)):
        try:
            data = damage(data, rng) if data else data
        except UnicodeError:
            continue  # a second damage may find no text any more
        done.append(damage.__name__)
    path.write_bytes(data)
    return f"{path.name}: {', '.join(done)}"


def verdict(folder: Path) -> str:
    """`clean`, `faults`, or `dropped` where an accepted table has lines that were not read."""
    try:
        evidence = read_evidence(folder)
    except EvidenceError as error:
        document = json.loads(make_report(error.faults, {}).to_json())
        named = all(fault["file"] and fault["message"] for fault in document["faults"])
        return "faults" if named and document["faults"] and str(error) else "unnamed"
    tables = (
        evidence.studies,
        evidence.arms,
        evidence.doses,
        evidence.measurements,
        evidence.intervals,
    )
    read = sum(len(table) for table in tables)
    return "clean" if read == sum(_lines(path) for path in folder.glob("*.csv")) else "dropped"


def _lines(path: Path) -> int:
    """Count data lines of a table: not blank, nor a spreadsheet's line of commas."""
    if path.stem not in ("studies", "arms", "doses", "measurements", "intervals"):
        return 0
    text = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    return max(0, sum(bool(line.strip(' ,\t"\x0b\x0c\u3000\xa0')) for line in text.split("\n")) - 1)


def campaign(source: Path, copies: int, seed: int) -> tuple[Counter[str], list[str]]:
    """Verdicts counted, and a line for each copy that was neither clean nor faulty."""
    counts: Counter[str] = Counter()
    bad = []
    with tempfile.TemporaryDirectory() as work:
        for number in range(copies):
            rng = random.Random(f"{seed}-{number}")
            target = Path(work) / str(number)
            done = damage_copy(source, target, rng)
            try:
                result = verdict(target)
            except Exception as error:  # any escape is what this looks for
                result = f"crash {type(error).__name__}"
                done += f" -> {error}"
            counts[result] += 1
            if result not in ("clean", "faults"):
                bad.append(f"copy {number}: {result}: {done}")
            shutil.rmtree(target)
    return counts, bad


Lines = list[list[str]]
HARMLESS, MENDED, TRACELESS = "read alike", "found", "no trace"
# Columns that no likelihood and no link between rows reads.
TEXTS = frozenset({"note", "citation", "doi", "pmid", "url", "population", "time_zero", "endpoint",
                   "estimand", "cut", "reason", "locator", "source_url", "confidence"})  # fmt: skip


@dataclass(frozen=True)
class Export:
    """A way in which other software writes a table.

    Attributes
    ----------
    name : str
        For the table of verdicts.
    expected : str
        `HARMLESS`, `MENDED` or `TRACELESS`.
    write : function
        From the lines of a table (header first) and the places of its filled numbers (line,
        cell) to the bytes of the file; None where there is nothing to damage.
    """

    name: str
    expected: str
    write: Callable[[Lines, list[tuple[int, int]], random.Random], bytes | None]


def csv_bytes(lines: Lines, separator: str = ",", **style: object) -> bytes:
    """Bytes of a CSV file."""
    out = io.StringIO()
    csv.writer(out, delimiter=separator, **{"lineterminator": "\n", **style}).writerows(lines)
    return out.getvalue().encode()


def every(change: Callable[[str], str]) -> Callable[..., bytes]:
    """Change every cell below the header."""
    return lambda lines, _, __: csv_bytes([lines[0], *([change(c) for c in r] for r in lines[1:])])


def one(*changes: Callable[[str], str]) -> Callable[..., bytes | None]:
    """Change one filled number, by one of `changes` that makes another text of it."""

    def write(lines: Lines, numbers: list[tuple[int, int]], rng: random.Random) -> bytes | None:
        change = rng.choice(changes)
        places = [(i, j) for i, j in numbers if change(lines[i][j]) != lines[i][j]]
        if not places:
            return None
        i, j = rng.choice(places)
        lines[i][j] = change(lines[i][j])
        return csv_bytes(lines)

    return write


def always(*words: str) -> list[Callable[[str], str]]:
    """Changes of a cell into one of some words."""
    return [lambda _, word=word: word for word in words]


def bare_comma(lines: Lines, numbers: list[tuple[int, int]], rng: random.Random) -> bytes | None:
    """Write one decimal with a comma, and no quotes around it."""
    places = [(i, j) for i, j in numbers if "." in lines[i][j]]
    if not places:
        return None
    i, j = rng.choice(places)
    lines[i][j : j + 1] = lines[i][j].split(".")
    return csv_bytes(lines)


def european(lines: Lines, numbers: list[tuple[int, int]], _: random.Random) -> bytes:
    """Write semicolons, and decimals with commas."""
    for i, j in numbers:
        lines[i][j] = lines[i][j].replace(".", ",")
    return csv_bytes(lines, ";")


def thousands(mark: str) -> Callable[[str], str]:
    """Separate thousands of a whole number by `mark`."""
    return lambda cell: f"{int(cell):,}".replace(",", mark) if cell.isdigit() else cell


def day_and_month(cell: str) -> str:
    """What a spreadsheet makes of 3.5 or 3-5 where it takes it for a date."""
    day, _, month = cell.partition(".")
    known = day.isdigit() and month.isdigit() and 1 <= int(day) <= 31 and 1 <= int(month) <= 12
    return f"{int(day):02d}-{calendar.month_abbr[int(month)]}" if known else cell


def numbered(name: str | None) -> Callable[..., bytes]:
    """Put the number of each row first, under a name or under none."""

    def write(lines: Lines, _: object, __: object) -> bytes:
        head = lines[0] if name is None else [name, *lines[0]]
        return csv_bytes([head, *([str(k), *row] for k, row in enumerate(lines[1:], start=1))])

    return write


def shuffled(lines: Lines, _: object, rng: random.Random) -> bytes:
    """Order the columns otherwise."""
    order = rng.sample(range(len(lines[0])), len(lines[0]))
    return csv_bytes([[line[place] for place in order] for line in lines])


def decimals(places: int) -> Callable[[str], str]:
    """Round a number as a spreadsheet shows it, which is what it saves."""
    return lambda cell: f"{float(cell):.{places}f}"


EXPORTS: tuple[Export, ...] = (
    Export("R: empty cells are NA", HARMLESS, every(lambda cell: cell or "NA")),
    Export("all cells quoted", HARMLESS, lambda lines, _, __: csv_bytes(lines, quoting=1)),
    Export("byte order mark", HARMLESS, lambda lines, _, __: b"\xef\xbb\xbf" + csv_bytes(lines)),
    Export("CRLF line ends", HARMLESS, lambda x, _, __: csv_bytes(x, lineterminator="\r\n")),
    Export("empty columns at the end", HARMLESS,
           lambda lines, _, rng: csv_bytes([x + [""] * 3 for x in lines])),
    Export("empty rows at the end", HARMLESS,
           lambda lines, _, __: csv_bytes([*lines, *[[""] * len(lines[0])] * 9])),
    Export("columns in another order", HARMLESS, shuffled),
    Export("rows in another order", HARMLESS,
           lambda x, _, rng: csv_bytes([x[0], *rng.sample(x[1:], len(x) - 1)])),
    Export("pandas: whole numbers as 12.0", HARMLESS,
           one(lambda cell: f"{cell}.0" if cell.isdigit() else cell)),
    Export("R: row names under an empty name", MENDED, numbered("")),
    Export("R: row names without a column", MENDED, numbered(None)),
    Export("pandas: index column", MENDED, numbered("Unnamed: 0")),
    Export("empty cells are another mark", MENDED,
           lambda x, _, rng: every(lambda c, mark=rng.choice(("NaN", "#N/A", "NULL", "-")):
                                   c or mark)(x, _, rng)),
    Export("a number became NaN, #N/A, #DIV/0! or ####", MENDED,
           one(*always("NaN", "nan", "#N/A", "N/A", "NULL", "<NA>", "#DIV/0!", "########", "-"))),
    Export("a number became Inf", MENDED, one(*always("Inf", "-Inf", "inf", "∞"))),
    Export("one decimal comma, quoted", MENDED, one(lambda cell: cell.replace(".", ","))),
    Export("one decimal comma, not quoted", MENDED, bare_comma),
    Export("semicolons and decimal commas", MENDED, european),
    Export("tabs", MENDED, lambda lines, _, __: csv_bytes(lines, "\t")),
    Export("UTF-16", MENDED, lambda x, _, __: csv_bytes(x).decode().encode("utf-16")),
    Export("a number became a date", MENDED, one(day_and_month)),
    Export("a number in percent", MENDED, one(lambda cell: f"{100 * float(cell):g}%")),
    Export("thousands separated by comma, space or '", MENDED,
           one(thousands(","), thousands(" "), thousands("\u00a0"), thousands("'"))),
    Export("thousands separated by a point", TRACELESS, one(thousands("."))),
    Export("a number became NA", TRACELESS, one(*always("NA"))),
    Export("a number rounded as it was shown", TRACELESS, one(decimals(0), decimals(1))),
)  # fmt: skip


def content(draft: Draft) -> dict[str, list[str]]:
    """All that a fit reads of the tables, whatever the order of rows."""
    return {
        name: sorted(
            repr([getattr(row, f.name) for f in fields(row) if f.compare and f.name not in TEXTS])
            for row in getattr(draft, name)
        )
        for name in TABLES
    }


def export_verdict(folder: Path, table: str, before: tuple[object, set[str]]) -> str:
    """`found`, `read alike`, `warned`, or `changed` where nothing is said of another content."""
    draft = read_draft(folder)
    report = judge(draft)
    if report.faults:
        return "found" if any(f.file == f"{table}.csv" for f in report.faults) else "unnamed"
    if content(draft) == before[0]:
        return "read alike"
    return "warned" if {str(w) for w in report.warnings} - before[1] else "changed"


def export_campaign(source: Path, copies: int, seed: int) -> tuple[dict[str, Counter[str]], list]:
    """Verdicts counted by kind, and a line for each copy whose verdict is not as it should be."""
    original = read_draft(source)
    before = content(original), {str(w) for w in judge(original).warnings}
    counts: dict[str, Counter[str]] = {export.name: Counter() for export in EXPORTS}
    allowed = {HARMLESS: {"read alike"}, MENDED: {"found", "warned", "read alike"},
               TRACELESS: {"found", "warned", "read alike", "changed"}}  # fmt: skip
    bad = []
    with tempfile.TemporaryDirectory() as work:
        for number in range(copies):
            rng = random.Random(f"{seed}-{number}")
            export, target = EXPORTS[number % len(EXPORTS)], Path(work) / str(number)
            shutil.copytree(source, target)
            try:
                table = write_export(target, export, rng)
                result = export_verdict(target, table, before) if table else "not possible"
            except Exception as error:  # any escape is what this looks for
                result, table = f"crash {type(error).__name__}", str(error)
            counts[export.name][result] += 1
            if table and result not in allowed[export.expected]:
                bad.append(f"copy {number}: {export.name}: {table}: {result}")
            shutil.rmtree(target)
    return counts, bad


def write_export(folder: Path, export: Export, rng: random.Random) -> str:
    """Write one table of `folder` as `export` does; its name, empty where none can be."""
    tables = [name for name in TABLES if (folder / f"{name}.csv").exists()]
    for name in rng.sample(tables, len(tables)):
        path = folder / f"{name}.csv"
        with path.open(newline="", encoding="utf-8") as file:
            lines = list(csv.reader(file))
        kinds = {column.name: column.kind for column in TABLES[name].columns}
        numbers = [(i, j) for i, line in enumerate(lines) for j, cell in enumerate(line)
                   if i and kinds.get(lines[0][j]) in ("number", "integer") and cell]  # fmt: skip
        data = export.write(lines, numbers, rng) if len(lines) > 1 else None
        if data is not None:
            path.write_bytes(data)
            return name
    return ""


def export_table(counts: dict[str, Counter[str]]) -> str:
    """Kinds and verdicts as a Markdown table."""
    verdicts = ("read alike", "found", "warned", "changed")
    lines = ["| kind | should be | " + " | ".join(verdicts) + " |", "|---|---|" + "--:|" * 4]
    for export in EXPORTS:
        cells = [str(counts[export.name][v] or "") for v in verdicts]
        lines.append(f"| {export.name} | {export.expected} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--copies", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[1] / "data")
    parser.add_argument("--exports", action="store_true")
    options = parser.parse_args()
    start = time.perf_counter()
    if options.exports:
        kinds, bad = export_campaign(options.data, options.copies, options.seed)
        print(export_table(kinds))
        print(f"{options.copies} copies, {time.perf_counter() - start:.0f} s", file=sys.stderr)
        print("\n".join(bad), file=sys.stderr)
        return 1 if bad else 0
    counts, bad = campaign(options.data, options.copies, options.seed)
    print(json.dumps({"copies": options.copies, "seed": options.seed, **counts,
                      "seconds": round(time.perf_counter() - start, 1)}, indent=2))  # fmt: skip
    print("\n".join(bad), file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
