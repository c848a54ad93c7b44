"""From the operations of a `.onnx` file to a graph of the language's ops."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import count
from typing import Any

from archspec.importing import patterns
from archspec.importing.building import Builder, Constant, Gap
from archspec.importing.graph import Graph
from archspec.importing.layouts import Unreadable, Value
from archspec.importing.onnx.arrays import FUNCTIONS, POINTWISE, computed
from archspec.importing.onnx.file import Call, Program
from archspec.importing.onnx.operations import OPERATIONS, SHAPE_OF
from archspec.importing.patterns import Formula


class Unfinished:
    """A tensor inside a chain of operations that may yet become an op."""


class Unknown:
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

    def graph(self) -> tuple[Graph, Builder]:
        builder, program = self.builder, self.program
        for name, shape in program.inputs.items():
            self._set(name, self._input(name, shape))
        for call in program.calls:
            builder.scopes = call.scopes
            self._run(call)
        ends = [builder.output(self._end(name)) for name in program.outputs]
        names = program.outputs if len(ends) > 1 else ("",)
        return builder.graph(dict(zip(names, ends, strict=True))), builder

    def _input(self, name: str, shape: Sequence[int]) -> Value:
        """Sequences have channels last, and so have images of TensorFlow."""
        first = [c for c in self.program.calls if name in c.inputs][:1]
        moved = [c.attributes.get("perm") for c in first if c.operation == "Transpose"]
        last = len(shape) == 3 or moved == [(0, 3, 1, 2)]
        canonical = (shape[-1], *shape[1:-1]) if last else shape[1:]
        return self.builder.input(name, tuple(canonical), last=last)

    def _set(self, name: str, value: Any, formula: Formula | None = None) -> None:
        self.known[name] = value
        is_value = isinstance(value, Value)
        if formula is None and is_value:
            formula = Formula(next(self.count), None, ())
        if formula is not None:
            formula.value = value if is_value else None
            self.formulas[name] = formula

    def _end(self, name: str) -> Any:
        found = self.known[name]
        if isinstance(found, Unfinished):
            self.builder.gaps.append(
                Gap(name, "the language has no such operation", ())
            )
        return found

    # -- one operation -----------------------------------------------------------

    def _run(self, call: Call) -> None:
        inputs = [self.known[name] for name in call.inputs]
        if any(isinstance(each, Unknown) for each in inputs):
            results: Sequence[Any] = [Unknown() for _ in call.outputs]
            formula = None
        else:
            formula = self._formula(call, inputs)
            results = self._results(call, inputs, formula)
        for name, result in zip(call.outputs, results, strict=False):
            self._set(name, result, formula)

    def _formula(self, call: Call, inputs: list[Any]) -> Formula | None:
        """What a chain of operations computes on each number, if this is in one."""
        if call.operation not in POINTWISE or not _has_values(inputs):
            return None
        terms = [
            self.formulas.get(
                name, value.array if isinstance(value, Constant) else None
            )
            for name, value in zip(call.inputs, inputs, strict=True)
        ]
        function = partial(FUNCTIONS[call.operation], **call.attributes)
        return Formula(next(self.count), function, tuple(terms))

    def _results(
        self, call: Call, inputs: list[Any], formula: Formula | None
    ) -> Sequence[Any]:
        try:
            if not _has_values(inputs):
                return self._folded(call, inputs)
            found = patterns.activation(formula) if formula else None
            if found:
                kind = found.attributes
                if kind["kind"] == "identity":
                    return [found.value]
                return [self.builder.pointwise("activation", found.value, **kind)]
            return self._read(call, inputs)
        except Unreadable as error:
            if formula is not None:
                return [Unfinished()]
            return self._gap(call, str(error))

    def _folded(self, call: Call, inputs: list[Any]) -> Sequence[Any]:
        bare = [each.array if isinstance(each, Constant) else each for each in inputs]
        arrays = computed(call.operation, bare, dict(call.attributes))
        names = [each.name for each in inputs if isinstance(each, Constant)]
        name = names[0] if names else call.outputs[0]
        return [Constant(name, array) for array in arrays]

    def _read(self, call: Call, inputs: list[Any]) -> Sequence[Any]:
        if call.operation in SHAPE_OF:
            return [SHAPE_OF[call.operation](*inputs, **call.attributes)]
        for each, name in zip(inputs, call.inputs, strict=True):
            if isinstance(each, Unfinished):
                raise Unreadable(
                    f"it reads '{name}', which is no tensor of the language"
                )
        if call.operation not in OPERATIONS:
            raise Unreadable("the language has no such operation")
        try:
            found = OPERATIONS[call.operation](self.builder, *inputs, **call.attributes)
        except (TypeError, ValueError, IndexError) as error:
            raise Unreadable(f"arguments that cannot be read: {error}") from None
        return found if isinstance(found, list) else [found]

    def _gap(self, call: Call, why: str) -> Sequence[Any]:
        results: list[Any] = []
        for name in call.outputs:
            shape = self.program.shapes.get(name)
            unknown = self.builder.unknown(call.operation, why, shape or (1, 1))
            results.append(unknown if shape else Unknown())
        return results


def _has_values(inputs: Sequence[Any]) -> bool:
    return any(isinstance(each, Value | Unfinished) for each in inputs)
