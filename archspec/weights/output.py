"""One file written whole or not at all."""

from __future__ import annotations

import os
import shutil
import stat
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
        where = path if error.filename in {None, str(temporary)} else error.filename
        message = f"cannot write {where}: {error.strerror or error}"
        raise WeightsError.single("AS511", message) from None
    finally:
        with suppress(OSError):
            shutil.rmtree(temporary) if temporary.is_dir() else temporary.unlink()


def refuse_existing(path: Path, force: bool = False) -> None:
    """Raise FileRefused where a file is in the way, or, even with `force`, no file."""
    try:
        plain = stat.S_ISREG(path.lstat().st_mode)
    except FileNotFoundError:
        return
    except (OSError, ValueError) as error:
        message = f"cannot write {path}: {getattr(error, 'strerror', None) or error}"
        raise WeightsError.single("AS511", message) from None
    if not plain:
        raise FileRefused(f"{path} is not a file")
    if not force:
        raise FileRefused(f"{path} exists; --force overwrites it")
