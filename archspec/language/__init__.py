"""What a user writes: read with places, spelled out, merged, validated."""

from archspec.language.document import (
    Block,
    Branch,
    Document,
    Formula,
    JoinLayer,
    Layer,
    OpLayer,
    Table,
    Word,
)
from archspec.language.load import Spec, load, variant_names

__all__ = [
    "Block",
    "Branch",
    "Document",
    "Formula",
    "JoinLayer",
    "Layer",
    "OpLayer",
    "Spec",
    "Table",
    "Word",
    "load",
    "variant_names",
]
