"""What a folder holds."""

from pathlib import Path


def files(folder: Path) -> dict[str, bytes]:
    """Every file's content by its path, at any depth."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}
