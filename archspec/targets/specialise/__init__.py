"""Blocks specialised to the calls that one network makes, before anything is printed.

An optional argument that never varies is folded in, a layer that never occurs is left
out, a condition that always holds disappears. The network is elaborated for several
numbers of classes, so that nothing that depends on them can pass for a constant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from functools import lru_cache, partial

from archspec.errors import SpecError
from archspec.expressions import Constant, Expression, Function, Name, Value
from archspec.language import Block, Formula
from archspec.language.layers import inner_layers
from archspec.network import Network, Step
from archspec.targets.program.calls import Attribute, Parameter, Stage
from archspec.targets.program.statements import Program, Routine
from archspec.targets.reduction import reduce
from archspec.targets.specialise.bodies import Body
from archspec.targets.specialise.context import Context, all_same, written_out
from archspec.targets.specialise.definitions import Definitions
from archspec.targets.specialise.relatives import Relative, relatives
from archspec.targets.specialise.split import fitting, split
from archspec.targets.specialise.uses import (
    Uses,
    later_runs,
    references,
    resolved,
)
from archspec.targets.specialise.widths import Widths
from archspec.targets.symbols import constant_value, substitute
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
    try:
        return refined(partial(_program, relatives(network), taken), finest)
    except Unprintable as error:
        code, message = "AS401", f"cannot be written as source code: {error}"
        if network.spec.family:
            specialise(replace(network, spec=replace(network.spec, family=None)))
            code, message = "AS404", f"cannot keep multipliers: {error}"
        raise SpecError.single(
            code, message, error.place, path=error.path, help=error.help
        ) from None


def _program(
    elaborations: Sequence[Relative], taken: frozenset[str], finest: frozenset[str]
) -> Program:
    networks = [relative.network for relative in elaborations]
    roots = [resolved(n.root, n.document, n.document.classes) for n in networks]
    document, family = networks[0].document, networks[0].spec.family
    multipliers: Mapping[str, float] = family.kept if family else {}
    uses = split(document, roots, finest, taken)
    fits = fitting(uses)
    kept = [e for n, e in enumerate(elaborations) if n in fits or not e.optional]
    if len(kept) < len(elaborations):
        return _program(kept, taken, finest)
    fixed = [n for n in multipliers if all_same([root.scope[n] for root in roots])]
    if fixed:
        message = f"'{fixed[0]}' sets what a framework needs as a constant"
        help = f"write a file for each value: --set multipliers.{fixed[0]}=..."
        with located(document.multipliers[fixed[0]].place, ""):
            raise Unprintable(message, help=help)
    features = networks[0].spec.features
    program = _Specialiser(uses, multipliers, features).program()
    shapes = {e.variant: e.network.image for e in elaborations if e.variant}
    return replace(program, variants=shapes)


class _Specialiser:
    """Compiles the blocks in order of use, callees first, then the network."""

    def __init__(self, uses: Uses, kept: Mapping[str, float], features: Sequence[str]):
        self.uses = uses
        self.features = features
        self.kept = kept
        self.definitions = Definitions(uses.document, kept, uses.roots[0].scope)
        self.routines: dict[str, Routine] = {}
        self.stages: list[Stage] = []
        self.unrounded: set[Expression] = set()

    def program(self) -> Program:
        for name, block in self.uses.blocks.items():
            with located(block.place, f"block {name}", self.uses.written[name]):
                self.routines[name] = self.block(name, block)
        root = self.root()
        stages, simple = tuple(self.stages), bool(self.unrounded)
        return Program(self.routines, stages, root, self.images(), simplified=simple)

    def images(self) -> tuple[tuple[Expression, ...], ...]:
        """Channels, height and width of each input, in the network's arguments."""
        context = self.context(self.kept.keys())
        witnesses = [root.scope for root in self.uses.roots]
        given = self.uses.document.images.values()
        lengths = ((image.channels, *image.size) for image in given)
        return tuple(
            tuple(context.express(f.expression, witnesses) for f in each)
            for each in lengths
        )

    def root(self) -> Routine:
        """The network itself, which has the kept multipliers as parameters."""
        roots, document = self.uses.roots, self.uses.document
        witnesses = [root.scope for root in roots]
        functions = self.definitions.printed
        context = self.context({"classes", *self.kept, *functions})
        lets: list[tuple[str, Attribute]] = []
        for name in self.definitions.constants:
            values = [_value(witness[name]) for witness in witnesses]
            if not all_same(values):
                expression = context.express(Name(name), witnesses)
                lets.append((name, context.attribute(expression, witnesses, values)))
        context = self.context({*context.variables, *(name for name, _ in lets)})
        widths = [channels for channels, *_ in self.images()]
        known = dict(zip(document.images, widths, strict=True))
        tapped = (*document.outputs.values(), *self.features)
        read = references(document.layers) | frozenset(tapped)
        later = later_runs(document.layers)
        body = Body(context, roots, known, read, self.stages, later=later)
        statements, output = body.compile(document.layers, widths[0])
        taken = {"classes": document.classes, **self.kept}
        parameters = [
            Parameter(name, tuple(_value(w[name]) for w in witnesses), default)
            for name, default in taken.items()
            if default is not None
        ]
        return Routine(
            None,
            tuple(parameters),
            (*lets, *body.widths.found),
            statements,
            None,
            output,
            tuple(functions.values()),
            tuple(document.inputs),
        )

    def context(self, variables: Set[str], block: Block | None = None) -> Context:
        """What expressions of the network, or of a block, can name."""
        names, found = frozenset(variables), self.definitions
        if block and block.standard:
            aliases = self.residual_alias(block)
            return Context(
                self.uses, self.routines, {}, names, aliases, (), self.unrounded
            )
        aliases = {n: e for n, e in found.constants.items() if n not in variables}
        for name, expression in self.residual_alias(block).items():
            aliases[name] = substitute(expression, aliases)
        functions = found.functions
        return Context(
            self.uses, self.routines, functions, names, aliases, (), self.unrounded
        )

    def block(self, printed: str, block: Block) -> Routine:
        """A block in its own names, as it is printed under this one."""
        instances, calls = self.uses.instances(printed), self.uses.calls[printed]
        parameters = [
            parameter
            for name in block.arguments
            if (parameter := self.parameter(block, name, calls)) is not None
        ]
        tensors = {name: Name(f"{name}_channels") for name in block.tensors}
        own = {*block.arguments, *block.let}
        variables = {"in_channels", "classes", *(p.name for p in parameters)}
        variables |= self.kept.keys() - own
        witnesses = [instance.scope for instance in instances]
        lets: list[tuple[str, Attribute]] = []
        same: dict[str, Expression] = {}
        for name, expression in self.computed(block, variables):
            values = [_value(witness[name]) for witness in witnesses]
            if all_same(values):
                continue
            context = self.context(variables, block).calling(same)
            reduced = context.express(expression, witnesses)
            if isinstance(reduced, Name):
                same[name] = reduced
                continue
            lets.append((name, context.attribute(reduced, witnesses, values)))
            variables.add(name)
        context = self.context(variables, block).calling(same)
        context = replace(context, lets=tuple(lets))
        channels = Name("in_channels")
        read = references(block.layers)
        taken = {*variables, *self.uses.document.blocks}
        taken |= {name for name, _ in inner_layers(block.layers)}
        widths = Widths(frozenset(taken))
        known: dict[str, Expression] = {"input": channels, **tensors}
        later = later_runs(block.layers)
        body = Body(context, instances, known, read, self.stages, widths, later=later)
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
        """The printed parameter for an argument; None where it is folded in.

        Of a tensor it is the number of its channels.
        """
        if name in block.tensors:
            name = f"{name}_channels"
            widths = (_value(step.inner.scope[name]) for step in steps if step.inner)
            return Parameter(name, tuple(widths), declared_required=True)
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

    def computed(
        self, block: Block, variables: set[str]
    ) -> list[tuple[str, Expression]]:
        """Values computed in the block: lets, and defaults never overridden."""
        defaults = [
            (name, declared.expression)
            for name, declared in block.values.items()
            if isinstance(declared, Formula) and name not in variables
        ]
        return defaults + [(name, f.expression) for name, f in block.let.items()]

    @staticmethod
    def residual_alias(block: Block | None) -> dict[str, Expression]:
        if block is None or block.residual is None:
            return {}
        return {"residual": block.residual.expression}


def _left_out(
    name: str, declared: Value, values: Sequence[Value], steps: Sequence[Step]
) -> list[Value]:
    """The values of the argument where a call can leave it out.

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
