"""Writing generated files, and never over what somebody else wrote."""

from __future__ import annotations

import difflib
import io
import os
from collections.abc import Mapping
from pathlib import Path

from archspec.errors import FileRefused, SpecError
from archspec.targets.digest import is_unedited


def write_all(files: Mapping[Path, str], root: Path, force: bool = False) -> list[Path]:
    """Write texts to paths below `root`; the paths that were not so already.

    Each file is replaced in one step, and none is touched before all are known to be
    free, ours or (with `force`) given up.

    Raises:
        FileRefused: a file is foreign or edited, no file, or reached by a link.
        SpecError: a file or folder cannot be read or written (AS505).
    """
    texts = {_place(root, path): text for path, text in files.items()}
    try:
        changed = {p: text for p, text in texts.items() if _read(p) != text}
        if not force:
            _refuse_edited(changed)
        for path, text in changed.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            _replace(path, text)
    except OSError as error:
        raise _failure(error, root) from None
    return list(changed)


def compare(files: Mapping[Path, str], root: Path) -> dict[Path, str]:
    """What writing would change, as unified diffs.

    Raises:
        FileRefused: a path holds no file, or a link leads to it.
        SpecError: a file cannot be read (AS505).
    """
    texts = {_place(root, path): text for path, text in files.items()}
    try:
        found = {path: _read(path) for path in texts}
    except OSError as error:
        raise _failure(error, root) from None
    return {
        path: _diff(path, found[path] or "", text)
        for path, text in texts.items()
        if found[path] != text
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


def _read(path: Path) -> str | None:
    """The text of a file, None if there is none; what is not text reads as edited."""
    if not path.exists():
        return None
    # A checkout may have changed the line ends, which is no edit.
    return path.read_bytes().decode("utf-8", "replace").replace("\r\n", "\n")


def _refuse_edited(texts: Mapping[Path, str]) -> None:
    refused: list[str] = []
    for path, text in texts.items():
        found = _read(path)
        if found is not None and not is_unedited(found):
            diff = _diff(path, found, text)
            refused.append(f"{path} was edited, or not made by archspec\n{diff}")
    if refused:
        advice = "nothing was written; --force overwrites, -o writes elsewhere"
        raise FileRefused("\n".join([*refused, advice]))


def _diff(path: Path, found: str, text: str) -> str:
    name = path.as_posix()
    names = f"{name} (found)", f"{name} (new)"
    lines = difflib.unified_diff([*io.StringIO(found)], [*io.StringIO(text)], *names)
    unfinished = "\n\\ No newline at end of file\n"
    return "".join(line if line.endswith("\n") else line + unfinished for line in lines)


def _replace(path: Path, text: str) -> None:
    """All or nothing: a file in the same folder, then its name."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _failure(error: OSError, root: Path) -> SpecError:
    where = error.filename or root
    return SpecError.single("AS505", f"cannot write {where}: {error.strerror}")
