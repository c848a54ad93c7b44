"""Whether a draft says what the source computes: the judge of every idea for one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from archspec.elaboration import elaborate
from archspec.importing.draft import Draft
from archspec.importing.graph import Graph, Node, Tensor, graph_of
from archspec.importing.matching import Pair, pairs
from archspec.importing.printing import entries, text
from archspec.network import Network
from archspec.ops import Shape
from archspec.reading.source import parsed


class Accepted(NamedTuple):
    """A spec whose graph is the source's.

    `tensors` are the source's weights by their canonical names, `sources` its nodes by
    the paths of layers.
    """

    text: str
    network: Network
    tensors: dict[str, Tensor]
    sources: dict[str, Node]
    is_flat: bool = False
    """Whether each of its layers is one node."""


class Different(Exception):
    """A draft describes another network than the source's."""


def judged(draft: Draft, graph: Graph, path: Path = Path("imported.yaml")) -> Accepted:
    """The spec of a draft; raises SpecError, or Different if it is not this graph's."""
    written = text(draft)
    network = elaborate(parsed(written, path))
    found = pairs(graph, graph_of(network))
    if found is None:
        raise Different("it computes something else")
    if (network.parameters, network.macs) != (graph.parameters, graph.macs):
        raise Different(
            f"it has {network.parameters:,} parameters and {network.macs:,} MACs, "
            f"not {graph.parameters:,} and {graph.macs:,}"
        )
    tensors: dict[str, Tensor] = {}
    for name, tensor in _named(found):
        known = tensors.setdefault(name, tensor)
        if known.place != tensor.place:
            raise Different(f"'{known.name}' and '{tensor.name}' are one weight")
    shapes = network.weight_shapes.items()
    return Accepted(
        written,
        network,
        {name: _shaped(tensors[name], shape) for name, shape in shapes},
        {pair.other.scopes[0].path: pair.one for pair in found},
    )


def headed(found: Accepted, about: Mapping[str, Any], path: Path) -> Accepted:
    """The spec with further keys behind its name, such as `source`."""
    first, name, *lines = found.text.splitlines()
    written = "\n".join([first, name, *entries(about), *lines]) + "\n"
    return found._replace(text=written, network=elaborate(parsed(written, path)))


def _named(found: Iterable[Pair]) -> Iterator[tuple[str, Tensor]]:
    """The source's weights by canonical names, those of later runs once more."""
    for pair in found:
        for name, tensor in pair.one.weights.items():
            yield f"{pair.other.path}.{name}", tensor


def _shaped(tensor: Tensor, shape: Shape) -> Tensor:
    """The weight of a dense layer as that of a 1x1 convolution, or the reverse."""
    if tensor.array.shape == shape:
        return tensor
    return tensor._replace(array=tensor.array.reshape(shape))
