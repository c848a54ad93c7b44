"""The ops that a document can name, and what each can be given."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from functools import cached_property
from itertools import chain
from pathlib import Path

from archspec.editing.outline import outline
from archspec.editing.part import Part
from archspec.language.blocks import standard_blocks
from archspec.language.fields import TENSORS
from archspec.ops import PRIMITIVES
from archspec.reading.source import MAX_EXTENDS


def _standard(block: str) -> Part | None:
    """A standard block as its file has it."""
    blocks = standard_blocks()
    if block not in blocks.entries:
        return None
    return _outline(blocks.place_of(block).file).get(block)


@functools.cache
def _outline(file: str) -> Part:
    return outline(Path(file).read_text("utf-8"))


class Ops:
    """Primitives, standard blocks and the blocks of documents, a later one first."""

    def __init__(self, documents: Sequence[Part]):
        self.documents = documents
        self.lineage = functools.cache(self._lineage)

    @cached_property
    def own(self) -> dict[str, Part]:
        """The blocks of the documents and of their variants."""
        roots: list[Part] = []
        for document in self.documents:
            patches = (patch for _, patch in document.section("variants").entries)
            roots += [*filter(None, patches), document]
        entries = chain.from_iterable(r.section("blocks").entries for r in roots)
        return {
            key.text: block
            for key, block in entries
            if block is not None and block.kind == "mapping"
        }

    @property
    def names(self) -> list[str]:
        """All of them: own blocks, primitives, standard blocks."""
        standard = map(str, standard_blocks().entries)
        return [*dict.fromkeys([*self.own, *PRIMITIVES, *standard])]

    def has(self, op: str) -> bool:
        """Whether there is such an op."""
        return op in PRIMITIVES or op in self.own or op in standard_blocks().entries

    def attributes(self, op: str) -> list[str]:
        """The attributes of a primitive, or the arguments of a block."""
        if op in PRIMITIVES:
            return [*PRIMITIVES[op].fields]
        return [*self.arguments(op)]

    def tensors(self, op: str) -> list[str]:
        """The arguments of a block that are tensors."""
        if op in PRIMITIVES:
            return []
        return [name for name, kind in self.arguments(op).items() if kind in TENSORS]

    def arguments(self, block: str) -> dict[str, str]:
        """The arguments of a block with their types or defaults, as written."""
        return self._written(block, "arguments")

    def lets(self, block: str) -> dict[str, str]:
        """The values that a block computes, as written."""
        return self._written(block, "let")

    def is_patch(self, block: str) -> bool:
        """Whether a block of a document extends another one."""
        return block in self.own and self.own[block].get("extends") is not None

    def origin(self, block: str, section: str, name: str) -> str:
        """The block that has an argument or `let` first, of those it extends."""
        having = (
            own for own, part in self.lineage(block) if part.section(section).key(name)
        )
        return next(having, block)

    def summary(self, block: str) -> str:
        """What a block is, in its own words."""
        found = [part.get("summary") for _, part in self.lineage(block)]
        return found[-1].text if found and found[-1] else ""

    def _lineage(self, block: str) -> list[tuple[str, Part]]:
        """A block after those that it extends; it may extend the standard one."""
        found: dict[Part, str] = {}
        while len(found) <= MAX_EXTENDS:
            part = self.own.get(block)
            if part is None or part in found:
                part = _standard(block)
            if part is None or part in found:
                break
            found[part] = block
            base = part.get("extends")
            block = base.text if base is not None else ""
        return [(name, part) for part, name in reversed(found.items())]

    def _written(self, block: str, section: str) -> dict[str, str]:
        """The entries of a section as texts, those of what it extends first."""
        sections = (part.section(section) for _, part in self.lineage(block))
        return {
            key.text: value.text if value and not value.is_null else "~"
            for key, value in chain.from_iterable(own.entries for own in sections)
        }
