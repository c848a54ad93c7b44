"""One file written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from archspec.errors import FileRefused, WeightsError


@contextmanager
def replacing(path: Path, force: bool = False) -> Generator[Path]:
    """A temporary path beside `path`, which takes its place when all went well.

    It keeps the suffix, by which writers know the format.

    Raises:
        FileRefused: there is a file already, and no `force`.
        WeightsError: it cannot be written (AS511).
    """
    refuse_existing(path, force)
    temporary = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        temporary.replace(path)
    except OSError as error:
        reason = error.strerror or error
        message = f"cannot write {error.filename or path}: {reason}"
        raise WeightsError.single("AS511", message) from None
    finally:
        with suppress(OSError):
            temporary.unlink()


def refuse_existing(path: Path, force: bool = False) -> None:
    """Raise FileRefused where a file, a folder or a link is in the way."""
    if path.is_dir():
        raise FileRefused(f"{path} is a folder")
    if (path.exists() or path.is_symlink()) and not force:
        raise FileRefused(f"{path} exists; --force overwrites it")
