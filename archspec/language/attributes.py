"""Whether every attribute that a spec writes is one that its op has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Mapping as AbstractMapping

from archspec.errors import Diagnostic, Place, did_you_mean
from archspec.language.layers import cells, mappings, placed_layers
from archspec.ops import OPS
from archspec.reading.nodes import Mapping, text_of


def attribute_faults(tree: Mapping) -> Iterator[Diagnostic]:
    """Attributes (AS204) that no such op or block has, anywhere in a document."""
    blocks = tree.section("blocks")
    for layers in (tree, *(block for _, block in mappings(blocks))):
        for _, layer, _ in placed_layers(layers.section("layers")):
            yield from _layer(layer, blocks)
    for op, attributes in mappings(tree.section("defaults")):
        yield from _unknown(op, attributes, blocks)


def _layer(layer: Mapping, blocks: Mapping) -> Iterator[Diagnostic]:
    op, then = text_of(layer.get("op")), layer.section("then")
    if "branches" in layer.entries:
        return
    if "then" in layer.entries and "repeat" not in layer.entries:
        message = "'then' changes repeats, and there is no 'repeat'"
        help = "say how often by 'repeat', or leave 'then' out"
        yield Diagnostic("AS204", message, layer.place_of("then"), help=help)
    if op is not None:
        yield from _unknown(op, layer.section("attributes"), blocks)
        yield from _unknown(op, then, blocks)
        if "like" in layer.entries and "size" in layer.section("attributes").entries:
            message = "resize takes 'size' or 'like', not both"
            yield Diagnostic("AS204", message, layer.entries["like"].place)
        return
    each = dict(mappings(layer.section("each")))
    yield from _row_ops(layer, each)
    for name, attributes in each.items():
        yield from _unknown(name, attributes, blocks)
    given = {name for attributes in each.values() for name in attributes.entries}
    for name in then.entries:
        if name not in given:
            message = f"'then' changes '{name}', which 'each' does not give"
            help = did_you_mean(name, given) or "give it in 'each', too"
            yield Diagnostic("AS204", message, then.place_of(name), help=help)


def _row_ops(
    table: Mapping, each: AbstractMapping[str, Mapping]
) -> Iterator[Diagnostic]:
    """Ops under a column `op` of which `each` says nothing."""
    ops = [(row, cell) for row, column, cell in cells(table) if column == "op"]
    for row, cell in ops:
        op = text_of(cell)
        if op is None:
            message, help = f"row {row} names no op", f"it is {' or '.join(each)}"
            yield Diagnostic("AS205", message, cell.place, help=help)
        elif op not in each:
            message = f"'each' says nothing of the op '{op}'"
            help = did_you_mean(op, each) or f"it has {', '.join(each)}"
            yield Diagnostic("AS205", message, cell.place, help=help)


def _unknown(op: str, attributes: Mapping, blocks: Mapping) -> Iterator[Diagnostic]:
    if op not in OPS and op not in blocks.entries:
        return
    known, lets = _attributes_of(op, blocks)
    for name in attributes.entries:
        if name in known:
            continue
        fault = unknown_attribute(op, name, attributes.place_of(name), known)
        if name in lets:
            message = f"'{name}' is a 'let' of {op}, which nobody can give"
            fault = fault._replace(message=message)
        yield fault


def unknown_attribute(
    op: str, name: str, place: Place, known: Sequence[str]
) -> Diagnostic:
    """What is told (AS204) of an attribute that is none of those that are known."""
    takes = f"it takes {', '.join(known) or 'no attributes'}"
    help = f"{did_you_mean(name, known)} {takes}".strip()
    message = f"unknown attribute '{name}' of {op}"
    return Diagnostic("AS204", message, place, help=help)


def _attributes_of(op: str, blocks: Mapping) -> tuple[list[str], list[str]]:
    """The names that an op takes, and those that it defines itself."""
    if op in OPS:
        return list(OPS[op].model_fields), []
    block = blocks.section(op)
    return list(block.section("arguments").entries), list(block.section("let").entries)
