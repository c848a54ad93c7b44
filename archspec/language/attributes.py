"""Whether ops have the attributes that a document gives them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from archspec.errors import Advice, Diagnostic, did_you_mean, fixes_of
from archspec.language.document import Block, Document
from archspec.language.layers import JoinLayer, OpLayer, Table, inner_layers
from archspec.ops import JOINS, OPS, PRIMITIVES
from archspec.reading.nodes import Word, words
from archspec.synonyms import ATTRIBUTES
from archspec.words import MODIFIERS

Blocks = Mapping[str, Block]


def attribute_faults(document: Document) -> Iterator[Diagnostic]:
    """Unknown attributes (AS204) and ops of rows (AS205)."""
    blocks = document.blocks
    bodies = document.layers, *(block.layers for block in blocks.values())
    for _, layer in (named for body in bodies for named in inner_layers(body)):
        if isinstance(layer, OpLayer):
            given = [*words(layer.attributes), *words(layer.then)]
            yield from _unknown(layer.op, given, blocks)
        elif isinstance(layer, JoinLayer):
            yield from _unknown(layer.op, words(layer.attributes), blocks)
        elif isinstance(layer, Table):
            yield from _table(layer, blocks)
    for op, attributes in document.defaults.items():
        yield from _unknown(op, words(attributes), blocks)


def _table(table: Table, blocks: Blocks) -> Iterator[Diagnostic]:
    each = table.each
    for row, op in _row_ops(table):
        if not op:
            message, help = f"row {row} has no op", f"it is {' or '.join(each)}"
            yield Diagnostic("AS205", message, op.place, help=help)
        elif op not in each:
            message = f"'each' lacks the op '{op}'"
            help = did_you_mean(op, each) or f"it has {', '.join(each)}"
            yield Diagnostic("AS205", message, op.place, help=help)
    for op, attributes in each.items():
        yield from _unknown(op, words(attributes), blocks)
    given = {name for attributes in each.values() for name in attributes}
    for name in words(table.then):
        if name not in given:
            message = f"'then' changes '{name}', which 'each' does not give"
            help = did_you_mean(name, given) or "give it in 'each', too"
            yield Diagnostic("AS204", message, name.place, help=help)


def _row_ops(table: Table) -> Iterator[tuple[str, Word]]:
    for row, cells in table.rows.items():
        yield from ((row, cell) for cell in cells if isinstance(cell, Word))


def _unknown(op: str, given: list[Word], blocks: Blocks) -> Iterator[Diagnostic]:
    if op in PRIMITIVES:
        known, lets = list(PRIMITIVES[op].fields), []
    elif op in blocks:
        known, lets = list(blocks[op].arguments), list(blocks[op].let)
    else:
        return
    own = op in blocks and not blocks[op].standard
    for name in given:
        if name in lets:
            message = f"'{name}' is a 'let' of {op}, which cannot be set"
            yield unknown_attribute(op, name, known)._replace(message=message)
        elif name not in known:
            yield unknown_attribute(op, name, known, is_own=own)


def unknown_attribute(
    op: str, name: Word, known: list[str], *, is_own: bool = False
) -> Diagnostic:
    """The fault (AS204) of an attribute that the op or block lacks."""
    expected = f"expected {', '.join(known) or 'no attributes'}"
    if op in JOINS and JOINS[op].roles:
        known = [*known, *JOINS[op].roles]
        expected += f", or the branches {', '.join(JOINS[op].roles)}"
    if name in MODIFIERS:
        near = f"'{name}' stands beside the op: {{{op}: ..., {name}: ...}}"
    else:
        near = ATTRIBUTES.help(name, known)
    if is_own and not near:
        expected += f", or add '{name}' to the arguments of block {op}"
    of_norm = ATTRIBUTES.match(name, OPS["batch_norm"].fields.keys())
    if of_norm and op not in PRIMITIVES and not near:
        near = f"set it in defaults: {{batch_norm: {{{of_norm}: ...}}}}"
    joined = " " if near.endswith("?") else "; "
    help = f"{near}{joined}{expected}" if near else expected
    help = Advice(help, *fixes_of(near))
    message = f"unknown attribute '{name}' of {op}"
    return Diagnostic("AS204", message, name.place, help=help)
