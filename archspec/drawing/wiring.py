"""The uses of blocks in a network, and what they read and return."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from archspec.analysis.rows import Row, rows_of
from archspec.language import Layer, Table
from archspec.language.fields import INPUT as INPUT_NAME
from archspec.language.layers import AgainLayer, OpLayer, inner_layers
from archspec.network import INPUT, Instance, Network
from archspec.reading.nodes import Word

ROOT = ""
"""The path of the document itself."""


class Wiring:
    """Rows of the network and of each use of a block, by the path of the use."""

    def __init__(self, network: Network):
        self.network = network
        self.uses = {use.path: use for use in network.root.walk()}
        self.layers = self._layers()
        self.rows: dict[str, Sequence[Row]] = {
            path: rows_of(network, use, self.layers[path])
            for path, use in self.uses.items()
        }
        self._readers = self._read_outside()
        self._inputs: dict[str, dict[int, str]] = {}

    def _layers(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {path: [] for path in self.uses}
        for number, layer in enumerate(self.network.layers):
            for use in self._uses_around(layer.path):
                found[use].append(number)
        return found

    def _uses_around(self, path: str) -> list[str]:
        return [outer for outer in _around(path) if outer in self.uses]

    def _read_outside(self) -> dict[str, list[int]]:
        """The layers of each use that others read, or that are outputs."""
        found: dict[str, dict[int, None]] = {path: {} for path in self.uses}
        layers = self.network.layers
        pairs = [(s, layer.path) for layer in layers for s in layer.sources]
        pairs += [(number, ROOT) for number in self.network.outputs.values()]
        for source, reader in pairs:
            around = self._uses_around(layers[source].path) if source > INPUT else ()
            left = (p for p in around if not f"{reader}.".startswith(f"{p}."))
            for path in left:
                found[path][source] = None
        return {path: [*sources] for path, sources in found.items()}

    def outputs(self, path: str) -> dict[int, str]:
        """What a use returns, or the network, with the names of several."""
        if path == ROOT:
            named = self.network.outputs.items()
            return {number: name for name, number in named}
        return dict.fromkeys(self._readers[path], "")

    def inputs(self, path: str) -> dict[int, str]:
        """What a use reads, or the network: names by numbers of layers or inputs.

        A single input has no name.
        """
        if path not in self._inputs:
            self._inputs[path] = self._named_inputs(path)
        return self._inputs[path]

    def _named_inputs(self, path: str) -> dict[int, str]:
        if path == ROOT:
            names = [*self.network.inputs]
            if len(names) == 1:
                return {INPUT: ""}
            return {INPUT - number: name for number, name in enumerate(names)}
        own = {*self.layers[path]}
        sources = {
            source: ""
            for number in self.layers[path]
            for source in self.network.layers[number].sources
            if source not in own
        }
        if len(sources) == 1:
            return sources
        given = self._given(path)
        return {source: given.get(source, INPUT_NAME) for source in sources}

    def _given(self, path: str) -> dict[int, str]:
        """The names of a block's tensor arguments by what this use gives for them."""
        around = _parent(path, self.uses)
        known = {name: number for number, name in self.inputs(around).items() if name}
        for row in self.rows[around]:
            known[row.name] = row.layers[-1]
            known[row.name.partition(".")[0]] = row.layers[-1]
        found: dict[int, str] = {}
        for argument, reference in self._references(path, around).items():
            if reference in known:
                found[known[reference]] = argument
        return found

    def _references(self, path: str, around: str) -> Mapping[str, Word]:
        use = self.uses[around]
        document = self.network.document
        layers = document.blocks[use.block].layers if use.block else document.layers
        written: dict[str, Layer] = dict(inner_layers(layers))
        name, *rest = path[len(around) :].removeprefix(".").split(".")
        layer = written.get(name)
        while isinstance(layer, AgainLayer) and not layer.tensors:
            layer = written.get(layer.again)
        if isinstance(layer, Table) and rest:
            return layer.tensors.get(rest[0], {})
        return layer.tensors if isinstance(layer, OpLayer | AgainLayer) else {}


def _around(path: str) -> Iterator[str]:
    """The paths around a path, from the document's on."""
    yield ROOT
    at = path.find(".")
    while at >= 0:
        yield path[:at]
        at = path.find(".", at + 1)


def _parent(path: str, uses: Mapping[str, Instance]) -> str:
    return [outer for outer in _around(path) if outer in uses][-1]
