"""Every notebook runs from a fresh clone, with quick settings.

Those about the same fit run in one scratch folder and share it, as their readers would; two
groups run side by side, because most of the time is compiling, which uses one core. Quick
settings are written in the notebooks themselves and stated there.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
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


#: Notebooks without a fit of the bundled evidence: these run with the fast tests.
LIGHT = ("01", "02")
#: The others, which take minutes: one group after the other, the groups side by side.
GROUPS = (("03", "04", "06"), ("05",))


def execute(root: Path, groups: tuple[tuple[str, ...], ...]) -> tuple[Path, str]:
    """Folder of notebooks just executed, and what was said if one of them failed."""
    words = [sys.executable, "notebooks/build.py", "--scratch", str(root), "--into", str(root)]
    running = [
        subprocess.Popen(
            [*words, *group], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        for group in groups
    ]
    said = [process.communicate(timeout=1800)[0] for process in running]
    return root, "\n".join(s for s, p in zip(said, running, strict=True) if p.returncode)


@pytest.fixture(scope="session")
def light(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    return execute(tmp_path_factory.mktemp("light"), (LIGHT,))


@pytest.fixture(scope="session")
def heavy(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    return execute(tmp_path_factory.mktemp("heavy"), GROUPS)


def test_there_are_the_six_notebooks_that_the_documentation_promises() -> None:
    assert [name[:2] for name in NAMES] == ["01", "02", "03", "04", "05", "06"]


@pytest.mark.parametrize("name", [n for n in NAMES if n.startswith(LIGHT)])
def test_runs_and_shows_what_is_stored(name: str, light: tuple[Path, str]) -> None:
    _shows_what_is_stored(name, *light)


@pytest.mark.slow
@pytest.mark.parametrize("name", [n for n in NAMES if not n.startswith(LIGHT)])
def test_runs_with_a_fit_and_shows_what_is_stored(name: str, heavy: tuple[Path, str]) -> None:
    _shows_what_is_stored(name, *heavy)


def _shows_what_is_stored(name: str, folder: Path, failures: str) -> None:
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
