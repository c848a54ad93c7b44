"""Files of pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from archspec.errors import InvalidArgument, SpecError

if TYPE_CHECKING:
    from archspec.drawing import Format


def format_of(path: Path | None) -> Format:
    """The format of a file by its suffix; SVG without one.

    Raises InvalidArgument for other suffixes.
    """
    from archspec.drawing import FORMATS

    if path is None:
        return FORMATS[0]
    for format in FORMATS:
        if path.suffix.lower() == SUFFIXES[format]:
            return format
    expected = ", ".join(SUFFIXES[format] for format in FORMATS)
    found = f"'{path.suffix}'" if path.suffix else "none"
    message = f"the suffix of a picture is {expected}; found {found} in '{path}'"
    raise InvalidArgument(message)


SUFFIXES = {"svg": ".svg", "html": ".html", "mermaid": ".mmd", "dot": ".dot"}


def write(picture: str, path: Path) -> None:
    """Write a picture to a file; raises SpecError (AS505) if that fails."""
    try:
        path.write_text(picture, encoding="utf-8")
    except OSError as error:
        message = f"cannot write '{path}': {error.strerror}"
        raise SpecError.single("AS505", message) from None
