"""Roles, and the values whose scalars are all of one kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from archspec.editing.part import Part
from archspec.editing.roles.known import Known, Symbol, entries_at
from archspec.editing.vocabulary import Ops


@dataclass(frozen=True)
class Around:
    """What surrounds a key or value: its block, layer, op, and the names it can use."""

    known: Known
    scope: Mapping[str, Symbol] = field(default_factory=dict[str, Symbol])
    tensors: tuple[Symbol, ...] = ()
    block: str = ""
    layer: str = ""
    row: str = ""
    op: str = ""
    attribute: str = ""
    variant: str = ""
    table: Part | None = None

    @property
    def ops(self) -> Ops:
        """The ops that layers can name."""
        return self.known.ops

    def sees(self, symbols: Iterable[Symbol]) -> Around:
        """With further names in expressions."""
        return replace(self, scope={**self.scope, **{s.name: s for s in symbols}})

    def predefined(self, *names: str) -> Around:
        """With names of the language."""
        return self.sees(Symbol("predefined", name) for name in names)

    def names(self, *tensors: Symbol) -> Around:
        """With further tensors that references can name."""
        return replace(self, tensors=tuple(dict.fromkeys((*self.tensors, *tensors))))

    def changed(self, *path: str) -> Iterator[Part]:
        """The keys at a path that the document or variant can change."""
        documents = self.known.documents
        roots = documents if self.variant else documents[:-1]
        return (key for key, _ in entries_at(roots, path))

    def is_new(self, key: Part, *path: str) -> bool:
        """Whether a key defines a name, and changes nothing that exists."""
        return all(own.text != key.text for own in self.changed(*path))


class Role(NamedTuple):
    """A key or scalar and what it is; `keys` are those that its mapping could have."""

    part: Part
    kind: str
    around: Around
    symbol: Symbol | None = None
    defines: bool = False
    keys: tuple[str, ...] = ()
    value: Part | None = None


def scalars(value: Part | None, kind: str, around: Around) -> Iterator[Role]:
    """All scalars in a value are of one kind; keys are unknown."""
    for part in value.walk() if value is not None else ():
        if part.kind == "scalar":
            yield Role(part, kind, around)


def keyed(
    value: Part, keys: tuple[str, ...], around: Around, kind: str = "text"
) -> Iterator[Role]:
    """A mapping with keys of the language."""
    if value.kind != "mapping":
        yield from scalars(value, kind, around)
        return
    for key, inner in value.entries:
        yield Role(key, "key", around, keys=keys, value=inner)
        yield from scalars(inner, kind, around)
