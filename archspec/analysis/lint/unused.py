"""Definitions that are never used."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from archspec.analysis.lint.names import mentioned
from archspec.errors import WARNING, Diagnostic, Place
from archspec.language import Document, Layer, Table
from archspec.language.layers import inner_layers, inner_ops, references
from archspec.network import Network
from archspec.reading.nodes import Mapping as Tree
from archspec.reading.nodes import Sequence as Items
from archspec.reading.nodes import mappings, text_of, words

CODES = {
    "argument": "AS221",
    "block": "AS222",
    "definition": "AS223",
    "multiplier": "AS224",
    "column": "AS225",
}


class Definitions(NamedTuple):
    """Names of one kind with their places, and names that are used.

    `owner` is the block or table that defines them; the document has no name.
    """

    kind: str
    owner: str
    places: Mapping[str, Place]
    used: Collection[str]


def unused_warnings(networks: Sequence[Network]) -> Iterator[Diagnostic]:
    """Definitions that none of the networks uses (AS221 to AS225)."""
    places: dict[tuple[str, str, str], Place] = {}
    used: set[tuple[str, str, str]] = set()
    for network in networks:
        for kind, owner, own, names in _definitions(network):
            places |= {(kind, owner, name): place for name, place in own.items()}
            used |= {(kind, owner, name) for name in names}
    for (kind, owner, name), place in places.items():
        if (kind, owner, name) not in used:
            of = f" of {owner}" if owner else ""
            message = f"{kind} '{name}'{of} is never used"
            help = "remove it, or use it"
            yield Diagnostic(CODES[kind], message, place, help=help, severity=WARNING)


def _definitions(network: Network) -> Iterator[Definitions]:
    tree, document = network.spec.tree, network.document
    blocks = {name: b for name, b in document.blocks.items() if not b.standard}
    values = [document.images, document.layers, document.defaults, *blocks.values()]
    used = mentioned([*values, *document.define.values()])
    for kind, section in ("multiplier", "multipliers"), ("definition", "define"):
        yield Definitions(kind, "", _places(tree.section(section)), used)
    called = _called(document, tree)
    yield Definitions("block", "", _places(tree.section("blocks")), called)
    yield from _columns("", tree.section("layers"), document.layers)
    for name, block in mappings(tree.section("blocks")):
        if name not in blocks:
            continue
        owner, read = f"block {name}", _read(blocks[name].layers)
        used = mentioned(blocks[name]) | read
        yield Definitions("argument", owner, _places(block.section("arguments")), used)
        yield Definitions("definition", owner, _places(block.section("let")), used)
        yield from _columns(f"{owner}, ", block.section("layers"), blocks[name].layers)


def _read(layers: Mapping[str, Layer]) -> set[str]:
    """The tensors that layers read, if only their sizes."""
    likes = {getattr(layer, "like", None) for _, layer in inner_layers(layers)}
    return {*references(layers), *filter(None, likes)}


def _places(section: Tree) -> dict[str, Place]:
    return {name: name.place for name in words(section.entries)}


def _columns(
    owner: str, tree: Tree, layers: Mapping[str, Layer]
) -> Iterator[Definitions]:
    """The columns of tables, which are never in a branch."""
    for name, layer in mappings(tree):
        columns, table = layer.get("columns"), layers.get(name)
        if isinstance(columns, Items) and isinstance(table, Table):
            places = {text_of(item) or "": item.place for item in columns.items}
            used = {"op", *mentioned([table.each, table.then, table.repeat])}
            used |= {*table.references}
            yield Definitions("column", f"{owner}table {name}", places, used)


def _called(document: Document, tree: Tree) -> set[str]:
    """The blocks that layers call, directly or not, and those that others extend."""
    waiting = [*inner_ops(document.layers)]
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        block = document.blocks.get(name)
        if name not in found and block is not None:
            found.add(name)
            waiting += inner_ops(block.layers)
    for _, block in mappings(tree.section("blocks")):
        found.add(text_of(block.get("extends")) or "")
    return found
