"""A framework's dialect: each primitive as the layers that a template can print.

A program is lowered once, before any of it is printed: from then on a primitive is
what one framework makes of it, and what its text will read is known.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from math import prod
from typing import Any, ClassVar

from archspec.expressions import Constant, Expression, Name, Value
from archspec.network import Network, NetworkLayer
from archspec.ops import JOINS, PRIMITIVES, Shape
from archspec.ops.shapes import rank
from archspec.targets.code import Code, literal, rounded
from archspec.targets.specialise.model import (
    Argument,
    Attribute,
    BranchPart,
    Call,
    FrameworkLayer,
    JoinStatement,
    Loop,
    OpStatement,
    Parameter,
    Printed,
    Program,
    Routine,
    Stage,
    StageCall,
    Statement,
    TableStatement,
    Unrolled,
)
from archspec.targets.symbols import constant, rebuild
from archspec.targets.templates import Templates
from archspec.targets.unprintable import Unprintable, located

Arguments = dict[str, Argument]


class Dialect:
    """What a framework makes of the primitives: one method an op, of the op's name.

    A method takes a call and its arguments, and returns the layers; an op without one
    is one layer, with a macro of its name. With `passes_channels` a module is given the
    number of channels that it reads.
    """

    passes_channels: ClassVar[bool]

    def __init__(self, network: Network, program: Program, templates: Templates):
        self.network = network
        self.program = program
        self.templates = templates
        self.manifest: Mapping[str, Any] = templates.manifest

    @property
    def constants(self) -> Collection[str]:
        """What the file defines besides the manifest's globals."""
        return ()

    @cached_property
    def takes_input_shape(self) -> bool:
        """Whether the shape of the image is an argument of the network."""
        return False

    def layers(self, call: Call, root: bool) -> tuple[FrameworkLayer, ...]:
        """The layers of a primitive, in order; Unprintable where there are none."""
        with located(None, call.paths[0]):
            arguments = self.arguments(call)
            if root and call.op == "dropout" and self.dropout_rate is not None:
                arguments["rate"] = Name("dropout")
            method = getattr(self, call.op, None)
            if method is None:
                return (FrameworkLayer(call.op, arguments),)
            return method(call, arguments)

    def arguments(self, call: Call) -> Arguments:
        """The attributes, constants where a framework needs them as constants."""
        kind = PRIMITIVES[call.op]
        found: Arguments = {
            name: constant(attribute.constant)
            if name in kind.static_fields
            else attribute.expression
            for name, attribute in call.attributes.items()
            if name not in {"padding", "initializer"}
        }
        if not kind.elementwise:
            found["rank"] = call.rank
        if self.passes_channels and kind.has_weights() and call.op not in JOINS:
            found["in_channels"] = call.channels.expression
            if kind.sized:
                found["positions"] = constant(prod(call.inputs[0][1:]))
        return found

    def activation(
        self, call: Call, arguments: Arguments
    ) -> tuple[FrameworkLayer, ...]:
        """One layer, which `leaky_relu` gives its slope."""
        kind = call.attributes["kind"]
        if kind.is_only("leaky_relu"):
            arguments["kind"] = constant("leaky_relu")
        else:
            del arguments["slope"]
        arguments["function"] = self.activations(kind.expression)
        return (FrameworkLayer(call.op, arguments),)

    def attention(self, call: Call, arguments: Arguments) -> tuple[FrameworkLayer, ...]:
        """One layer, and what of its function the file needs."""
        given = call.attributes
        biased = "relative_bias" in given
        arguments |= {
            "size": literal(_table_size(call)) if biased else None,
            "signed": biased and given["relative_bias"].is_only("signed"),
            "absolute": biased and given["relative_bias"].is_only("absolute"),
            "biased": biased,
            "scale": arguments.get("scale"),
            "scaled": "scale" in given,
            "windowed": not given["window"].is_only(0),
            "shifted": not given["shift"].is_only(0),
            "dilated": not given["dilation"].is_only(1),
            "dropping": not given["dropout"].is_only(0),
            "grouped": any(path in self.sharing for path in call.paths),
            "on_maps": any(path in self.mapped for path in call.paths),
            "uneven": any(
                before[0] != after[0]
                for before, after in zip(call.inputs, call.outputs, strict=True)
                if before[0] != 3 * after[0]
            ),
        }
        arguments.pop("relative_bias", None)
        return (FrameworkLayer(call.op, arguments),)

    def linear_attention(
        self, call: Call, arguments: Arguments
    ) -> tuple[FrameworkLayer, ...]:
        """One layer, and whether heads share keys."""
        shared = any(path in self.sharing for path in call.paths)
        return (FrameworkLayer(call.op, {**arguments, "linear_grouped": shared}),)

    def separable_attention(
        self, call: Call, arguments: Arguments
    ) -> tuple[FrameworkLayer, ...]:
        """One layer, and whether it has grids."""
        grids = not call.attributes["dilation"].is_only(1)
        return (FrameworkLayer(call.op, {**arguments, "grids": grids}),)

    @cached_property
    def sharing(self) -> frozenset[str]:
        """The layers of attention whose heads share keys and values."""
        return frozenset(
            layer.path
            for layer in self.attending
            if len({shape[0] for shape in layer.inputs[:2]}) > 1
        )

    @cached_property
    def mapped(self) -> frozenset[str]:
        """The layers of attention that read a feature map."""
        return frozenset(
            layer.path
            for layer in self.attending
            if any(rank(shape) == 2 for shape in layer.inputs)
        )

    @property
    def attending(self) -> Iterator[NetworkLayer]:
        """The layers of attention."""
        return (layer for layer in self.network.layers if layer.primitive.attends)

    def activations(self, expression: Expression) -> Expression:
        """The expression with its words replaced by the framework's."""
        if isinstance(expression, Constant) and isinstance(expression.value, str):
            return Name(self.manifest["activations"][expression.value])
        return rebuild(expression, self.activations)

    def rotary(self, call: Call, arguments: Arguments) -> tuple[FrameworkLayer, ...]:
        """Its size as a pair, and how many tokens are before the feature map."""
        size = call.attributes["size"].constant
        height, width = size if isinstance(size, tuple) else (size, size)
        assert isinstance(height, int)
        assert isinstance(width, int)
        before = {shape[1] - height * width for shape in call.inputs}
        if len(before) > 1:
            raise Unprintable("rotary whose tokens before the patches differ")
        arguments["size"] = literal((height, width))
        arguments["in_channels"] = call.channels.expression
        arguments["tokens"] = before.pop()
        return (FrameworkLayer(call.op, arguments),)

    def slice_positions(
        self, call: Call, arguments: Arguments
    ) -> tuple[FrameworkLayer, ...]:
        """Without an end that is the last position."""
        ends = [shape[1] for shape in call.inputs]
        if list(call.attributes["stop"].values) == ends:
            arguments["stop"] = None
        return (FrameworkLayer(call.op, arguments),)

    # Batch norm and dropout, whose settings a file says once where it can

    @cached_property
    def batch_norms(self) -> frozenset[tuple[Value, Value]]:
        """Epsilon and decay of all batch norms."""
        norms = [c.attributes for c in primitives(self.program) if c.op == "batch_norm"]
        return frozenset(
            pair
            for norm in norms
            for pair in zip(norm["epsilon"].values, norm["decay"].values, strict=True)
        )

    @property
    def usual_norm(self) -> tuple[Value, Value]:
        """The framework's own settings of batch norm."""
        usual = self.manifest["batch_norm"]
        return usual["epsilon"], usual["decay"]

    def norm_form(self, call: Call) -> tuple[bool, bool]:
        """Whether a batch norm is the file's shared one, or gives its settings."""
        settings = (
            call.attributes["epsilon"].constant,
            call.attributes["decay"].constant,
        )
        usual, shared = settings == self.usual_norm, len(self.batch_norms) == 1
        return shared and not usual, not shared and not usual

    def norm_settings(self) -> tuple[Code | None, Code | None]:
        """Epsilon and momentum of all batch norms, None where they are the usual."""
        (epsilon, decay), usual = next(iter(self.batch_norms)), self.usual_norm
        return (
            None if epsilon == usual[0] else literal(epsilon),
            None if decay == usual[1] else self.momentum(decay),
        )

    def momentum(self, decay: Value) -> Code:
        """What the framework calls the momentum of batch norm: the decay."""
        return literal(decay)

    def batch_norm(
        self, call: Call, arguments: Arguments
    ) -> tuple[FrameworkLayer, ...]:
        """The module-level partial, or arguments where settings differ."""
        shared, explicit = self.norm_form(call)
        momentum = self.momentum(call.attributes["decay"].constant)
        arguments |= {"shared": shared, "explicit": explicit, "momentum": momentum}
        return (FrameworkLayer(call.op, arguments),)

    @cached_property
    def dropout_rate(self) -> float | None:
        """The rate of the network's own dropouts, an argument where they have one."""
        rates = {
            rate
            for call in calls_of(self.program.root.body)
            if call.op == "dropout"
            for rate in call.attributes["rate"].values
        }
        taken = "dropout" in {p.name for p in self.program.root.parameters}
        rate = rates.pop() if len(rates) == 1 and not taken else None
        return rounded(rate) if isinstance(rate, float) else None


