"""Every snippet of the README and of the docs runs, and the pages that are made are up to date.

Blocks run in the order of their page, Python in one namespace, commands in this process. Every fit
is answered by one real quick run of tests/data/tiny, made and judged once: its folder is copied to
where the snippet asks for a run. A block after ``<!-- not run: why -->`` is skipped; targets of
make are checked to exist, benchmarks to know the options that they are given.
"""

from __future__ import annotations

import contextlib
import doctest
import importlib
import inspect
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

import pytest

import metinfer
from docs import pages
from metinfer import cli, workflow
from metinfer.inference import sample
from metinfer.inference.diagnose import Diagnosis

#: A user sees warnings, and goes on.
pytestmark = pytest.mark.filterwarnings("default")

ROOT = Path(__file__).parents[1]
#: Functions that `place` puts others in the place of.
ITSELF = {"fit": sample.fit, "diagnose": workflow.diagnose}
PAGES = sorted(
    [
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        ROOT / "CHANGELOG.md",
        *ROOT.glob("docs/**/*.md"),
    ]
)
BLOCK = re.compile(
    r"(?P<skip><!-- not run: [^>]+ -->\s*\n)?^ *```(?P<kind>\w+)[^\n]*\n(?P<text>.*?)^ *```",
    re.M | re.S,
)
PYTHON, SHELL = ("python",), ("sh", "bash", "console", "shell")
SHORT = ["--draws", "100", "--tune", "80", "--chains", "2", "--seed", "3"]
#: Set up, not run: CI runs make itself.
MADE = ("git", "pip", "uv", "cd")
PREFIXES = (".venv/bin/", "venv/bin/")


@dataclass(frozen=True)
class Block:
    """One snippet of a page."""

    kind: str
    text: str
    line: int
    skipped: bool


def blocks(page: Path) -> list[Block]:
    """Snippets of a page that a reader could run."""
    text = page.read_text(encoding="utf-8")
    return [
        Block(m["kind"], m["text"], text[: m.start()].count("\n") + 1, bool(m["skip"]))
        for m in BLOCK.finditer(text)
        if m["kind"] in (*PYTHON, *SHELL)
    ]


WITH_BLOCKS = [page for page in PAGES if blocks(page)]


def command(words: list[str]) -> int:
    """Exit code of metinfer called in this process."""
    before, sys.argv = sys.argv, ["metinfer", *words]
    try:
        cli.main()
    except SystemExit as stop:
        return int(stop.code or 0)
    finally:
        sys.argv = before
    return 0


@pytest.fixture(scope="module")
def quick_run(tmp_path_factory) -> Path:
    """One short run of the tiny folder with everything that the docs ask of a run."""
    out = tmp_path_factory.mktemp("docs") / "run"
    data = ROOT / "tests" / "data" / "tiny"
    assert command(["fit", str(data), "-o", str(out), *SHORT]) == 0
    with contextlib.redirect_stdout(io.StringIO()):
        assert command(["predict", str(out)]) == 0
    return out


@pytest.fixture(scope="module")
def judged(quick_run) -> Diagnosis:
    """The judgement of that run, made once."""
    return metinfer.diagnose(metinfer.load_run(quick_run))


@pytest.fixture
def place(tmp_path, quick_run, judged, monkeypatch) -> Path:
    """A folder like the top of a clone, in which fits are answered by the quick run."""
    for name in ("data", "tests", "docs", "notebooks", "examples", "benchmarks"):
        if (ROOT / name).exists():
            (tmp_path / name).symlink_to(ROOT / name)

    def fit(evidence, out, **options):
        assert evidence.fit_rows()
        if not Path(out).exists():
            shutil.copytree(quick_run, out)
        return metinfer.load_run(out)

    monkeypatch.setattr(sample, "fit", fit)
    monkeypatch.setattr("metinfer.inference.plan.refuse", lambda *given, **options: None)
    monkeypatch.setattr(workflow, "diagnose", lambda run: judged)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run_line(line: str) -> None:
    """One line of a shell block."""
    words = shlex.split(line, comments=True)
    if not words:
        return
    target = Path(words[words.index(">") + 1]) if ">" in words else None
    words = words[: words.index(">")] if target else words
    words = [w.removeprefix("$ ") for w in words if w != "$"]
    for prefix in PREFIXES:
        words[0] = words[0].removeprefix(prefix)
    if "&&" in words:
        at = words.index("&&")
        run_line(shlex.join(words[:at]))
        run_line(shlex.join(words[at + 1 :]))
    elif words[0] == "metinfer":
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            code = command(words[1:])
        expected = {3} if "exit 3" in line else {0, 3} if words[1] == "diagnose" else {0}
        assert code in expected, f"exit {code}: {line}"
        if target:
            target.write_text(out.getvalue())
    elif words[0] == "make":
        known = (ROOT / "Makefile").read_text()
        for goal in (w for w in words[1:] if "=" not in w and not w.startswith("-")):
            assert re.search(rf"^{re.escape(goal)}:", known, re.M), f"no target {goal}"
    elif words[0] in ("python", "python3"):
        known_script(words[1:])
    elif words[0] not in MADE and not words[0].startswith("/tmp/empty"):
        subprocess.run(words, check=True, capture_output=True)


