"""Layers with other names for what they read and for the blocks that they call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archspec.language.document import Branch, JoinLayer, Layer, OpLayer, Table
from archspec.language.fields import Word

Layers = Mapping[str, Layer]
Names = Mapping[str, str]


def renamed(layers: Layers, references: Names, ops: Names) -> Layers:
    """The layers with new names in `from`, `like` and branches, and for their ops."""
    return {name: _layer(layer, references, ops) for name, layer in layers.items()}


def renamed_word(word: Word, names: Names) -> Word:
    """The word that stands for this one, itself if none does."""
    return word._replace(text=names.get(word.text, word.text))


def _layer(layer: Layer, references: Names, ops: Names) -> Layer:
    update: dict[str, Any] = {
        "origin": layer.origin and renamed_word(layer.origin, references)
    }
    match layer:
        case OpLayer(op=op, like=like):
            like = like and renamed_word(like, references)
            update |= {"op": renamed_word(op, ops), "like": like}
        case Table(each=each, rows=rows):
            each = {ops.get(op, op): given for op, given in each.items()}
            rows = {
                name: [renamed_word(c, ops) if isinstance(c, Word) else c for c in row]
                for name, row in rows.items()
            }
            update |= {"each": each, "rows": rows}
        case JoinLayer(branches=branches):
            branches = {
                name: _branch(branch, references, ops)
                for name, branch in branches.items()
            }
            update |= {"branches": branches}
    return layer.model_copy(update=update)


def _branch(branch: Branch, references: Names, ops: Names) -> Branch:
    origin = branch.origin and renamed_word(branch.origin, references)
    layers = renamed(branch.layers, references, ops)
    return branch.model_copy(update={"origin": origin, "layers": layers})
