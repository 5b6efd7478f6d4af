"""Every notebook and the example script run from a fresh clone, with quick settings.

The notebooks run in order in one scratch folder, as their readers would, so that those about the
same fit share it. Quick settings are written in the notebooks themselves and stated there.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from notebooks.build import HEAVIEST, execute, in_step, read, scratch, sources, stored

ROOT = Path(__file__).parents[1]
TEXTS = sources()
NAMES = [text.stem for text in TEXTS]
#: Traces of a machine or of where packages came from.
TRACES = re.compile(
    r"/(home|root|work|tmp|Users|usr|opt|var)/|[A-Z]:\\\\Users|site-packages|\.pyenv"
)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return scratch(tmp_path_factory.mktemp("notebooks"))


def test_there_are_the_six_notebooks_that_the_documentation_promises() -> None:
    assert [name[:2] for name in NAMES] == ["01", "02", "03", "04", "05", "06"]


@pytest.mark.parametrize("text", TEXTS, ids=NAMES)
def test_runs_and_shows_what_is_stored(text: Path, folder: Path) -> None:
    made = execute(read(text), folder)
    kept = stored(text)
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


def test_example_workflow_runs_on_a_small_folder(tmp_path: Path) -> None:
    words = ["examples/workflow.py", "tests/data/tiny", "--quick", "--out", str(tmp_path / "run")]
    done = subprocess.run(
        [sys.executable, *words], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 3, done.stderr  # a quick run passes no gate on effective draws
    assert "FAIL  bulk ESS" in done.stdout
    assert "assumed, not learnt" in done.stdout
    assert (tmp_path / "run" / "report.html").is_file()
