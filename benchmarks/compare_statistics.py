"""Compare the statistics with outside implementations, number by number.

    python benchmarks/compare_statistics.py [--lifelines PYTHON]

Runs what is installed and writes docs/statistics_comparison.md: SciPy always; lifelines in the
interpreter PYTHON (it needs an older pandas than this project, so it has one of its own); R's
metafor where `Rscript` finds it. metamedian is not packaged for this system: medians are compared
with brute-force simulation instead.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from comparisons import Table, medians, metafor, scipy_densities
from comparisons_survival import lifelines

HEAD = """# The statistics against outside implementations

Made by `python benchmarks/compare_statistics.py`. Both numbers of each line are found separately
from the same input; the difference is absolute.

"""


def page(tables: list[Table]) -> str:
    """Markdown page: one section per implementation."""
    parts = [HEAD + "| implementation | lines | largest difference | |\n|---|---:|---:|---|\n"]
    for table in tables:
        parts.append(f"| {table.name} | {len(table.lines)} | {table.worst} | {table.remark} |\n")
    for table in tables:
        parts.append(f"\n## {table.name}\n\n{table.text}\n")
        if table.lines:
            parts.append("\n| what | metinfer | outside | difference |\n|---|---:|---:|---:|\n")
            parts += [f"| {what} | {a:.8g} | {b:.8g} | {d:.1e} |\n" for what, a, b, d in table.rows]
    return "".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lifelines", help="interpreter that has lifelines")
    given = parser.parse_args()
    tables = [scipy_densities(), lifelines(given.lifelines), metafor(), medians()]
    text = page(tables)
    Path(__file__).parents[1].joinpath("docs", "statistics_comparison.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
