"""Layers with every shorthand spelled out, in the forms that `canonical` lists."""

from __future__ import annotations

from collections.abc import Callable, Collection
from collections.abc import Mapping as AbstractMapping

from archspec.errors import Advice, Fix, Place
from archspec.language.attributes import unknown_attribute
from archspec.language.meant import (
    TABLE,
    inline,
    is_nameless,
    is_reference,
    named,
    only_op,
    owner,
    sketch,
)
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

BRANCH = ("from", "when", "repeat", "series")


class CanonicalLayers:
    """Layers, each spelled out with the same vocabulary."""

    def __init__(self, vocabulary: Vocabulary):
        self.vocabulary = vocabulary
        self.complain = vocabulary.complain
        self.mapping = vocabulary.mapping

    def layers(self, layers: Mapping, branch: str = "") -> Mapping:
        """The layers of a block, a branch or the document."""
        alone = branch if len(layers.entries) == 1 else ""

        def spelled(node: Node, name: str) -> Node:
            if is_nameless(self.vocabulary, name, node):
                return self.nameless(name, node, branch, alone)
            return self.layer(node, name)

        return mapped(layers, spelled)

    def nameless(self, op: str, body: Node, branch: str, alone: str) -> Mapping:
        """The layer that is meant, after a complaint that it has no name."""
        name = f"{branch}_{op.partition('_')[0]}" if branch else op
        meant = f"{name}: {{{op}: {sketch(body)}}}"
        help = f"write {alone}: {{{meant}}}" if alone else f"write {meant}"
        place = op.place if isinstance(op, Word) else body.place
        self.complain("AS204", f"the layer has an op, {op}, but no name", place, help)
        return self.op(Word(op, place), body, {})

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
        if len(ops) > 1 and (meant := owner(self.vocabulary, ops)):
            listed = f"{', '.join(ops[:-1])} and {ops[-1]}"
            message = f"the layer has no op, only {listed}"
            body = sketch(Mapping(_only(layer, tuple(ops)), layer.place))
            self.complain("AS204", message, ops[0].place, f"write {{{meant}: {body}}}")
            return _harmless(node.place)
        if len(ops) > 1:
            ops = [only_op(self.vocabulary, ops, layer, name)]
        if any(key in layer.entries for key in TABLE):
            return self.table(layer, ops)
        if not ops:
            return layer
        modifiers = _only(layer, MODIFIERS)
        spelled = self.op(ops[0], layer.entries[ops[0]], modifiers)
        return spelled._replace(place=layer.place)

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
            help = f"name its branches: {{{op}: {{{named(self.vocabulary, body)}}}}}"
            branches = self.mapping(body, f"'{op}'", help)
            return {}, mapped(branches, self.branch) if branches is body else None
        branches, given = Mapping({}, op.place), body
        if isinstance(body, Mapping):
            sides: tuple[dict[str, Node], dict[str, Node]] = {}, {}
            for key, value in placed(body.entries):
                role = self.role(op, key, value)
                sides[role in roles].setdefault(role, value)
            given, branches = (Mapping(side, body.place) for side in sides)
        return {"attributes": self.attributes(op, given)}, mapped(branches, self.branch)

    def role(self, op: Word, key: Word, body: Node) -> Word:
        """A key of attention; a branch by another name is complained of once."""
        roles = JOINS[op].roles
        known = key in roles or key in self.vocabulary.attributes(op)
        if known or not isinstance(body, Mapping):
            return key
        meant = next((role for role in roles if role[0] == key[0].lower()), "")
        *most, last = roles
        help = f"the branches are {', '.join(most)} and {last}"
        if meant:
            help = Advice(f"{help}: write {meant}: {sketch(body)}", Fix(meant))
        self.complain("AS204", f"unknown branch '{key}' of {op}", key.place, help)
        return Word(meant or roles[0], key.place)

    def attributes(self, op: Word, body: Node) -> Mapping:
        """The attributes of an op; unknown ones that are null, merging would drop."""
        known = self.vocabulary.knows(op)
        names = self.vocabulary.attributes(op)
        if isinstance(body, Mapping):
            unknown = [key for key in null_keys(body) if known and key not in names]
            faults = (unknown_attribute(op, key, names) for key in unknown)
            self.vocabulary.faults.extend(faults)
            layers = inline(self.vocabulary, op, body)
            return body.replaced(**dict.fromkeys(layers)) if layers else body
        if is_null(body) or not known:
            return Mapping({}, body.place)
        if not names:
            message = f"{op} takes no attributes, found {describe(body)}"
            self.complain("AS204", message, body.place)
            return Mapping({}, body.place)
        return Mapping({Word(names[0], body.place): body}, body.place)

    def branch(self, node: Node, name: str) -> Node:
        origin = text_of(node) or ""
        read = f"{{from: {origin if is_reference(origin) else 'LAYER'}}}"
        fixes = [Fix(read)] if is_reference(origin) else []
        help = Advice(f"{{}} is the input, {read} the output of another layer", *fixes)
        if isinstance(node, Sequence):
            help = f"name the branches: {named(self.vocabulary, node)}"
        elif name in MODIFIERS:
            help = f"'{name}' stands beside the op of a layer: {{conv: 8, {name}: ...}}"
        branch = self.mapping(node, "a branch", help)
        own = _only(branch, BRANCH)
        inner = {k: v for k, v in branch.entries.items() if k not in BRANCH}
        own["layers"] = self.layers(Mapping(inner, branch.place), name)
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
