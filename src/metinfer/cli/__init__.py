"""The command line: reads words, calls one function, prints what came back."""

from __future__ import annotations

import sys

import typer

# Importing a module registers its commands, in the order of the help.
from metinfer.cli import answers, calibrating, fitting, judging, tables  # noqa: F401
from metinfer.cli.interrupts import interruptible
from metinfer.cli.shared import INTERRUPTED, app, explain

__all__ = ["app", "explain", "main"]


def main() -> None:
    """Run the command line: one clear message per error, and the fixed exit codes."""
    from metinfer.compiling import ensure_cache_folder

    ensure_cache_folder()
    words = sys.argv[1:]
    debug = "--debug" in words
    if debug:
        _show_log()
    try:
        with interruptible():
            app([word for word in words if word != "--debug"])
    except KeyboardInterrupt:
        typer.echo("\nmetinfer: interrupted", err=True)
        sys.exit(INTERRUPTED)
    except Exception as error:
        if debug:
            raise
        message, code = explain(error)
        typer.echo(f"metinfer: {message}", err=True)
        sys.exit(code)


def _show_log() -> None:
    """What metinfer logs goes to stderr."""
    import logging

    logging.basicConfig(format="%(asctime)s %(name)s: %(message)s")
    logging.getLogger("metinfer").setLevel(logging.DEBUG)