def lower(dialect: Dialect) -> Program:
    """The dialect's program, every primitive with its layers."""
    return _Lowering(dialect).program()


class _Lowering:
    def __init__(self, dialect: Dialect):
        self.dialect = dialect
        self.source = dialect.program
        self.stages = {stage.name: self.stage(stage) for stage in self.source.stages}

    def program(self) -> Program:
        blocks = {
            name: self.routine(routine) for name, routine in self.source.blocks.items()
        }
        root, rate = self.routine(self.source.root), self.dialect.dropout_rate
        if rate is not None:
            own = Parameter("dropout", (rate,), rate)
            root = replace(root, parameters=(*root.parameters, own))
        stages = tuple(self.stages.values())
        return replace(self.source, blocks=blocks, stages=stages, root=root)

    def routine(self, routine: Routine) -> Routine:
        block = routine.block
        with located(block and block.place, "", block.name if block else ""):
            return replace(routine, body=self.body(routine.body, block is None))

    def stage(self, stage: Stage) -> Stage:
        return replace(stage, loop=self.loop(stage.loop, False))

    def body(self, body: Sequence[Statement], root: bool) -> tuple[Statement, ...]:
        return tuple(self.statement(statement, root) for statement in body)

    def statement(self, statement: Statement, root: bool) -> Statement:
        with located(statement.place, f"layer {statement.name}"):
            match statement:
                case OpStatement(call=call):
                    return replace(statement, call=self.printed(call, root))
                case TableStatement(rows=rows):
                    lowered = (
                        replace(r, call=self.printed(r.call, root)) for r in rows
                    )
                    return replace(statement, rows=tuple(lowered))
                case JoinStatement(call=call, branches=branches):
                    parts = tuple(self.branch(part, root) for part in branches)
                    call = self.call(call, root)
                    return replace(statement, call=call, branches=parts)
                case _:
                    return statement

    def branch(self, part: BranchPart, root: bool) -> BranchPart:
        return replace(part, body=self.body(part.body, root))

    def printed(self, call: Printed, root: bool) -> Any:
        match call:
            case Loop():
                return self.loop(call, root)
            case Unrolled(calls):
                return Unrolled(tuple(self.call(each, root) for each in calls))
            case StageCall():
                return replace(call, stage=self.stages[call.stage.name])
            case Call():
                return self.call(call, root)

    def loop(self, loop: Loop, root: bool) -> Loop:
        first, rest = self.call(loop.first, root), self.call(loop.rest, root)
        return replace(loop, first=first, rest=rest)

    def call(self, call: Call, root: bool) -> Call:
        if call.op in self.source.blocks or call.layers:
            return call
        return replace(call, layers=self.dialect.layers(call, root))


