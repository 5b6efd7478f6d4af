"""Build the documentation into site/: python docs/build.py [--out DIR]. Needs no network.

Pages are the Markdown files of docs/, the README, CONTRIBUTING and CHANGELOG, the stored notebooks,
and what is made here: the model from the equations, the data dictionary from the schema, the
commands from the command line and the API from the docstrings. A warning is an error, as is a
link to a page or a heading that does not exist.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from docs import pages  # noqa: E402

#: Page -> where it is written; those that do not exist yet are left out of the contents.
SECTIONS: dict[str, tuple[str, ...]] = {
    "Start": ("start",),
    "Tutorials": ("notebooks/*",),
    "How to": ("howto/*",),
    "Reference": ("model", "dictionary", "commands", "api", "evidence", "therapies"),
    "How it was tested": (
        "statistics_recovery", "statistics_comparison", "benchmarks", "calibration", "comparison",
        "reliability", "*",
    ),
    "Project": ("contributing", "changelog"),
}  # fmt: skip
#: Files of the repository -> pages.
TAKEN = {"README.md": "start", "CONTRIBUTING.md": "contributing", "CHANGELOG.md": "changelog"}


def gather(source: Path) -> None:
    """All pages, as Markdown and notebooks, below `source`."""
    for path in sorted((ROOT / "docs").rglob("*.md")):
        if not path.name.endswith(".in.md"):
            place(source / path.relative_to(ROOT / "docs"), path)
    for name, page in TAKEN.items():
        if (ROOT / name).exists():
            place(source / f"{page}.md", ROOT / name)
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        (source / "notebooks").mkdir(exist_ok=True)
        shutil.copy(path, source / "notebooks")
    if (ROOT / "docs" / "images").is_dir():
        shutil.copytree(ROOT / "docs" / "images", source / "images")
    for name, text in pages.made().items():
        (source / f"{name}.md").write_text(text, encoding="utf-8")
    (source / "index.md").write_text(index(source), encoding="utf-8")
    shutil.copytree(ROOT / "docs" / "site", source, dirs_exist_ok=True)


def place(to: Path, path: Path) -> None:
    """Copy a page, with links between files of the repository turned into links between pages."""
    to.parent.mkdir(parents=True, exist_ok=True)

    def moved(found: re.Match[str]) -> str:
        text, link, anchor = found["text"], found["link"], found["anchor"] or ""
        target = (path.parent / link).resolve()
        if not target.is_relative_to(ROOT) or not target.exists():
            raise SystemExit(f"{path.relative_to(ROOT)}: link to {link}, which does not exist")
        name = target.relative_to(ROOT).as_posix()
        page = TAKEN[name] + ".md" if name in TAKEN else name.removeprefix("docs/")
        if name.startswith("notebooks/") or (name.startswith("docs/") and target.is_file()):
            return f"{text}({up(to, page)}{anchor})"
        return f"{text}({up(to, page)}{anchor})" if name in TAKEN else f"{text}".strip("![]")

    link = r"(?P<text>!?\[[^\]]*\])\((?!https?:|#|mailto:)(?P<link>[^)#\s]+)(?P<anchor>#[^)\s]*)?\)"
    to.write_text(re.sub(link, moved, path.read_text(encoding="utf-8")), encoding="utf-8")


def up(page: Path, name: str) -> str:
    """Path to a page from another one, which may lie one folder down."""
    return f"../{name}" if page.parent.name == "howto" else name


def index(source: Path) -> str:
    """The first page, with the contents of all sections."""
    left = {
        p.relative_to(source).with_suffix("").as_posix()
        for p in source.rglob("*")
        if p.suffix in (".md", ".ipynb")
    }
    parts = [(ROOT / "docs" / "site" / "welcome.txt").read_text(encoding="utf-8")]
    for title, patterns in SECTIONS.items():
        names = [n for pattern in patterns for n in taken(pattern, left)]
        if names:
            lines = "\n".join(f"{title} <{n}>" if n == "start" else n for n in names)
            parts.append(f"```{{toctree}}\n:maxdepth: 1\n:caption: {title}\n\n{lines}\n```\n")
    return "\n".join(parts)


def taken(pattern: str, left: set[str]) -> Iterator[str]:
    """Pages that match, each taken once; `*` is what is left over at the top."""
    if pattern == "*":
        held = {n for names in SECTIONS.values() for n in names}
        found = sorted(n for n in left if "/" not in n and n not in held)
    else:
        found = sorted(n for n in left if Path(n).match(pattern))
    for name in found:
        left.discard(name)
        yield name


def build(out: Path) -> int:
    """Exit code of Sphinx, with warnings as errors."""
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch) / "source"
        source.mkdir()
        gather(source)
        shutil.rmtree(out, ignore_errors=True)
        words = ["-b", "html", "-n", "-W", "--keep-going", "-q", "-j", "1"]
        done = subprocess.run(
            [sys.executable, "-m", "sphinx", *words, "-d", f"{scratch}/trees", source, out],
            check=False,
        )
    return done.returncode


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "site")
    options = parser.parse_args()
    code = build(options.out)
    if code == 0:
        print(f"{options.out / 'index.html'} is ready")
    sys.exit(code)


if __name__ == "__main__":
    main()
