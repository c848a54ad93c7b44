"""Numbers and words that no op accepts, also where no network uses them.

Elaboration reports those that it meets: it does not read a block that is never called,
or a layer whose `when` is false.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import chain, product

from archspec.errors import Diagnostic
from archspec.expressions import Constant, Expression, Items
from archspec.language.document import Block, Document
from archspec.language.fields import Formula
from archspec.language.layers import (
    AgainLayer,
    Attributes,
    JoinLayer,
    Layer,
    OpLayer,
    Table,
    inner_layers,
)
from archspec.ops import PRIMITIVES
from archspec.ops.attributes import Refused
from archspec.ops.fields import count, flag, number, refusal

Accept = Callable[[object], object]
"""Raises Refused for a wrong value."""

Check = tuple[str, Formula | None, Accept]
"""A value, with what messages call it."""


def literal_faults(document: Document) -> Iterator[Diagnostic]:
    """Attributes, arguments and repeats that are wrong as they are written (AS302)."""
    own = [block.layers for block in document.blocks.values() if not block.standard]
    for _, layer in chain.from_iterable(map(inner_layers, (document.layers, *own))):
        for check in chain(_runs(layer), _calls(layer, document.blocks)):
            yield from _faults(*check)
    for op, given in document.defaults.items():
        for check in _values(op, given, document.blocks):
            yield from _faults(*check)


def _faults(what: str, formula: Formula | None, accept: Accept) -> Iterator[Diagnostic]:
    if formula is None:
        return
    refused = [_refused(value, accept) for value in _possible(formula.expression)]
    if refused and (why := refused[0]) and all(refused):
        message = f"{what} {why.message}"
        yield Diagnostic("AS302", message, formula.place, help=why.help)


def _refused(value: object, accept: Accept) -> Refused | None:
    try:
        accept(value)
    except Refused as why:
        return why
    return None


def _runs(layer: Layer) -> Iterator[Check]:
    yield "'repeat'", layer.repeat, count
    branches = layer.branches.values() if isinstance(layer, JoinLayer) else ()
    for branch in branches:
        yield "'repeat'", branch.repeat, count
        yield "'series'", branch.series, count


def _calls(layer: Layer, blocks: Mapping[str, Block]) -> Iterator[Check]:
    match layer:
        case OpLayer(op=op, attributes=given, then=then):
            yield from _values(op, given, blocks)
            yield from _values(op, then, blocks)
        case JoinLayer(op=op, attributes=given):
            yield from _values(op, given, blocks)
        case Table(each=each):
            for op, given in each.items():
                yield from _values(op, given, blocks)
        case AgainLayer():
            pass


def _values(op: str, given: Attributes, blocks: Mapping[str, Block]) -> Iterator[Check]:
    """What is given to a primitive, or to a standard block."""
    own: Mapping[str, Accept] = {}
    if op in PRIMITIVES:
        own = {name: field.read for name, field in PRIMITIVES[op].fields.items()}
    elif op in blocks and blocks[op].standard:
        declared = blocks[op].arguments.items()
        own = {n: _TYPES[kind] for n, kind in declared if kind in _TYPES}
    for name, formula in given.items():
        if name in own:
            yield f"{op}: '{name}'", formula, own[name]


def _whole(value: object) -> object:
    """A whole number of any sign; what is made of it may still be refused."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise refusal("a whole number", value)
    if not float(value).is_integer():
        raise refusal("a whole number", value)
    return value


def _word(value: object) -> object:
    if not isinstance(value, str):
        raise refusal("a word", value)
    return value


_TYPES: Mapping[object, Accept] = {
    "int": _whole,
    "float": number,
    "bool": flag,
    "word": _word,
}
"""What a standard block accepts for an argument that is declared with a type."""


ITEMS_SHOWN = 4
"""Of a list that is literal in part."""

_FITTING = (1, 0.5, "normal", "fan_in")
"""What may stand in a list for an expression, whose value only elaboration knows."""


def _possible(expression: Expression) -> Iterator[object]:
    """The value; none if it is not literal, several of a list that is so in part."""
    if isinstance(expression, Constant):
        yield expression.value
    if isinstance(expression, Items):
        options = [[*_possible(item)] or [*_FITTING] for item in expression.items]
        if len(options) <= ITEMS_SHOWN or all(len(known) == 1 for known in options):
            yield from product(*options)
