"""The ops that a document can name, and what each can be given."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import chain

from archspec.editing.part import Part
from archspec.language.blocks import standard_blocks
from archspec.language.fields import TENSORS
from archspec.ops import PRIMITIVES
from archspec.reading.nodes import Mapping, texts
from archspec.reading.source import MAX_EXTENDS


class Ops:
    """Primitives, standard blocks and the blocks of documents, a later one first."""

    def __init__(self, documents: Sequence[Part]):
        self.documents = documents
        self._arguments: dict[str, dict[str, str]] = {}

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
        if block not in self._arguments:
            self._arguments[block] = dict(self._pairs(block, "arguments", ()))
        return self._arguments[block]

    def lets(self, block: str) -> dict[str, str]:
        """The values that a block computes, as written."""
        return dict(self._pairs(block, "let", ()))

    def extends(self, block: str) -> str:
        """The block that another one extends, or an empty text."""
        own = self.own.get(block)
        base = own.get("extends") if own is not None else None
        return base.text if base is not None else ""

    def origin(self, block: str, section: str, name: str) -> str:
        """The block that has an argument or `let` first, of those it extends."""
        found, below = block, [block]
        while (base := self.extends(below[-1])) and base not in below:
            below.append(base)
            found = base if name in dict(self._pairs(base, section, ())) else found
        return found

    def summary(self, block: str) -> str:
        """What a block is, in its own words."""
        if block in self.own:
            summary = self.own[block].get("summary")
            return summary.text if summary is not None else ""
        found = standard_blocks().entries.get(block)
        summary = found.get("summary") if isinstance(found, Mapping) else None
        return str(texts(summary) or "") if summary is not None else ""

    def _pairs(
        self, name: str, section: str, below: tuple[str, ...]
    ) -> Iterator[tuple[str, str]]:
        """The entries of a section, those of the block that it extends first."""
        if len(below) > MAX_EXTENDS:
            return
        own = self.own.get(name) if name not in below else None
        if own is not None:
            base = own.get("extends")
            if base is not None and base.kind == "scalar":
                yield from self._pairs(base.text, section, (*below, name))
            for key, value in own.section(section).entries:
                yield key.text, value.text if value is not None else "~"
            return
        found = standard_blocks().entries.get(name)
        if not isinstance(found, Mapping) or below.count(name) > 1:
            return
        base = texts(extends) if (extends := found.get("extends")) else None
        if isinstance(base, str):
            yield from self._pairs(base, section, (*below, name))
        for key, value in found.section(section).entries.items():
            yield str(key), str(texts(value) if texts(value) is not None else "~")
