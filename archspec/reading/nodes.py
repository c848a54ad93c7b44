"""A YAML document as a tree in which every value knows its place."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as AbstractMapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, NamedTuple, NoReturn

from archspec.errors import Place, SpecError


@dataclass(frozen=True, slots=True)
class Scalar:
    """A number, true, false, null or text; `text` is as written.

    No tuple, which Pydantic would take for a list.
    """

    value: int | float | bool | str | None
    text: str
    place: Place


class Sequence(NamedTuple):
    """A YAML list."""

    items: tuple[Node, ...]
    place: Place


class Mapping(NamedTuple):
    """A YAML mapping; `keys` has the place of each key."""

    entries: AbstractMapping[str, Node]
    place: Place
    keys: AbstractMapping[str, Place] = {}

    def place_of(self, key: str) -> Place:
        """Where the key stands; the mapping's own place if it was never written."""
        return self.keys.get(key, self.place)

    def get(self, key: str) -> Node | None:
        return self.entries.get(key)

    def section(self, key: str) -> Mapping:
        """The mapping under a key; an empty one if there is none."""
        node = self.entries.get(key)
        return node if isinstance(node, Mapping) else Mapping({}, self.place_of(key))

    def replaced(self, **entries: Node | None) -> Mapping:
        """A copy with these entries; None removes one."""
        merged = {**self.entries, **entries}
        kept = {key: value for key, value in merged.items() if value is not None}
        return Mapping(kept, self.place, self.keys)


Node = Scalar | Sequence | Mapping


NOTHING = Mapping({}, Place("", 1, 1))


def texts(node: Node) -> object:
    """All that a node says, as JSON has it, without its places."""
    match node:
        case Mapping(entries):
            return {key: texts(value) for key, value in entries.items()}
        case Scalar():
            return None if is_null(node) else node.text
        case Sequence(items):
            return [texts(item) for item in items]


def is_null(node: Node | None) -> bool:
    """Whether the node says null (`~` or nothing)."""
    return isinstance(node, Scalar) and node.value is None


def text_of(node: Node | None) -> str | None:
    """The text of a scalar that is not null, else None."""
    return node.text if isinstance(node, Scalar) and not is_null(node) else None


def plain(node: Node) -> Any:
    """Dictionaries and lists whose leaves are still `Scalar`s, for Pydantic."""
    match node:
        case Mapping(entries):
            return {key: plain(value) for key, value in entries.items()}
        case Sequence(items):
            return [plain(item) for item in items]
        case Scalar():
            return node


def walk(node: Node) -> Iterator[Node]:
    """The node and everything in it."""
    yield node
    match node:
        case Mapping(entries):
            yield from chain.from_iterable(map(walk, entries.values()))
        case Sequence(items):
            yield from chain.from_iterable(map(walk, items))
        case Scalar():
            pass


def find(node: Node, path: tuple[int | str, ...]) -> Place:
    """The place of the value at `path`, or of the nearest thing above it.

    Numbered rows of a table are names in a document and places in a list here. A last
    step "[key]" asks for the place of the key.
    """
    place = node.place
    for step in path:
        if isinstance(node, Mapping) and step in node.entries:
            place = node.place_of(str(step))
            node = node.entries[str(step)]
        elif isinstance(node, Sequence) and str(step).isdigit():
            node = node.items[int(step)]
            place = node.place
        else:
            break
    at_value = not _holds(node) and "[key]" not in path
    return node.place if at_value else place


def _holds(node: Node) -> bool:
    """Whether there is anything inside."""
    match node:
        case Mapping(entries):
            return bool(entries)
        case Sequence(items):
            return bool(items)
        case Scalar():
            return False


def describe(node: Node) -> str:
    """What a reader would call the node."""
    match node:
        case Mapping():
            return "a mapping"
        case Sequence():
            return "a list"
        case Scalar(None):
            return "nothing"
        case Scalar():
            return f"'{node.text}'"


def expect_mapping(node: Node, what: str) -> Mapping:
    """The node itself if it is a mapping; raises SpecError otherwise."""
    if isinstance(node, Mapping):
        return node
    fail("AS203", f"{what} is a mapping, found {describe(node)}", node.place)


def fail(code: str, message: str, place: Place, help: str = "") -> NoReturn:
    """Raise one diagnostic."""
    raise SpecError.single(code, message, place, help=help)
