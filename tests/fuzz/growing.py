"""Draws one layer after the other, and takes those that fit."""

from __future__ import annotations

from typing import Any

from choices import Scope
from structures import forked, joined, repeated, tabulated
from tally import TALLY
from walking import Unfit, Walk

Layers = dict[str, Any]


def grow(scope: Scope, document: dict[str, Any], layers: Layers) -> None:
    """Another layer, or a few that belong together, if they fit."""
    scope.vector = len(Walk(document).output.shape) == 1
    for _ in range(4):
        known = scope.names.copy()
        added = candidate(scope, layers)
        before = dict(layers)
        layers.update(added)
        if fits(document):
            return
        layers.clear()
        layers.update(before)
        scope.names = known
        TALLY["drawn again"] += 1


def candidate(scope: Scope, layers: Layers) -> Layers:
    """One layer, or a few."""
    form = scope.pick(
        ["layer"] * 5 + ["join"] * 2 + ["fork", "repeat", "table", "calm"]
    )
    references = [*layers, *rows_of(layers), "input"]
    if form == "join":
        return {scope.name("join"): joined(scope, references)}
    if form == "fork":
        return forked(scope, references)
    if form == "repeat":
        return repeated(scope)
    if form == "table":
        return tabulated(scope, references)
    layer = scope.calm_layer() if form == "calm" else scope.layer()
    if scope.chance(12):
        layer["when"] = scope.pick([*scope.conditions, True])
    if scope.chance(8):
        layer["from"] = scope.pick(references)
    return {scope.name(next(iter(layer))): layer}


def rows_of(layers: Layers) -> list[str]:
    """How rows of tables are called."""
    tables = {k: v["rows"] for k, v in layers.items() if "rows" in v}
    return [
        f"{name}.{row}"
        for name, rows in tables.items()
        for row in (rows if isinstance(rows, dict) else range(len(rows)))
    ]


def fits(document: dict[str, Any]) -> bool:
    try:
        return bool(Walk(document).layers)
    except Unfit:
        return False
