"""Draws one layer after the other, and takes those that fit."""

from __future__ import annotations

from typing import Any

from attending import attending, tokenised
from choices import Scope
from structures import (
    called,
    forked,
    joined,
    repeated,
    resized,
    shared,
    shortcut,
    tabulated,
)
from tally import TALLY
from walking import WEIGHTLESS, Unfit, Walk

from archspec.ops import JOINS

Layers = dict[str, Any]


def grow(
    scope: Scope, document: dict[str, Any], layers: Layers, form: str = ""
) -> None:
    """Another layer, or a few that belong together, if they fit."""
    scope.size = Walk(document).output.shape[1:]
    scope.rank = len(scope.size)
    for _ in range(4):
        known = scope.names.copy()
        added = candidate(scope, layers, form or scope.pick(forms(scope)))
        before = dict(layers)
        layers.update(added)
        if fits(document):
            return
        layers.clear()
        layers.update(before)
        scope.names = known
        TALLY["drawn again"] += 1


def forms(scope: Scope) -> list[str]:
    """What can be drawn; what is there twice is drawn twice as often."""
    found = ["layer"] * 5 + ["join"] * 2
    found += ["fork", "shortcut", "repeat", "table", "calm"]
    found += [] if scope.vector else ["resize", "tokens", "tokens"]
    found += ["attention"] * 2 if scope.rank else []
    found += ["again"] * 3
    return found + (["calls"] if scope.own else [])


def candidate(scope: Scope, layers: Layers, form: str) -> Layers:
    """One layer, or a few."""
    references = [*layers, *rows_of(layers), *scope.inputs]
    scope.pools["tensor"] = references
    last = next(reversed(layers), scope.inputs[0])
    is_table = "rows" in layers.get(last, {})
    scope.pools["before"] = [scope.inputs[0] if is_table else last]
    if form in GROUPS:
        return GROUPS[form](scope, references)
    if form == "again" and (first := running_again(layers)):
        return shared(scope, first, references)
    if form == "repeat":
        ((name, layer),) = repeated(scope).items()
    elif form == "join":
        name, layer = scope.name("join"), joined(scope, references)
    else:
        layer = scope.calm_layer() if form == "calm" else scope.layer()
        name = scope.name(next(iter(layer)))
    if scope.chance(15):
        layer["when"] = scope.pick([*scope.conditions, True])
    if scope.chance(8):
        layer["from"] = scope.pick(references)
    return {name: layer}


GROUPS = {
    "fork": forked,
    "shortcut": shortcut,
    "resize": resized,
    "attention": attending,
    "tokens": tokenised,
    "table": tabulated,
    "calls": called,
}
"""Layers that belong together."""


def running_again(layers: Layers) -> Layers:
    """The layers that can run again: no joins or tables, and none without weights."""
    others = {"columns", "again", *JOINS, *WEIGHTLESS}
    spelled = {k: {v: None} if isinstance(v, str) else v for k, v in layers.items()}
    return {name: layer for name, layer in spelled.items() if others.isdisjoint(layer)}


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
