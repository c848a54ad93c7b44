"""Merged trees to documents: each part reads its keys and notes faults.

Reading goes on after a fault, so that one run reports all: a wrong value is None,
a wrong mapping or list is empty.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any, TypeVar, cast

from archspec.errors import MAX_FAULTS, Advice, Diagnostic, Fix, Place
from archspec.expressions import ExpressionError
from archspec.reading.identifiers import expression_fault
from archspec.reading.nodes import (
    Mapping,
    Node,
    Scalar,
    Word,
    describe,
    is_filled,
    placed,
)
from archspec.reading.nodes import Sequence as Items
from archspec.synonyms import KEYS

SHOWN = 60
"""Characters of a value that a message shows."""

T = TypeVar("T")


@dataclass(frozen=True)
class At:
    """Where in the tree a value is: its path, and the place of its key."""

    faults: list[Diagnostic]
    path: tuple[str, ...]
    key: Place
    around: Mapping
    """The mapping or list item that has it."""

    def below(self, key: str, place: Place, around: Mapping | None = None) -> At:
        """At an entry or item of the value."""
        return At(self.faults, (*self.path, key), place, around or self.around)

    def muted(self) -> At:
        """At the same value, whose faults nothing keeps."""
        return At([], self.path, self.key, self.around)

    def complain(
        self, code: str, message: str, place: Place, help: str = "", path: str = ""
    ) -> None:
        """Note a fault."""
        if len(self.faults) < MAX_FAULTS:
            self.faults.append(Diagnostic(code, message, place, path, help))

    def refuse(self, node: Node, message: str, help: str = "") -> None:
        """Note that the value is wrong (AS203)."""
        if message.startswith("must "):
            *_, above, key = ("", *self.path)
            numbered = f"number {int(key) + 1} of '{above}'" if key.isdigit() else ""
            owner = numbered or f"'{key}'"
            message = f"{owner} {message}, found {_found(node)}"
        place = self.key if is_filled(node) else node.place
        key, above = (*reversed(self.path), "", "")[:2]
        help = help or example(key) or example(above)
        self.complain("AS203", message, place, help, ".".join(self.path))

    def missing(self, key: str, node: Mapping) -> None:
        """Note that the value lacks a key (AS202)."""
        start = Fix("archspec: 1\n", Place(self.key.file, 1, 1, length=0))
        help = example(key)
        if key == "archspec":
            help = Advice("start the file with archspec: 1", start)
        message, path = f"missing key '{key}'", (*self.path, key)
        if key == "op":
            message, path = "the layer has no op", self.path
        place = self.key if is_filled(node) else node.place
        self.complain("AS202", message, place, help, ".".join(path))


Read = Callable[[Node, At], Any]


def required(read: Read, doc: str = "", key: str = "") -> Any:
    """A field without a default; `doc` says what its key means, in Markdown."""
    return field(metadata={"read": read, "key": key, "doc": doc})


def optional(read: Read, default: Any = None, doc: str = "", key: str = "") -> Any:
    """A field that may be left out; `default` is None or a type."""
    metadata = {"read": read, "key": key, "doc": doc}
    return field(default_factory=default or type(None), metadata=metadata)


def value(read: Callable[[Node], Any]) -> Read:
    """Reads with a function that raises ValueError for a wrong value.

    The message says what the value "is" or "has".
    """

    def attempt(node: Node, at: At) -> Any:
        try:
            return read(node)
        except ExpressionError as error:
            fault = expression_fault(error, node.place)
            at.complain("AS301", fault.message, cast(Place, fault.place), fault.help)
        except ValueError as error:
            at.refuse(node, str(error))

    return attempt


def mapping_of(read: Read, least: int = 0) -> Read:
    """Reads a mapping, each value in the same way."""

    def each(node: Node, at: At) -> dict[str, Any]:
        if not isinstance(node, Mapping):
            at.refuse(node, "must be a mapping")
            return {}
        if len(node.entries) < least:
            at.refuse(node, f"must have at least {least} entries")
        return {
            key: read(inner, at.below(key, key.place, node))
            for key, inner in placed(node.entries)
        }

    return each


def list_of(read: Read, least: int = 0, most: int | None = None) -> Read:
    """Reads a list, each item in the same way."""

    def each(node: Node, at: At) -> list[Any]:
        if not isinstance(node, Items):
            at.refuse(node, "must be a list")
            return []
        if len(node.items) < least:
            at.refuse(node, f"must have at least {least} entries")
        if most is not None and len(node.items) > most:
            at.refuse(node, f"must have at most {most} entries")
        numbered = enumerate(node.items)
        values = [read(item, at.below(str(n), item.place)) for n, item in numbered]
        return [value for value in values if value is not None]

    return each


def part(kind: type[T], known: Sequence[str] = ()) -> Callable[[Node, At], T]:
    """Reads a mapping whose keys are fields of a dataclass.

    Any other key is a fault; `known` are those that its help lists.
    """

    def whole(node: Node, at: At) -> T:
        if not isinstance(node, Mapping):
            at.refuse(node, "must be a mapping")
            node, at = Mapping({}, node.place), at.muted()
        keys = keys_of(kind)
        values = {f.name: _field(f, key, node, at) for key, f in keys.items()}
        for key, _ in placed(node.entries):
            if key not in keys:
                others = [name for name in known or keys if name != key]
                at.faults.append(unknown_key((*at.path, key), others))
        return kind(**values)

    return whole


def keys_of(kind: type[Any]) -> dict[str, Field[Any]]:
    """The fields of a part of a document, by their keys."""
    return {f.metadata["key"] or f.name: f for f in fields(kind)}


def _field(found: Field[Any], key: str, node: Mapping, at: At) -> Any:
    inner = node.get(key)
    if inner is None and found.default_factory is not MISSING:
        return found.default_factory()
    below = at.below(key, node.place_of(key), node)
    if inner is None:
        at.missing(key, node)
        inner, below = Mapping({}, node.place), below.muted()
    return found.metadata["read"](inner, below)


def unknown_key(
    path: tuple[*tuple[str, ...], Word], known: Sequence[str]
) -> Diagnostic:
    """The fault (AS201) of a mapping that has none but the known keys."""
    key = path[-1]
    help = KEYS.help(key, known) or f"known keys: {', '.join(known)}"
    return Diagnostic("AS201", f"unknown key '{key}'", key.place, ".".join(path), help)


SUCH_AS = {
    "name": "name: MyNet",
    "input": "input: {channels: 3, size: 224}",
    "channels": "input: {channels: 3, size: 224}",
    "size": "size: 224, or [height, width]; the channels stand beside it",
    "inputs": "inputs: {left: {channels: 3, size: 64}, right: {channels: 3, size: 64}}",
    "preprocessing": "preprocessing: {scale: 1/255, mean: 0.5, std: 0.5}",
    "arguments": "arguments: {filters: int, stride: 1}",
    "from": "from: stem; a join reads several: {concat: {a: {from: stem}, b: {}}}",
    "multipliers": "multipliers: {width: 1.0}",
    "define": "define: {scale(c): round_channels(c * 0.5)}",
    "blocks": "blocks: {unit: {arguments: {c: int}, layers: {conv: {conv: c}}}}",
    "variants": "variants: {small: {classes: 5}}",
    "outputs": "outputs: {c4: stages.3, c5: head}",
    "search": "search: {multipliers.width: 0.25:1.5:0.05, classes: [10, 100]}",
    "source": "source: {title: Sandler et al. 2018}",
    "defaults": "defaults: {conv: {padding: same, bias: false}, activation: relu}",
    "layers": "layers: {stem: {conv: 8}, pool: global_avg_pool}",
    "op": "{conv: 8}, or just global_avg_pool",
    "columns": "columns: [c, n, s]",
    "rows": "rows: [[16, 1, 1], [24, 2, 2]]",
    "each": "each: {conv: {filters: c, stride: s}}",
}
"""Examples of keys."""


def example(key: str) -> str:
    """Help with a key that every spec or table has, or with one that is often wrong."""
    return f"for example, {SUCH_AS[key]}" if key in SUCH_AS else ""


def _found(node: Node) -> str:
    match node:
        case Mapping(entries):
            return f"a mapping of {len(entries)}"
        case Items(items):
            return f"a list of {len(items)}"
        case Scalar():
            text = describe(node)
            return text if len(text) <= SHOWN else f"{text[:SHOWN]}...'"
