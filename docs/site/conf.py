"""Settings of Sphinx for the documentation; docs/build.py puts the pages beside this file."""

from __future__ import annotations

import sys
from pathlib import Path

import metinfer

sys.path.insert(0, str(Path(__file__).parent))

extensions = ["myst_nb", "sphinx.ext.autodoc", "numpydoc", "formulas"]
project = "metinfer"
author = "The metinfer authors"
copyright = author  # noqa: A001
version = release = metinfer.__version__.partition("+")[0]
html_theme = "furo"
html_title = "metinfer"
html_static_path = ["_static"]
html_css_files = ["pages.css"]
html_show_sourcelink = False
html_copy_source = False
html_show_sphinx = False
html_math_renderer = "drawn"
myst_enable_extensions = ["dollarmath", "deflist"]
myst_heading_anchors = 4
nb_execution_mode = "off"
nb_merge_streams = True
# Notebooks with widgets would ask for a script from the network.
nb_ipywidgets_js: dict[str, dict[str, str]] = {}
autodoc_typehints = "none"
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False
# Types of other packages are named, not linked: their pages are on the network.
nitpick_ignore_regex = [("py:.*", r".*")]
exclude_patterns = ["_static"]
