"""Every notebook runs from a fresh clone, with quick settings.

Those about the same fit run in one scratch folder and share it, as their readers would. Quick
settings are written in the notebooks themselves and stated there.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import nbformat
import pytest

from notebooks.build import HEAVIEST, in_step, sources, stored

ROOT = Path(__file__).parents[1]
TEXTS = sources()
NAMES = [text.stem for text in TEXTS]
#: Traces of a machine or of where packages came from.
TRACES = re.compile(
    r"/(home|root|work|tmp|Users|usr|opt|var)/|[A-Z]:\\\\Users|site-packages|\.pyenv"
)


#: Notebooks that run in one folder, and share the fit in it.
GROUPS = (("01", "02"), ("03", "04", "06"), ("05",))


def execute(root: Path, group: tuple[str, ...]) -> tuple[Path, str]:
    """Folder of notebooks just executed, and what was said if one of them failed."""
    words = [sys.executable, "notebooks/build.py", "--scratch", str(root), "--into", str(root)]
    done = subprocess.run(
        [*words, *group], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=1800, check=False,
    )  # fmt: skip
    return root, done.stdout if done.returncode else ""


@pytest.fixture(scope="session")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Path, str]]:
    """The folder that a notebook was executed in, with those of its group."""

    @cache
    def of_group(group: tuple[str, ...]) -> tuple[Path, str]:
        return execute(tmp_path_factory.mktemp("notebooks"), group)

    return lambda name: of_group(next(g for g in GROUPS if name[:2] in g))


def test_there_are_the_six_notebooks_that_the_documentation_promises() -> None:
    assert [name[:2] for name in NAMES] == ["01", "02", "03", "04", "05", "06"]


@pytest.mark.parametrize("name", NAMES)
def test_runs_and_shows_what_is_stored(
    name: str, executed: Callable[[str], tuple[Path, str]]
) -> None:
    folder, failures = executed(name)
    path = folder / f"{name}.ipynb"
    assert path.is_file(), failures
    made = nbformat.read(path, as_version=4)
    kept = stored(next(t for t in TEXTS if t.stem == name))
    for new, old in zip(made.cells, kept.cells, strict=True):
        assert _kinds(new) == _kinds(old), new.source


def _kinds(cell: object) -> list[str]:
    """What a cell puts out: kinds of display, not their values; a warning is none of them."""
    outputs = cell.get("outputs", [])
    assert all(o.get("name") != "stderr" for o in outputs), outputs
    return [o.output_type if "data" not in o else max(o.data) for o in outputs]


@pytest.mark.parametrize("text", TEXTS, ids=NAMES)
def test_stored_notebook_is_in_step_light_and_of_no_machine(text: Path) -> None:
    assert in_step(text), f"run: python notebooks/build.py {text.stem[:2]}"
    path = text.with_suffix(".ipynb")
    assert path.stat().st_size < HEAVIEST
    for cell in stored(text).cells:
        told = json.dumps(
            [{k: v for k, v in o.get("data", o).items() if k != "image/png"}
             for o in cell.get("outputs", [])]
        )  # fmt: skip
        assert not TRACES.search(told), told
        assert "execution" not in cell.metadata


@pytest.mark.parametrize("text", TEXTS, ids=NAMES)
def test_every_figure_has_words_before_it(text: Path) -> None:
    """A figure follows prose, or code that follows prose: none stands without an explanation."""
    prose = False
    for cell in stored(text).cells:
        if cell.cell_type == "markdown":
            prose = True
        elif any("image/png" in o.get("data", {}) for o in cell.outputs):
            assert prose, cell.source
            prose = False
