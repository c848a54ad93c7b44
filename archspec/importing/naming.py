"""Names of layers from the source's attributes, as a person would give them."""

from __future__ import annotations

from collections.abc import Sequence

from archspec.importing.covering import Item
from archspec.importing.regions import FRAMEWORKS, beginning

_ROLES = {
    "batch_norm": "norm",
    "layer_norm": "norm",
    "group_norm": "norm",
    "rms_norm": "norm",
    "activation": "act",
    "conv_bn_act": "conv",
    "conv_bn": "conv",
    "depthwise_bn": "depthwise",
    "depthwise_bn_act": "depthwise",
    "depthwise_conv": "depthwise",
    "squeeze_excite": "se",
    "global_avg_pool": "pool",
    "add": "sum",
    "multiply": "product",
    "concat": "join",
    "prefix_tokens": "class_token",
    "position_embedding": "positions",
    "max_pool": "pool",
    "avg_pool": "pool",
    "take": "first",
    "layer_scale": "scale",
}
SMALL = frozenset({"conv_bn", "conv_bn_act", "depthwise_bn", "depthwise_bn_act"})
"""Blocks that are no more than a layer to a person."""
_CONVOLUTIONS = "conv", "conv_bn", "conv_bn_act"
_VAGUE = frozenset(
    {
        "features",
        "layers",
        "layer",
        "model",
        "net",
        "network",
        "backbone",
        "module",
        "block",
        "blocks",
        "stages",
        "body",
        "main",
        "conv",
        "bn",
        "norm",
        "act",
        "relu",
        "fn",
    }
)


_LISTS = "blocks", "stages", "layers"
"""What a table may be called."""


def role(op: str) -> str:
    """What a layer of an op is called if the source has no name for it."""
    return _ROLES.get(op, op)


def label(path: str, op: str, *, inside: bool = False) -> str:
    """The name of a layer that is a module of the source, else what its op does.

    `inside` a block, numbered modules have the name of their list before that.
    """
    *outer, last = path.replace("-", "_").split(".")
    if inside and outer and last.isdigit() and not outer[-1].isdigit():
        own = role(op) if outer[-1] in _VAGUE else f"{outer[-1]}_{role(op)}"
        return own.strip("_") or outer[-1]
    return role(op) if not last or last.isdigit() or last in _VAGUE else last


def path_of(item: Item) -> str:
    """The module that an item is, or that all of its nodes are in, or its first one."""
    if item.path:
        return item.path
    if len(item.nodes) == 1:
        return item.nodes[0].path if _owned(item) else ""
    paths = [node.path.split(".") for node in item.nodes]
    return ".".join(beginning(paths) or paths[0])


def _words(path: str, within: str) -> list[str]:
    inner = path.removeprefix(within).strip(".").replace("-", "_")
    return [word for word in inner.split(".") if word and not word.isdigit()]


def _owned(item: Item) -> bool:
    """Whether the innermost module around a node is the framework's: the node."""
    (node,) = item.nodes
    kind = node.scopes[-1].kind if node.scopes else ""
    return kind.startswith(FRAMEWORKS) and ".container." not in kind


def common_name(paths: Sequence[str], within: str = "") -> str:
    """The name of the module that has all of these, if it says something."""
    words = beginning([_words(path, within) for path in paths])
    useful = [word for word in words if word not in _VAGUE or word in _LISTS]
    return useful[-1] if useful else ""


def positional(ops: Sequence[str]) -> dict[int, str]:
    """The names that layers have by their places: a stem, a head, a classifier."""
    found: dict[int, str] = {}
    if ops and (ops[0] in _CONVOLUTIONS or ops[0].endswith("_stem")):
        found[0] = "stem"
    scores = len(ops) - (2 if ops[-1:] == ["activation"] else 1)
    if scores >= 0 and ops[scores] == "dense":
        found[scores] = "classifier"
    pools = [place for place, op in enumerate(ops) if op == "global_avg_pool"]
    if pools and pools[-1] > 1 and ops[pools[-1] - 1] == "conv_bn_act":
        found[pools[-1] - 1] = "head"
    return found


def row_names(rows: Sequence[Sequence[str]]) -> list[str] | None:
    """The names of rows by their layers' paths, if the source has one for each."""
    words = [[_words(path, "") for path in row] for row in rows]
    depth = min(len(path) for row in words for path in row)
    for level in range(depth):
        found = [{path[level] for path in row} for row in words]
        names = [name for own in found for name in own]
        if all(len(own) == 1 for own in found) and len(set(names)) == len(rows):
            return names
    return None
