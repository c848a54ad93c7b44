"""A graph as a spec with blocks and tables, as a person would write it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from archspec.importing.attributes import Defaults, defaults_of, said
from archspec.importing.covering import Item, covered
from archspec.importing.draft import TABLE, Draft, Layer, Names, Said
from archspec.importing.flat import flat, header
from archspec.importing.graph import Graph, Node
from archspec.importing.library import Library
from archspec.importing.naming import common_name, distinct, label, path_of, positional
from archspec.importing.regions import Regions
from archspec.importing.tables import Tables
from archspec.importing.tidying import tidied
from archspec.importing.trial import Accepted, judged


def best(graph: Graph, name: str, path: Path, *, is_flat: bool = False) -> Accepted:
    """The spec that a person would write, else a longer one; `path` is of its file.

    Raises ValueError if not even the flat spec is the graph's.
    """
    found: Accepted | str = ""
    for draft in (flat,) if is_flat else (structured, flat):
        found = judged(draft(graph, name), graph, path)
        if isinstance(found, Accepted):
            return found
    raise ValueError(found)


def structured(graph: Graph, name: str) -> Draft:
    """The draft of a graph with standard blocks and tables."""
    graph = tidied(graph)
    found = defaults_of(graph.nodes)
    defaults = {op: values for op, values in found.items() if values}
    library, regions = Library(defaults), Regions(graph)
    if blocks := library.settled(regions):
        defaults |= blocks
        library = Library(defaults)
    return _Writer(graph, defaults, library).draft(covered(regions, library), name)


class _Writer:
    """Layers for items."""

    def __init__(self, graph: Graph, defaults: Defaults, library: Library):
        self.graph, self.defaults, self.library = graph, defaults, library
        self.paths: dict[Layer, list[str]] = {}

    def draft(self, items: Sequence[Item], name: str) -> Draft:
        """The whole spec."""
        images = self.graph.inputs.items()
        inputs = {node: Layer(n, "input", node=node) for n, node in images}
        known = self.layers(items, inputs)
        layers = [known[item.result] for item in items]
        ends = {n or "output": known[node] for n, node in self.graph.outputs.items()}
        head = header(self.graph, name, layers)
        tables = Tables(self.default, self.row_names, set(ends.values()))
        layers = tables.tabled(layers)
        for layer in layers:
            layer.sources = tuple(tables.replaced.get(s, s) for s in layer.sources)
            self.paths.setdefault(layer, []).extend(
                path for one in tables.runs.get(layer, ()) for path in self.paths[one]
            )
        ends = {n: tables.replaced.get(layer, layer) for n, layer in ends.items()}
        self.name(layers)
        return Draft(head, list(inputs.values()), self.defaults, layers, ends)

    def layers(
        self, items: Sequence[Item], known: dict[Node, Layer]
    ) -> dict[Node, Layer]:
        """A layer without a name for each item, by the node that others read."""
        found = dict(known)
        for item in items:
            op = item.call.block if item.call else item.result.name
            own = item.call.said if item.call else said(item.result, self.defaults)
            layer = Layer("", op, dict(own), node=item.result)
            layer.sources = tuple(found[source] for source in _entries(item))
            found[item.result] = layer
            self.paths[layer] = [path_of(item)]
        return found

    def name(self, layers: Sequence[Layer]) -> None:
        """Give each layer its name."""
        names = Names(self.graph.inputs)
        places = positional([layer.op for layer in layers])
        for number, layer in enumerate(layers):
            paths = self.paths[layer]
            if layer.op == TABLE:
                wanted = common_name(paths) or "stages"
            elif len(paths) > 1:
                wanted = common_name(paths) or label("", layer.op)
            else:
                wanted = label(paths[0], layer.op)
            layer.name = names.name(places.get(number, wanted))

    def default(self, op: str, name: str) -> Said:
        """The constant that an argument has if it is not given."""
        probe = self.library.probes.get(op)
        return probe.constant(name) if probe else None

    def row_names(self, rows: Sequence[Sequence[Layer]]) -> list[str] | None:
        """The names of rows, if the source has one for each."""
        names = [common_name([p for n in row for p in self.paths[n]]) for row in rows]
        return names if distinct(names) else None


def _entries(item: Item) -> list[Node]:
    """What an item reads, each once; a single node reads whatever it reads."""
    if item.call is None:
        return list(item.result.sources)
    inside = set(item.nodes)
    found = (s for node in item.nodes for s in node.sources if s not in inside)
    return list(dict.fromkeys(found))
