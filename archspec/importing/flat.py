"""A graph as a spec with a layer for each node: always right, and long."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from archspec.importing.attributes import Defaults, defaults_of, said
from archspec.importing.draft import Draft, Layer, Names
from archspec.importing.graph import Graph, Node
from archspec.importing.later_runs import noted
from archspec.importing.tidying import tidied

_GENERIC = {
    "batch_norm": "norm",
    "layer_norm": "norm",
    "activation": "act",
    "global_avg_pool": "pool",
    "add": "sum",
    "multiply": "scale",
    "concat": "join",
    "channel_shuffle": "shuffle",
    "slice_channels": "part",
}
"""What layers are called that no module is for, besides by their op."""
_KEEP_SCORES = "activation", "dropout", "global_avg_pool", "resize", "upsample"
"""What may come after the layer that scores classes."""


def flat(graph: Graph, name: str) -> Draft:
    """The draft of a graph."""
    graph = tidied(graph)
    defaults, names = defaults_of(graph.nodes), Names(graph.inputs)
    inputs = input_layers(graph)
    known = dict(inputs)
    for node in graph.nodes:
        sources = tuple(known[source] for source in node.sources)
        label = names.name(_label(node))
        known[node] = Layer(label, node.name, said(node, defaults), sources, node)
    layers = [layer for node, layer in known.items() if node not in inputs]
    noted((known[node], [node]) for node in graph.nodes)
    outputs = {n or "output": known[node] for n, node in graph.outputs.items()}
    head = header(graph, name, layers)
    return Draft(head, list(inputs.values()), _shown(defaults), layers, outputs)


def input_layers(graph: Graph) -> dict[Node, Layer]:
    """The inputs; a single one is `input`, whatever the source calls it."""
    alone = len(graph.inputs) == 1
    return {
        node: Layer("input" if alone else name, "input", node=node)
        for name, node in graph.inputs.items()
    }


def header(graph: Graph, name: str, layers: list[Layer]) -> dict[str, Any]:
    """What a spec begins with; the last layer with weights tells how many classes."""
    images = {n: image(node) for n, node in graph.inputs.items()}
    head: dict[str, Any] = {"archspec": 1, "name": name}
    if len(images) > 1:
        head["inputs"] = images
    else:
        head["input"] = next(iter(images.values()))
    ends = list(graph.outputs.values())
    if len(ends) == 1 and (last := _scores(graph, ends[0], layers)) is not None:
        size = "units" if last.op == "dense" else "filters"
        head["classes"] = last.said[size]
        last.said[size] = "classes"
        last.name = "classifier" if last.name in ("fc", "head", "layer") else last.name
    return head


def _scores(graph: Graph, node: Node, layers: Iterable[Layer]) -> Layer | None:
    """The layer that scores classes; a convolution that makes images does not."""
    while node.name in _KEEP_SCORES:
        (node,) = node.sources
    found = next((layer for layer in layers if layer.node is node), None)
    if found is None or found.op not in ("dense", "conv"):
        return None
    pixels = max(image.shape[0] for image in graph.inputs.values())
    is_score = "units" in found.said or found.said.get("filters", 0) > pixels
    return found if is_score else None


def image(node: Node) -> dict[str, Any]:
    """An input as specs write it."""
    channels, *size = node.shape
    same = len(set(size)) == 1
    return {"channels": channels, "size": size[0] if same else size}


def _label(node: Node) -> str:
    """The path of the module that it is alone in; others add what they do."""
    kind = node.scopes[-1].kind.rpartition(".")[2].lower() if node.scopes else ""
    is_own = kind.startswith(node.name.replace("_", "")[:4]) or "torch.nn" in (
        node.scopes[-1].kind if node.scopes else ""
    )
    generic = _GENERIC.get(node.name, node.name)
    return node.path if node.path and is_own else f"{node.path}.{generic}"


def _shown(defaults: Defaults) -> Defaults:
    return {op: values for op, values in defaults.items() if values}
