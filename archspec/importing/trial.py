"""Whether a draft says what the source computes: the judge of every idea for one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from archspec.elaboration import elaborate
from archspec.errors import SpecError
from archspec.importing.draft import Draft
from archspec.importing.graph import Graph, Tensor, graph_of
from archspec.importing.matching import pairs
from archspec.importing.printing import entries, text
from archspec.network import Network
from archspec.ops import Shape
from archspec.reading.source import parsed


class Accepted(NamedTuple):
    """A spec whose graph is the source's.

    `tensors` are the source's weights by their canonical names.
    """

    text: str
    network: Network
    tensors: dict[str, Tensor]
    is_flat: bool = False
    """Whether each of its layers is one node."""


def judged(
    draft: Draft, graph: Graph, path: Path = Path("imported.yaml")
) -> Accepted | str:
    """The spec of a draft, or why it is none of this graph."""
    written = text(draft)
    try:
        network = elaborate(parsed(written, path))
    except SpecError as error:
        return str(error)
    own = graph_of(network)
    found = pairs(graph, own)
    if found is None:
        return "it computes something else"
    if (network.parameters, network.macs) != (graph.parameters, graph.macs):
        return (
            f"it has {network.parameters:,} parameters and {network.macs:,} MACs, "
            f"not {graph.parameters:,} and {graph.macs:,}"
        )
    tensors = {
        f"{pair.other.path}.{name}": tensor
        for pair in found
        for name, tensor in pair.one.weights.items()
    }
    shapes = network.weight_shapes.items()
    return Accepted(
        written, network, {n: _shaped(tensors[n], shape) for n, shape in shapes}
    )


def headed(found: Accepted, about: Mapping[str, Any], path: Path) -> Accepted:
    """The spec with further keys behind its name, such as `source`."""
    first, name, *lines = found.text.splitlines()
    written = "\n".join([first, name, *entries(about), *lines]) + "\n"
    return found._replace(text=written, network=elaborate(parsed(written, path)))


def _shaped(tensor: Tensor, shape: Shape) -> Tensor:
    """The weight of a dense layer as that of a 1x1 convolution, or the reverse."""
    if tensor.array.shape == shape:
        return tensor
    return tensor._replace(array=tensor.array.reshape(shape))
