"""Layers with every shorthand spelled out, in the forms that `canonical` lists."""

from __future__ import annotations

from collections.abc import Callable, Collection
from collections.abc import Mapping as AbstractMapping
from string import ascii_lowercase

from archspec.errors import Place
from archspec.language.attributes import unknown_attribute
from archspec.language.vocabulary import Vocabulary
from archspec.ops import JOINS, OPS
from archspec.reading.nodes import (
    Mapping,
    Node,
    Scalar,
    Sequence,
    Word,
    describe,
    is_null,
    placed,
    text_of,
)
from archspec.synonyms import BESIDE
from archspec.words import MODIFIERS

TABLE = ("columns", "rows", "each")
BRANCH = ("from", "when", "repeat", "series")


class CanonicalLayers:
    """Layers, each spelled out with the same vocabulary."""

    def __init__(self, vocabulary: Vocabulary):
        self.vocabulary = vocabulary
        self.complain = vocabulary.complain
        self.mapping = vocabulary.mapping

    def layers(self, layers: Mapping) -> Mapping:
        return mapped(layers, self.layer)

    def layer(self, node: Node, name: str) -> Node:
        if isinstance(node, Scalar):
            nothing = Scalar(None, "", node.place)
            return self.op(Word(node.text, node.place), nothing, {})
        layer = self.mapping(node, "a layer", "an op with its attributes: {conv: 8}")
        if layer is not node:
            return _harmless(node.place)
        ops = [k for k, _ in placed(layer.entries) if k not in (*MODIFIERS, *TABLE)]
        if ops == ["again"]:
            return _again(layer)
        if len(ops) > 1:
            ops = [self.only_op(ops, layer, name)]
        if any(key in layer.entries for key in TABLE):
            return self.table(layer, ops)
        if not ops:
            return layer
        modifiers = _only(layer, MODIFIERS)
        spelled = self.op(ops[0], layer.entries[ops[0]], modifiers)
        return spelled._replace(place=layer.place)

    def with_attribute(self, op: Word, attribute: Word, layer: Mapping) -> str:
        """A layer as it is meant whose attribute stands beside its op."""
        body = layer.entries[op]
        inner = _sketch(body).strip("{}")
        if inner and isinstance(body, Scalar):
            inner = f"{self.vocabulary.attributes(op)[0]}: {inner}"
        pairs = filter(
            None, (inner, f"{attribute}: {_sketch(layer.entries[attribute])}")
        )
        return f"{{{op}: {{{', '.join(pairs)}}}}}"

    def only_op(self, ops: list[Word], layer: Mapping, name: str) -> Word:
        """The op of a layer with several, after a complaint about another."""
        wrong = next((op for op in ops if not self.vocabulary.has(op)), ops[1])
        right = next(op for op in ops if op != wrong)
        meant = self.with_attribute(right, wrong, layer)
        help = f"put attributes in the op's own braces: {meant}"
        if "again" in ops:
            help = "a layer that runs again has the op and attributes of that layer"
        if self.vocabulary.has(wrong):
            bodies = [_sketch(layer.entries[op]) for op in ops]
            pairs = zip([name, *ops[1:]], ops, bodies, strict=True)
            layers = (f"{key}: {{{op}: {body}}}" for key, op, body in pairs)
            help = f"write a layer for each: {', '.join(layers)}"
        help = BESIDE.help(wrong, (*MODIFIERS, *TABLE)) or help
        message = f"a layer has one op, found {' and '.join(ops)}"
        self.complain("AS204", message, wrong.place, help)
        return right

    def op(
        self, op: Word, body: Node, modifiers: AbstractMapping[str, Node]
    ) -> Mapping:
        """A join, a primitive or a block, with its modifiers."""
        name = Scalar(op, op, op.place)
        if op in JOINS:
            attributes, branches = self.joined(op, body)
            if branches is None:
                return _harmless(op.place)
            joined = {"op": name, **attributes, "branches": branches}
            return Mapping({**joined, **modifiers}, op.place)
        attributes = self.attributes(op, body)
        entries = {"op": name, "attributes": attributes, **modifiers}
        like = attributes.get("like") if op in OPS and OPS[op].like else None
        if like is not None:
            # A reference to a layer, and so no expression like the other attributes.
            entries |= {"attributes": attributes.replaced(like=None), "like": like}
        return Mapping(entries, op.place)

    def joined(self, op: Word, body: Node) -> tuple[dict[str, Node], Mapping | None]:
        """The attributes of a join, if it has any, and its branches."""
        roles = JOINS[op].roles
        if not roles:
            help = f"name its branches: {{{op}: {{{self.named(body)}}}}}"
            branches = self.mapping(body, f"'{op}'", help)
            return {}, mapped(branches, self.branch) if branches is body else None
        branches, given = Mapping({}, op.place), body
        if isinstance(body, Mapping):
            sides: tuple[dict[str, Node], dict[str, Node]] = {}, {}
            for key, value in placed(body.entries):
                sides[key in roles][key] = value
            given, branches = (Mapping(side, body.place) for side in sides)
        return {"attributes": self.attributes(op, given)}, mapped(branches, self.branch)

    def named(self, listed: Node) -> str:
        """Branches for a list of layers, with names if it refers to layers."""
        items = listed.items if isinstance(listed, Sequence) else ()
        origins = [text_of(item) or "" for item in items]
        known = any(map(self.vocabulary.has, origins))
        if known or not all(origins) or not 0 < len(origins) <= len(ascii_lowercase):
            return "main: {conv: ...}, skip: {}"
        pairs = zip(ascii_lowercase, origins, strict=False)
        return ", ".join(f"{name}: {{from: {origin}}}" for name, origin in pairs)

    def attributes(self, op: Word, body: Node) -> Mapping:
        """The attributes of an op; unknown ones that are null, merging would drop."""
        known = self.vocabulary.knows(op)
        names = self.vocabulary.attributes(op)
        if isinstance(body, Mapping):
            unknown = [key for key in null_keys(body) if known and key not in names]
            faults = (unknown_attribute(op, key, names) for key in unknown)
            self.vocabulary.faults.extend(faults)
            return body
        if is_null(body) or not known:
            return Mapping({}, body.place)
        if not names:
            message = f"{op} takes no attributes, found {describe(body)}"
            self.complain("AS204", message, body.place)
            return Mapping({}, body.place)
        return Mapping({Word(names[0], body.place): body}, body.place)

    def branch(self, node: Node, name: str) -> Node:
        origin = text_of(node) or ""
        origin = origin if origin.replace(".", "").isidentifier() else "LAYER"
        help = f"{{}} is the input, {{from: {origin}}} the output of another layer"
        if name in MODIFIERS:
            help = f"'{name}' stands beside the op of a layer: {{conv: 8, {name}: ...}}"
        branch = self.mapping(node, "a branch", help)
        own = _only(branch, BRANCH)
        inner = {k: v for k, v in branch.entries.items() if k not in BRANCH}
        own["layers"] = self.layers(Mapping(inner, branch.place))
        return Mapping(own, branch.place)

    def table(self, layer: Mapping, ops: list[Word]) -> Mapping:
        for op in ops:
            message = f"a table has its ops under 'each', found '{op}'"
            help = BESIDE.help(op, (*MODIFIERS, *TABLE)) or f"each: {{{op}: ...}}"
            self.complain("AS204", message, op.place, help)
            layer = layer.replaced(**{op: None})
        each = layer.get("each")
        if each is None or is_null(each):
            return layer
        if isinstance(each, Scalar):
            op = Word(each.text, each.place)
            each = Mapping({op: Mapping({}, each.place)}, each.place)
        return layer.replaced(each=self.each(self.mapping(each, "'each'")))

    def each(self, each: Mapping, joins: Collection[str] = ()) -> Mapping:
        """Ops with their attributes, in a table or in `defaults`."""
        entries: dict[str, Node] = {}
        for op, body in placed(each.entries):
            if (op in JOINS and op not in joins) or op in MODIFIERS:
                message = f"'{op}' is not allowed here: name an op and its attributes"
                help = "define a block for anything larger"
                self.complain("AS204", message, op.place, help)
                entries[op] = Mapping({}, op.place)
            else:
                entries[op] = self.attributes(op, body)
        return Mapping(entries, each.place)


