"""The ops that a document can name, and the faults found while it is spelled out."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from collections.abc import Mapping as AbstractMapping
from itertools import chain
from typing import NamedTuple

from archspec.errors import MAX_FAULTS, Advice, Diagnostic, Fix, Place
from archspec.language.fields import TENSORS
from archspec.ops import JOINS, OPS, PRIMITIVES
from archspec.reading.nodes import Mapping, Node, Word, describe, text_of
from archspec.reading.source import MAX_EXTENDS
from archspec.synonyms import OPS_AND_BLOCKS, VALUES
from archspec.words import ACTIVATIONS

_SUM = re.compile(r"(\w+) *\+ *(\w+)")


class Vocabulary(NamedTuple):
    """The blocks that a document can name: the standard ones and its own."""

    standard: AbstractMapping[str, Node]
    own: AbstractMapping[str, Mapping]
    faults: list[Diagnostic]
    """Spelling out goes on after a fault, with nothing in its place."""

    def complain(self, code: str, message: str, place: Place, help: str = "") -> None:
        """Note a fault."""
        self.faults.append(Diagnostic(code, message, place, help=help))

    def mapping(self, node: Node, what: str, help: str = "") -> Mapping:
        """The node if it is a mapping, else a complaint and an empty one."""
        if isinstance(node, Mapping):
            return node
        message = f"{what} must be a mapping, found {describe(node)}"
        self.complain("AS203", message, node.place, help)
        return Mapping({}, node.place)

    def extended(self, blocks: Node | None) -> Vocabulary:
        """With the blocks of a document or patch as well."""
        if not isinstance(blocks, Mapping):
            return self
        found = {
            name: _patched(self.own.get(name), block)
            for name, block in blocks.entries.items()
            if isinstance(block, Mapping)
        }
        return self._replace(own={**self.own, **found})

    def attributes(self, op: str) -> list[str]:
        """All of a primitive's attributes, or a block's arguments."""
        if op in PRIMITIVES:
            return [*PRIMITIVES[op].fields]
        return [name for name, _ in self._arguments(op, ())]

    def tensors(self, op: str) -> list[str]:
        """The tensor arguments of a block."""
        given = () if op in PRIMITIVES else self._arguments(op, ())
        return [name for name, node in given if text_of(node) in TENSORS]

    def has(self, op: str) -> bool:
        """Whether there is such an op."""
        return any(op in names for names in self._kinds)

    @property
    def _kinds(self) -> tuple[Collection[str], ...]:
        return OPS, JOINS, self.own, self.standard

    def knows(self, op: Word) -> bool:
        """Whether there is such an op; a fault if there is none."""
        known = self.has(op)
        if not known and len(self.faults) < MAX_FAULTS:
            self.complain("AS205", f"unknown op '{op}'", op.place, self.meant(op))
        return known

    @property
    def names(self) -> list[str]:
        """All ops and blocks."""
        return [*chain.from_iterable(self._kinds)]

    def meant(self, op: str) -> str:
        """Help with an unknown op."""
        known = self.names
        kind = VALUES.match(op, ACTIVATIONS)
        if kind is not None and OPS_AND_BLOCKS.match(op, known) is None:
            layer = f"{{activation: {kind}}}"
            return Advice(f"write {layer}", Fix(layer))
        near = OPS_AND_BLOCKS.help(op, known)
        if match := _SUM.fullmatch(op):
            return match.expand(r"write {add: {\1: {from: \1}, \2: {from: \2}}}")
        return near or "'archspec ops' and 'archspec blocks' list them"

    def _arguments(
        self, name: str, below: tuple[str, ...]
    ) -> Iterator[tuple[str, Node]]:
        """The arguments of a block, those of the block it extends first."""
        own = self.own.get(name) if name not in below else None
        block = own or (self.standard.get(name) if below.count(name) < 2 else None)
        if isinstance(block, Mapping):
            base = text_of(block.get("extends"))
            if base is not None and len(below) <= MAX_EXTENDS:
                yield from self._arguments(base, (*below, name))
            yield from block.section("arguments").entries.items()


def _patched(base: Mapping | None, patch: Mapping) -> Mapping:
    """A patched block, as far as its arguments."""
    if base is None:
        return patch
    first, second = base.section("arguments"), patch.section("arguments")
    arguments = Mapping({**first.entries, **second.entries}, second.place)
    extends = patch.get("extends") or base.get("extends")
    return patch.replaced(arguments=arguments, extends=extends)
