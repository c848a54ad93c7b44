"""Blocks specialised to the calls that one network makes, before anything is printed.

An optional argument that never varies is folded in, a layer that never occurs is left
out, a condition that always holds disappears. The network is elaborated for several
numbers of classes, so that nothing that depends on them can pass for a constant.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache, partial

from archspec.elaboration import with_classes
from archspec.errors import SpecError
from archspec.expressions import Constant, Expression, Function, Name, Value
from archspec.language import Block, Formula
from archspec.language.names import inner_layers
from archspec.network import Instance, Network, Step
from archspec.targets.reduction import reduce
from archspec.targets.specialise.bodies import Body
from archspec.targets.specialise.context import Context, all_same, written_out
from archspec.targets.specialise.model import (
    Attribute,
    Parameter,
    Program,
    Routine,
    Stage,
)
from archspec.targets.specialise.split import split
from archspec.targets.specialise.uses import Uses, references, resolved
from archspec.targets.specialise.widths import Widths
from archspec.targets.symbols import constant_value
from archspec.targets.unprintable import Unprintable, located, refined


@lru_cache(maxsize=4)
def specialise(
    network: Network,
    finest: frozenset[str] = frozenset(),
    taken: frozenset[str] = frozenset(),
) -> Program:
    """The network as routines that call each other, the same for all targets.

    Uses of the blocks in `finest` are kept apart, by names that a file has not `taken`.
    Raises SpecError (AS401).
    """
    elaborations = [network, *_twins(network)]
    try:
        return refined(partial(_program, elaborations, taken), finest)
    except Unprintable as error:
        message = f"cannot be written as source code: {error}"
        raise SpecError.single(
            "AS401", message, error.place, path=error.path, help=error.help
        ) from None


def _program(
    elaborations: Sequence[Network], taken: frozenset[str], finest: frozenset[str]
) -> Program:
    roots = [resolved(e.root, e.document, e.document.classes) for e in elaborations]
    document = elaborations[0].document
    return _Specialiser(split(document, roots, finest, taken)).program()


def _twins(network: Network) -> Iterator[Network]:
    """The same network with other numbers of classes: twice as many, and very few."""
    classes = network.document.classes
    if classes is None:
        return
    few = 2 if classes > 2 else 3
    for other in (2 * classes, few):
        with suppress(SpecError):
            yield with_classes(network, other)


class _Specialiser:
    """Compiles the blocks in order of use, callees first, then the network."""

    def __init__(self, uses: Uses):
        self.uses = uses
        self.routines: dict[str, Routine] = {}
        self.stages: list[Stage] = []

    def program(self) -> Program:
        for name, block in self.uses.blocks.items():
            with located(block.place, f"block {name}", self.uses.written[name]):
                self.routines[name] = self.block(name, block)
        root = self.root()
        return Program(self.routines, tuple(self.stages), root)

    def root(self) -> Routine:
        roots = self.uses.roots
        variables = frozenset({"classes"} if len(roots) > 1 else ())
        context = self.context(roots[0], variables, {})
        channels = Constant(roots[0].input[0])
        document = self.uses.document
        tapped = (reference.text for reference in document.outputs.values())
        read = references(document.layers) | frozenset(tapped)
        body = Body(context, roots, {"input": channels}, read, self.stages)
        statements, output = body.compile(document.layers, channels)
        return Routine(None, (), (), statements, None, output)

    def context(
        self,
        instance: Instance,
        variables: frozenset[str],
        aliases: Mapping[str, Expression],
    ) -> Context:
        functions = {n: v for n, v in instance.scope.items() if isinstance(v, Function)}
        return Context(self.uses, self.routines, functions, variables, aliases)

    def block(self, printed: str, block: Block) -> Routine:
        """A block in its own names, as it is printed under this one."""
        instances, calls = self.uses.instances(printed), self.uses.calls[printed]
        parameters = [
            parameter
            for name in block.arguments
            if (parameter := self.parameter(block, name, calls)) is not None
        ]
        variables = {"in_channels", "classes", *(p.name for p in parameters)}
        witnesses = [instance.scope for instance in instances]
        aliases = self.residual_alias(block)
        lets: list[tuple[str, Attribute]] = []
        for name, expression in self.definitions(block, variables):
            values = [_value(witness[name]) for witness in witnesses]
            if all_same(values):
                continue
            context = self.context(instances[0], frozenset(variables), aliases)
            reduced = context.express(expression, witnesses)
            lets.append((name, context.attribute(reduced, witnesses, values)))
            variables.add(name)
        context = self.context(instances[0], frozenset(variables), aliases)
        context = replace(context, lets=tuple(lets))
        channels = Name("in_channels")
        read = references(block.layers)
        taken = {*variables, *self.uses.document.blocks}
        taken |= {name for name, _ in inner_layers(block.layers)}
        widths = Widths(frozenset(taken))
        body = Body(context, instances, {"input": channels}, read, self.stages, widths)
        statements, output = body.compile(block.layers, channels, outer=True)
        lets += widths.found
        residual = None
        if block.residual is not None:
            residual = context.express(block.residual.expression, witnesses)
        expanded = written_out(output, lets)
        return Routine(
            block,
            tuple(parameters),
            tuple(lets),
            statements,
            None if residual == Constant(False) else residual,
            reduce(expanded, witnesses, frozenset(variables)),
        )

    def parameter(
        self, block: Block, name: str, steps: Sequence[Step]
    ) -> Parameter | None:
        """The printed parameter for an argument; None where it is folded in."""
        values = [_value(step.inner.scope[name]) for step in steps if step.inner]
        required = isinstance(block.arguments[name], str)
        if any(value is None for value in values):
            return None  # Nothing in the block takes it, so that it came to nothing.
        left_out = _left_out(name, _declared(block, name), values, steps)
        if required and not left_out:
            return Parameter(name, tuple(values), declared_required=True)
        if all_same(values):
            return None
        if not any(name in step.given for step in steps) and isinstance(
            block.arguments[name], Formula
        ):
            return None
        default = left_out[0] if left_out and all_same(left_out) else None
        if isinstance(default, tuple) and len(default) == 4:
            default = None  # Four paddings say more at the call than in the signature.
        return Parameter(name, tuple(values), default)

    def definitions(
        self, block: Block, variables: set[str]
    ) -> list[tuple[str, Expression]]:
        """What is computed in the block: defaults that nobody overrides, and lets."""
        defaults = [
            (name, declared.expression)
            for name, declared in block.arguments.items()
            if isinstance(declared, Formula) and name not in variables
        ]
        return defaults + [(name, f.expression) for name, f in block.let.items()]

    @staticmethod
    def residual_alias(block: Block) -> dict[str, Expression]:
        if block.residual is None:
            return {}
        return {"residual": block.residual.expression}


def _left_out(
    name: str, declared: Value, values: Sequence[Value], steps: Sequence[Step]
) -> list[Value]:
    """What the argument is worth where a call can leave it out.

    That includes a `then` that goes back to the block's own default.
    """
    first: Value = None
    unsaid: list[Value] = []
    again: list[Value] = []
    varies = False
    for value, step in zip(values, steps, strict=True):
        if step.number == 0:
            first = value
        elif value != first:
            varies = True
        if name not in step.given:
            unsaid.append(value)
        elif step.number > 0 and value == declared:
            again.append(value)
    return unsaid + again if varies else unsaid


def _declared(block: Block, name: str) -> Value:
    """The default of an argument, if it is a constant."""
    declared = block.arguments[name]
    return (
        constant_value(declared.expression) if isinstance(declared, Formula) else None
    )


def _value(value: Value | Function) -> Value:
    assert not isinstance(value, Function)
    return value