def mapped(node: Mapping, change: Callable[[Node, str], Node]) -> Mapping:
    """Each value changed, with its key; null stays null."""
    entries = node.entries.items()
    changed = {key: v if is_null(v) else change(v, key) for key, v in entries}
    return Mapping(changed, node.place)


def null_keys(node: Mapping) -> list[Word]:
    """The keys whose value is null."""
    return [key for key, value in placed(node.entries) if is_null(value)]


def _harmless(place: Place) -> Mapping:
    """The layer in place of a faulty one."""
    op = Scalar("identity", "identity", place)
    return Mapping({"op": op, "attributes": Mapping({}, place)}, place)


def _again(layer: Mapping) -> Mapping:
    """A layer that runs again: `{again: {NAME: tensors}}` has two keys."""
    named = layer.entries["again"]
    if not isinstance(named, Mapping) or len(named.entries) != 1:
        return layer
    ((first, given),) = placed(named.entries)
    given = None if is_null(given) else given
    return layer.replaced(again=Scalar(first, first, first.place), tensors=given)


def _only(node: Mapping, keys: tuple[str, ...]) -> dict[str, Node]:
    """The entries with these keys, in their order."""
    found = sorted((key for key in node.entries if key in keys), key=keys.index)
    return {key: node.entries[key] for key in found}


def _sketch(node: Node) -> str:
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
