"""What a document comes to at least, counted before any of it is made.

A bomb is a small document of a huge network. It is told from the text: definitions that
go in circles or double, blocks that call themselves, repeats of repeats. What hides
better meets the same limits while it is elaborated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from collections.abc import Mapping as AbstractMapping
from graphlib import CycleError, TopologicalSorter
from itertools import chain
from typing import Any, NoReturn

from archspec.errors import Place
from archspec.expressions import (
    BUILTINS,
    Constant,
    ExpressionError,
    Function,
    Value,
    check,
    evaluate,
    limited_effort,
    parse,
)
from archspec.reading.definitions import Defined, Formula, scope_of, uses
from archspec.reading.lexicon import MAX_NAMES
from archspec.reading.nodes import Mapping, Node, Scalar, fail, is_null, text_of
from archspec.reading.nodes import Sequence as Items
from archspec.words import MODIFIERS, STRUCTURES

MAX_RUNS = 10_000
"""Layers, repeats included; ResNet-1202, a paper's deepest, comes to about 7,000."""

MAX_REPEAT = 1_000

MAX_NESTING = 30
"""Blocks and joins inside each other."""

_FUNCTION = re.compile(r"\s*(\w+)\s*(?:\(\s*([\w\s,]*)\)\s*)?", re.ASCII)


def check_unfolding(trees: Sequence[Mapping]) -> None:
    """Raise SpecError for a bomb: AS212, AS301, AS303, AS306.

    `trees` are a spec as it is written and what it extends, that first.
    """
    with limited_effort():
        _check_unfolding(trees)


def _check_unfolding(trees: Sequence[Mapping]) -> None:
    scope = _scope(trees)
    blocks = _together(trees, "blocks")
    check_calls({name: dict(_calls(block)) for name, block in blocks.items()})
    unfolding = _Unfolding(blocks, scope)
    for tree in trees:
        unfolding.of(tree.section("layers"))


