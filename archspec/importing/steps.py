"""Operations of a source one by one: on weights alone, parts of chains, or ops."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import count
from typing import Any, NamedTuple, TypeGuard

from archspec.importing.arrays import FAULTS, MAX_SIZE, computed
from archspec.importing.building import Builder, Constant, Gap, Scores, Stacked
from archspec.importing.graph import Node, Scope
from archspec.importing.layouts import Lacking, Unreadable, Value
from archspec.importing.patterns import Formula, Found, recognised
from archspec.importing.readings import Tables
from archspec.ops import Shape

Arguments = tuple[Sequence[Any], Mapping[str, Any]]


class Step(NamedTuple):
    """One operation, its tensors by their names.

    `filled` gives its arguments, by position and by name, with these tensors.
    """

    operation: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    scopes: tuple[Scope, ...]
    filled: Callable[[Sequence[Any]], Arguments]
    is_in_place: bool = False
    """Whether it changes its first tensor, which then is its output, too."""


class Unfinished(NamedTuple):
    """A tensor inside a chain of operations that may yet become an op."""

    step: Step
    error: Unreadable


class Unknown(NamedTuple):
    """A tensor of which nothing is known, not even its shape."""


class Steps:
    """The state of one reading: what each tensor was read as, by its name."""

    opaque: tuple[type, ...] = (Scores, Stacked)
    """What depends on the input, but is no tensor."""

    def __init__(
        self,
        batch: int,
        tables: Tables,
        known: Mapping[str, Any],
        shapes: Mapping[str, Shape],
        learned: Collection[str] = (),
    ):
        self.builder = Builder(batch)
        self.tables = tables
        self.known: dict[str, Any] = dict(known)
        self.builder.learned = learned
        self.shapes = shapes
        self.formulas: dict[str, Formula] = {}
        self.count = count()
        self.room = MAX_SIZE

    def given(self, name: str, result: Any, formula: Formula | None = None) -> None:
        """Say what a tensor was read as."""
        self.known[name] = result
        value = result if isinstance(result, Value) else None
        if value is not None and formula is None:
            formula = Formula(next(self.count), None, ())
        if formula is not None:
            formula.value = value
            self.formulas[name] = formula

    def run(self, step: Step) -> None:
        """Read one operation; an unreadable one becomes a gap."""
        self.builder.scopes = step.scopes
        inputs = [self.known.get(name, Unknown()) for name in step.inputs]
        if any(isinstance(each, Unknown) for each in inputs):
            results, formula = [Unknown() for _ in step.outputs], None
        else:
            formula = self._formula(step, inputs)
            results = self._results(step, inputs, formula)
        # such as the indices of a pool, or a mask
        missing = [Unknown()] * (len(step.outputs) - len(results))
        whole = zip(step.outputs, [*results, *missing], strict=False)
        for number, (name, result) in enumerate(whole):
            if formula is not None and len(step.outputs) > 1:
                self.given(name, result, formula.part(number))
            else:
                self.given(name, result, formula)

    def end(self, name: str) -> Node:
        """The node of an output of the network."""
        found = self.known.get(name, Unknown())
        if isinstance(found, Unfinished):
            found = self._refused(found)
        if not isinstance(found, Unknown):
            return self.builder.output(found)
        if not self.builder.gaps:
            why = "it depends on a result that cannot be read"
            self.builder.gaps.append(Gap("output", why, ()))
        return Node(None, (), ())

    def _formula(self, step: Step, inputs: Sequence[Any]) -> Formula | None:
        """What a chain of operations computes on each number, if this is in one."""
        tables = self.tables
        if step.operation not in tables.chained or not self._depends(inputs):
            return None
        if any(isinstance(each, self.opaque) or self._learns(each) for each in inputs):
            return None
        terms = [
            value if isinstance(value, Constant) else self.formulas.get(name)
            for name, value in zip(step.inputs, inputs, strict=True)
        ]
        function = tables.functions[step.operation]

        def run(*arrays: Any) -> Any:
            args, attributes = step.filled(arrays)
            return function(*args, **attributes)

        reduces = step.operation in tables.reducing
        numbers = list(_numbers(step.filled(terms)))
        return Formula(
            next(self.count), run, tuple(terms), reduces=reduces, numbers=numbers
        )

    def _results(
        self, step: Step, inputs: Sequence[Any], formula: Formula | None
    ) -> Sequence[Any]:
        try:
            return self._readable(step, inputs, formula)
        except Unreadable as error:
            found = error
        if formula is None:
            return self._gap(step, found)
        try:
            op = recognised(formula, far=True)
            if op:
                return [self._op(op)]
        except Unreadable as error:
            found = error
        first = next((x for x in inputs if isinstance(x, Unfinished)), None)
        return [first or Unfinished(step, found)] * len(step.outputs)

    def _readable(
        self, step: Step, inputs: Sequence[Any], formula: Formula | None
    ) -> Sequence[Any]:
        """What is read; raises Unreadable, too for what no exporter writes."""
        try:
            if not self._depends(inputs):
                return self._folded(step, inputs)
            found = recognised(formula) if formula else None
            results = [self._op(found)] if found else self._read(step, inputs)
            if formula and not found and not _is_plain(results[0]):
                # a number that may be the last step of an activation
                found = recognised(formula, far=True)
                results = [self._op(found)] if found else results
            return results
        except FAULTS as error:
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
        return builder.channelwise(
            found.name, value, found.axis, found.weights or {}, **found.attributes
        )

    def _folded(self, step: Step, inputs: Sequence[Any]) -> Sequence[Constant]:
        """An operation on weights alone gives others."""
        moves = step.operation in self.tables.moving
        bare = [_bare(each, exact=not moves) for each in inputs]
        args, attributes = step.filled(bare)
        arrays = computed(self.tables.functions, step.operation, args, attributes)
        self.room -= sum(array.size for array in arrays if array.base is None)
        if self.room < 0:
            raise Unreadable("an operation on more numbers than a network has")
        constants = [each for each in inputs if isinstance(each, Constant)]
        name = next((each.name for each in constants if each.name), step.outputs[0])
        made_of = {
            source: None
            for each in constants
            for source in each.made_of
            or (each.name,) * (not moves or len(constants) > 1)
        }
        weights = [source for source in made_of if source in self.builder.learned]
        made_of = tuple(weights or made_of)
        return [Constant(name, array, made_of) for array in arrays]

    def _read(self, step: Step, inputs: Sequence[Any]) -> Sequence[Any]:
        operation, tables = step.operation, self.tables
        if operation in tables.scores and any(isinstance(x, Scores) for x in inputs):
            args, attributes = step.filled(inputs)
            return [tables.scores[operation](*args, **attributes)]
        if any(isinstance(x, Stacked) for x in inputs) and operation not in tables.sums:
            raise Unreadable("tensors in a new dimension that are not added up")
        if operation not in tables.operations:
            raise Lacking("the language has no such operation")
        if operation not in tables.partial:
            inputs = [_finished(each) for each in inputs]
        args, attributes = step.filled(inputs)
        found = tables.operations[operation](self.builder, *args, **attributes)
        return found if is_list(found) else [found]

    def _gap(self, step: Step, error: Unreadable) -> Sequence[Any]:
        """What stands for the results of an operation that cannot be read."""
        unfinished = [self.known.get(name) for name in step.inputs]
        unfinished = [each for each in unfinished if isinstance(each, Unfinished)]
        cause = unfinished[0] if unfinished else Unfinished(step, error)
        inputs = self._values(cause.step)
        return [self._refused(cause, name, inputs) for name in step.outputs]

    def _values(self, step: Step) -> list[Value]:
        given = [self.known.get(name) for name in step.inputs]
        opaque = [each for each in given if isinstance(each, Scores | Stacked)]
        inner = [value for each in opaque for value in each.parts]
        return [each for each in given if isinstance(each, Value)] + inner

    def _refused(
        self, cause: Unfinished, name: str = "", inputs: Sequence[Value] = ()
    ) -> Any:
        """Record the gap; a tensor of the shape in the file, or of an input's."""
        operation, scopes = cause.step.operation, cause.step.scopes
        shape = self.shapes.get(name)
        values = self._values(cause.step)
        if not shape and values:
            shape = values[0].shape
        inner, self.builder.scopes = self.builder.scopes, scopes
        found = self.builder.unknown(operation, cause.error, shape or (1, 1), inputs)
        self.builder.scopes = inner
        return found if shape else Unknown()

    def _learns(self, given: Any) -> bool:
        """Whether this is a learned number, whose value says nothing of the op."""
        is_number = isinstance(given, Constant) and given.array.size == 1
        return is_number and self.builder.is_learned(given)

    def _depends(self, inputs: Sequence[Any]) -> bool:
        """Whether any of these depends on the input of the network."""
        return any(
            isinstance(each, (Value, Unfinished, *self.opaque)) for each in inputs
        )


def is_list(value: Any) -> TypeGuard[list[Any]]:
    """Whether a result is several, or an argument a list."""
    return isinstance(value, list)


def _is_plain(result: Any) -> bool:
    return not isinstance(result, Value) or result.is_plain


def _finished(given: Any) -> Any:
    if isinstance(given, Unfinished):
        raise given.error
    return given


def _bare(given: Any, *, exact: bool) -> Any:
    """The array of a constant; what is computed, is in double precision."""
    if not isinstance(given, Constant):
        return given
    is_floating = given.array.dtype.kind == "f"
    return given.array.astype("float64") if exact and is_floating else given.array


def _numbers(arguments: Arguments) -> Iterator[float]:
    """Settings of an operation, among which may be an epsilon."""
    args, attributes = arguments
    for each in (*args, *attributes.values()):
        if isinstance(each, float):
            yield each
