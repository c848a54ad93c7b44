"""The layers of the network as they are found."""

from __future__ import annotations

from collections.abc import Sequence

from archspec.elaboration.frames import LOST, Tensor
from archspec.elaboration.later_runs import as_later_run
from archspec.elaboration.limits import check_magnitude, check_runs
from archspec.errors import Place, ShapeError, SpecError
from archspec.network import NetworkLayer, Step
from archspec.ops import Join, Op
from archspec.reading.nodes import Word


class Record:
    """The layers so far; `later_runs` has the path of what each later run repeats."""

    def __init__(self) -> None:
        self.layers: list[NetworkLayer] = []
        self.later_runs: dict[str, str] = {}
        self._by_path: dict[str, NetworkLayer] = {}
        self.runs = 0

    def count(self, place: Place) -> None:
        """Note a layer or a run of one; raises SpecError (AS306) beyond the limit."""
        self.runs += 1
        check_runs(self.runs, place)

    def add(
        self,
        path: str,
        op: Op,
        tensors: Sequence[Tensor],
        place: Place,
        *,
        names: Sequence[str] = (),
    ) -> Tensor:
        """A layer of the network; LOST if it reads such a tensor.

        `names` are those of a join's branches. Raises SpecError: AS308 where shapes do
        not fit, AS306 where they are too large.
        """
        if LOST in tensors:
            return LOST
        shapes = tuple(tensor.shape for tensor in tensors)
        try:
            if isinstance(op, Join):
                output = op.infer(*shapes, names=names)
            else:
                output = op.infer(*shapes)
            op.weights(*shapes)
        except ShapeError as error:
            raise SpecError.single(
                "AS308", str(error), place, help=error.help
            ) from None
        sources = tuple(tensor.source for tensor in tensors)
        layer = NetworkLayer(path, op.name, op, sources, shapes, output, place)
        check_magnitude(layer)
        self.layers.append(layer)
        self._by_path[path] = layer
        return Tensor(output, len(self.layers) - 1)

    def insert(self, layers: Sequence[NetworkLayer], runs: int, place: Place) -> None:
        """Add layers of so many runs that were recorded before; raises SpecError."""
        self.runs += runs
        check_runs(self.runs, place)
        self.layers += layers
        self._by_path |= {layer.path: layer for layer in layers}

    def run_again(self, name: Word, first: Step, path: str, start: int) -> None:
        """Make the layers from number `start` a later run of `first`, under `path`.

        Raises SpecError (AS308) where a weight has another shape, as that of a dense
        layer after `flatten` at another size.
        """
        for number, layer in enumerate(self.layers[start:], start):
            owner = first.path + (layer.first_run or layer.path).removeprefix(path)
            self.layers[number] = as_later_run(name, layer, self._by_path[owner])
        self.later_runs[path] = first.path
