"""A spec as it is being written: layers that refer to each other, not yet text."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, count
from keyword import iskeyword
from typing import Any

from archspec.frameworks import SOURCES
from archspec.importing.graph import Node
from archspec.language.names import RESERVED_LAYERS
from archspec.targets import names
from archspec.targets.templates import manifest

Said = Any
"""A number, true, false, None, a list of them, or a text: an expression or word."""


TABLE = "table"
"""The op of a layer that is a table; `said` has its columns, rows and the rest."""
AGAIN = "again"
"""The op of a layer that runs an earlier one again, which is its last source."""


@dataclass(eq=False, slots=True)
class Layer:
    """A layer: an op or a block, its arguments, and what it reads.

    `node` is the last of the graph's nodes that it stands for. An input has the op
    `input`. `beside` has modifiers, such as `when`. A row of a table, to which others
    refer, has its `table`.
    """

    name: str
    op: str
    said: dict[str, Said] = field(default_factory=dict[str, Said])
    sources: tuple[Layer, ...] = ()
    node: Node | None = None
    beside: dict[str, Said] = field(default_factory=dict[str, Said])
    table: Layer | None = None

    def __repr__(self) -> str:
        return f"<{self.name}: {self.op} {self.said}>"


@dataclass(slots=True)
class Block:
    """An own block: its arguments with their defaults, and its layers.

    `start` is what layers refer to as `input`, `others` are its tensor arguments;
    `kind` is the class of the source. One that is standard is not written.
    """

    arguments: dict[str, Said]
    layers: list[Layer]
    result: Layer
    residual: Said
    start: Layer
    others: list[Layer] = field(default_factory=list[Layer])
    kind: str = ""
    is_standard: bool = False


@dataclass(slots=True)
class Draft:
    """A whole spec; `defaults` are by op, `head` has whatever comes before them."""

    head: dict[str, Any]
    inputs: Sequence[Layer]
    defaults: dict[str, dict[str, Said]]
    layers: list[Layer]
    outputs: Mapping[str, Layer]
    blocks: dict[str, Block] = field(default_factory=dict[str, Block])


def taken(targets: Iterable[str] = ("torch", "nnx")) -> frozenset[str]:
    """The names that no layer can have."""
    own = chain.from_iterable(manifest(target)["taken"] for target in targets)
    return frozenset({*own, *RESERVED_LAYERS})


def is_taken(block: str) -> bool:
    """Whether a block cannot be called so: a generated file uses the name itself."""
    manifests = map(manifest, SOURCES)
    return block in taken() or any(names.is_taken(block, each) for each in manifests)


class Names:
    """Names for one list of layers, each given once."""

    def __init__(self, avoided: Collection[str] = ()):
        self._avoided = taken()
        self._given = set(avoided)

    def name(self, wanted: str) -> str:
        """A name like the one wanted: a valid one, that is still free."""
        plain = identifier(wanted)
        base = f"{plain}_layer" if plain in self._avoided else plain
        numbered = (f"{base}_{number}" for number in count(2))
        found = next(n for n in chain([base], numbered) if n not in self._given)
        self._given.add(found)
        return found


def identifier(text: str) -> str:
    """A text as a name: `features.0.conv` becomes `features_0_conv`."""
    plain = re.sub(r"\W+", "_", text, flags=re.ASCII).strip("_") or "layer"
    if not plain[0].isalpha():
        plain = f"layer_{plain}"
    return f"{plain}_" if iskeyword(plain) else plain[:60]


def snake(text: str) -> str:
    """`InvertedResidual` as `inverted_residual`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", text).lower()


def class_name(text: str) -> str:
    """`small_net` as `SmallNet`; a text with capitals has them already."""
    if text != text.lower():
        return identifier(text)
    return identifier("".join(map(str.capitalize, re.split(r"[\W_]+", text))))


def readers(layers: Iterable[Layer]) -> dict[Layer, list[Layer]]:
    """Who reads each layer."""
    found: dict[Layer, list[Layer]] = {}
    for layer in layers:
        for source in layer.sources:
            found.setdefault(source, []).append(layer)
    return found
