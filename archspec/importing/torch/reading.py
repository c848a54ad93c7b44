"""From PyTorch's operations to a graph of the language's ops."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from archspec.importing.building import Builder, Constant, Scores
from archspec.importing.graph import Graph
from archspec.importing.layouts import Unreadable, Value, check
from archspec.importing.patterns import Formula
from archspec.importing.readings import Tables
from archspec.importing.steps import (
    Arguments,
    Step,
    Steps,
    Unfinished,
    Unknown,
    is_list,
)
from archspec.importing.torch.aliases import Call, Ref, refs
from archspec.importing.torch.archive import Program
from archspec.importing.torch.arrays import CHAINED, FUNCTIONS, MOVING, REDUCING
from archspec.importing.torch.operations import OPERATIONS, SCORES

_TABLES = Tables(
    OPERATIONS,
    SCORES,
    FUNCTIONS,
    CHAINED,
    REDUCING,
    MOVING,
    sums=frozenset({"mean", "sum"}),
)
_PRODUCTS = "bmm", "matmul"


def read(program: Program) -> tuple[Graph, Builder]:
    """The graph of a program; the builder has the gaps, where there are any."""
    return _Reading(program).graph()


class _Reading(Steps):
    def __init__(self, program: Program):
        # the part of a network that is made of weights alone has no inputs
        (batch, *_), *_ = (*program.inputs.values(), (1,))
        known, shapes = program.constants, program.shapes
        super().__init__(batch, _TABLES, known, shapes, program.state)
        self.program = program

    def graph(self) -> tuple[Graph, Builder]:
        """The whole network's."""
        builder, program = self.builder, self.program
        for name, shape in program.inputs.items():
            self.given(name, builder.given(name, shape) or Unknown())
        for call in program.calls:
            self._call(call)
        builder.scopes = ()
        ends = [self.end(name) for name in program.outputs]
        names = program.names if len(ends) > 1 else ("",)
        return builder.graph(dict(zip(names, ends, strict=True))), builder

    def _call(self, call: Call) -> None:
        first, step = self.known.get(call.first), _step(call)
        self.run(step)
        if not call.is_in_place:
            return
        found = self.known.get(call.first)
        if isinstance(first, Constant) and isinstance(found, Constant):
            return
        error = Unreadable("a tensor of which a part was changed in place")
        for name in call.stale:
            beginning = Formula(next(self.count), None, ())
            self.given(name, Unfinished(step, error), beginning)

    def _readable(
        self, step: Step, inputs: Sequence[Any], formula: Formula | None
    ) -> Sequence[Any]:
        results = super()._readable(step, inputs, formula)
        for name, result in zip(step.outputs, results, strict=False):
            _check(result, self.shapes.get(name, ()))
        if not step.is_in_place or not inputs:
            return results
        if isinstance(inputs[0], Constant) and isinstance(results[0], Constant):
            return [_changed(inputs[0], results[0])]
        return results

    def _read(self, step: Step, inputs: Sequence[Any]) -> Sequence[Any]:
        if any(isinstance(each, Scores) for each in inputs):
            is_first = isinstance(inputs[0], Scores) and step.operation in SCORES
            if not is_first and step.operation not in _PRODUCTS:
                message = "scores of attention beside something else than attention"
                raise Unreadable(message)
        return super()._read(step, inputs)


def _check(result: Any, shape: Sequence[int]) -> None:
    """Raise Unreadable unless a result has its shape in the source."""
    if isinstance(result, Value):
        check(result)
    if result.shape != tuple(shape):
        message = f"a result of {result.shape}, which is {tuple(shape)} in the file"
        raise Unreadable(message)


def _changed(constant: Constant, by: Constant) -> Constant:
    """A constant that is changed in place, of which others are views."""
    try:
        np.copyto(constant.array, by.array, casting="unsafe")
    except ValueError as error:
        raise Unreadable(f"a weight that is changed in place: {error}") from None
    return constant._replace(made_of=constant.made_of or by.made_of)


def _step(call: Call) -> Step:
    inputs = tuple(refs([*call.arguments.values()]))
    operation, filled = call.operation.removesuffix("_"), partial(_filled, call)
    return Step(operation, inputs, call.outputs, call.scopes, filled, call.is_in_place)


def _filled(call: Call, inputs: Sequence[Any]) -> Arguments:
    """The first argument by its place, the others by their names in the schema."""
    rest = iter(inputs)
    given = {name: _resolved(each, rest) for name, each in call.arguments.items()}
    first = list(given)[:1]
    return [given.pop(name) for name in first], given


def _resolved(value: Any, rest: Iterator[Any]) -> Any:
    if isinstance(value, Ref):
        return next(rest)
    return [_resolved(item, rest) for item in value] if is_list(value) else value
