"""One pass over the layers of a document that evaluates and records everything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from archspec.elaboration.arguments import scope_within
from archspec.elaboration.attributes import Size, primitive
from archspec.elaboration.faults import Faults
from archspec.elaboration.frames import (
    LOST,
    Call,
    Frame,
    Names,
    Outcome,
    Ran,
    Tensor,
)
from archspec.elaboration.later_runs import check_alike, mark_uses
from archspec.elaboration.limits import deeper
from archspec.elaboration.record import Record
from archspec.elaboration.runs import check_order, runs
from archspec.elaboration.scopes import repeats, value_of
from archspec.elaboration.settings import Defaults, evaluated
from archspec.elaboration.tables import Row, rows_of
from archspec.errors import SpecError
from archspec.expressions import Unknowable, Value
from archspec.language import (
    AgainLayer,
    Branch,
    Document,
    JoinLayer,
    Layer,
    OpLayer,
    Table,
)
from archspec.language.fields import INPUT
from archspec.network import RUN_CHANNELS, Instance, Step
from archspec.ops import JOINS, Join, Op
from archspec.ops.shapes import described, is_map
from archspec.reading.nodes import fail


@dataclass
class Elaborator:
    """The document, its evaluated defaults, and the layers and faults found so far.

    After a fault its layer's output is LOST, and what reads that is only looked through
    for other faults.
    """

    document: Document
    scope: Names
    """What the document's own blocks see besides their own names."""

    defaults: Defaults
    record: Record = field(default_factory=Record)

    def __post_init__(self) -> None:
        self.faults = Faults(self.document)

    def run(self, layers: Mapping[str, Layer], frame: Frame, tensor: Tensor) -> Tensor:
        """All layers, in order."""
        for name, layer in layers.items():
            tensor = frame.source(layer.origin, tensor)
            inner = frame.at_layer(name)
            try:
                self.record.count(layer.place)
                tensor = self.layer(name, layer, inner, tensor)
            except SpecError as error:
                self.faults.note(error.at(layer.place), inner)
                tensor = LOST
            except Unknowable:
                tensor = LOST
            frame.known[name] = tensor
            for row in layer.rows if isinstance(layer, Table) else ():
                frame.known.setdefault(f"{name}.{row}", tensor)
        return tensor

    def layer(self, name: str, layer: Layer, frame: Frame, tensor: Tensor) -> Tensor:
        """A layer with its repeats; the tensor itself where it is not there."""
        scope = frame.sees(tensor)
        frame.instance.scopes[name] = scope
        frame.instance.steps.setdefault(name, [])
        frame.ran[name] = Ran(frame.path(name), [])
        there = layer.when is None or bool(value_of(layer.when, scope))
        if isinstance(layer, Table):
            return self.table(name, layer, frame, tensor, there)
        if not there:
            return tensor
        for step, inner in enumerate(runs(layer.repeat, frame, scope)):
            if isinstance(layer, AgainLayer):
                tensor = self.again(name, layer, inner, tensor)
            else:
                tensor = self.once(name, layer, inner, tensor, step)
        return tensor

    def once(
        self,
        name: str,
        layer: OpLayer | JoinLayer,
        frame: Frame,
        tensor: Tensor,
        step: int = 0,
    ) -> Tensor:
        """One run of a layer."""
        if isinstance(layer, JoinLayer):
            given, branches = layer.attributes, layer.branches
            call = Call(name, layer.op, given, step, branches=branches)
        else:
            given = layer.attributes | (layer.then if step else {})
            own = layer.tensors
            call = Call(name, layer.op, given, step, like=layer.like, tensors=own)
        return self.call(call, frame, tensor)

    def again(
        self, name: str, layer: AgainLayer, frame: Frame, tensor: Tensor
    ) -> Tensor:
        """A later run of a layer: its calls once more, with the weights of the first.

        Raises SpecError (AS308) where the weights would have another shape.
        """
        first = frame.ran[layer.again]
        if frame.known[layer.again] == LOST:
            raise Unknowable
        for call, before in first.calls:
            tensors = {**call.tensors, **layer.tensors}
            block = self.document.blocks.get(call.op)
            names = block.tensors if block else []
            others = [frame.source(tensors.get(own), tensor) for own in names]
            if LOST in (tensor, *others):
                raise Unknowable
            shapes = [tensor.shape, *(other.shape for other in others)]
            check_alike(layer.again, names, before.inputs, shapes)
            suffix = frame.suffix + before.path.removeprefix(first.path)
            inner = frame._replace(scope={**before.scope}, suffix=suffix)
            start = len(self.record.layers)
            tensor = self.call(call._replace(name=name, tensors=tensors), inner, tensor)
            self.record.run_again(layer.again, before, inner.path(name), start)
            for later in frame.instance.steps[name][-1:]:
                mark_uses(later, before)
        return tensor

    def table(
        self, name: str, table: Table, frame: Frame, tensor: Tensor, there: bool
    ) -> Tensor:
        """The rows of a table, each with its repeats."""
        rows = rows_of(table)
        scope = frame.sees(tensor)
        times = [row.times(scope) if there else 0 for row in rows]
        index = 0
        for row, repeated in zip(rows, times, strict=True):
            runs = range(index, index + repeated)
            tensor = self.row(name, row, frame, tensor, runs=runs, count=sum(times))
            index += repeated
            frame.known[f"{name}.{row.name}"] = tensor
        return tensor

    def row(
        self,
        name: str,
        row: Row,
        frame: Frame,
        tensor: Tensor,
        *,
        runs: Sequence[int],
        count: int,
    ) -> Tensor:
        """A row of a table: these of the `count` runs of all rows."""
        cells = row.cells(frame.sees(tensor)) if runs else {}
        tensors = row.table.tensors.get(row.name, {})
        for step, index in enumerate(runs):
            names = {**cells, "index": index, "count": count}
            inner = frame.at_row(row.name, names, row.written)
            inner = inner if row.repeat is None else inner.at_repeat(step)
            given = row.given(step)
            call = Call(name, row.op, given, step, row.name, tensors=tensors)
            tensor = self.call(call, inner, tensor)
        return tensor

    def call(self, call: Call, frame: Frame, tensor: Tensor) -> Tensor:
        """A primitive, a block or a join, recorded as a step of the instance."""
        scope, path, op = frame.sees(tensor), frame.path(call.name), call.op
        try:
            self.record.count(call.op.place)
            if op in JOINS:
                outcome = self.join(call, frame, tensor)
            elif op in self.document.blocks:
                outcome = self.block(call, frame, tensor)
            else:
                outcome = self.primitive(call, frame, tensor)
        except SpecError as error:
            self.faults.note(error.at(call.op.place), frame)
            return LOST
        except Unknowable:
            return LOST
        step = Step(
            op,
            path,
            scope,
            outcome.attributes,
            outcome.said,
            outcome.inputs,
            outcome.output.shape,
            outcome.inner,
            call.row,
            call.number,
        )
        frame.instance.steps[call.name].append(step)
        frame.ran[call.name].calls.append((call, step))
        return outcome.output

    def primitive(self, call: Call, frame: Frame, tensor: Tensor) -> Outcome:
        """A primitive, which becomes a layer of the network."""
        size = None
        if call.like is not None:
            shape = frame.known[call.like].shape
            if not shape:
                raise Unknowable
            if not is_map(shape):
                message = f"'{call.like}' is not a feature map, but {described(shape)}"
                fail("AS308", message, call.like.place)
            size = shape[1:]
        op, values, said = self.built(call, frame, tensor, size)
        output = self.record.add(frame.path(call.name), op, [tensor], call.op.place)
        return Outcome((tensor.shape,), output, values, said)

    def built(
        self, call: Call, frame: Frame, tensor: Tensor, size: Size = None
    ) -> tuple[Op, dict[str, Value], frozenset[str]]:
        """The primitive, its attributes, and the names of those that are given."""
        scope = frame.sees(tensor)
        given = evaluated(call.given, scope, frame.written)
        in_block = frame.caller is not None
        return primitive(
            call, given, tensor.shape, self.defaults, size, in_block=in_block
        )

    def block(self, call: Call, frame: Frame, tensor: Tensor) -> Outcome:
        """A block: its own scope, its layers, and the addition of `residual`."""
        block, path = self.document.blocks[call.op], frame.path(call.name)
        below = f"{frame.trail}, block {block.name}"
        read = {n: frame.source(call.tensors.get(n), tensor) for n in block.tensors}
        read = {INPUT: tensor, **read}
        try:
            scope, values, said = scope_within(
                block, call, frame, read, self.defaults, outer=self.scope
            )
        except SpecError as error:
            raise error.at(path=below) from None
        adds = scope.get("residual") is True
        inputs = tuple(each.shape for each in read.values())
        instance = Instance(block.name, path, scope, inputs, residual=adds)
        inner = Frame(
            instance,
            scope,
            read,
            {},
            prefix=path,
            trail=below,
            depth=deeper(frame, call.op.place),
            caller=frame.caller or (call.op if block.standard else None),
            written=frame.written_for(call) if block.standard else {},
        )
        output = self.run(block.layers, inner, tensor)
        if adds:
            output = self.residual(call, inner, tensor, output)
        instance.output = output.shape
        return Outcome(inputs, output, values, said, instance)

    def residual(self, call: Call, inner: Frame, start: Tensor, end: Tensor) -> Tensor:
        """The input of a block added to the output of its layers."""
        path, ends = f"{inner.prefix}.residual", [start, end]
        try:
            return self.record.add(path, JOINS["add"](), ends, call.op.place)
        except SpecError as error:
            (fault,) = error.at(path=f"{inner.trail}, residual").diagnostics
            help = (
                "its 'residual' is true although the shapes differ: write a condition, "
                "such as stride == 1 and in_channels == filters"
            )
            fault = fault._replace(help=fault.help and help)
            raise SpecError([fault]) from None

    def join(self, call: Call, frame: Frame, tensor: Tensor) -> Outcome:
        """Run the branches and join their outputs."""
        tensors: list[Tensor] = []
        names: list[str] = []
        deeper(frame, call.op.place)
        if not call.branches:
            tensors, names = [tensor], ["input"]
        for name, branch in call.branches.items():
            start = frame.source(branch.origin, tensor)
            frame.instance.scopes[f"{call.name}/{name}"] = frame.sees(start)
            ends = self.branch(branch, frame.at_branch(name), start)
            if not ends and name in JOINS[call.op].roles:
                ends = [start]
            tensors += ends
            names += [name] * len(ends)
        if not tensors:
            help = "every branch has a 'when', and all are false"
            fail("AS307", f"'{call.name}' has no branches", call.op.place, help)
        join, values, said = self.built(call, frame, tensor)
        if isinstance(join, Join) and join.is_ordered:
            check_order(call)
        path, place = frame.path(call.name), call.op.place
        output = self.record.add(path, join, tensors, place, names=names)
        return Outcome(tuple(t.shape for t in tensors), output, values, said)

    def branch(self, branch: Branch, frame: Frame, start: Tensor) -> list[Tensor]:
        """Outputs of a branch: none if its `when` is false, one of each of its runs."""
        scope = frame.sees(start)
        if branch.when is not None and not value_of(branch.when, scope):
            return []
        if branch.runs is None:
            return [self.run(branch.layers, frame, start)]
        outputs: list[Tensor] = []
        key = "repeat" if branch.series is None else "series"
        for step in range(repeats(branch.runs, scope, key=key)):
            self.record.count(branch.runs.place)
            inner = frame.at_repeat(step)
            inner.scope[RUN_CHANNELS] = start.channels
            outputs.append(self.run(branch.layers, inner, start))
            start = start if branch.series is None else outputs[-1]
        return outputs
