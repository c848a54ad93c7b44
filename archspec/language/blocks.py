"""The blocks a document can name: the bundled ones and its own, `extends` included."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from collections.abc import Mapping as AbstractMapping
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter
from itertools import islice

from archspec import resources
from archspec.errors import Place, did_you_mean
from archspec.language.canonical import canonical_block
from archspec.language.document import Block, Document
from archspec.language.layers import inner_ops
from archspec.language.merge import merged_block
from archspec.language.parts import At, part
from archspec.language.vocabulary import Vocabulary
from archspec.reading.nodes import (
    NOTHING,
    Mapping,
    Node,
    Scalar,
    Word,
    expect_mapping,
    fail,
    text_of,
    walk,
)
from archspec.reading.reader import read
from archspec.reading.source import MAX_EXTENDS

MAX_VALUES = 50_000
"""In all blocks, each counted with the blocks that it extends."""

_BLOCK = re.compile(r"([A-Za-z]\w*):")


class _Lazy(AbstractMapping[str, Node]):
    """Blocks by name, each made when it is asked for: most specs need few."""

    def __init__(self, names: AbstractMapping[str, Word], make: Callable[[str], Node]):
        self._names = names
        self._make = functools.cache(make)

    def __getitem__(self, name: str) -> Node:
        return self._make(self._names[name])

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names.values())

    def __len__(self) -> int:
        return len(self._names)


@functools.cache
def standard_blocks() -> Mapping:
    """The blocks of `specs/blocks/`, in canonical form."""
    folder = resources.SPECS / "blocks"
    texts = {str(p): p.read_text("utf-8") for p in sorted(folder.glob("*.yaml"))}
    names = {
        match[1]: Word(match[1], Place(file, number, 1, line, len(match[1])))
        for file, text in texts.items()
        for number, line in enumerate(text.splitlines(), start=1)
        if (match := _BLOCK.match(line))
    }

    @functools.cache
    def blocks_in(file: str) -> Mapping:
        return expect_mapping(read(texts[file], file), "a file of blocks")

    as_written = _Lazy(names, lambda n: blocks_in(names[n].place.file).entries[n])
    vocabulary = Vocabulary(as_written, {}, [])
    canonical = _Lazy(names, lambda n: canonical_block(as_written[n], n, vocabulary))
    return Mapping(canonical, Place("specs/blocks", 1, 1))


def with_blocks(document: Document, own: Mapping, at: At) -> Document:
    """With every own block and all that layers or `defaults` name, as extended.

    A document's own block takes the place of the standard one of its name everywhere.
    Raises SpecError (AS211, AS212) where blocks extend or call themselves.
    """
    standard = standard_blocks()
    blocks: dict[str, Block] = {}
    room = MAX_VALUES
    waiting = [*own.entries, *dict.fromkeys(inner_ops(document.layers))]
    waiting += document.defaults
    while waiting:
        name = waiting.pop()
        known = own if name in own.entries else standard
        if name in blocks or name not in known.entries:
            continue
        block = _resolve(name, own, ())
        place = known.place_of(name)
        room -= sum(1 for _ in islice(walk(block), room + 1))
        if room < 0:
            message = f"more than {MAX_VALUES:,} values in blocks and what they extend"
            fail("AS306", message, place)
        block = block.replaced(
            name=Scalar(name, name, place),
            standard=Scalar(known is standard, "", place),
        )
        blocks[name] = part(Block)(block, at.below("blocks", place).below(name, place))
        waiting += dict.fromkeys(inner_ops(blocks[name].layers))
    _check_calls(blocks)
    return replace(document, blocks=blocks)


def _resolve(name: str, own: Mapping, below: tuple[str, ...]) -> Mapping:
    """The block merged over the one it extends; its own name is the standard one."""
    standard = standard_blocks().entries
    node = own.entries.get(name) if name not in below else None
    block = expect_mapping(node or standard[name], f"block {name}")
    base = text_of(block.get("extends"))
    if base is None:
        return merged_block(NOTHING, block)
    place = block.entries["extends"].place
    if base in (*below, name) and base not in standard:
        fail("AS211", f"circular 'extends' of block '{name}'", place)
    if base not in own.entries and base not in standard:
        help = did_you_mean(base, {**dict.fromkeys(standard), **own.entries})
        help = help or "'archspec blocks' lists the standard blocks"
        fail("AS211", f"block '{name}' extends the unknown block '{base}'", place, help)
    if len(below) >= MAX_EXTENDS:
        fail("AS211", f"blocks extend each other more than {MAX_EXTENDS} deep", place)
    inherited = _resolve(base, own, (*below, name))
    return merged_block(inherited, block)


def _check_calls(blocks: AbstractMapping[str, Block]) -> None:
    """Raise SpecError (AS212) if a block calls itself, be it through others."""
    calls: dict[str, dict[str, Word]] = {
        name: {op: op for op in inner_ops(block.layers) if op in blocks}
        for name, block in blocks.items()
    }
    try:
        TopologicalSorter(calls).prepare()
    except CycleError as error:
        circle: list[str] = error.args[1][::-1]
        message = f"a block cannot call itself: {' -> '.join(circle)}"
        help = "to run layers several times, use 'repeat'"
        fail("AS212", message, calls[circle[0]][circle[1]].place, help)
