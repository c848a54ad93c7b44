"""A network with the widths of a checkpoint that was pruned.

Each layer that makes channels has as many as its weights in the file; all others follow
by the shapes of what they read. The result is a graph like that of any other source.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from archspec.errors import Diagnostic, ImportFailed, ShapeError, WeightsError
from archspec.importing.graph import Graph, Node, Scope, Tensor
from archspec.network import INPUT, Network, NetworkLayer
from archspec.ops import Op, Shape
from archspec.ops.attending import Attending
from archspec.ops.attributes import InvalidAttributes
from archspec.ops.sequence import Rotary
from archspec.ops.shape import SliceChannels
from archspec.targets.templates import manifest
from archspec.weights.adoption import correspondence
from archspec.weights.checkpoints import Checkpoint, Unit
from archspec.weights.moves import sizes_there

MAKES = {"conv": "filters", "transposed_conv": "filters", "dense": "units"}
"""The attribute of each op that says how many channels it makes."""
_LIST = "torch.nn.modules.container.Sequential"
"""The class of what is no block, such as a row of a table."""
HELP = "--like takes the spec of the network before its widths were changed"


def pruned(network: Network, checkpoint: Checkpoint) -> Graph:
    """The graph of a network with the widths of a checkpoint.

    Its weights have the names of the file, and no numbers. Raises ImportFailed (AS706)
    where more than widths differs, or shapes do not tell what a layer computes, and
    WeightsError (AS517) where the file does not tell which layer is which.
    """
    if network.later_runs:
        raise _failed("a network with layers that run again")
    try:
        units = correspondence(network, checkpoint, any_widths=True)
    except WeightsError as error:
        if all(each.code == "AS517" for each in error.diagnostics):
            raise
        message = "the file differs from the spec in more than widths"
        first = Diagnostic("AS706", message)
        raise ImportFailed.most([first, *error.diagnostics], HELP) from None
    target, scopes = manifest(checkpoint.target), _scopes(network)
    inputs = {name: Node(None, (), shape) for name, shape in network.inputs.items()}
    known = {INPUT - number: node for number, node in enumerate(inputs.values())}
    for number, layer in enumerate(network.layers):
        sources = tuple(known[source] for source in layer.sources)
        known[number] = _node(layer, sources, units.get(layer.path), target)
        known[number].scopes = scopes(layer.path)
    outputs = {name: known[number] for name, number in network.outputs.items()}
    return Graph(inputs, [known[n] for n in range(len(network.layers))], outputs)


def _failed(why: str, path: str = "") -> ImportFailed:
    return ImportFailed.single("AS706", why, path=path, help=HELP)


def _node(
    layer: NetworkLayer,
    sources: Sequence[Node],
    unit: Unit | None,
    target: Mapping[str, Any],
) -> Node:
    """A layer as it is with its unit, and with what it reads now."""
    shapes = [source.shape for source in sources]
    try:
        op = _resized(layer, shapes, unit, target)
        output = op.infer(*shapes)
    except (ShapeError, InvalidAttributes) as error:
        why = f"its widths do not fit each other: {error}"
        raise _failed(why, layer.path) from None
    weights: dict[str, Tensor] = {}
    for name, weight in op.weights(*shapes).items():
        assert unit is not None
        tensor = unit.tensors[target["weights"][layer.op][name]["name"]]
        if np.prod(tensor.shape) != weight.size:
            why = f"'{tensor.name}' is {tensor.shape}, but has to be {weight.shape}"
            raise _failed(why, layer.path)
        nothing = np.broadcast_to(np.float32(0), weight.shape)
        weights[name] = Tensor(tensor.name, nothing)
    return Node(op, tuple(sources), output, weights=weights)


def _resized(
    layer: NetworkLayer,
    shapes: Sequence[Shape],
    unit: Unit | None,
    target: Mapping[str, Any],
) -> Op:
    """The op of a layer at other widths."""
    op, given = layer.primitive, dict(layer.primitive)
    if isinstance(op, Attending | Rotary) and tuple(shapes) != layer.inputs:
        raise _failed("widths do not tell how many heads attention has", layer.path)
    before, now = layer.inputs[0][0], shapes[0][0]
    if isinstance(op, SliceChannels):
        given |= {name: _scaled(given[name], now, before) for name in ("start", "stop")}
    if unit is not None and layer.op in MAKES:
        name = target["weights"][layer.op]["weight"]["name"]
        shape = unit.tensors[name].shape
        sizes = sizes_there(layer.op, "weight", target, shape)
        given[MAKES[layer.op]] = sizes.get("out", 0)
        if "groups" in given and now % sizes.get("in", now):
            raise _failed(f"'{name}' is {shape}, but reads {now} channels", layer.path)
        if "groups" in given:
            given["groups"] = now // sizes["in"]
    return type(op)(**given)


def _scaled(number: int, now: int, before: int) -> int:
    """A channel of so many where it was one of others before."""
    found, rest = divmod(number * now, before)
    if rest:
        raise _failed(f"{now} channels cannot be divided as {before} were")
    return found


def _scopes(network: Network) -> Callable[[str], tuple[Scope, ...]]:
    """The blocks and tables around a layer, by its path; the last is the layer."""
    kinds = {use.path: use.block for use in network.root.walk() if use.block}

    def of(path: str) -> tuple[Scope, ...]:
        words = path.split(".")
        paths = [".".join(words[:n]) for n in range(1, len(words) + 1)]
        own = f"torch.nn.{words[-1]}"  # not a module that has parts
        return (*(Scope(p, kinds.get(p, _LIST)) for p in paths[:-1]), Scope(path, own))

    return of