def known_script(words: list[str]) -> None:
    """The script or module exists, and names every option that it is given."""
    name = words[1] if words[0] == "-m" else words[0]
    if name in ("pytest", "pip", "http.server", "build", "hatchling", "venv"):
        return
    path = ROOT / (name if name.endswith(".py") else name.replace(".", "/") + ".py")
    folder = path.with_suffix("") / "__main__.py"
    text = (path if path.exists() else folder).read_text(encoding="utf-8")
    for option in (w for w in words if w.startswith("--")):
        assert option in text, f"{path.name} knows no {option}"


@pytest.mark.parametrize("page", WITH_BLOCKS, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_snippets_run(page, place, capfd):
    space: dict[str, object] = {"__name__": "__main__"}
    for block in blocks(page):
        if block.skipped:
            continue
        where = f"{page.relative_to(ROOT)}, line {block.line}"
        if block.kind in PYTHON:
            exec(compile(textwrap.dedent(block.text), where, "exec"), space)
        else:
            for line in block.text.replace("\\\n", " ").splitlines():
                run_line(line)


def test_the_finder_of_snippets_finds_them(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("a\n```python\nx = 1\n```\n<!-- not run: why -->\n```sh\nmetinfer x\n```\n")
    found = blocks(page)
    assert [(b.kind, b.skipped, b.line) for b in found] == [("python", False, 2), ("sh", True, 5)]
    assert {p.name for p in WITH_BLOCKS} >= {"README.md", "add_a_therapy.md", "add_a_paper.md"}


def test_a_wrong_snippet_fails(place):
    with pytest.raises(AssertionError, match="exit 2"):
        run_line("metinfer fit nowhere --no-such-option")
    with pytest.raises(AssertionError, match="no target"):
        run_line("make coffee")
    with pytest.raises(AssertionError, match="knows no"):
        run_line("python benchmarks/accuracy.py --no-such-option")


@pytest.mark.parametrize("name", pages.STORED)
def test_stored_pages_are_those_that_are_made(name):
    stored = (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
    assert stored == pages.made()[name], "make it again: python -m docs.pages"


def test_every_page_and_heading_that_is_linked_exists():
    link = re.compile(r"\]\((?!https?:|mailto:)([^)\s#]*)(#[^)\s]+)?\)")
    missing = [
        (page.relative_to(ROOT).as_posix(), target)
        for page in PAGES
        if page.exists()
        for target, _ in link.findall(page.read_text(encoding="utf-8"))
        if target and not (page.parent / target).exists()
    ]
    assert missing == []


def test_the_site_builds_without_a_warning(tmp_path):
    pytest.importorskip("myst_nb")
    words = [sys.executable, str(ROOT / "docs" / "build.py"), "--out", str(tmp_path / "site")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(words, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "site" / "index.html").exists()


@pytest.mark.parametrize("name", metinfer.__all__)
def test_public_names_are_documented_with_an_example_that_runs(name, place, quick_run):
    if not (place / "runs" / "tiny").exists() and name not in ("fit",):
        shutil.copytree(quick_run, place / "runs" / "tiny")
    module = importlib.import_module(metinfer._HOME[name])
    member = ITSELF.get(name) or getattr(module, name)
    found = doctest.DocTestFinder(recurse=False).find(member, name, module=module, globs={})
    assert sum(len(part.examples) for part in found) > 1
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    said = io.StringIO()
    for part in found:
        runner.run(part, out=said.write)
    assert runner.failures == 0, said.getvalue()


@pytest.mark.parametrize("name", metinfer.__all__)
def test_docstrings_of_public_names_are_complete(name):
    member = getattr(importlib.import_module(metinfer._HOME[name]), name)
    text = inspect.getdoc(member) or ""
    if inspect.isclass(member):
        assert "Attributes\n------" in text
        return
    parameters = text.partition("Parameters\n------")[2].partition("\n\nReturns\n")[0]
    for parameter in inspect.signature(member).parameters:
        assert re.search(rf"^(\w+, )*\**{parameter}\b.* : |^\*\*{parameter}$", parameters, re.M), (
            f"{name}: parameter {parameter} is not described"
        )
    assert "Returns\n-------" in text
    assert text.splitlines()[0].endswith(".")
