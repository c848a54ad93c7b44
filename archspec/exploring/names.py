"""The names on which parts of a document depend.

They are found in all formulas of a part, so that there may be more than needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from itertools import chain
from typing import Any, cast

from archspec.expressions import Call, Function, Name, Value, walk
from archspec.language import Document, Formula
from archspec.language.layers import (
    AgainLayer,
    JoinLayer,
    Layer,
    OpLayer,
    inner_layers,
    inner_ops,
    references,
)

Typed = tuple[Any, ...]


class Dependencies:
    """What the layers of a document depend on, besides the tensors that they read."""

    def __init__(self, document: Document):
        self._blocks = {
            name: frozenset(named(block))
            for name, block in document.blocks.items()
            if not block.standard
        }
        self._inside = {
            name: frozenset(inner_ops(block.layers))
            for name, block in document.blocks.items()
        }
        self._functions = {
            name: frozenset(named(defined.body)) - {*defined.parameters}
            for name, defined in document.define.items()
            if defined.parameters
        }

    def of_layers(self, layers: Mapping[str, Layer]) -> tuple[str, ...]:
        """The names of the document that the layers depend on."""
        return self.of(named(layers), inner_ops(layers))

    def of(self, names: Iterable[str], ops: Iterable[str]) -> tuple[str, ...]:
        """These names, those of blocks of the document, and those of its functions."""
        found, blocks, left = set(names), set[str](), [*ops]
        while left:
            name = left.pop()
            if name not in blocks:
                blocks.add(name)
                found |= self._blocks.get(name, frozenset())
                left += self._inside.get(name, ())
        left = [*found]
        while left:
            new = self._functions.get(left.pop(), frozenset()) - found
            found |= new
            left += new
        return tuple(sorted(found))


def named(part: object) -> Iterator[str]:
    """Each name in the formulas of a part of a document, also that of a function."""
    match part:
        case Formula(expression):
            for inner in walk(expression):
                if isinstance(inner, Name):
                    yield inner.id
                elif isinstance(inner, Call):
                    yield inner.function
        case Mapping():
            entries = cast("Mapping[Any, object]", part)
            yield from chain.from_iterable(map(named, entries.values()))
        case list() | tuple():
            items = cast("Sequence[object]", part)
            yield from chain.from_iterable(map(named, items))
        case _ if is_dataclass(part):
            for field in fields(part):
                yield from named(getattr(part, field.name))
        case _:
            pass


def read_by_name(layers: Mapping[str, Layer]) -> tuple[str, ...]:
    """The layers and inputs that layers refer to, also those among themselves."""
    found = {*references(layers)}
    for _, layer in inner_layers(layers):
        if isinstance(layer, OpLayer) and layer.like is not None:
            found.add(layer.like)
    return tuple(sorted(map(str, found)))


def run_again(layer: Layer) -> set[str]:
    """The names of the layers that it runs again, or that its branches do."""
    if isinstance(layer, AgainLayer):
        return {str(layer.again)}
    branches = layer.branches.values() if isinstance(layer, JoinLayer) else ()
    inside = chain.from_iterable(branch.layers.values() for branch in branches)
    return {name for each in inside for name in run_again(each)}


def typed(values: Iterable[Value | Function]) -> Typed:
    """Values as a key in which 1, 1.0 and true differ; functions are all alike."""
    return tuple(
        value if type(value) is int else _typed(value)  # the usual one, quickly
        for value in values
    )


def _typed(value: Any) -> Any:
    if isinstance(value, tuple):
        return typed(value)  # pyright: ignore[reportUnknownArgumentType]
    return (type(value), None if isinstance(value, Function) else value)
