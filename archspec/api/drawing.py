"""Files of pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from archspec.errors import FileRefused, InvalidArgument

if TYPE_CHECKING:
    from archspec.drawing import Picture

SUFFIXES: dict[str, Picture] = {
    ".svg": "svg",
    ".html": "html",
    ".mmd": "mermaid",
    ".dot": "dot",
}


def format_of(path: Path | None) -> Picture:
    """The format of a file by its suffix; SVG without a file.

    Raises InvalidArgument for other suffixes.
    """
    suffix = path.suffix.lower() if path else ".svg"
    if suffix in SUFFIXES:
        return SUFFIXES[suffix]
    found = f"'{suffix}'" if suffix else "none"
    message = f"the suffix of a picture is {', '.join(SUFFIXES)}; found {found}"
    raise InvalidArgument(message)


def write(picture: str, path: Path, *, force: bool = False) -> None:
    """Write a picture to a file.

    Raises:
        FileRefused: the file exists and is no picture of archspec, unless `force`; or
            it is a link.
        SpecError: it cannot be written (AS505).
    """
    from archspec.api.files import write_file
    from archspec.drawing import is_picture

    def check(found: bytes) -> None:
        if not force and not is_picture(found):
            message = f"{path} was not drawn by archspec; --force overwrites it"
            raise FileRefused(message)

    write_file(path, picture, check)
