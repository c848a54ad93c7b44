"""The modules that a node was in, as exporters leave them.

PyTorch's exporter of today writes paths and classes as metadata; the one before it
makes paths part of names, as do TensorFlow's and others; archspec's own files have
paths with dots.
"""

from __future__ import annotations

import ast
from typing import Any

import onnx

from archspec.importing.graph import Scope

_PATHS = "pkg.torch.onnx.name_scopes"
_CLASSES = "pkg.torch.onnx.class_hierarchy"
MAX_DEPTH = 64
MAX_TEXT = 20_000


def scopes_of(node: onnx.NodeProto) -> tuple[Scope, ...]:
    """The modules around a node, from the outside in, without the network itself."""
    metadata = {each.key: each.value for each in node.metadata_props}
    paths, classes = (_list(metadata.get(key, "")) for key in (_PATHS, _CLASSES))
    if paths and len(paths) == len(classes):
        # the network itself is first, the operation last
        return tuple(map(Scope, paths[1:-1], classes[1:-1]))
    return _of_name(node.name)


def _list(text: str) -> list[str]:
    """A list of texts as Python writes it; empty if it is none."""
    if not 2 < len(text) < MAX_TEXT:
        return []
    try:
        found: Any = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return []
    return (
        found
        if isinstance(found, list) and all(isinstance(x, str) for x in found)
        else []
    )  # pyright: ignore


def _of_name(name: str) -> tuple[Scope, ...]:
    """Of `/layer1/layer1.0/conv1/Conv`: layer1, layer1.0 and layer1.0.conv1."""
    if "/" not in name:
        parts = name.split(".") if "." in name else []
        return _nested(parts[:MAX_DEPTH])
    *folders, _ = [part for part in name.split("/") if part]
    parts: list[str] = []
    for before, folder in zip(["", *folders], folders[:MAX_DEPTH], strict=False):
        # the number of an item stands behind the name of its list
        own = folder.removeprefix(f"{before}.") if before else folder
        parts.extend(own.split("."))
    return _nested(parts)


def _nested(parts: list[str]) -> tuple[Scope, ...]:
    return tuple(Scope(".".join(parts[: n + 1]), "") for n in range(len(parts)))
