"""Documents: spelled out, merged and validated, with the place of every value."""

from archspec.language.document import Block, Document
from archspec.language.fields import Formula
from archspec.language.layers import (
    AgainLayer,
    Branch,
    JoinLayer,
    Layer,
    OpLayer,
    Table,
)
from archspec.language.load import (
    Spec,
    changed,
    load,
    lost_paths,
    offer,
    variant_names,
)
from archspec.language.variants import Offer
from archspec.reading.nodes import Word

__all__ = [
    "AgainLayer",
    "Block",
    "Branch",
    "Document",
    "Formula",
    "JoinLayer",
    "Layer",
    "Offer",
    "OpLayer",
    "Spec",
    "Table",
    "Word",
    "changed",
    "load",
    "lost_paths",
    "offer",
    "variant_names",
]
