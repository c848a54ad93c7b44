"""Which names an expression can see: all that know none of theirs, in one go.

What the names are worth, and whether a cell or argument is given, `elaboration` finds.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator
from collections.abc import Mapping as AbstractMapping

from archspec.errors import Diagnostic
from archspec.expressions import (
    Constant,
    ExpressionError,
    Function,
    check_names,
    parse,
)
from archspec.language.fields import TYPES
from archspec.language.layers import cells, mappings
from archspec.reading.lexicon import expression_fault
from archspec.reading.nodes import Mapping, Node, Scalar, Sequence

Names = AbstractMapping[str, int | Function]
_NOTHING = Constant(0)


def scope_faults(tree: Mapping) -> Iterator[Diagnostic]:
    """Names and functions that nothing defines (AS301), as far as the text tells.

    Standard blocks are left out: the tests look at them.
    """
    outer: Names = {**_known(tree.section("multipliers")), **_defined(tree)}
    for multiplier in tree.section("multipliers").entries.values():
        yield from _unseen(multiplier, {}, "")
    for _, definition in mappings(tree.section("define")):
        parameters: dict[str, int | Function] = dict.fromkeys(
            _parameters(definition), 0
        )
        yield from _unseen(definition.get("body"), ChainMap(parameters, outer), "")
    yield from _all_of(tree.section("input"), outer, "")
    for _, attributes in mappings(tree.section("defaults")):
        yield from _all_of(attributes, outer, "")
    if "classes" in tree.entries:
        outer = {**outer, "classes": 0}
    yield from _layers(tree.section("layers"), outer, "")
    for name, block in mappings(tree.section("blocks")):
        if getattr(block.get("standard"), "value", False) is not True:
            yield from _block(name, block, outer)


def _block(name: str, block: Mapping, outer: Names) -> Iterator[Diagnostic]:
    """Arguments and `let` see what stands before them."""
    seen = {**outer, "in_channels": 0}
    trail = f"block {name}"
    for argument, default in block.section("arguments").entries.items():
        if not (isinstance(default, Scalar) and default.value in TYPES):
            yield from _unseen(default, seen, trail)
        seen[argument] = 0
    for let, body in block.section("let").entries.items():
        yield from _unseen(body, seen, trail)
        seen[let] = 0
    yield from _unseen(block.get("residual"), seen, trail)
    if "residual" in block.entries:
        seen["residual"] = 0
    yield from _layers(block.section("layers"), seen, trail)


def _layers(layers: Mapping, outer: Names, trail: str) -> Iterator[Diagnostic]:
    for name, layer in mappings(layers):
        below = f"{trail}, layer {name}" if trail else f"layers.{name}"
        seen = {**outer, "channels": 0}
        yield from _unseen(layer.get("when"), seen, below)
        if "columns" in layer.entries:
            yield from _table(layer, seen, below)
            continue
        yield from _unseen(layer.get("repeat"), seen, below)
        step = _step(layer)
        yield from _all_of(layer.section("attributes"), {**seen, **step}, below)
        yield from _all_of(layer.section("then"), {**seen, **step}, below)
        for branch, inside in mappings(layer.section("branches")):
            place = f"{below} branch {branch}"
            yield from _branch(inside, {**outer, **step}, place)


def _branch(branch: Mapping, outer: Names, trail: str) -> Iterator[Diagnostic]:
    seen = {**outer, "channels": 0}
    yield from _unseen(branch.get("when"), seen, trail)
    yield from _unseen(branch.get("repeat"), seen, trail)
    yield from _layers(branch.section("layers"), {**outer, **_step(branch)}, trail)


def _table(table: Mapping, seen: Names, trail: str) -> Iterator[Diagnostic]:
    columns = table.get("columns")
    if not isinstance(columns, Sequence):  # which is told, and hides what names mean
        return
    named = {item.text: 0 for item in columns.items if isinstance(item, Scalar)}
    for row, column, cell in cells(table):
        if column != "op":
            yield from _unseen(cell, {**seen, "row": 0}, f"{trail} row {row}")
    seen = {**seen, **named, "row": 0}
    yield from _unseen(table.get("repeat"), seen, trail)
    seen = {**seen, "index": 0, "count": 0, **_step(table)}
    for _, attributes in mappings(table.section("each")):
        yield from _all_of(attributes, seen, trail)
    yield from _all_of(table.section("then"), seen, trail)


def _step(layer: Mapping) -> dict[str, int]:
    return {"step": 0} if "repeat" in layer.entries else {}


def _all_of(section: Mapping, seen: Names, trail: str) -> Iterator[Diagnostic]:
    for value in section.entries.values():
        yield from _unseen(value, seen, trail)


def _unseen(node: Node | None, seen: Names, trail: str) -> Iterator[Diagnostic]:
    """The first name of each expression that is not seen."""
    if isinstance(node, Sequence):
        for item in node.items:
            yield from _unseen(item, seen, trail)
    if not isinstance(node, Scalar) or not isinstance(node.value, str):
        return
    try:
        check_names(parse(node.value), seen)
    except ExpressionError as error:
        yield expression_fault(error, node.place)._replace(path=trail)


def _known(section: Mapping) -> dict[str, int]:
    return dict.fromkeys(section.entries, 0)


def _defined(tree: Mapping) -> dict[str, int | Function]:
    """Definitions as names, and as functions where they have parameters."""
    found: dict[str, int | Function] = {}
    for name, definition in mappings(tree.section("define")):
        parameters = _parameters(definition)
        found[name] = Function(name, parameters, _NOTHING, {}) if parameters else 0
    return found


def _parameters(definition: Mapping) -> tuple[str, ...]:
    parameters = definition.get("parameters")
    items = parameters.items if isinstance(parameters, Sequence) else ()
    return tuple(item.text for item in items if isinstance(item, Scalar))
