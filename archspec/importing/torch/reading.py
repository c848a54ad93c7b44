"""From PyTorch's operations to a graph of the language's ops."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeGuard

import numpy as np

from archspec.importing.building import Builder, Constant, Gap, Scores
from archspec.importing.graph import Graph, Node
from archspec.importing.layouts import Lacking, Unreadable, Value, check
from archspec.importing.torch.aliases import Call, Ref
from archspec.importing.torch.archive import Program
from archspec.importing.torch.arrays import MAX_READ, folded
from archspec.importing.torch.operations import OPERATIONS, SCORES

_FAULTS = (
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    TypeError,
    ValueError,
)
"""What operations raise about arguments that PyTorch does not take."""


class Stale(NamedTuple):
    """A tensor of which a part was changed in place: nothing knows its numbers."""


def read(program: Program) -> tuple[Graph, Builder]:
    """The graph of a program; the builder has the gaps, where there are any."""
    return _Reading(program).graph()


class _Reading:
    """The state of one reading: what each tensor was read as, by its name."""

    def __init__(self, program: Program):
        self.program = program
        (batch, *_) = next(iter(program.inputs.values()))
        self.builder = Builder(batch)
        self.known: dict[str, Any] = dict(program.constants)
        self.room = MAX_READ

    def graph(self) -> tuple[Graph, Builder]:
        """The whole network's."""
        builder, program = self.builder, self.program
        for name, shape in program.inputs.items():
            self.known[name] = builder.given(name, shape)
        for call in program.calls:
            builder.scopes = call.scopes
            self._run(call)
        builder.scopes = ()
        ends = [self._end(name) for name in program.outputs]
        names = program.outputs if len(ends) > 1 else ("",)
        return builder.graph(dict(zip(names, ends, strict=True))), builder

    def _end(self, name: str) -> Node:
        """The node of an output of the network."""
        try:
            return self.builder.output(self._resolved(Ref(name)))
        except Unreadable as error:
            self.builder.gaps.append(Gap("output", str(error), ()))
            return Node(None, (), ())

    def _run(self, call: Call) -> None:
        """Add one operation; an unreadable one becomes a gap."""
        given: list[Any] = []
        try:
            given = [self._resolved(value) for value in call.arguments.values()]
            results = self._results(call, given)
        except Unreadable as error:
            values = [] if isinstance(error, Lacking) else [*_values(given)]
            operation, shapes = call.operation.removesuffix("_"), self.program.shapes
            results = [
                self.builder.unknown(operation, str(error), shapes[name], values)
                for name in call.outputs
                if name in shapes
            ]
        self.known.update(zip(call.outputs, results, strict=False))

    def _results(self, call: Call, given: Sequence[Any]) -> Sequence[Any]:
        """What an operation gives; raises Unreadable."""
        operation = call.operation.removesuffix("_")
        named = dict(zip(call.arguments, given, strict=True))
        first = named.pop(next(iter(named), ""), None)
        try:
            found: Any = _result(self.builder, operation, first, named)
            results = found if is_list(found) else [found]
            for name, result in zip(call.outputs, results, strict=False):
                self._check(result, self.program.shapes[name])
            return self._changed(call, first, results) if call.is_in_place else results
        except _FAULTS as error:
            raise Unreadable(f"arguments that cannot be read: {error}") from None

    def _changed(self, call: Call, first: Any, results: list[Any]) -> Sequence[Any]:
        """The results of an operation in place, after which others are stale."""
        if isinstance(first, Constant) and isinstance(results[0], Constant):
            np.copyto(first.array, results[0].array, casting="unsafe")
            return [first]  # of which the others are views
        self.known.update(dict.fromkeys(call.stale, Stale()))
        return results

    def _check(self, result: Any, shape: Sequence[int]) -> None:
        """Raise Unreadable unless a result has its shape in the source."""
        if isinstance(result, Value):
            check(result)
        if isinstance(result, Constant) and result.array.base is None:
            self.room -= result.array.size
        if self.room < 0:
            raise Unreadable("an operation on more numbers than a network has")
        if result.shape != tuple(shape):
            message = f"a result of {result.shape}, which is {tuple(shape)} in the file"
            raise Unreadable(message)

    def _resolved(self, value: Any) -> Any:
        if is_list(value):
            return [self._resolved(item) for item in value]
        if not isinstance(value, Ref):
            return value
        found = self.known.get(value.name)
        if found is None:
            raise Unreadable("a result that cannot be read")
        if isinstance(found, Stale):
            raise Unreadable("a tensor of which a part was changed in place")
        return found


def _result(
    builder: Builder, operation: str, first: Any, others: Mapping[str, Any]
) -> Any:
    """What an operation gives; raises Unreadable."""
    given = [first, *others.values()]
    if not any(_values(given)):
        return folded(operation, first, others)
    if isinstance(first, Scores) and operation in SCORES:
        return SCORES[operation](first, **others)
    if operation not in OPERATIONS:
        raise Lacking("the language has no such operation")
    if any(isinstance(each, Scores) for each in given) and operation not in _PRODUCTS:
        raise Unreadable("scores of attention beside something else than attention")
    return OPERATIONS[operation](builder, first, **others)


_PRODUCTS = "bmm", "matmul"


def _values(given: list[Any]) -> Iterator[Value]:
    """The tensors among arguments, those in lists too."""
    for each in given:
        if is_list(each):
            yield from _values(each)
        elif isinstance(each, Scores):
            yield from (each.query, each.key)
        elif isinstance(each, Value):
            yield each


def is_list(value: Any) -> TypeGuard[list[Any]]:
    """Whether an argument is a list."""
    return isinstance(value, list)
