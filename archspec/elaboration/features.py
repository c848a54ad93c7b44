"""The layers whose outputs a generated file offers as features."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from archspec.errors import SpecError, did_you_mean
from archspec.language import Table
from archspec.network import Network
from archspec.ops import Shape
from archspec.ops.shapes import described, is_map

STRIDES = "strides"
"""Chooses the last feature map of each stride, instead of a list of layers."""


def featuring(network: Network, layers: Sequence[str]) -> Network:
    """The same network, whose source also returns the outputs of these layers.

    A layer is a name or `TABLE.ROW`; `strides` alone chooses those of each stride.
    Raises SpecError (AS405) for another name, for a layer that returns no feature map,
    and for a network with named outputs.
    """
    if names := ", ".join(network.document.outputs):
        message = f"the network already returns named outputs: {names}"
        help = "change 'outputs' of the spec instead"
        raise SpecError.single("AS405", message, help=help)
    known = _outputs(network)
    if tuple(layers) == (STRIDES,):
        layers = _of_each_stride(network, known)
    for name in layers:
        if name not in known:
            help = _meant(network, name, known)
            message = f"there is no layer '{name}' to take features from"
            raise SpecError.single("AS405", message, help=help)
        if not is_map(known[name]):
            message = f"'{name}' is not a feature map, but {described(known[name])}"
            maps = ", ".join(n for n, shape in known.items() if is_map(shape))
            raise SpecError.single("AS405", message, help=f"write some of: {maps}")
    found = tuple(name for name in known if name in layers)
    return replace(network, spec=replace(network.spec, features=found))


def _meant(network: Network, name: str, known: Collection[str]) -> str:
    """Help with a name that no layer or row has."""
    layer, _, number = name.partition(".")
    if number.isdigit() and layer in known and len(network.root.steps[layer]) > 1:
        return f"'{layer}' is one layer that repeats: write it as a table of rows"
    near = did_you_mean(name, known)
    return near or f"write '{STRIDES}' or some of: {', '.join(known)}"


def _outputs(network: Network) -> dict[str, Shape]:
    """The outputs of the network's own layers and rows, in their order."""
    found: dict[str, Shape] = {}
    joins = {layer.path: layer.output for layer in network.layers}
    for name, layer in network.document.layers.items():
        for step in network.root.steps.get(name, ()):
            row = f"{name}.{step.row}" if isinstance(layer, Table) else name
            found[row] = step.output
        if name not in found and name in joins:
            found[name] = joins[name]
    return found


def _of_each_stride(network: Network, known: dict[str, Shape]) -> Sequence[str]:
    """The last row of each stride; before the first row also other layers.

    Without a table, the last layer of each stride.
    """
    rows = [name for name in known if "." in name]
    names = [*known]
    if rows:
        first, last = names.index(rows[0]), names.index(rows[-1])
        names = [*names[:first], *rows] if last else rows
    image = network.image[1:]
    sizes = {known[n][1:]: n for n in names if is_map(known[n])}
    return [
        name
        for size, name in sizes.items()
        if size != image and (rows or size != (1, 1))
    ]
