"""Damage copies of an evidence folder at random: each gets a clean verdict or a list of faults.

    python benchmarks/fuzz_tables.py [--copies 2000] [--seed 1] [--data data]

Anything but `EvidenceError` counts as a crash; a copy that is accepted must hold as many rows as
its tables have lines (no silent drop).
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from metinfer.errors import EvidenceError
from metinfer.evidence import read_evidence
from metinfer.evidence.faults import make_report

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


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--copies", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[1] / "data")
    options = parser.parse_args()
    start = time.perf_counter()
    counts, bad = campaign(options.data, options.copies, options.seed)
    print(json.dumps({"copies": options.copies, "seed": options.seed, **counts,
                      "seconds": round(time.perf_counter() - start, 1)}, indent=2))  # fmt: skip
    print("\n".join(bad), file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
