"""Names that a shell completes, found without loading the language.

Nothing is checked: a spec with errors has the names that it has, and none if it cannot
be read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import yaml

from archspec import resources

SUFFIXES = (".yaml", ".yml")
MAX_EXTENDS = 8
UNSET = {"archspec", "extends", "variants"}
"""Keys that `--set` does not change."""

LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
"""Reads every value as text."""

_BLOCK = re.compile(r"^(\w+):\n  summary: \"?(.+?)\"?$", re.MULTILINE)
_WORD = re.compile(r"[\w.]+")


def specs() -> list[str]:
    """The bundled specs."""
    return sorted(path.stem for path in resources.SPECS.glob("*.yaml"))


def files(incomplete: str) -> list[str]:
    """YAML files and folders whose paths begin so."""
    folder = Path(incomplete) if incomplete.endswith("/") else Path(incomplete).parent
    try:
        found = sorted(folder.iterdir())
    except OSError:
        return []
    names = [
        f"{path}/" if path.is_dir() else str(path)
        for path in found
        if path.suffix in SUFFIXES or path.is_dir()
    ]
    return [name for name in names if not Path(name).name.startswith(".")]


def blocks() -> dict[str, str]:
    """The standard blocks, with their summaries."""
    pages = (path.read_text("utf-8") for path in resources.SPECS.glob("blocks/*.yaml"))
    return dict(sorted(found for page in pages for found in _BLOCK.findall(page)))


def ops() -> list[str]:
    """The primitives."""
    from archspec.ops import PRIMITIVES

    return [*PRIMITIVES]


def variants(spec: str) -> list[str]:
    """The variants of a spec, and of those that it extends."""
    return [*_section(spec, "variants")]


def multipliers(spec: str) -> list[str]:
    """What `generate --keep` keeps."""
    return [*_section(spec, "multipliers"), "in_channels"]


def layers(spec: str) -> list[str]:
    """The layers of a spec, and the rows of its tables as `stages.2`."""
    found: list[str] = []
    for name, layer in _section(spec, "layers").items():
        rows: Any = _mapping(layer).get("rows", ())
        keys = _mapping(rows) or map(str, range(len(rows)))
        found += [name, *(f"{name}.{row}" for row in keys)]
    return found


def settings(spec: str) -> list[str]:
    """What `--set` changes: `input.size=224`, or `input.size=` if it is no word."""
    paths: dict[str, str] = {}
    for tree in _trees(spec):
        paths |= _leaves({key: tree[key] for key in tree if key not in UNSET})
    return [f"{path}={value}" for path, value in paths.items()]


def _leaves(tree: dict[str, Any], before: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in tree.items():
        found |= _leaves(_mapping(value), f"{before}{key}.")
        if isinstance(value, str):
            found[before + key] = value if _WORD.fullmatch(value) else ""
    return found


def _section(spec: str, key: str) -> dict[str, Any]:
    """The entries of all files under a key."""
    found: dict[str, Any] = {}
    for tree in _trees(spec):
        found |= _mapping(tree.get(key))
    return found


def _mapping(value: object) -> dict[str, Any]:
    """The value, if it is a mapping."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _trees(spec: str) -> list[dict[str, Any]]:
    """The documents of a spec, after those that it extends."""
    path = Path(spec)
    if path.suffix not in SUFFIXES:
        path = resources.SPECS / f"{spec}.yaml"
    try:
        return [*_read(path, MAX_EXTENDS)]
    except (OSError, ValueError, yaml.YAMLError):
        return []


def _read(path: Path, most: int) -> Iterator[dict[str, Any]]:
    text = path.read_text("utf-8")
    tree = _mapping(yaml.load(text, LOADER))  # noqa: S506 - only text
    extends: str | list[str] = tree.get("extends") or []
    for name in [extends] if isinstance(extends, str) else extends:
        beside = path.parent / name
        base = beside if beside.is_file() else resources.SPECS / name
        yield from _read(base, most - 1) if most else ()
    yield tree
