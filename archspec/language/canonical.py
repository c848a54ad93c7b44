"""Shorthands spelled out, so that two documents can be merged key by key.

A layer becomes one of three mappings, each with its modifiers beside:

    {op, attributes: {NAME: value}}        a primitive or a block
    {op, branches: {NAME: {layers, ...}}}  add, multiply, concat
    {columns, rows, each: {OP: {...}}}     a table
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as AbstractMapping

from archspec.errors import Place, did_you_mean
from archspec.language.vocabulary import Vocabulary
from archspec.ops import JOINS, OPS
from archspec.reading.lexicon import definition
from archspec.reading.nodes import (
    Mapping,
    Node,
    Scalar,
    Sequence,
    describe,
    is_null,
)
from archspec.words import MODIFIERS

TABLE = ("columns", "rows", "each")
BRANCH = ("from", "when", "repeat")
BLOCK = ("summary", "source", "extends", "arguments", "let", "residual", "layers")


def canonical_document(node: Node, vocabulary: Vocabulary) -> Mapping:
    """A document, or any part of one, with every shorthand spelled out."""
    document = vocabulary.mapping(node, "a spec")
    vocabulary = vocabulary.extended(document.get("blocks"))
    changed: dict[str, Node] = {}
    if (define := document.get("define")) is not None and not is_null(define):
        changed["define"] = _definitions(define, vocabulary)
    if isinstance(size := document.get("input"), Mapping):
        changed["input"] = _input(size)
    if (blocks := document.get("blocks")) is not None and not is_null(blocks):
        changed["blocks"] = canonical_blocks(blocks, vocabulary)
    if (layers := document.get("layers")) is not None and not is_null(layers):
        changed["layers"] = canonical_layers(layers, vocabulary)
    if isinstance(defaults := document.get("defaults"), Mapping):
        changed["defaults"] = _each_attributes(defaults, vocabulary)
    if isinstance(variants := document.get("variants"), Mapping):
        changed["variants"] = _map(variants, lambda v: _variant(v, vocabulary))
    return document.replaced(**changed)


def canonical_blocks(node: Node, vocabulary: Vocabulary) -> Mapping:
    """The blocks of a document, whose own blocks the vocabulary has."""
    blocks = vocabulary.mapping(node, "'blocks'")
    entries = {
        name: canonical_block(block, name, vocabulary)
        for name, block in blocks.entries.items()
    }
    return Mapping(entries, blocks.place, blocks.keys)


def canonical_block(node: Node, name: str, vocabulary: Vocabulary) -> Node:
    """One block; null stays null."""
    if is_null(node):
        return node
    block = vocabulary.mapping(node, f"block {name}")
    for key in block.entries:
        if key not in BLOCK:
            near = did_you_mean(key, BLOCK) or f"a block has {', '.join(BLOCK)}"
            message = f"unknown key '{key}' of block {name}"
            vocabulary.complain("AS201", message, block.place_of(key), near)
    if block.get("layers") is None:
        return block
    return block.replaced(layers=canonical_layers(block.entries["layers"], vocabulary))


def canonical_layers(node: Node, vocabulary: Vocabulary) -> Mapping:
    """An ordered mapping of layers."""
    help = "each layer has a name: layers: {stem: {conv: 8}, pool: global_avg_pool}"
    layers = vocabulary.mapping(node, "'layers'", help)
    return _map(layers, lambda layer: canonical_layer(layer, vocabulary))


def canonical_layer(node: Node, vocabulary: Vocabulary) -> Node:
    """One layer; null stays null."""
    if is_null(node):
        return node
    if isinstance(node, Scalar):
        return _op(node, Mapping({}, node.place), {}, vocabulary)
    if not isinstance(node, Mapping):
        vocabulary.mapping(node, "a layer", "an op with its attributes: {conv: 8}")
        return _harmless(node.place)
    layer = node
    ops = [key for key in layer.entries if key not in MODIFIERS and key not in TABLE]
    if len(ops) > 1:
        ops = [_only_op(ops, layer, vocabulary)]
    if any(key in layer.entries for key in TABLE):
        return _table(layer, ops, vocabulary)
    if not ops:
        return layer
    name = Scalar(ops[0], ops[0], layer.place_of(ops[0]))
    modifiers = {key: layer.entries[key] for key in MODIFIERS if key in layer.entries}
    return _op(name, layer.entries[ops[0]], modifiers, vocabulary, layer)


def _harmless(place: Place) -> Mapping:
    """What stands for a layer that was complained of."""
    op = Scalar("identity", "identity", place)
    return Mapping({"op": op, "attributes": Mapping({}, place)}, place)


def _only_op(ops: list[str], layer: Mapping, vocabulary: Vocabulary) -> str:
    """The op of a layer with several, after a complaint about another."""
    known = {*OPS, *JOINS, *vocabulary.own, *vocabulary.standard}
    wrong = next((op for op in ops if op not in known), ops[1])
    help = did_you_mean(wrong, (*MODIFIERS, *TABLE))
    help = help or "attributes stand in the op's own braces: {conv: {filters: 8}}"
    message = f"a layer has one op, found {' and '.join(ops)}"
    vocabulary.complain("AS204", message, layer.place_of(wrong), help)
    return next(op for op in ops if op != wrong)


def _op(
    name: Scalar,
    body: Node,
    modifiers: AbstractMapping[str, Node],
    vocabulary: Vocabulary,
    layer: Mapping | None = None,
) -> Mapping:
    keys = {**(layer.keys if layer else {}), "op": name.place}
    place = layer.place if layer else name.place
    if name.text in JOINS:
        branches = vocabulary.mapping(body, f"'{name.text}'")
        if branches is not body:
            return _harmless(place)
        joined = _map(branches, lambda branch: _branch(branch, vocabulary))
        return Mapping({"op": name, "branches": joined, **modifiers}, place, keys)
    attributes = _attributes(name, body, vocabulary)
    entries = {"op": name, "attributes": attributes, **modifiers}
    liked = name.text in OPS and OPS[name.text].like is not None
    if liked and (like := attributes.get("like")) is not None:
        # A reference to a layer, and so no expression like the other attributes.
        entries |= {"attributes": attributes.replaced(like=None), "like": like}
    return Mapping(entries, place, keys)


def _attributes(name: Scalar, body: Node, vocabulary: Vocabulary) -> Mapping:
    known = vocabulary.knows(name)
    if isinstance(body, Mapping):
        return body
    if is_null(body) or not known:
        return Mapping({}, body.place)
    main = vocabulary.main(name)
    if main is None:
        message = f"{name.text} takes no attributes, found {describe(body)}"
        vocabulary.complain("AS204", message, body.place)
        return Mapping({}, body.place)
    return Mapping({main: body}, body.place, {main: body.place})


def _branch(node: Node, vocabulary: Vocabulary) -> Node:
    if is_null(node):
        return node
    branch = vocabulary.mapping(node, "a branch")
    own = {key: branch.entries[key] for key in BRANCH if key in branch.entries}
    inner = {k: v for k, v in branch.entries.items() if k not in BRANCH}
    layers = Mapping(inner, branch.place, branch.keys)
    own["layers"] = canonical_layers(layers, vocabulary)
    return Mapping(own, branch.place, branch.keys)


def _table(layer: Mapping, ops: list[str], vocabulary: Vocabulary) -> Mapping:
    if ops:
        message = f"a table has its ops under 'each', found '{ops[0]}'"
        help = did_you_mean(ops[0], (*MODIFIERS, *TABLE))
        help = help or f"each: {{{ops[0]}: ...}}"
        vocabulary.complain("AS204", message, layer.place_of(ops[0]), help)
        layer = layer.replaced(**{ops[0]: None})
    each = layer.get("each")
    if each is None or is_null(each):
        return layer
    if isinstance(each, Scalar):
        each = Mapping({each.text: Mapping({}, each.place)}, each.place)
    return layer.replaced(
        each=_each_attributes(vocabulary.mapping(each, "'each'"), vocabulary)
    )


def _each_attributes(each: Mapping, vocabulary: Vocabulary) -> Mapping:
    entries: dict[str, Node] = {}
    for op, body in each.entries.items():
        place = each.place_of(op)
        if op in JOINS or op in MODIFIERS:
            message = f"'{op}' cannot stand here: name an op and its attributes"
            help = "define a block for anything larger"
            vocabulary.complain("AS204", message, place, help)
            entries[op] = Mapping({}, place)
            continue
        name = Scalar(op, op, place)
        entries[op] = _attributes(name, body, vocabulary)
    return Mapping(entries, each.place, each.keys)


def _definitions(node: Node, vocabulary: Vocabulary) -> Mapping:
    define = vocabulary.mapping(node, "'define'")
    entries: dict[str, Node] = {}
    keys: dict[str, Place] = {}
    for key, body in define.entries.items():
        place = define.place_of(key)
        said = definition(key)
        if said is None:  # which screening has told
            continue
        name, parameters = said
        items = tuple(Scalar(part, part, place) for part in parameters)
        if name in entries:
            vocabulary.complain("AS106", f"'{name}' is defined twice", place)
        entries[name] = (
            body
            if is_null(body)
            else Mapping({"parameters": Sequence(items, place), "body": body}, place)
        )
        keys[name] = place
    return Mapping(entries, define.place, keys)


def _input(node: Mapping) -> Mapping:
    size = node.get("size")
    if not isinstance(size, Scalar) or is_null(size):
        return node
    return node.replaced(size=Sequence((size, size), size.place))


def _variant(node: Node, vocabulary: Vocabulary) -> Node:
    return node if is_null(node) else canonical_document(node, vocabulary)


def _map(node: Mapping, change: Callable[[Node], Node]) -> Mapping:
    entries = {key: change(value) for key, value in node.entries.items()}
    return Mapping(entries, node.place, node.keys)