def check_calls(calls: AbstractMapping[str, AbstractMapping[str, Place]]) -> None:
    """Raise SpecError (AS212) if a block calls itself, be it through others."""
    graph = {name: [op for op in ops if op in calls] for name, ops in calls.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle: list[str] = error.args[1][::-1]
        place = calls[circle[0]][circle[1]]
        message = f"a block cannot call itself: {' -> '.join(circle)}"
        fail("AS212", message, place)


def definition(key: str) -> tuple[str, tuple[str, ...]] | None:
    """The name and the parameters of `scale(c)`, or of a constant; None if neither."""
    match = _FUNCTION.fullmatch(key)
    if match is None:
        return None
    parameters = (match[2] or "").split(",") if match[2] else []
    return match[1], tuple(name.strip() for name in parameters)


def check_repeat(times: float, place: Place) -> None:
    """Raise SpecError (AS306)."""
    if times > MAX_REPEAT:
        fail("AS306", f"'repeat' is at most {MAX_REPEAT}, but is {times:.16g}", place)


def check_nesting(depth: int, place: Place) -> None:
    """Raise SpecError (AS306)."""
    if depth > MAX_NESTING:
        fail("AS306", f"blocks and joins nested deeper than {MAX_NESTING}", place)


def too_many(place: Place) -> NoReturn:
    """Raise SpecError (AS306)."""
    fail("AS306", f"more than {MAX_RUNS} layers, repeats included", place)


def _together(trees: Sequence[Mapping], key: str) -> dict[str, Node]:
    found: dict[str, Node] = {}
    for tree in trees:
        found |= tree.section(key).entries
    return {name: node for name, node in found.items() if not is_null(node)}


def _scope(trees: Sequence[Mapping]) -> dict[str, Value | Function]:
    """What multipliers and definitions mean; nothing where names are unknown.

    And nothing for more of them than there may be, which `language.names` refuses.
    """
    define: dict[str, Defined] = {}
    for key, body in _together(trees, "define").items():
        said, formula = definition(key), _formula(body)
        if said and formula:
            define[said[0]] = Defined(said[1], formula)
    multipliers = {
        name: formula
        for name, node in _together(trees, "multipliers").items()
        if (formula := _formula(node))
    }
    known = {*define, *multipliers, *BUILTINS}
    plain = all(isinstance(m.expression, Constant) for m in multipliers.values())
    few = len(define) <= MAX_NAMES and len(multipliers) <= MAX_NAMES
    if few and plain and all(uses(defined) <= known for defined in define.values()):
        return scope_of(multipliers, define)
    return {}


def _formula(node: Node) -> Formula | None:
    if not isinstance(node, Scalar) or node.value is None:
        return None
    value = node.value
    expression = parse(value) if isinstance(value, str) else Constant(value)
    return Formula(expression, node.place)


def _items(node: Node | None) -> Sequence[Any]:
    """What stands in a list, or under names; a single value is a list of it."""
    match node:
        case Items(items):
            return items
        case Mapping(entries):
            return [*entries.values()]
        case _:
            return [] if node is None else [node]


def _calls(block: Node) -> Iterator[tuple[str, Place]]:
    """The ops that the layers of a block name."""
    layers = block.section("layers") if isinstance(block, Mapping) else None
    for layer in layers.entries.values() if layers else ():
        yield from _ops(layer)


def _ops(layer: Node) -> Iterator[tuple[str, Place]]:
    if isinstance(layer, Scalar):
        yield layer.text, layer.place
    if not isinstance(layer, Mapping):
        return
    each = layer.get("each")
    if isinstance(each, Scalar):
        yield each.text, each.place
    for ops in (layer, layer.section("each")):
        called = [op for op in ops.entries if op not in MODIFIERS]
        yield from ((op, ops.place_of(op)) for op in called)
    for join in STRUCTURES:
        for branch in _items(layer.get(join)):
            yield from chain.from_iterable(map(_ops, _items(branch)))


class _Unfolding:
    """Counts layers, each block once; a layer with a `when` is one."""

    def __init__(
        self,
        blocks: AbstractMapping[str, Node],
        scope: AbstractMapping[str, Value | Function],
    ):
        self.blocks = blocks
        self.scope = scope
        self.counted: dict[str, int] = {}
        self.depth = 0

    def of(self, layers: Mapping) -> int:
        """The sum of all layers; raises SpecError (AS306) where it passes the limit."""
        total = 0
        for name, layer in layers.entries.items():
            total += self.layer(layer)
            if total > MAX_RUNS:
                too_many(layers.place_of(name))
        return total

    def layer(self, layer: Node) -> int:
        if isinstance(layer, Scalar):
            return self.op(layer.text)
        if not isinstance(layer, Mapping) or "when" in layer.entries:
            return 1
        if "each" in layer.entries:
            return self.table(layer)
        own = [self.body(key, body) for key, body in layer.entries.items()]
        return self.times(layer.get("repeat"), {}) * max(1, *own, 0)

    def body(self, op: str, body: Node) -> int:
        if op in MODIFIERS:
            return 0
        if op in STRUCTURES and isinstance(body, Mapping):
            return sum(map(self.branch, body.entries.values()))
        return self.op(op)

    def branch(self, branch: Node) -> int:
        if not isinstance(branch, Mapping) or "when" in branch.entries:
            return 1
        entries = {k: v for k, v in branch.entries.items() if k not in MODIFIERS}
        layers = Mapping(entries, branch.place, branch.keys)
        return self.times(branch.get("repeat"), {}) * (1 + self.of(layers))

    def table(self, table: Mapping) -> int:
        each = table.get("each")
        ops = [each.text] if isinstance(each, Scalar) else table.section("each").entries
        inner = self.op(*ops) if len(ops) == 1 else 1
        names = [text_of(column) or "" for column in _items(table.get("columns"))]
        total = 0
        for row in _items(table.get("rows")):
            cells = zip(names, _items(row), strict=False)
            known = {name: self.known(cell, {}) for name, cell in cells}
            total += self.times(table.get("repeat"), known) * inner
        return total

    def op(self, name: str) -> int:
        """A primitive is one; a block is itself and its layers."""
        block = self.blocks.get(name)
        if not isinstance(block, Mapping):
            return 1
        check_nesting(self.depth + 1, block.place)
        if name not in self.counted:
            self.depth += 1
            self.counted[name] = 1 + self.of(block.section("layers"))
            self.depth -= 1
        return self.counted[name]

    def times(self, repeat: Node | None, cells: AbstractMapping[str, Value]) -> int:
        times = 1 if repeat is None else self.known(repeat, cells)
        if repeat is None or not isinstance(times, (int, float)):
            return 1
        check_repeat(times, repeat.place)
        return max(1, int(times))

    def known(self, node: Node, cells: AbstractMapping[str, Value]) -> Value:
        """What it is worth as far as the document's own scope tells, else None."""
        formula = _formula(node)
        if formula is None:
            return None
        seen = {**self.scope, **cells}
        try:
            check(formula.expression, seen)
            return evaluate(formula.expression, seen)
        except ExpressionError:
            return None
