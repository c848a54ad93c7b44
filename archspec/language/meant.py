"""What layers mean that are written otherwise than they have to be."""

from __future__ import annotations

from collections.abc import Collection
from string import ascii_lowercase

from archspec.language.vocabulary import Vocabulary
from archspec.ops import JOINS, OPS
from archspec.reading.nodes import (
    Mapping,
    Node,
    Scalar,
    Sequence,
    Word,
    placed,
    text_of,
)
from archspec.synonyms import BESIDE
from archspec.words import MODIFIERS

TABLE = ("columns", "rows", "each")


def is_nameless(vocabulary: Vocabulary, name: str, node: Node) -> bool:
    """Whether the name of a layer is meant as its op, its ops as attributes."""
    if name in JOINS or not vocabulary.has(name):
        return False
    if isinstance(node, Scalar):
        return not node.text.isidentifier()
    given = set(node.entries if isinstance(node, Mapping) else ()) - {*MODIFIERS}
    own = {*vocabulary.attributes(name)} - {*filter(vocabulary.has, given)}
    return bool(given) and given <= own


def owner(vocabulary: Vocabulary, keys: Collection[str]) -> str | None:
    """The op that has these attributes, of which none is an op itself."""
    if any(map(vocabulary.has, keys)):
        return None
    owners = (op for op in OPS if {*keys} <= OPS[op].fields.keys())
    return next(owners, None)


def only_op(vocabulary: Vocabulary, ops: list[Word], layer: Mapping, name: str) -> Word:
    """The op of a layer with several, after a complaint about another."""
    wrong = next((op for op in ops if not vocabulary.has(op)), ops[1])
    right = next(op for op in ops if op != wrong)
    meant = _with_attribute(vocabulary, right, wrong, layer)
    help = f"put attributes in the op's own braces: {meant}"
    if "again" in ops:
        help = "a layer that runs again has the op and attributes of that layer"
    if vocabulary.has(wrong):
        bodies = [sketch(layer.entries[op]) for op in ops]
        pairs = zip([name, *ops[1:]], ops, bodies, strict=True)
        layers = (f"{key}: {{{op}: {body}}}" for key, op, body in pairs)
        help = f"write a layer for each: {', '.join(layers)}"
    help = BESIDE.help(wrong, (*MODIFIERS, *TABLE)) or help
    message = f"a layer has one op, found {' and '.join(ops)}"
    vocabulary.complain("AS204", message, wrong.place, help)
    return right


def _with_attribute(
    vocabulary: Vocabulary, op: Word, attribute: Word, layer: Mapping
) -> str:
    """A layer as it is meant whose attribute stands beside its op."""
    body = layer.entries[op]
    inner = sketch(body).strip("{}")
    if inner and isinstance(body, Scalar):
        main = next(iter(vocabulary.attributes(op)), "...")
        inner = f"{main}: {inner}"
    pairs = filter(None, (inner, f"{attribute}: {sketch(layer.entries[attribute])}"))
    return f"{{{op}: {{{', '.join(pairs)}}}}}"


def named(vocabulary: Vocabulary, listed: Node) -> str:
    """Branches for a layer or a list of layers, named as these."""
    items = listed.items if isinstance(listed, Sequence) else (listed,)
    origins = [text_of(item) or "" for item in items]
    if isinstance(listed, Scalar) and is_reference(listed.text):
        return f"{ascii_lowercase[0]}: {{from: {listed.text}}}, b: {{}}"
    known = any(map(vocabulary.has, origins))
    if known or not all(origins) or not 0 < len(origins) <= len(ascii_lowercase):
        return "main: {conv: ...}, skip: {}"
    pairs = zip(ascii_lowercase, origins, strict=False)
    return ", ".join(f"{name}: {{from: {origin}}}" for name, origin in pairs)


def inline(vocabulary: Vocabulary, op: Word, body: Mapping) -> list[str]:
    """The tensor arguments that are given a layer, after a complaint about each."""
    tensors = vocabulary.tensors(op)
    found = [pair for pair in placed(body.entries) if pair[0] in tensors]
    found = [(key, node) for key, node in found if isinstance(node, Mapping)]
    for key, node in found:
        origin = text_of(node.entries.get("from")) or ""
        help = f"write {key}: {origin}"
        if [*node.entries] != ["from"] or not is_reference(origin):
            layer = f"{key}_layer: {sketch(node)}"
            help = (
                f"write it as a layer before this one, {layer}, and give its name: "
                f"{{{op}: {{{key}: {key}_layer, ...}}, from: LAYER}}"
            )
        message = f"{op}: '{key}' must be the name of a layer, but is a layer"
        vocabulary.complain("AS302", message, key.place, help)
    return [key for key, _ in found]


def is_reference(text: str) -> bool:
    """Whether it could be the name of a layer or row."""
    return text.replace(".", "").isidentifier()


def sketch(node: Node) -> str:
    """The node as written, its inner mappings and lists shortened."""
    match node:
        case Scalar():
            return node.text or "{}"
        case Mapping(entries):
            pairs = (
                f"{key}: {n.text if isinstance(n, Scalar) else '...'}"
                for key, n in entries.items()
            )
            return f"{{{', '.join(pairs)}}}"
        case Sequence(items):
            return f"[{', '.join(text_of(item) or '...' for item in items)}]"
