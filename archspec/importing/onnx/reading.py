"""From the operations of a `.onnx` file to a graph of the language's ops."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import count
from typing import Any, NamedTuple, cast

from archspec.importing.building import Builder, Constant, Gap, Scores, made_up
from archspec.importing.graph import Graph, Node, Tensor
from archspec.importing.layouts import Unreadable, Value
from archspec.importing.onnx.arrays import (
    CHAINED,
    FUNCTIONS,
    MAX_SIZE,
    REDUCING,
    computed,
)
from archspec.importing.onnx.file import Call, Program
from archspec.importing.onnx.operations import OPERATIONS, SCORES
from archspec.importing.onnx.operations.views import Parts
from archspec.importing.patterns import Formula, Found, recognised

_NONE = "the language has no such operation"
_FAULTS = (
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    TypeError,
    ValueError,
)


class Unfinished(NamedTuple):
    """A tensor inside a chain of operations that may yet become an op."""

    call: Call
    why: str


class Unknown(NamedTuple):
    """A tensor of which nothing is known, not even its shape."""


def read(program: Program) -> tuple[Graph, Builder]:
    """The graph of a program; the builder has the gaps, where there are any."""
    return _Reading(program).graph()


class _Reading:
    """The state of one reading: what each tensor was read as, by its name."""

    def __init__(self, program: Program):
        self.program = program
        (batch, *_) = next(iter(program.inputs.values()))
        self.builder = Builder(batch)
        self.known: dict[str, Any] = {"": None, **program.constants}
        self.formulas: dict[str, Formula] = {}
        self.count = count()
        self.room = MAX_SIZE

    def graph(self) -> tuple[Graph, Builder]:
        """The whole network's."""
        builder, program = self.builder, self.program
        for name, shape in program.inputs.items():
            self._set(name, self._input(name, shape), None)
        for call in program.calls:
            builder.scopes = call.scopes
            self._run(call)
        builder.scopes = ()
        ends = [self._end(name) for name in program.outputs]
        names = program.outputs if len(ends) > 1 else ("",)
        graph = builder.graph(dict(zip(names, ends, strict=True)))
        _part_vectors(graph)
        builder.notes += _notes(graph)
        return graph, builder

    def _input(self, name: str, shape: Sequence[int]) -> Value | Unknown:
        """An image, with channels last where it is transposed next, or a vector."""
        readers = [call for call in self.program.calls if name in call.inputs]
        moved = [each.attributes.get("perm") for each in readers[:1]]
        is_last = moved == [(0, 3, 1, 2)]
        return self.builder.given(name, tuple(shape), last=is_last) or Unknown()

    def _set(self, name: str, result: Any, formula: Formula | None) -> None:
        self.known[name] = result
        value = result if isinstance(result, Value) else None
        if value is not None and formula is None:
            formula = Formula(next(self.count), None, ())
        if formula is not None:
            formula.value = value
            self.formulas[name] = formula

    def _end(self, name: str) -> Node:
        """The node of an output of the network."""
        found = self.known[name]
        if isinstance(found, Unfinished):
            found = self._refused(found)
        unknown = Node(None, (), ())
        if isinstance(found, Unknown) and not self.builder.gaps:
            why = "it depends on a result that cannot be read"
            self.builder.gaps.append(Gap("output", why, ()))
        return unknown if isinstance(found, Unknown) else self.builder.output(found)

    # -- one operation -----------------------------------------------------------

    def _run(self, call: Call) -> None:
        inputs = [self.known[name] for name in call.inputs]
        if any(isinstance(each, Unknown) for each in inputs):
            results, formula = [Unknown() for _ in call.outputs], None
        else:
            formula = self._formula(call, inputs)
            results = self._results(call, inputs, formula)
        # such as the indices of a pool, or a mask
        missing = [Unknown()] * (len(call.outputs) - len(results))
        for name, result in zip(call.outputs, [*results, *missing], strict=False):
            self._set(name, result, formula)

    def _formula(self, call: Call, inputs: Sequence[Any]) -> Formula | None:
        """What a chain of operations computes on each number, if this is in one."""
        if call.operation not in CHAINED or not _has_values(inputs):
            return None
        if any(isinstance(each, Scores | Parts) for each in inputs):
            return None
        terms = [
            value if isinstance(value, Constant) else self.formulas.get(name)
            for name, value in zip(call.inputs, inputs, strict=True)
        ]
        function = partial(FUNCTIONS[call.operation], **call.attributes)
        reduces = call.operation in REDUCING
        return Formula(next(self.count), function, tuple(terms), reduces=reduces)

    def _results(
        self, call: Call, inputs: list[Any], formula: Formula | None
    ) -> Sequence[Any]:
        try:
            return self._readable(call, inputs, formula)
        except Unreadable as error:
            why = str(error)
        if formula is None:
            return self._gap(call, why)
        try:
            found = recognised(formula, far=True)
            if found:
                return [self._op(found)]
        except Unreadable as error:
            why = str(error)
        first = next((x for x in inputs if isinstance(x, Unfinished)), None)
        return [first or Unfinished(call, why)]

    def _readable(
        self, call: Call, inputs: list[Any], formula: Formula | None
    ) -> Sequence[Any]:
        """What is read; raises Unreadable, too for what no exporter writes."""
        try:
            if not _has_values(inputs):
                return self._folded(call, inputs)
            found = recognised(formula) if formula else None
            return [self._op(found)] if found else self._read(call, inputs)
        except _FAULTS as error:
            message = f"arguments that cannot be read: {error}"
            raise Unreadable(message) from None

    def _op(self, found: Found) -> Value:
        """The op that a chain was recognised as."""
        value, builder = found.value, self.builder
        if found.axis is None:
            is_idle = found.attributes.get("kind") == "identity"
            return (
                value
                if is_idle
                else builder.pointwise(found.name, value, **found.attributes)
            )
        channels = value.shape[found.axis]
        weights = found.weights or made_up(found.name, channels)
        return builder.channelwise(
            found.name, value, found.axis, weights, **found.attributes
        )

    def _folded(self, call: Call, inputs: list[Any]) -> Sequence[Any]:
        bare = [each.array if isinstance(each, Constant) else each for each in inputs]
        arrays = computed(call.operation, bare, dict(call.attributes))
        names = [each.name for each in inputs if isinstance(each, Constant)]
        name = next(filter(None, names), call.outputs[0])
        self.room -= sum(array.size for array in arrays if array.base is None)
        if self.room < 0:
            raise Unreadable("an operation on more numbers than a network has")
        return [Constant(name, array) for array in arrays]

    def _read(self, call: Call, inputs: list[Any]) -> Sequence[Any]:
        scores = any(isinstance(each, Scores) for each in inputs)
        if scores and call.operation in SCORES:
            return [SCORES[call.operation](*inputs, **call.attributes)]
        if call.operation not in OPERATIONS:
            raise Unreadable(_NONE)
        if call.operation not in ("Shape", "CastLike"):
            inputs = [self._finished(each) for each in inputs]
        found = OPERATIONS[call.operation](self.builder, *inputs, **call.attributes)
        return cast(list[Any], found) if isinstance(found, list) else [found]

    def _finished(self, given: Any) -> Any:
        if isinstance(given, Unfinished):
            raise Unreadable(given.why)
        return given

    def _gap(self, call: Call, why: str) -> Sequence[Any]:
        """What stands for the results of an operation that cannot be read."""
        unfinished = [self.known[name] for name in call.inputs]
        unfinished = [each for each in unfinished if isinstance(each, Unfinished)]
        cause = unfinished[0] if unfinished else Unfinished(call, why)
        inputs = [] if why == _NONE else self._values(cause.call)
        return [self._refused(cause, name, inputs) for name in call.outputs]

    def _values(self, call: Call) -> list[Value]:
        given = [self.known[name] for name in call.inputs]
        scores = [each for each in given if isinstance(each, Scores)]
        inner = [value for each in scores for value in (each.query, each.key)]
        return [each for each in given if isinstance(each, Value)] + inner

    def _refused(
        self, cause: Unfinished, name: str = "", inputs: Sequence[Value] = ()
    ) -> Any:
        """Record the gap; a tensor of the shape in the file, or of an input's."""
        operation, scopes = cause.call.operation, cause.call.scopes
        shape = self.program.shapes.get(name)
        values = self._values(cause.call)
        if not shape and values:
            shape = values[0].shape
        inner, self.builder.scopes = self.builder.scopes, scopes
        found = self.builder.unknown(operation, cause.why, shape or (1, 1), inputs)
        self.builder.scopes = inner
        return found if shape else Unknown()


def _has_values(inputs: Sequence[Any]) -> bool:
    return any(isinstance(each, Value | Unfinished | Scores | Parts) for each in inputs)


def _part_vectors(graph: Graph) -> None:
    """Give each node vectors of its own: exporters write equal ones only once."""
    seen = set[int]()
    for node in graph.nodes:
        for name, (source, array) in node.weights.items():
            again = array.ndim == 1 and id(array) in seen
            own = Tensor(source, array.copy()) if again else Tensor(source, array)
            node.weights = {**node.weights, name: own}
            seen.add(id(array))


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
