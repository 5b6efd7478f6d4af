"""Pages that are made: the model, the data dictionary, the commands and the API.

`python -m docs.pages` writes those that are stored, docs/model.md and docs/dictionary.md.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import Any

import metinfer
from metinfer.cli import app
from metinfer.cli.shared import ORDER
from metinfer.evidence.schema import dictionary_markdown
from metinfer.mechanism.equations import INPUTS, STATES
from metinfer.mechanism.tables import latex_equations, parameter_table

HERE = Path(__file__).parent
#: Pages that are stored beside this file, so that they can be read without building anything.
STORED = ("model", "dictionary")
MADE = "Made by `python -m docs.pages`; a test makes it again and compares.\n\n"


def table(header: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> str:
    """Markdown table."""
    lines = [header, tuple("---" for _ in header), *rows]
    return "\n".join("| " + " | ".join(_cell(c) for c in line) + " |" for line in lines) + "\n"


def _cell(value: object) -> str:
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if text.startswith("$") else text.replace("|", "\\|")


def model() -> str:
    """The model page, from the equations."""
    names = {s.name for s in STATES}
    equations = latex_equations()
    rates = [text for name, text in equations if name in names]
    others = [text for name, text in equations if name not in names]
    parts = {
        "made": MADE,
        "states": table(
            ("symbol", "name", "unit", "meaning", "source"),
            [(f"`{s.name}`", s.title, s.unit, s.meaning, s.source) for s in STATES],
        ),
        "inputs": table(
            ("name", "unit", "meaning", "healthy value"),
            [(f"`{i.name}`", i.unit, i.meaning, i.default) for i in INPUTS],
        ),
        "parameters": table(
            ("name", "symbol", "unit", "meaning", "source", "default"),
            [
                (f"`{p['name']}`", f"${p['symbol']}$", p["unit"], p["meaning"], p["source"],
                 p["default"])
                for p in parameter_table()
            ],
        ),
        "rates": "\n".join(f"$$\n{text}\n$$\n" for text in rates),
        "derived": "\n".join(f"$$\n{text}\n$$\n" for text in others),
    }  # fmt: skip
    text = (HERE / "model.in.md").read_text(encoding="utf-8")
    for name, part in parts.items():
        text = text.replace(f"{{{name}}}\n", part)
    return text


def dictionary() -> str:
    """The data dictionary, from the schema."""
    head = (
        f"# Data dictionary\n\n{MADE}The tables of an evidence folder, column by column. "
        "`metinfer new` writes a folder with an example of each statistic; `metinfer check` "
        "lists every cell that breaks these rules.\n\n"
    )
    return head + dictionary_markdown()


def commands() -> str:
    """Every command with its help, in the order of a user's way through them."""
    import click
    import typer

    group = typer.main.get_command(app)
    parts = ["# Commands\n\nEvery command answers `--help`, and ends with one of these codes: 0 "
             "fine, 1 bad input, 2 wrong usage, 3 finished but not to be trusted (a gate failed), "
             "130 interrupted. Words go to stderr, machine formats to stdout.\n"]  # fmt: skip
    context = click.Context(group, info_name="metinfer")
    for name in (n for n in ORDER if n in group.commands):  # type: ignore[attr-defined]
        command = group.commands[name]  # type: ignore[attr-defined]
        help_ = inspect.cleandoc(command.help or "")
        usage = command.get_usage(click.Context(command, info_name=name, parent=context))
        usage = " ".join(usage.removeprefix("Usage: ").split())
        options = [_option(p) for p in command.params]
        parts.append(
            f"## {name}\n\n{help_}\n\n```text\n{usage}\n```\n\n"
            f"{table(('argument or option', 'meaning', 'default'), options)}\n{command.epilog}\n"
        )
    return "\n".join(parts)


def _option(parameter: Any) -> tuple[str, str, str]:
    words = "/".join(parameter.opts) if parameter.param_type_name == "option" else parameter.metavar
    default = parameter.show_default if isinstance(parameter.show_default, str) else ""
    plain = parameter.default
    if not default and plain not in (None, False, ...) and not callable(plain):
        default = str(getattr(plain, "value", plain))
    return f"`{words}`", getattr(parameter, "help", "") or "", default


def api() -> str:
    """The public names of the package, from their docstrings."""
    parts = ["# Python\n\n`import metinfer` costs milliseconds; each name loads what it needs when "
             "it is first used.\n"]  # fmt: skip
    for name in metinfer.__all__:
        member = getattr(import_module(metinfer._HOME[name]), name)
        # The package of the report has the name of its function.
        home = metinfer._HOME[name] if name == "report" else "metinfer"
        kind = "autoclass" if inspect.isclass(member) else "autofunction"
        options = ":members:\n" if inspect.isclass(member) else ""
        parts.append(
            f"## {name}\n\n```{{eval-rst}}\n.. {kind}:: {home}.{name}\n   {options}\n```\n"
        )
    return "\n".join(parts)


def made() -> dict[str, str]:
    """Text of every page that is made, by name."""
    return {"model": model(), "dictionary": dictionary(), "commands": commands(), "api": api()}


if __name__ == "__main__":
    for name in STORED:
        (HERE / f"{name}.md").write_text(made()[name], encoding="utf-8")
