"""Where the bundled specs and templates are.

In a wheel they stand inside the package, in a checkout (and so in an editable
install) beside it.
"""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_HOME = _PACKAGE if (_PACKAGE / "specs").is_dir() else _PACKAGE.parent

SPECS: Path = _HOME / "specs"
TEMPLATES: Path = _HOME / "templates"
