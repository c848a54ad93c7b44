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


def scopes_of(node: onnx.NodeProto, *, own: bool = False) -> tuple[Scope, ...]:
    """The modules around a node, from the outside in, without the network itself.

    `own`: archspec wrote the file.
    """
    if own:
        return _nested(node.name.partition("/")[0].split("."))
    metadata = {each.key: each.value for each in node.metadata_props}
    paths, classes = (_list(metadata.get(key, "")) for key in (_PATHS, _CLASSES))
    if not paths or len(paths) != len(classes):
        return _of_name(node.name)
    # the network itself is first, the operation last
    scopes = tuple(map(Scope, paths[1:-1], classes[1:-1]))
    return _of_kernel(node, scopes) if node.op_type == "Conv" else scopes


def _of_kernel(node: onnx.NodeProto, scopes: tuple[Scope, ...]) -> tuple[Scope, ...]:
    """Of a convolution that has the scopes of the norm which was folded into it."""
    kernel = node.input[1] if len(node.input) > 1 else ""
    path = kernel.removesuffix(".weight")
    is_folded = scopes and "BatchNorm" in scopes[-1].kind and path != kernel
    if not is_folded:
        return scopes
    around = [scope for scope in scopes if path.startswith(f"{scope.path}.")]
    return (*around, Scope(path, "torch.nn.modules.conv.Conv2d"))


def _list(text: str) -> list[str]:
    """A list of texts as Python writes it; empty if it is none."""
    if not 2 < len(text) < MAX_TEXT:
        return []
    try:
        found: list[Any] = list(ast.literal_eval(text))
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return []
    return [each for each in found if isinstance(each, str)]


def _of_name(name: str) -> tuple[Scope, ...]:
    """Of `/layer1/layer1.0/conv1/Conv`: layer1, layer1.0 and layer1.0.conv1."""
    if "/" not in name:
        return _nested(name.split(".") if "." in name else [])
    *folders, _ = [part for part in name.split("/") if part]
    parts: list[str] = []
    for before, folder in zip(["", *folders], folders, strict=False):
        # the number of an item stands behind the name of its list
        own = folder.removeprefix(f"{before}.") if before else folder
        parts.extend(own.split("."))
    return _nested(parts)


def _nested(parts: list[str]) -> tuple[Scope, ...]:
    counts = range(1, 1 + min(len(parts), MAX_DEPTH))
    return tuple(Scope(".".join(parts[:count]), "") for count in counts)
