"""Which layers somebody reads, whatever conditions come to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from archspec.ops import JOINS

TENSORS = ("other", "skip", "third")
"""Arguments of blocks that are tensors."""
MODIFIERS = {"when", "repeat", "series", "then", "from"}


def op_of(layer: Mapping[str, Any]) -> tuple[str, Any]:
    ((op, given),) = ((k, v) for k, v in layer.items() if k not in MODIFIERS)
    return op, given


def parted(op: str, given: Any) -> tuple[Any, dict[str, dict[str, Any]]]:
    """The attributes of a join, and its branches: all of its roles, or none."""
    roles = JOINS[op].roles
    if not roles:
        return {}, given
    if not isinstance(given, dict) or not given.keys() & {*roles}:
        return given, {}
    attributes = {k: v for k, v in given.items() if k not in roles}
    return attributes, {role: given.get(role) or {} for role in roles}


def unread(layers: Mapping[str, Any], block: Mapping[str, Any]) -> list[str]:
    """The layers that nobody reads whatever is there: not the next, not by name."""
    used, found = set(references(block)), []
    for name, after in pairwise(layers):
        rows = layers[name].get("rows", ()) if isinstance(layers[name], dict) else ()
        last = list(rows)[-1] if isinstance(rows, dict) else len(rows) - 1
        if {name, f"{name}.{last}"} & used or reads_before(layers[after]):
            continue
        found.append(name)
    for branch in branches_of(layers):
        found += unread(branch, block)
    return found


def branches_of(layers: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for layer in layers.values():
        if isinstance(layer, dict) and "columns" not in layer:
            op, given = op_of(layer)
            for branch in parted(op, given)[1].values() if op in JOINS else ():
                yield {k: v for k, v in branch.items() if k not in MODIFIERS}


def references(node: Any) -> Iterator[str]:
    """All that `from` and tensor arguments name, those in rows of tables too."""
    if isinstance(node, dict):
        named = (v for k, v in node.items() if k in ("from", *TENSORS))
        yield from (name for name in named if isinstance(name, str))
        rows = node.get("rows", ()) if "columns" in node else ()
        for row in rows.values() if isinstance(rows, dict) else rows:
            yield from (cell for cell in row if isinstance(cell, str))
        for value in node.values():
            yield from references(value)


def reads_before(layer: Any) -> bool:
    if not isinstance(layer, dict) or "columns" in layer:
        return not (isinstance(layer, dict) and "from" in layer)
    op, given = op_of(layer)
    branches = parted(op, given)[1] if op in JOINS else {}
    starts = not branches or any("from" not in b for b in branches.values())
    return "from" not in layer and starts
