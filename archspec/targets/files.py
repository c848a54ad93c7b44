"""Writing generated files, and never over what somebody else wrote."""

from __future__ import annotations

import difflib
import io
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from archspec.errors import FileRefused, SpecError, printable
from archspec.targets.digest import is_unedited

Content = str | bytes
"""What a file holds: text, or bytes that no diff could show."""


def write_all(
    files: Mapping[Path, Content], root: Path, force: bool = False
) -> list[Path]:
    """Write files to paths below `root`; the paths that were not so already.

    Each file is replaced in one step, and none is touched before all are known to be
    free, ours or (with `force`) given up.

    Raises:
        FileRefused: a file is foreign or edited, no file, or reached by a link.
        SpecError: a file or folder cannot be read or written (AS505).
    """
    try:
        wanted = {_place(root, path): new for path, new in files.items()}
        changed = {p: new for p, new in wanted.items() if _read(p, new) != new}
        if not force:
            _refuse_edited(changed)
        for path, new in changed.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            _replace(path, new)
    except OSError as error:
        raise _failure(error, root) from None
    return list(changed)


def compare(files: Mapping[Path, Content], root: Path) -> dict[Path, str]:
    """What writing would change, as unified diffs.

    Raises:
        FileRefused: a path holds no file, or a link leads to it.
        SpecError: a file cannot be read (AS505).
    """
    try:
        wanted = {_place(root, path): new for path, new in files.items()}
        found = {path: _read(path, new) for path, new in wanted.items()}
    except OSError as error:
        raise _failure(error, root) from None
    return {
        path: _diff(path, found[path], new)
        for path, new in wanted.items()
        if found[path] != new
    }


def _place(root: Path, path: Path) -> Path:
    """The path below `root`; raises FileRefused where it leaves it or is a link."""
    target = root / path
    for step in (target, *target.parents):
        if step == root:
            break
        if step.is_symlink():
            raise FileRefused(f"{step} is a link, and links are not followed")
    if "\0" in str(target) or not target.resolve().is_relative_to(root.resolve()):
        raise FileRefused(f"{str(target)!r} is outside {root}")
    if target.exists() and not target.is_file():
        raise FileRefused(f"{target} is not a file")
    return target


def _read(path: Path, new: Content) -> Content | None:
    """What a file holds, as text if it shall hold text; None if there is none.

    What is not text then reads as edited.
    """
    if not path.exists():
        return None
    found = path.read_bytes()
    if isinstance(new, bytes):
        return found
    # A checkout may have changed the line ends, which is no edit.
    return found.decode("utf-8", "replace").replace("\r\n", "\n")


def _refuse_edited(files: Mapping[Path, Content]) -> None:
    refused: list[str] = []
    for path, new in files.items():
        found = _read(path, new)
        if found is not None and not is_unedited(found):
            diff = _diff(path, found, new)
            refused.append(f"{path} was edited, or not made by archspec\n{diff}")
    if refused:
        advice = "nothing was written; --force overwrites, -o writes elsewhere"
        raise FileRefused("\n".join([*refused, advice]))


def _diff(path: Path, found: Content | None, new: Content) -> str:
    name = path.as_posix()
    names = f"{name} (found)", f"{name} (new)"
    if isinstance(found, bytes) or isinstance(new, bytes):
        return f"{names[0]} differs from {names[1]}\n"
    lines = difflib.unified_diff(
        [*io.StringIO(found or "")], [*io.StringIO(new)], *names
    )
    unfinished = "\n\\ No newline at end of file\n"
    text = "".join(line if line.endswith("\n") else line + unfinished for line in lines)
    # A terminal shall take nothing of a foreign file for a command.
    return "".join(f"{printable(line)}\n" for line in text[:-1].split("\n"))


def _replace(path: Path, new: Content) -> None:
    """All or nothing: a file in the same folder, then its name."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.unlink(missing_ok=True)  # of a killed process that had our number
        with temporary.open("xb") as file:
            file.write(new if isinstance(new, bytes) else new.encode())
        temporary.replace(path)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _failure(error: OSError, root: Path) -> SpecError:
    where = error.filename or root
    return SpecError.single("AS505", f"cannot write {where}: {error.strerror}")
