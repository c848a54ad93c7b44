"""Files of pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from archspec.errors import FileRefused, InvalidArgument, SpecError

if TYPE_CHECKING:
    from archspec.drawing import Format

SUFFIXES: dict[str, Format] = {
    ".svg": "svg",
    ".html": "html",
    ".mmd": "mermaid",
    ".dot": "dot",
}


def format_of(path: Path | None) -> Format:
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
    from archspec.drawing import is_picture

    try:
        if path.is_symlink():
            raise FileRefused(f"{path} is a link; archspec does not follow links")
        if path.exists() and not force and not is_picture(path.read_bytes()):
            message = f"{path} was not drawn by archspec; --force overwrites it"
            raise FileRefused(message)
        path.write_text(picture, encoding="utf-8", newline="\n")
    except OSError as error:
        message = f"cannot write {path}: {error.strerror}"
        raise SpecError.single("AS505", message) from None
