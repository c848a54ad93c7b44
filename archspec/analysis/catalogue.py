"""The standard blocks, for readers."""

from __future__ import annotations

from itertools import takewhile
from pathlib import Path

from archspec.errors import SpecError, did_you_mean
from archspec.language.blocks import standard_blocks
from archspec.reading.nodes import Mapping, text_of


def block_summaries() -> dict[str, str]:
    """What each standard block says of itself, in order of names."""
    blocks = sorted(standard_blocks().entries.items())
    return {
        name: text_of(block.get("summary")) or ""
        for name, block in blocks
        if isinstance(block, Mapping)
    }


def block_source(name: str) -> str:
    """The YAML of a standard block; raises SpecError (AS205) if there is none."""
    blocks = standard_blocks()
    if name not in blocks.entries:
        help = did_you_mean(name, blocks.entries) or "archspec blocks lists them"
        raise SpecError.single("AS205", f"there is no block '{name}'", help=help)
    place = blocks.place_of(name)
    first, *rest = Path(place.file).read_text("utf-8").splitlines()[place.line - 1 :]
    body = takewhile(lambda line: not line or line[0] == " ", rest)
    return "\n".join([first, *body]).rstrip() + "\n"
