"""From the operations of a `.onnx` file to a graph of the language's ops."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from archspec.importing.building import Builder, Scores, Stacked
from archspec.importing.graph import Graph, first_runs
from archspec.importing.layouts import Value, reshaped
from archspec.importing.nodes import Gap
from archspec.importing.onnx.arrays import CHAINED, FUNCTIONS, MOVING, REDUCING
from archspec.importing.onnx.file import Call, Program
from archspec.importing.onnx.operations import OPERATIONS, SCORES
from archspec.importing.onnx.operations.views import Parts
from archspec.importing.readings import Tables
from archspec.importing.steps import Step, Steps, Unknown

_PARTIAL = frozenset({"Shape", "CastLike"})
_SUMS = frozenset({"ReduceMean", "ReduceSum"})
_TABLES = Tables(
    OPERATIONS, SCORES, FUNCTIONS, CHAINED, REDUCING, MOVING, _PARTIAL, _SUMS
)


def read(program: Program) -> tuple[Graph, Builder]:
    """The graph of a program; the builder has the gaps, where there are any."""
    return _Reading(program).graph()


class _Reading(Steps):
    opaque = Scores, Stacked, Parts

    def __init__(self, program: Program):
        # the part of a network that is made of weights alone has no inputs
        (batch, *_), *_ = (*program.inputs.values(), (1,))
        known = {"": None, **program.constants}
        super().__init__(batch, _TABLES, known, program.shapes)
        self.program = program

    def graph(self) -> tuple[Graph, Builder]:
        """The whole network's."""
        builder, program = self.builder, self.program
        for name, shape in program.inputs.items():
            self.given(name, self._input(name, shape))
        for call in program.calls:
            self.run(_step(call))
        builder.scopes = ()
        ends = [self.end(name) for name in program.outputs]
        names = program.outputs if len(ends) > 1 else ("",)
        graph = builder.graph(dict(zip(names, ends, strict=True)))
        _part_vectors(graph)
        builder.notes += _notes(graph)
        return graph, builder

    def _input(self, name: str, shape: Sequence[int]) -> Value | Unknown:
        """An image, with channels last where it is transposed next, or a vector."""
        if len(shape) == 2:
            image = self.builder.input(name, (shape[1], 1, 1))
            return reshaped(image, shape)
        if len(shape) != 4:
            self.builder.gaps.append(Gap(name, "an input that is no image", ()))
            return Unknown()
        readers = [call for call in self.program.calls if name in call.inputs]
        moved = [each.attributes.get("perm") for each in readers[:1]]
        is_last = moved == [(0, 3, 1, 2)]
        canonical = (shape[-1], *shape[1:-1]) if is_last else shape[1:]
        return self.builder.input(name, tuple(canonical), last=is_last)


def _step(call: Call) -> Step:
    def filled(inputs: Sequence[object]) -> tuple[Sequence[object], dict[str, object]]:
        return inputs, dict(call.attributes)

    return Step(
        call.operation, tuple(call.inputs), tuple(call.outputs), call.scopes, filled
    )


def _part_vectors(graph: Graph) -> None:
    """Give each node vectors of its own: exporters write equal ones only once.

    Where nodes share a matrix, too, they are one layer that runs again.
    """
    seen, later = set[Hashable](), first_runs(graph)
    for node in graph.nodes:
        if node in later and any(t.array.ndim > 1 for t in node.weights.values()):
            continue
        for name, tensor in node.weights.items():
            again = tensor.array.ndim == 1 and tensor.place in seen
            own = tensor._replace(array=tensor.array.copy()) if again else tensor
            node.weights = {**node.weights, name: own}
            seen.add(tensor.place)


def _notes(graph: Graph) -> list[str]:
    """What a file no longer says about the network that it was written from."""
    linear = [node for node in graph.nodes if node.op is not None and node.op.linear]
    biased = [
        node for node in linear if "bias" in node.weights and node.name != "dense"
    ]
    if not biased or any(node.name == "batch_norm" for node in graph.nodes):
        return []
    count = f"{len(biased)} convolution{'s' if len(biased) > 1 else ''}"
    return [
        f"the file has no batch norms: if the network had any, they are part of its "
        f"{count} with bias (torch.onnx.export(optimize=False) keeps them)"
    ]
