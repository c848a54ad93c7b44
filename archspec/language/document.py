"""The document: one network as its spec describes it, after merging.

Every value has its place, so do the keys that a user chose: they are `Word`s.
"""

from __future__ import annotations

from dataclasses import dataclass

from archspec.errors import Place
from archspec.language.fields import (
    INPUT,
    TENSORS,
    TYPES,
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

    title: str = required(value(text), doc="Paper and table, or the model.")
    url: str | None = optional(value(text), doc="Where it is published.")
    names: dict[str, str] = optional(
        mapping_of(value(text)), dict, doc="Names of layers in checkpoints, by path."
    )


@dataclass(frozen=True, kw_only=True)
class Figures:
    """The figures of the paper; an erratum explains a difference from the spec's."""

    parameters: Quantity | None = optional(
        value(quantity), doc="Trainable parameters, such as `3.4M`."
    )
    macs: Quantity | None = optional(
        value(quantity), doc="Multiply-accumulates, such as `300M`."
    )
    erratum: str | None = optional(value(text), doc="Why the computed figures differ.")


@dataclass(frozen=True, kw_only=True)
class Input:
    """The image: channels and [height, width]."""

    channels: Formula = required(scalar, doc="Channels of the image.")
    size: list[Formula] = required(
        list_of(scalar, 2, 2),
        doc="Height and width: an expression, or `[height, width]`.",
    )


@dataclass(frozen=True, kw_only=True)
class Preprocessing:
    """The pixels that the network expects; it generates nothing."""

    scale: float | None = optional(
        value(positive), doc="Factor of the pixels: `(pixel * scale - mean) / std`."
    )
    mean: float | list[float] | None = optional(
        value(for_channels(number)), doc="Mean: a number, or one per channel."
    )
    std: float | list[float] | None = optional(
        value(for_channels(positive)),
        doc="Standard deviation: a number, or one per channel.",
    )
    resize: int | None = optional(value(pixels), doc="Pixels of the shorter side.")
    crop: int | None = optional(value(pixels), doc="Pixels of the centred square.")
    interpolation: str | None = optional(
        value(one_of(*INTERPOLATIONS)), doc="Interpolation of the resizing."
    )
    channels: str | None = optional(
        value(one_of("rgb", "bgr")), doc="Channel order: `rgb` or `bgr`."
    )


@dataclass(frozen=True, kw_only=True)
class Block:
    """A block's arguments, its definitions and its layers."""

    name: Word = required(value(word))
    standard: bool = required(value(flag))
    summary: str | None = optional(value(text), doc="First line of the docstring.")
    source: Source | None = optional(part(Source), doc="Paper and table.")
    arguments: dict[str, Formula | str | None] = optional(
        mapping_of(argument),
        dict,
        doc=f"Arguments, the main one first: a type ({', '.join(TYPES)}), a default, "
        "or `~` for unset.",
    )
    let: dict[str, Formula] = optional(
        mapping_of(formula), dict, doc="Values computed from the arguments."
    )
    residual: Formula | None = optional(
        optional_formula, doc="Condition for adding the input to the output."
    )
    layers: dict[str, Layer] = required(mapping_of(layer, 1), doc="Layers in order.")

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

    archspec: int = required(value(version), doc="Version of the language: 1.")
    name: Word = required(
        value(class_name),
        doc="Generated class (PyTorch, Flax NNX) or function (Keras).",
    )
    summary: str | None = optional(value(text), doc="First line of the docstring.")
    source: Source | None = optional(
        part(Source), doc="Paper and table, or the model that was imported."
    )
    preprocessing: Preprocessing | None = optional(
        part(Preprocessing), doc="Images that the network expects, for the docstring."
    )
    multipliers: dict[str, Formula] = optional(
        mapping_of(scalar),
        dict,
        doc="Settings that variants and `--set` change; `{value, keep: true}` "
        "makes one an argument of the code.",
    )
    keep: dict[str, bool] = optional(mapping_of(value(mark)), dict)
    define: dict[str, Definition] = optional(
        mapping_of(part(Definition)),
        dict,
        doc="Constants and one-line functions of expressions.",
    )
    input: Input | None = optional(part(Input), doc="Channels and size of the image.")
    inputs: dict[str, Input] = optional(
        mapping_of(part(Input), 1),
        dict,
        doc="Several images by name, instead of `input`.",
    )
    classes: int | None = optional(
        value(classes),
        doc="Number of classes: the default of `num_classes` of the code.",
    )
    defaults: dict[str, Attributes] = optional(
        mapping_of(given),
        dict,
        doc="Attributes of ops and blocks, where a layer gives none.",
    )
    blocks: dict[str, Block] = optional(
        _later,
        dict,
        doc="Blocks of layers with arguments; one of a standard name replaces it.",
    )
    layers: dict[str, Layer] = required(
        mapping_of(layer, 1), doc="The network, in order: names and ops."
    )
    outputs: dict[str, Word] = optional(
        mapping_of(_output),
        dict,
        doc="Several results by name, instead of the last layer.",
    )
    reported: Figures | None = optional(
        part(Figures), doc="Figures of the paper, to compare with."
    )
    search: dict[str, tuple[str, ...]] = optional(
        mapping_of(value(choices)),
        dict,
        doc="Values that `archspec search` and `sweep` choose from, by path.",
    )

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

COMBINING = {
    "extends": "The spec that this one changes, or a list of files to merge.",
    "variants": "Named patches: `--variant NAME` applies one.",
}
"""The keys that put documents together, and what they mean."""

KEYS = (*OWN_KEYS, "search", *COMBINING)
"""All keys of a spec."""
