"""Batch norm folded into the layer before it, for a network that only infers.

Behind a convolution or dense layer, batch norm by its moving statistics is one more
linear map of each channel: the layer's own weight and a bias can say both.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import cast

from archspec.errors import Place
from archspec.expressions import Constant, Name, walk
from archspec.language.document import Block, Document
from archspec.language.fields import Formula
from archspec.language.layers import (
    AgainLayer,
    JoinLayer,
    Layer,
    OpLayer,
    Table,
    inner_layers,
    inner_ops,
    references,
)
from archspec.ops import JOINS, OPS
from archspec.reading.nodes import Word

Layers = dict[str, Layer]
Names = Mapping[str, str]

_BATCH_NORM = re.compile(r"\bbatch norm(?:ali[sz]ation)?\b", re.IGNORECASE)


def fold_batch_norm(document: Document) -> Document:
    """The document without each batch norm that stands directly behind a linear layer.

    That layer has a bias instead. Paths stay as they are; in names of blocks `bn`
    becomes `bias`. A batch norm stays where another layer reads the linear layer,
    where one of the two has a `repeat` or runs again, and where conditions differ.
    """
    layers, gone = _folded(document.layers, document.outputs.values())
    bodies = {name: _folded(block.layers) for name, block in document.blocks.items()}
    names = _block_names(document.blocks, {name: b for name, (b, _) in bodies.items()})
    blocks = (
        _block(document.blocks[name], _renamed(*body, names), names)
        for name, body in bodies.items()
    )
    outputs = document.outputs.items()
    return replace(
        document,
        defaults={names.get(op, op): a for op, a in document.defaults.items()},
        blocks={block.name: block for block in blocks},
        layers=_renamed(layers, gone, names),
        outputs={name: _word(reference, gone) for name, reference in outputs},
    )


def _folded(layers: Layers, outputs: Iterable[Word] = ()) -> tuple[Layers, Names]:
    """The layers of a body, and those in place of the norms that are gone."""
    readers = Counter[str]([*references(layers), *outputs, *_run_again(layers)])
    gone: dict[str, str] = {}
    return _without_norms(layers, readers, gone), gone


def _run_again(layers: Layers) -> Iterator[str]:
    """The layers that run again, and for each another key, `NAME again`."""
    for _, layer in inner_layers(layers):
        if isinstance(layer, AgainLayer):
            yield from (layer.again, f"{layer.again} again")


def _without_norms(
    layers: Layers, readers: Counter[str], gone: dict[str, str]
) -> Layers:
    kept: dict[str, Layer] = {}
    before = ""
    for name, layer in layers.items():
        once = not readers[f"{name} again"]
        if before and once and _folds(before, kept[before], layer, readers[before]):
            kept[before] = _with_bias(cast(OpLayer, kept[before]), layer.place)
            gone[name], before = before, ""
        else:
            kept[name], before = _with_inner(layer, readers, gone), name
    return kept


def _with_inner(layer: Layer, readers: Counter[str], gone: dict[str, str]) -> Layer:
    """A join whose branches are without norms; any other layer as it is."""
    if not isinstance(layer, JoinLayer):
        return layer
    branches = {
        name: replace(branch, layers=_without_norms(branch.layers, readers, gone))
        for name, branch in layer.branches.items()
    }
    return replace(layer, branches=branches)


def _folds(name: str, layer: Layer, norm: Layer, readers: int) -> bool:
    """Whether the norm folds into the layer before it."""
    op = OPS.get(layer.op) if isinstance(layer, OpLayer) else None
    if not isinstance(layer, OpLayer) or op is None or not op.linear:
        return False
    if not isinstance(norm, OpLayer) or norm.op != "batch_norm":
        return False
    if layer.repeat is not None or norm.repeat is not None:
        return False
    if norm.origin is not None and norm.origin != name:
        return False
    alone = readers == (norm.origin is not None)
    return alone and _always_together(layer.when, norm.when)


def _always_together(one: Formula | None, other: Formula | None) -> bool:
    """Whether two conditions are one; `channels` are not the same for both layers."""
    if one is None or other is None:
        return one is other
    names = (part.id for part in walk(one.expression) if isinstance(part, Name))
    return one.expression == other.expression and "channels" not in names


def _with_bias(layer: OpLayer, place: Place) -> Layer:
    bias = Formula(Constant(True), place)
    return replace(layer, attributes={**layer.attributes, "bias": bias})


def _block_names(before: Mapping[str, Block], after: Mapping[str, Layers]) -> Names:
    """New names for the blocks that have lost all batch norm, in them and below.

    A name that would be taken is left as it is, and none goes through unchanged.
    """
    had = _normed({name: block.layers for name, block in before.items()})
    lost = had - _normed(after)
    taken = {*before, *OPS, *JOINS}
    names = {name: name for name in before if name in lost}
    for name in names:
        words = ("bias" if word == "bn" else word for word in name.split("_"))
        new = "_".join(words)
        if new not in taken:
            names[name] = new
            taken.add(new)
    return names


def _normed(blocks: Mapping[str, Layers]) -> set[str]:
    """The blocks that have a batch norm, or call one that has."""
    ops = {name: set(inner_ops(layers)) for name, layers in blocks.items()}
    found = {"batch_norm"}
    while more := {name for name in ops.keys() - found if ops[name] & found}:
        found |= more
    return found & blocks.keys()


def _block(block: Block, layers: Layers, names: Names) -> Block:
    """The block with its new layers; its summary names no batch norm that it lost."""
    if block.name not in names:
        return replace(block, layers=layers)
    summary = block.summary and _BATCH_NORM.sub("bias", block.summary)
    name = _word(block.name, names)
    return replace(block, layers=layers, name=name, summary=summary)


def _renamed(layers: Layers, references: Names, ops: Names) -> Layers:
    """The layers with new names in `from`, `like` and branches, and for their ops."""
    return {name: _layer(layer, references, ops) for name, layer in layers.items()}


def _layer(layer: Layer, references: Names, ops: Names) -> Layer:
    origin = layer.origin and _word(layer.origin, references)
    match layer:
        case OpLayer(op=op, like=like, tensors=tensors):
            like = like and _word(like, references)
            given = {name: _word(t, references) for name, t in tensors.items()}
            op = _word(op, ops)
            return replace(layer, origin=origin, op=op, like=like, tensors=given)
        case AgainLayer(tensors=tensors):
            given = {name: _word(t, references) for name, t in tensors.items()}
            return replace(layer, origin=origin, tensors=given)
        case Table(each=each, rows=rows, tensors=tensors):
            each = {ops.get(op, op): given for op, given in each.items()}
            rows = {
                name: [_word(c, ops) if isinstance(c, Word) else c for c in row]
                for name, row in rows.items()
            }
            given = {
                row: {name: _word(t, references) for name, t in own.items()}
                for row, own in tensors.items()
            }
            own = {"each": each, "rows": rows, "tensors": given}
            return replace(layer, origin=origin, **own)
        case JoinLayer(branches=branches):
            branches = {
                name: replace(
                    branch,
                    origin=branch.origin and _word(branch.origin, references),
                    layers=_renamed(branch.layers, references, ops),
                )
                for name, branch in branches.items()
            }
            return replace(layer, origin=origin, branches=branches)


def _word(word: Word, names: Names) -> Word:
    """The new name, or the same one."""
    return Word(names.get(word, word), word.place)
