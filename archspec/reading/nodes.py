"""A YAML document as a tree in which every value has its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Mapping as AbstractMapping
from itertools import chain
from typing import Any, NamedTuple, NoReturn, Self, TypeVar, cast

from archspec.errors import Place, SpecError

T = TypeVar("T")


class Word(str):
    """A name with its place: a key, an op, a reference."""

    __slots__ = ("place",)
    place: Place

    def __new__(cls, text: str, place: Place) -> Self:
        word = super().__new__(cls, text)
        word.place = place
        return word

    def __reduce__(self) -> tuple[type[Word], tuple[str, Place]]:
        return Word, (str(self), self.place)


def placed(entries: AbstractMapping[str, T]) -> Iterable[tuple[Word, T]]:
    """The entries of a mapping that was read, whose keys have places."""
    return cast("Iterable[tuple[Word, T]]", entries.items())


def words(entries: AbstractMapping[str, Any]) -> list[Word]:
    """The keys of a mapping that was read."""
    return cast("list[Word]", list(entries))


class Scalar(NamedTuple):
    """A number, true, false, null or text; `text` is as written."""

    value: int | float | bool | str | None
    text: str
    place: Place


class Sequence(NamedTuple):
    """A YAML list."""

    items: tuple[Node, ...]
    place: Place


class Mapping(NamedTuple):
    """A YAML mapping; the keys that a file or option has are `Word`s."""

    entries: AbstractMapping[str, Node]
    place: Place

    def place_of(self, key: str) -> Place:
        """The place of the key; the mapping's own if no file has the key."""
        known = (k.place for k in self.entries if k == key and isinstance(k, Word))
        return next(known, self.place)

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
        return Mapping(kept, self.place)


Node = Scalar | Sequence | Mapping


NOTHING = Mapping({}, Place("", 1, 1))
EMPTY = Sequence((), NOTHING.place)


def texts(node: Node) -> object:
    """The node as JSON, without places."""
    match node:
        case Mapping(entries):
            return {key: texts(value) for key, value in entries.items()}
        case Scalar():
            return None if is_null(node) else node.text
        case Sequence(items):
            return [texts(item) for item in items]


def values(node: Node) -> Any:
    """The node as plain data."""
    match node:
        case Mapping(entries):
            return {str(key): values(value) for key, value in entries.items()}
        case Scalar(value):
            return value
        case Sequence(items):
            return [values(item) for item in items]


def is_null(node: Node | None) -> bool:
    """Whether the node is null (`~` or nothing)."""
    return isinstance(node, Scalar) and node.value is None


def text_of(node: Node | None) -> str | None:
    """The text of a scalar that is not null, else None."""
    return node.text if isinstance(node, Scalar) and not is_null(node) else None


def mappings(node: Mapping) -> Iterator[tuple[Word, Mapping]]:
    """The entries that are mappings themselves; anything else is an error."""
    for name, value in placed(node.entries):
        if isinstance(value, Mapping):
            yield name, value


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


def is_filled(node: Node) -> bool:
    """Whether it is a mapping or list with something in it."""
    match node:
        case Mapping(entries):
            return bool(entries)
        case Sequence(items):
            return bool(items)
        case Scalar():
            return False


def describe(node: Node) -> str:
    """The node as messages show it."""
    match node:
        case Mapping():
            return "a mapping"
        case Sequence():
            return "a list"
        case Scalar(None):
            return "null"
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
