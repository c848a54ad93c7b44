"""The site: Sphinx reads the pages that gather.py writes. `make docs` runs both."""

from __future__ import annotations

from pathlib import Path

from sphinx.application import Sphinx
from sphinx.config import Config

import archspec

project = "archspec"
author = "the archspec developers"
copyright = "2026, the archspec developers"
release = archspec.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
]
exclude_patterns = ["files"]
nitpicky = True
# Types of other packages, and names that archspec does not export, have no page.
nitpick_ignore_regex = [("py:.*", r"(?!archspec\.[A-Za-z_]+$).*")]

# Examples of errors are no YAML.
suppress_warnings = ["misc.highlighting_failure"]

myst_heading_anchors = 4

autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_class_signature = "separated"
autodoc_default_options = {"exclude-members": "__init__, __new__"}
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 72
default_role = "code"

# The prompt of an example, and what it prints, are not copied.
copybutton_prompt_text = r"\$ |>>> |\.\.\. "
copybutton_prompt_is_regexp = True
copybutton_line_continuation_character = "\\"

html_theme = "furo"
html_title = "archspec"
html_static_path = ["theme/static"]
templates_path = ["theme/templates"]
html_css_files = ["palette.css", "site.css"]
html_sidebars = {
    "**": [
        "sidebar/brand.html",
        "sidebar/search.html",
        "sidebar/scroll-start.html",
        "sidebar/navigation.html",
        "playground.html",
        "sidebar/scroll-end.html",
    ]
}
html_copy_source = False
html_show_sphinx = False
html_theme_options = {"navigation_with_keys": True}
pygments_style = "tango"
pygments_dark_style = "github-dark"


def serve_files(app: Sphinx, config: Config) -> None:
    """Copy what gather.py wrote to be served as it is."""
    files = Path(app.srcdir) / "files"
    config.html_extra_path = [str(files)]
    config.html_context["has_playground"] = (files / "playground/index.html").exists()


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("config-inited", serve_files)
