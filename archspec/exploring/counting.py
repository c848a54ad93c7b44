"""Counts networks that differ from one spec in values, without elaborating all anew.

Parts of a document are elaborated once for the values and shapes on which they depend.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import prod
from typing import Any

from archspec.analysis.memory import bias_bytes
from archspec.analysis.usage import BYTES, Dtype
from archspec.elaboration import check_used, opened
from archspec.elaboration.frames import Frame, Ran, Tensor
from archspec.elaboration.limits import MAX_RUNS
from archspec.elaboration.scopes import value_of
from archspec.errors import SpecError
from archspec.exploring.changes import Change, with_changes
from archspec.exploring.figures import ARENA, COUNTS, FORMS
from archspec.exploring.layout import Layout, sizes
from archspec.exploring.names import Dependencies, Typed, typed
from archspec.exploring.remembering import Memo
from archspec.exploring.segments import Counts, Segment
from archspec.exploring.units import RowUnit, TableUnit, Unit, grouped
from archspec.expressions import MAX_EFFORT, limited_effort
from archspec.language import Spec, Table
from archspec.network import INPUT, Instance, Network
from archspec.ops import Shape


class State:
    """What the layers see: names of the document, defaults and inputs."""

    def __init__(self, spec: Spec, changes: Sequence[Change], memo: Memo):
        changed = replace(spec, document=with_changes(spec.document, changes))
        with limited_effort() as budget:
            shapes, self.elaborator = opened(changed, memo.elaborator)
        self.effort = budget.spent
        self.shapes: Mapping[str, Shape] = shapes
        self.sizes = [prod(shape) for shape in shapes.values()]
        self.images = {
            name: Tensor(shape, INPUT - number)
            for number, (name, shape) in enumerate(shapes.items())
        }
        self._seen: dict[Unit | RowUnit, Typed] = {}

    def seen(self, unit: Unit | RowUnit) -> Typed:
        """The values of the names on which a unit depends."""
        found = self._seen.get(unit)
        if found is None:
            scope = self.elaborator.scope
            found = self._seen[unit] = typed(map(scope.get, unit.names))
        return found


class Counter:
    """Counts a spec with changes; what it learns it keeps for the next ones."""

    def __init__(self, spec: Spec):
        self.spec = spec
        self.memo = Memo(Dependencies(spec.document))
        self.groups = [*grouped(spec.document.layers)]
        self._group_of = {n: i for i, each in enumerate(self.groups) for n in each}

    def figures(
        self, changes: Sequence[Change], names: Sequence[str], dtype: Dtype
    ) -> dict[str, int] | None:
        """The figures of the network with changes that are apart from each other.

        None where it may have to be refused, or is too large to count in parts.
        """
        try:
            return self._figures(changes, names, dtype)
        except SpecError:
            return None

    def _figures(
        self, changes: Sequence[Change], names: Sequence[str], dtype: Dtype
    ) -> dict[str, int] | None:
        in_layers: dict[int, list[Change]] = {}
        others: list[Change] = []
        for change in changes:
            if change.path[0] == "layers":
                group = self._group_of[change.path[1]]
                in_layers.setdefault(group, []).append(change)
            else:
                others.append(change)
        state = self.memo.keep(
            (State, *others), lambda: State(self.spec, others, self.memo)
        )
        walk = _Walk(state, self.memo)
        for number in range(len(self.groups)):
            walk.add(self._unit(number, in_layers.get(number, ())))
        layout = walk.layout(self.spec)
        if layout is None:
            return None
        return _figures(walk, layout, names, dtype)

    def _unit(self, number: int, changes: Sequence[Change]) -> Unit:
        """The unit of a group of layers, with changes in them."""
        return self.memo.keep(
            (Unit, number, *changes), lambda: self._changed_unit(number, changes)
        )

    def _changed_unit(self, number: int, changes: Sequence[Change]) -> Unit:
        document = self.spec.document
        layers = {name: document.layers[name] for name in self.groups[number]}
        layers = with_changes(layers, changes, depth=1)
        first, *others = layers
        if not others and isinstance(table := layers[first], Table):
            return TableUnit(first, table, self.memo)
        return Unit(layers, self.memo.dependencies)


class _Walk:
    """Adds up the units of one network."""

    def __init__(self, state: State, memo: Memo):
        self.state, self.memo = state, memo
        self.known: dict[str, Tensor] = {**state.images}
        self.tensor = next(iter(state.images.values()))
        self.segments: list[Segment] = []
        self.counts: list[Counts] = []
        self.starts: list[tuple[int, list[int]]] = []
        self.key: list[tuple[int, ...]] = []
        self.layers = 0
        self.runs = 0
        self.effort = state.effort

    def add(self, unit: Unit) -> None:
        """The layers of a unit."""
        if isinstance(unit, TableUnit):
            self._table(unit)
            return
        names = [name for name in unit.reads if name in self.known]
        read = [self.tensor, *(self.known[name] for name in names)]
        elaborator = self.state.elaborator
        key = unit, elaborator.key, self.state.seen(unit), *(t.shape for t in read)

        def run(read: Sequence[Tensor]) -> tuple[Tensor, Mapping[str, Tensor]]:
            frame = self._frame(dict(zip(names, read[1:], strict=True)))
            output = elaborator.run(unit.layers, frame, read[0])
            ends = {n: t for n, t in frame.known.items() if n not in names}
            return output, ends

        self._place(elaborator.remembered(key, read, run), read)

    def _table(self, unit: TableUnit) -> None:
        """The rows of a table, as `Elaborator.table` has them."""
        table, elaborator = unit.table, self.state.elaborator
        if table.origin is not None:
            self.tensor = self.known[table.origin]
        scope = {**elaborator.scope, "channels": self.tensor.channels}
        there = table.when is None or bool(value_of(table.when, scope))
        times = [_times(row, scope) if there else 0 for row in unit.rows]
        count, index = sum(times), 0
        self.runs += 1
        for row, repeated in zip(unit.rows, times, strict=True):
            if repeated:
                self._row(row, range(index, index + repeated), count)
            index += repeated
            self.known[f"{unit.name}.{row.row.name}"] = self.tensor
        self.known[unit.name] = self.tensor

    def _row(self, unit: RowUnit, runs: range, count: int) -> None:
        elaborator, name = self.state.elaborator, unit.name
        read = [self.tensor, *(self.known[name] for name in unit.reads)]
        place = (runs.start, count) if unit.is_placed else ()
        shapes = (t.shape for t in read)
        key = unit, elaborator.key, self.state.seen(unit), len(runs), place, *shapes

        def run(read: Sequence[Tensor]) -> tuple[Tensor, Mapping[str, Tensor]]:
            frame = self._frame(dict(zip(unit.reads, read[1:], strict=True)))
            frame.instance.steps[name] = []
            frame.ran[name] = Ran(frame.path(name), [])
            inner = frame.at_layer(name)
            return elaborator.row(
                name, unit.row, inner, read[0], runs=runs, count=count
            ), {}

        self._place(elaborator.remembered(key, read, run), read)

    def _frame(self, known: dict[str, Tensor]) -> Frame:
        scope = self.state.elaborator.scope
        return Frame(Instance(None, "", scope, ()), scope, known, {})

    def _place(self, segment: Segment, read: Sequence[Tensor]) -> None:
        """Put the layers of a segment behind those before it."""
        start, sources = self.layers, [tensor.source for tensor in read]
        counts, structure = self.memo.counted(segment)
        self.segments.append(segment)
        self.counts.append(counts)
        self.starts.append((start, sources))
        self.key.append((structure, *sources))
        self.layers += len(segment.layers)
        self.runs += segment.runs
        self.effort += segment.effort

        def end(tensor: Tensor) -> Tensor:
            shape, source = tensor
            before = source > INPUT
            return Tensor(shape, source + start if before else sources[INPUT - source])

        self.tensor = end(segment.output)
        for name, tensor in segment.ends.items():
            self.known[name] = end(tensor)

    def layout(self, spec: Spec) -> Layout | None:
        """What is in memory when; None for what may be beyond a limit, or unused."""
        if self.runs > MAX_RUNS or self.effort > MAX_EFFORT // 4:
            return None
        outputs = {
            name: self.known[reference].source
            for name, reference in spec.document.outputs.items()
        }
        outputs = outputs or {"": self.tensor.source}
        key = Layout, *self.key, *outputs.values()
        return self.memo.keep(key, lambda: Layout.of(self._network(spec, outputs)))

    def _network(self, spec: Spec, outputs: Mapping[str, int]) -> Network:
        """The layers as a network; raises SpecError where some are never used."""
        layers = [
            layer
            for segment, (start, sources) in zip(
                self.segments, self.starts, strict=True
            )
            for layer in segment.placed(start, sources, "")
        ]
        check_used(layers, {*outputs.values()})
        root = Instance(None, "", {}, ())
        shapes = self.state.shapes
        return Network(spec, shapes, outputs, (), tuple(layers), root)


def _times(unit: RowUnit, scope: Any) -> int:
    if unit.times is None or not unit.is_fixed:
        unit.times = unit.row.times(scope)
    return unit.times


def _figures(
    walk: _Walk, layout: Layout, names: Sequence[str], dtype: Dtype
) -> dict[str, int]:
    counts = walk.counts
    numbers = sizes(walk.state.sizes, counts)
    width, bias_width = BYTES[dtype], bias_bytes(dtype)

    def figure(name: str) -> int:
        if name in COUNTS:
            return sum(getattr(each, name) for each in counts)
        if name == "layers":
            return walk.layers
        if name == ARENA:
            return layout.arena(numbers, width)
        if FORMS[name].field == "activations":
            return layout.peak(name, numbers) * width
        folded = bool(FORMS[name].form)
        return layout.weight_bytes(counts, width, bias_width, folded=folded)

    return {name: figure(name) for name in names}
