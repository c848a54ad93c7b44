"""The document: one network as its spec describes it, after merging.

Every value has its place, so do the keys that a user chose: they are `Word`s.
"""

from __future__ import annotations

from dataclasses import dataclass

from archspec.errors import Place
from archspec.language.fields import (
    INPUT,
    TENSORS,
    Formula,
    Quantity,
    argument,
    choices,
    class_name,
    classes,
    flag,
    for_channels,
    formula,
    mark,
    number,
    one_of,
    optional_formula,
    pixels,
    positive,
    quantity,
    scalar,
    text,
    version,
    word,
)
from archspec.language.layers import Attributes, Layer, given, layer
from archspec.language.parts import (
    At,
    keys_of,
    list_of,
    mapping_of,
    optional,
    part,
    required,
    value,
)
from archspec.reading.nodes import Mapping, Node, Word, text_of

__all__ = ["Formula", "Quantity", "Word"]  # read by their home


INTERPOLATIONS = ("nearest", "bilinear", "bicubic")


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where an architecture was published, or the model that a spec was made of.

    `names` are what checkpoints of that model call layers, by their paths, as far as
    `adopt` would not find them out.
    """

    title: str = required(value(text))
    url: str | None = optional(value(text))
    names: dict[str, str] = optional(mapping_of(value(text)), dict)


@dataclass(frozen=True, kw_only=True)
class Figures:
    """The figures of the paper; an erratum explains a difference from the spec's."""

    parameters: Quantity | None = optional(value(quantity))
    macs: Quantity | None = optional(value(quantity))
    erratum: str | None = optional(value(text))


@dataclass(frozen=True, kw_only=True)
class Input:
    """The image: channels and [height, width]."""

    channels: Formula = required(scalar)
    size: list[Formula] = required(list_of(scalar, 2, 2))


@dataclass(frozen=True, kw_only=True)
class Preprocessing:
    """The pixels that the network expects; it generates nothing."""

    scale: float | None = optional(value(positive))
    mean: float | list[float] | None = optional(value(for_channels(number)))
    std: float | list[float] | None = optional(value(for_channels(positive)))
    resize: int | None = optional(value(pixels))
    crop: int | None = optional(value(pixels))
    interpolation: str | None = optional(value(one_of(*INTERPOLATIONS)))
    channels: str | None = optional(value(one_of("rgb", "bgr")))


@dataclass(frozen=True, kw_only=True)
class Block:
    """A block's arguments, its definitions and its layers."""

    name: Word = required(value(word))
    standard: bool = required(value(flag))
    summary: str | None = optional(value(text))
    source: Source | None = optional(part(Source))
    arguments: dict[str, Formula | str | None] = optional(mapping_of(argument), dict)
    let: dict[str, Formula] = optional(mapping_of(formula), dict)
    residual: Formula | None = optional(optional_formula)
    layers: dict[str, Layer] = required(mapping_of(layer, 1))

    @property
    def place(self) -> Place:
        """The place of its name."""
        return self.name.place

    @property
    def tensors(self) -> list[str]:
        """The arguments that are tensors, which layers refer to as to `input`."""
        return [name for name, kind in self.arguments.items() if kind in TENSORS]

    @property
    def values(self) -> dict[str, Formula | str | None]:
        """The other arguments, which expressions see."""
        own = self.tensors
        return {name: kind for name, kind in self.arguments.items() if name not in own}


@dataclass(frozen=True, kw_only=True)
class Definition:
    """A constant or a one-line function of `define:`."""

    parameters: list[Word] = required(list_of(value(word)))
    body: Formula = required(formula)


def _later(node: Node, at: At) -> dict[str, Block]:
    """None yet: `blocks` reads those that are needed."""
    return {}


def _output(node: Node, at: At) -> Word | None:
    """The name of a layer."""
    origin = text_of(node.get("from")) if isinstance(node, Mapping) else None
    if origin is None:
        return value(word)(node, at)
    message = f"output '{at.path[-1]}' must be the name of a layer, found a mapping"
    at.refuse(node, message, f"write {at.path[-1]}: {origin}")
    return None


@dataclass(frozen=True, kw_only=True)
class Document:
    """One network."""

    archspec: int = required(value(version))
    name: Word = required(value(class_name))
    summary: str | None = optional(value(text))
    source: Source | None = optional(part(Source))
    preprocessing: Preprocessing | None = optional(part(Preprocessing))
    multipliers: dict[str, Formula] = optional(mapping_of(scalar), dict)
    keep: dict[str, bool] = optional(mapping_of(value(mark)), dict)
    define: dict[str, Definition] = optional(mapping_of(part(Definition)), dict)
    input: Input | None = optional(part(Input))
    inputs: dict[str, Input] = optional(mapping_of(part(Input), 1), dict)
    classes: int | None = optional(value(classes))
    defaults: dict[str, Attributes] = optional(mapping_of(given), dict)
    blocks: dict[str, Block] = optional(_later, dict)
    layers: dict[str, Layer] = required(mapping_of(layer, 1))
    outputs: dict[str, Word] = optional(mapping_of(_output), dict)
    reported: Figures | None = optional(part(Figures))
    search: dict[str, tuple[str, ...]] = optional(mapping_of(value(choices)), dict)

    @property
    def images(self) -> dict[str, Input]:
        """The inputs by their names; the only one of most networks is `input`."""
        return {INPUT: self.input} if self.input else self.inputs


PARTS = {
    "input": Input,
    "source": Source,
    "preprocessing": Preprocessing,
    "reported": Figures,
}
"""The parts of a document with keys of their own."""

OWN_KEYS = tuple(key for key in keys_of(Document) if key not in ("keep", "search"))
"""The keys that describe the network."""

KEYS = (*OWN_KEYS, "search", "extends", "variants")
"""All keys of a spec."""
