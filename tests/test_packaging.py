"""What a clone, an editable install and a wheel hold."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LOCK = (ROOT / "requirements.lock").read_text()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    words = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(words, cwd=ROOT, check=True, capture_output=True)
    return next(folder.glob("metinfer-*.whl"))


def test_the_wheel_carries_the_evidence(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        for path in (ROOT / "data").iterdir():
            assert archive.read(f"metinfer/_data/{path.name}") == path.read_bytes()
    modules = {p.relative_to(ROOT / "src").as_posix() for p in ROOT.glob("src/**/*.py")}
    templates = {p.relative_to(ROOT / "src").as_posix() for p in ROOT.glob("src/**/*.j2")}
    assert templates
    assert names >= modules | templates


def test_the_wheel_finds_its_own_evidence(wheel, tmp_path):
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import metinfer;"
        "from metinfer.evidence import bundled_path, check;"
        "print(bundled_path()); print(check(bundled_path()).ok)"
    )
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    words = [sys.executable, "-c", code]
    done = subprocess.run(
        words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [str(tmp_path / "metinfer" / "_data"), "True"]


def test_the_lock_pins_every_dependency_by_hash_and_names_no_address():
    lines = LOCK.splitlines()
    assert all(re.match(r"[\w.-]+==[\w.]+|\s+--hash=sha256:[0-9a-f]{64}", line) for line in lines)
    locked = {re.split(r"==", line)[0] for line in lines if "==" in line}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    assert {re.split(r"[>=<]", name)[0] for name in wanted} <= locked


def test_setup_says_what_to_install_where_no_python_fits(tmp_path):
    (tmp_path / "Makefile").write_bytes((ROOT / "Makefile").read_bytes())
    for name in ("requirements.lock", "pyproject.toml"):
        (tmp_path / name).touch()
    stub = tmp_path / "bin" / "python3"
    stub.parent.mkdir()
    stub.write_text("#!/bin/sh\nexit 127\n")
    stub.chmod(0o755)
    environment = {"PATH": f"{stub.parent}:/usr/bin:/bin", "HOME": str(tmp_path)}
    tools = subprocess.run(
        ["/bin/sh", "-c", "for n in 11 12 13 14; do command -v python3.$n; done"],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if tools.stdout.strip() not in ("", "/usr/bin/python3.11"):
        pytest.skip("this system's own Python fits")
    done = subprocess.run(
        ["make", "setup"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "PYTHON=/path/to/python3.12 make setup" in done.stderr
    assert not (tmp_path / ".venv").exists()
