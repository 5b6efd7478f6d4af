"""Notebooks from their paired text: `NN_name.py` (percent format) -> executed `NN_name.ipynb`.

    python notebooks/build.py              # all of them, executed (make notebooks)
    python notebooks/build.py 01 05        # some
    python notebooks/build.py --check      # does the text agree with what is stored? (runs nothing)

The text is what is written and reviewed; the notebook is made from it. Notebooks run in a scratch
copy of the tree, in order, and share one fit there, so that nothing is left behind.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

HERE = Path(__file__).parent
#: Folders of the tree that notebooks read.
READ = ("data", "examples", "tests", "src")
#: Seconds after which a cell is given up. A notebook has 90 on two idle cores with warm caches.
CELL_LIMIT = 1800
#: A notebook with its figures is lighter than this (bytes).
HEAVIEST = 1_000_000


def sources() -> list[Path]:
    """The paired texts, in order."""
    return sorted(HERE.glob("[0-9][0-9]_*.py"))


def read(text: Path) -> NotebookNode:
    """The notebook of a paired text, without outputs."""
    book = new_notebook()
    book.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for k, (prose, lines) in enumerate(_cells(text.read_text(encoding="utf-8"))):
        body = "\n".join(lines).strip("\n")
        cell = new_markdown_cell(body) if prose else new_code_cell(body)
        cell["id"] = f"cell-{k:02d}"
        book.cells.append(cell)
    return book


def _cells(text: str) -> Iterator[tuple[bool, list[str]]]:
    """Whether a cell is prose, and its lines."""
    parts = re.split(r"^# %%(.*)$", text, flags=re.MULTILINE)
    for mark, body in zip(parts[1::2], parts[2::2], strict=True):
        lines = body.strip("\n").split("\n")
        prose = "[markdown]" in mark
        yield prose, [re.sub(r"^# ?", "", line) for line in lines] if prose else lines


def scratch(root: Path) -> Path:
    """A folder `root`/notebooks to run in, with the tree's folders beside it."""
    (root / "notebooks").mkdir(parents=True, exist_ok=True)
    for name in READ:
        link = root / name
        if not link.exists():
            link.symlink_to((HERE.parent / name).resolve(), target_is_directory=True)
    return root / "notebooks"


def execute(book: NotebookNode, folder: Path) -> NotebookNode:
    """Run a notebook in `folder` and keep its outputs without traces of the machine."""
    where = {"metadata": {"path": str(folder)}}
    NotebookClient(book, timeout=CELL_LIMIT, kernel_name="python3", resources=where).execute()
    book.metadata["language_info"] = {"name": "python"}
    for cell in book.cells:
        cell.metadata.pop("execution", None)
    return book


def stored(text: Path) -> NotebookNode:
    """The notebook that is stored for a text."""
    return nbformat.read(text.with_suffix(".ipynb"), as_version=4)


def in_step(text: Path) -> bool:
    """Whether the stored notebook has the cells of its text."""
    if not text.with_suffix(".ipynb").is_file():
        return False
    kept, made = stored(text), read(text)
    return [(c.cell_type, c.source) for c in kept.cells] == [
        (c.cell_type, c.source) for c in made.cells
    ]


def main() -> None:
    """Build or check."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="beginnings of names, for example 01")
    parser.add_argument("--check", action="store_true", help="compare only")
    parser.add_argument("--into", type=Path, default=HERE, help="folder of the notebooks")
    parser.add_argument("--scratch", type=Path, help="run there, and keep what was fitted")
    asked = parser.parse_args()
    texts = [t for t in sources() if not asked.names]
    for name in asked.names:
        texts += [t for t in sources() if t.name.startswith(name)]
    if asked.check:
        stale = [t.name for t in texts if not in_step(t)]
        sys.exit(f"not in step with their text: {', '.join(stale)}" if stale else 0)
    with tempfile.TemporaryDirectory() as root:
        folder = scratch(asked.scratch or Path(root))
        for text in texts:
            began = time.perf_counter()
            nbformat.write(execute(read(text), folder), asked.into / f"{text.stem}.ipynb")
            print(f"{text.stem}: {time.perf_counter() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
