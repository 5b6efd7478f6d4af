"""The walls between the parts, read from their imports."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import metinfer

ROOT = Path(metinfer.__file__).parent
MODULES = sorted(p.relative_to(ROOT).as_posix() for p in ROOT.rglob("*.py"))
SAMPLING = {"pymc", "nutpie", "arviz"}
LATER = {
    "evidence": {
        "mechanism",
        "inference",
        "export",
        "therapy",
        "report",
        "cli",
        "workflow",
        "judging",
    },
    "mechanism": {
        "evidence",
        "inference",
        "export",
        "therapy",
        "report",
        "cli",
        "workflow",
        "judging",
        "runs",
    },
    "inference": {"export", "therapy", "report", "cli", "workflow", "judging", "plots"},
    "therapy": {"export", "report", "cli", "workflow", "judging", "plots"},
    "export": {"therapy", "report", "cli", "workflow", "judging", "plots"},
    "summaries": {"cli", "export", "report", "workflow", "plots"},
    "report": {"cli", "export"},
}
FOREIGN = {
    "evidence": SAMPLING | {"pytensor", "numba", "sympy", "xarray", "scipy"},
    "mechanism": SAMPLING | {"xarray"},
    "therapy": {"numba", "nutpie", "sympy"},
    "export": SAMPLING | {"pytensor", "numba", "sympy", "libsbml"},
    "summaries": {"nutpie", "numba", "pytensor", "matplotlib", "jinja2"},
    "report": {"nutpie", "numba", "pytensor", "sympy"},
}
#: Formats that execute code when they are read.
EXECUTING = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}


def imports(module: str, top_only: bool = False) -> set[str]:
    """Dotted names that a module imports."""
    tree = ast.parse((ROOT / module).read_text(encoding="utf-8"))
    nodes = tree.body if top_only else ast.walk(tree)
    names: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.add("." * node.level + (node.module or ""))
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def packages(module: str, **kwargs) -> set[str]:
    return {name.split(".")[0] for name in imports(module, **kwargs)}


def parts(module: str) -> set[str]:
    """Parts of metinfer that a module imports."""
    return {n.split(".")[1] for n in imports(module) if n.startswith("metinfer.")}


def of(part: str) -> list[str]:
    return [m for m in MODULES if m.startswith(f"{part}/")]


def test_every_part_is_there():
    assert all(of(part) for part in LATER)


@pytest.mark.parametrize("part", LATER)
def test_imports_point_one_way(part):
    broken = {m: sorted(parts(m) & LATER[part]) for m in of(part) if parts(m) & LATER[part]}
    assert broken == {}


@pytest.mark.parametrize("part", FOREIGN)
def test_libraries_stay_in_their_part(part):
    broken = {
        m: sorted(packages(m) & FOREIGN[part]) for m in of(part) if packages(m) & FOREIGN[part]
    }
    assert broken == {}


def test_only_the_op_of_the_mechanism_knows_pytensor():
    assert [m for m in of("mechanism") if "pytensor" in packages(m)] == ["mechanism/op.py"]


def test_statistics_know_no_ode():
    for module in of("inference/statistics"):
        used = {n for n in imports(module) if n.startswith("metinfer.")}
        words = "metinfer.evidence.vocabulary"
        allowed = ("metinfer.errors", "metinfer.inference.statistics", words)
        assert {n for n in used if not n.startswith(allowed)} == set(), module
        assert not packages(module) & {"numba", "sympy"}, module


def test_equations_are_written_in_one_place():
    # The results only print them.
    users = [m for m in MODULES if "sympy" in packages(m)]
    assert [m for m in users if not m.startswith(("mechanism/", "summaries/"))] == []


def test_only_figures_know_matplotlib():
    drawn = [m for m in MODULES if "matplotlib" in packages(m)]
    assert [m for m in drawn if not m.startswith("report/figures")] == []


@pytest.mark.parametrize("module", [m for m in MODULES if m.startswith("cli/")])
def test_command_line_loads_what_it_needs_inside_its_commands(module):
    top = imports(module, top_only=True)
    standard = set(sys.stdlib_module_names) | {"typer", "metinfer"}
    assert {n for n in top if n.split(".")[0] not in standard} == set()
    inside = {n for n in top if n.startswith("metinfer")}
    light = ("metinfer.errors", "metinfer.cli")
    assert {n for n in inside if not n.startswith(light)} == set()


def test_nothing_executes_what_it_reads():
    assert {m: packages(m) & EXECUTING for m in MODULES if packages(m) & EXECUTING} == {}


def test_imports_are_absolute():
    assert [m for m in MODULES if any(n.startswith(".") for n in imports(m))] == []


@pytest.mark.parametrize(
    "statement",
    [
        "import metinfer",
        "from metinfer.evidence import check",
        "import metinfer.cli, metinfer.runs",
    ],
)
def test_start_is_light(statement):
    heavy = "{'pymc', 'pytensor', 'numba', 'sympy', 'matplotlib', 'nutpie', 'arviz', 'scipy'}"
    code = f"{statement}; import sys; print(*sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_public_names_are_few_and_each_is_there():
    assert len(metinfer.__all__) <= 18
    for name in metinfer.__all__:
        assert getattr(metinfer, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        metinfer.nothing  # noqa: B018


def test_a_package_of_the_same_name_does_not_hide_a_public_function():
    # Importing a part of metinfer.report makes the package an attribute of metinfer.
    code = (
        "import metinfer, metinfer.report.phrases\n"
        "try: metinfer.report(None)\n"
        "except AttributeError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "NoneType" in done.stdout


@pytest.mark.parametrize("module", MODULES)
def test_modules_and_functions_stay_readable(module):
    text = (ROOT / module).read_text(encoding="utf-8")
    assert text.count("\n") <= 450
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            if body:
                assert body[-1].end_lineno - body[0].lineno < 60, node.name
