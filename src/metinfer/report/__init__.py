"""The report: one HTML file a decision-maker can read, and the numbers behind it."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any


class _Report(ModuleType):
    """The package, which is also the function of its name.

    Importing any part of it makes ``metinfer.report`` the package; ``metinfer.report(run)`` must
    go on working then.
    """

    def __call__(self, *args: Any, **options: Any) -> Any:
        """The function `metinfer.report.build.report`."""
        from metinfer.report.build import report

        return report(*args, **options)


sys.modules[__name__].__class__ = _Report
