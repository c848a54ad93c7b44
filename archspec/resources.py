"""Where the bundled specs and templates are, and the page about errors.

In a wheel they stand inside the package, in a checkout (and so in an editable
install) beside it.
"""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_INSTALLED = (_PACKAGE / "specs").is_dir()
_HOME = _PACKAGE if _INSTALLED else _PACKAGE.parent

SPECS: Path = _HOME / "specs"
TEMPLATES: Path = _HOME / "templates"
ERRORS: Path = _HOME / ("errors.md" if _INSTALLED else "docs/errors.md")
