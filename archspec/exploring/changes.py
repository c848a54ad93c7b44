"""What a changed value changes in a document, as parts that can be put into it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from itertools import pairwise
from typing import Any, cast

from archspec.language import Document, Formula

Path = tuple[Any, ...]

SECTIONS = ("layers", "multipliers", "input", "inputs", "classes")
"""The parts of a document in which values change without reading it anew."""


class Change:
    """A part of a document, by the fields, keys and numbers that lead to it.

    Changes are equal only if they are the same object, so that they can be keys.
    """

    __slots__ = ("path", "value")

    def __init__(self, path: Path, value: Formula | int | None):
        self.path = path
        self.value = value


def changes(before: Document, after: Document) -> tuple[Change, ...] | None:
    """How a document differs from another in values; None if it does in more.

    What a paper reported of the network is no part of the comparison.
    """
    found: list[Change] = []
    for path, old, new in _differences(
        before, replace(after, reported=before.reported)
    ):
        values = all(isinstance(each, Formula | int | None) for each in (old, new))
        if not values or path[0] not in SECTIONS:
            return None
        found.append(Change(path, new))
    return tuple(found)


def _differences(
    old: Any, new: Any, path: Path = ()
) -> Iterator[tuple[Path, Any, Any]]:
    """The smallest parts that differ; numbers of another type have another place."""
    if old == new and type(old) is type(new):
        return
    inside = _parts(old), _parts(new)
    if type(old) is not type(new) or [*inside[0]] != [*inside[1]] or not inside[0]:
        yield path, old, new
        return
    for key, part in inside[0].items():
        yield from _differences(part, inside[1][key], (*path, key))


def _parts(whole: Any) -> Mapping[Any, Any]:
    if is_dataclass(whole):
        return {field.name: getattr(whole, field.name) for field in fields(whole)}
    if isinstance(whole, dict):
        return cast("dict[Any, Any]", whole)
    if isinstance(whole, list):
        return dict(enumerate(cast("list[Any]", whole)))
    return {}


def with_changes(whole: Any, wanted: Iterable[Change], depth: int = 0) -> Any:
    """A copy with these changes, which shares the rest; it is at `depth` of paths."""
    for change in wanted:
        whole = _with(whole, change.path[depth:], change.value)
    return whole


def _with(whole: Any, path: Path, value: Any) -> Any:
    if not path:
        return value
    key, *rest = path
    if isinstance(whole, dict):
        entries = cast("dict[Any, Any]", whole)
        return {**entries, key: _with(entries[key], tuple(rest), value)}
    if isinstance(whole, list):
        items = [*cast("list[Any]", whole)]
        items[key] = _with(items[key], tuple(rest), value)
        return items
    return replace(whole, **{key: _with(getattr(whole, key), tuple(rest), value)})


def are_apart(found: Sequence[Change]) -> bool:
    """Whether none is a part of what another changes."""
    paths = sorted((change.path for change in found), key=_sortable)
    return all(after[: len(path)] != path for path, after in pairwise(paths))


def _sortable(path: Path) -> list[tuple[str, str]]:
    return [(type(key).__name__, str(key)) for key in path]
