"""Names of layers from the source's attributes, as a person would give them."""

from __future__ import annotations

import os.path
from collections.abc import Iterable, Sequence

from archspec.importing.covering import Item

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
    "layer_scale": "scale",
}
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


def role(op: str) -> str:
    """What a layer of an op is called if the source has no name for it."""
    return _ROLES.get(op, op)


def label(path: str, op: str) -> str:
    """The name of a layer that is a module of the source, else what its op does."""
    last = path.rpartition(".")[2].replace("-", "_")
    return role(op) if not last or last.isdigit() or last in _VAGUE else last


def path_of(item: Item) -> str:
    """The module that an item is, or that all of its nodes are in, or its first one."""
    if item.path:
        return item.path
    if len(item.nodes) == 1:
        return item.nodes[0].path if _owned(item) else ""
    paths = [node.path.split(".") for node in item.nodes]
    return ".".join(os.path.commonprefix(paths) or paths[0])


def _words(path: str, within: str) -> list[str]:
    inner = path.removeprefix(within).strip(".").replace("-", "_")
    return [word for word in inner.split(".") if word and not word.isdigit()]


def _owned(item: Item) -> bool:
    """Whether the innermost module around a node is of the framework: it is the node."""
    (node,) = item.nodes
    owners = "torch.nn.", "keras.layers."
    return bool(node.scopes) and node.scopes[-1].kind.startswith(owners)


def common_name(paths: Sequence[str], within: str = "") -> str:
    """The name of the module that has all of these, if it says something."""
    words = os.path.commonprefix([_words(path, within) for path in paths])
    useful = [word for word in words if word not in _VAGUE]
    return useful[-1] if useful else ""


def positional(ops: Sequence[str]) -> dict[int, str]:
    """The names that layers have by their places: a stem, a head, a classifier."""
    found: dict[int, str] = {}
    if ops and (ops[0] in _CONVOLUTIONS or ops[0].endswith("_stem")):
        found[0] = "stem"
    if ops and ops[-1] == "dense":
        found[len(ops) - 1] = "classifier"
    pools = [place for place, op in enumerate(ops) if op == "global_avg_pool"]
    if pools and pools[-1] > 1 and ops[pools[-1] - 1] == "conv_bn_act":
        found[pools[-1] - 1] = "head"
    return found


def distinct(names: Iterable[str]) -> bool:
    """Whether no name is there twice, and none is missing."""
    found = list(names)
    return all(found) and len(set(found)) == len(found)
