"""The least part of a document of which something still holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

Document = dict[str, Any]
KEPT = {"archspec", "name", "input", "inputs"}


def smallest(
    document: Document, holds: Callable[[Document], bool], tries: int = 300
) -> Document:
    """Take away whatever can be taken away, the large parts first."""
    found, changed = document, True
    while changed:
        changed = False
        for path in parts(found):
            tries -= 1
            if tries < 0:
                return found
            other = without(found, path)
            if other is not None and holds(other):
                found, changed = other, True
    return found


def parts(document: Document) -> list[tuple[Any, ...]]:
    """Where something stands, the last first, so that no number moves."""
    found = [path for path in inside(document, ()) if path[0] not in KEPT]
    found.reverse()
    return sorted(found, key=len)


def inside(node: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    entries = node.items() if isinstance(node, dict) else ()
    entries = enumerate(node) if isinstance(node, list) else entries
    for key, value in entries:
        yield (*path, key)
        yield from inside(value, (*path, key))


def without(document: Document, path: tuple[Any, ...]) -> Document | None:
    """The document without what stands there; None if it has gone already."""
    other = deepcopy(document)
    node = other
    try:
        for key in path[:-1]:
            node = node[key]
        del node[path[-1]]
    except (KeyError, IndexError, TypeError):
        return None
    return other