def primitives(program: Program) -> Iterator[Call]:
    """Every primitive that the program prints."""
    bodies = [routine.body for routine in program.blocks.values()]
    calls = [call for body in (*bodies, program.root.body) for call in calls_of(body)]
    for stage in program.stages:
        calls += [stage.loop.first, stage.loop.rest]
    yield from (call for call in calls if call.op not in program.blocks)


def calling(body: Sequence[Statement]) -> Iterator[OpStatement]:
    """The layers of one op, those in branches too."""
    for statement in body:
        if isinstance(statement, OpStatement):
            yield statement
        parts = statement.branches if isinstance(statement, JoinStatement) else ()
        for part in parts:
            yield from calling(part.body)


def calls_of(body: Sequence[Statement]) -> Iterator[Call]:
    """The calls that a body makes itself; a stage makes its own."""
    for statement in body:
        match statement:
            case JoinStatement(call=call, branches=branches):
                for part in branches:
                    yield from calls_of(part.body)
                yield call
            case TableStatement(rows=rows):
                for row in rows:
                    yield from calls_in(row.call)
            case OpStatement(call=call):
                yield from calls_in(call)
            case _:
                pass


def calls_in(call: Printed) -> tuple[Call, ...]:
    """The calls that a layer or a row makes itself; a stage makes its own."""
    match call:
        case Loop():
            return call.first, call.rest
        case Unrolled():
            return call.calls
        case Call():
            return (call,)
        case StageCall():
            return ()


def _table_size(call: Call) -> tuple[int, ...]:
    """Rows and columns of the positions between which there is a relative bias."""
    pairs = zip(call.inputs, call.attributes["window"].values, strict=True)
    dilations = call.attributes["dilation"].values
    sizes = {
        (w, w) if isinstance(w, int) and w else _divided(shape[1:], d)
        for (shape, w), d in zip(pairs, dilations, strict=True)
    }
    if len(sizes) > 1:
        message = "a relative bias whose size differs from use to use"
        raise Unprintable(message, call.paths[0])
    return sizes.pop()


def _divided(size: Shape, dilation: Value) -> Shape:
    assert isinstance(dilation, int)
    return tuple(length // dilation for length in size)


def numbers(attribute: Attribute) -> tuple[Any, ...]:
    """A number, or one for each channel, as a tuple."""
    value = attribute.constant
    return rounded(value if isinstance(value, tuple) else (value,))
