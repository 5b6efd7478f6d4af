"""The command line: reads words, calls one function, prints what came back."""

from __future__ import annotations

import signal
import sys

import typer

# Importing a module registers its commands, in the order of the help.
from metinfer.cli import answers, fitting, tables  # noqa: F401
from metinfer.cli.shared import app, explain

__all__ = ["app", "explain", "main"]


def main() -> None:
    """Run the command line: one clear message per error, and the fixed exit codes."""
    from metinfer.compiling import ensure_cache_folder

    # SIGTERM ends like Ctrl-C: what is finished is kept, and the run says that it was stopped.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    ensure_cache_folder()
    words = sys.argv[1:]
    debug = "--debug" in words
    try:
        app([word for word in words if word != "--debug"])
    except Exception as error:
        if debug:
            raise
        message, code = explain(error)
        typer.echo(f"metinfer: {message}", err=True)
        sys.exit(code)
