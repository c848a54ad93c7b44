"""The layers of one routine, in its own names, only those that ever occur."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import chain, count

from archspec.expressions import (
    Binary,
    Conditional,
    Constant,
    Expression,
    Name,
    Scope,
    evaluate,
)
from archspec.language import (
    AgainLayer,
    Branch,
    Formula,
    JoinLayer,
    Layer,
    OpLayer,
    Table,
)
from archspec.language.tensors import reads_several
from archspec.network import RUN_CHANNELS, Instance
from archspec.ops import JOINS
from archspec.targets.program.calls import Attribute, Loop, Stage, Unrolled
from archspec.targets.program.statements import (
    BranchPart,
    JoinStatement,
    OpStatement,
    PassStatement,
    Statement,
    TableStatement,
)
from archspec.targets.reduction import values_of
from archspec.targets.specialise.calls import compile_call, compile_join, unrolled
from archspec.targets.specialise.context import Context, Runs, all_same, choose
from archspec.targets.specialise.rows import (
    RowCompiler,
    compile_stages,
    total_repeats,
)
from archspec.targets.specialise.site import Site, whole
from archspec.targets.specialise.widths import Widths, using
from archspec.targets.sums import simplified
from archspec.targets.symbols import names_in, substitute
from archspec.targets.unprintable import Unprintable, located

Compiled = tuple[Statement, Expression]
"""A statement, and the channels behind it where it is there."""


@dataclass
class Body:
    """The statements of one `layers`.

    `known` has the channels behind each layer, `references` what is read by its name.
    """

    context: Context
    instances: Sequence[Instance]
    known: dict[str, Expression]
    references: frozenset[str]
    stages: list[Stage] = field(default_factory=list[Stage])
    widths: Widths = field(default_factory=Widths)
    first_runs: dict[str, OpLayer] = field(default_factory=dict[str, OpLayer])
    """The layers so far, of which some run again."""

    later: Mapping[str, Sequence[str]] = field(default_factory=dict[str, list[str]])
    """The layers that run each layer again."""

    def compile(
        self, layers: Mapping[str, Layer], channels: Expression, outer: bool = False
    ) -> tuple[tuple[Statement, ...], Expression]:
        """The statements, and the channels behind the last one.

        The `outer` layers of a block may give their channels names.
        """
        statements: list[Statement] = []
        for name, layer in layers.items():
            with located(layer.place, f"layer {name}"):
                statement, channels = self.layer(name, layer, channels)
            if outer:
                statement, channels = self.width(name, statement, channels)
            self.known[name] = channels
            statements += [statement] if statement else []
        return tuple(statements), channels

    def width(
        self, layer: str, statement: Statement | None, channels: Expression
    ) -> tuple[Statement | None, Expression]:
        """The statement, and the channels behind it, perhaps by a name."""
        uses = [(use, self.seen(use, use.scope)) for use in self.instances]
        short = self.widths.named(layer, channels, self.context, uses)
        if not isinstance(short, Name):
            return statement, short
        self.context = self.context.having(short.id)
        return using(statement, short.id, channels), short

    def seen(self, instance: Instance, scope: Scope) -> Scope:
        """What a layer saw in a use of the block, and the widths that have names."""
        return {**scope, **self.widths.at(instance)}

    def site(self, name: str, layer: Layer | Branch, channels: Expression) -> Site:
        """Where the layer stands, and under which condition."""
        origin = layer.origin
        if origin is not None:
            channels = self.known[origin]
        reached = [i for i in self.instances if name in i.scopes]
        steps = [i.steps.get(name, []) for i in reached]
        runs = self.runs(name)
        scopes = [self.seen(i, i.scopes[name]) for i in reached]
        site = Site(name, origin, channels, reached, scopes, steps, runs)
        if layer.when is None:
            return site
        self.check_step("when", layer.when, channels)
        test = self.context.express(layer.when.expression, scopes, channels)
        return replace(site, when=test)

    def runs(self, name: str) -> Runs:
        """All runs of a layer."""
        pairs = [(i, s) for i in self.instances for s in i.steps.get(name, [])]
        return Runs([self.seen(i, s.scope) for i, s in pairs], [s for _, s in pairs])

    def layer(
        self, name: str, layer: Layer, channels: Expression
    ) -> tuple[Statement | None, Expression]:
        """One layer, and the channels behind it; None where it never is there."""
        site = self.site(name, layer, channels)
        if site.runs.steps:
            return self.statement(site, layer)
        return self.passed(site, layer), site.channels

    def passed(self, site: Site, layer: Layer) -> PassStatement | None:
        """A layer that never is there, if it reads or is read by its name."""
        rows = tuple(layer.rows) if isinstance(layer, Table) else ()
        names = [site.name, *(f"{site.name}.{row}" for row in rows)]
        self.known |= dict.fromkeys(names, site.channels)
        if site.origin is None and self.references.isdisjoint(names):
            return None
        return PassStatement(site.name, layer.place, site.origin, rows)

    def statement(self, site: Site, layer: Layer) -> Compiled:
        """One layer, and the channels behind it whether it is there or not."""
        if isinstance(site.when, Constant):
            site = replace(site, when=None)
        if isinstance(layer, JoinLayer):
            statement, inner = self.join(site, layer)
        elif isinstance(layer, Table):
            statement, inner = self.table(site, layer)
        elif isinstance(layer, AgainLayer):
            statement, inner = self.again(site, layer)
        else:
            statement, inner = self.op(site, layer)
        candidates = [inner]
        if site.when is not None:
            candidates += [site.channels, Conditional(site.when, inner, site.channels)]
        return statement, choose(candidates, site.scopes, site.widths())

    def op(self, site: Site, layer: OpLayer) -> Compiled:
        """A primitive or a block, repeated or not."""
        if layer.repeat is not None:
            self.check_step("repeat", layer.repeat, site.channels)
            # Inside, `step` is the number of the layer's own repeat.
            inner = replace(self, context=self.context.without("step"))
            return inner.repeated(site, layer, layer.repeat)
        self.first_runs[site.name] = layer
        later = self.later.get(site.name, ())
        runs = [site.runs, *(self.runs(name) for name in later)]
        scopes = [*chain.from_iterable(part.scopes for part in runs)]
        steps = [*chain.from_iterable(part.steps for part in runs)]
        every = Runs(scopes, steps)
        widths = self.widths_of(layer.tensors)
        call = compile_call(
            self.context, layer.attributes, every, site.channels, widths
        )
        others = (layer.like,) if layer.like else self.others(layer.op, layer.tensors)
        statement = OpStatement(
            site.name,
            layer.place,
            call,
            site.when,
            site.origin,
            others,
            runs_again=bool(later),
        )
        return statement, call.output_channels

    def again(self, site: Site, layer: AgainLayer) -> Compiled:
        """A layer that runs an earlier one once more."""
        given = self.first_runs[layer.again].attributes
        call = compile_call(self.context, given, site.runs, site.channels)
        statement = OpStatement(
            site.name, layer.place, call, site.when, site.origin, again=layer.again
        )
        return statement, call.output_channels

    def widths_of(self, tensors: Mapping[str, str]) -> dict[str, Expression]:
        """The channels of tensor arguments that are given."""
        return {name: self.known[read] for name, read in tensors.items()}

    def others(
        self, op: str, tensors: Mapping[str, str] | None
    ) -> tuple[str | None, ...]:
        """What is given for all tensor arguments of an op, in their order."""
        uses = self.context.uses
        block = uses.document.blocks.get(uses.written.get(op, op))
        own = block.tensors if block else []
        return tuple((tensors or {}).get(name) for name in own)

    def repeated(self, site: Site, layer: OpLayer, repeat: Formula) -> Compiled:
        """A loop, or all runs one by one where no loop can say them."""
        call: Loop | Unrolled
        try:
            call = self.loop(site, layer, repeat)
            end = call.rest.output_channels
        except Unprintable:
            given = (layer.attributes, layer.then)
            widths = self.widths_of(layer.tensors)
            call, end = unrolled(self.context, given, site.runs, site.channels, widths)
        others = self.others(layer.op, layer.tensors)
        place = layer.place
        return OpStatement(site.name, place, call, site.when, site.origin, others), end

    def loop(self, site: Site, layer: OpLayer, repeat: Formula) -> Loop:
        """A repeated layer: the first run, and the others if there are any."""
        runs, widths, given = site.runs, self.widths_of(layer.tensors), layer.attributes
        first = compile_call(self.context, given, runs.firsts, site.channels, widths)
        count = self.count(repeat, site.there, site.channels)
        if not runs.others.steps:
            return Loop(first, first, count, False)
        given = {**layer.attributes, **layer.then}
        behind = first.output_channels
        rest = compile_call(self.context, given, runs.others, behind, widths)
        if rest.output_channels != first.output_channels:
            raise Unprintable(
                f"'repeat' of '{site.name}', whose channels change each time"
            )
        return Loop(first, rest, count, False)

    def check_step(self, modifier: str, said: Formula, channels: Expression) -> None:
        """Raise Unprintable for what is there or not by the number of a branch."""
        asked = substitute(said.expression, {"channels": channels})
        if "step" in names_in(asked) & self.context.variables:
            message = f"'{modifier}' that differs from run to run of a branch"
            help = "make the branch's layers a block, and give it 'step' as an argument"
            raise Unprintable(message, help=help)

    def count(
        self, repeat: Formula, scopes: Sequence[Scope], channels: Expression
    ) -> Attribute:
        """How often, as the routine says it."""
        expression = self.context.express(repeat.expression, scopes, channels)
        values = values_of(repeat.expression, scopes)
        return self.context.attribute(expression, scopes, values)

    def join(self, site: Site, layer: JoinLayer) -> Compiled:
        """The branches that ever occur, and the channels of what they become."""
        if layer.repeat is not None:
            raise Unprintable(f"'repeat' on the join '{site.name}': make it a block")
        compiled = [
            self.branch(layer.op, site, name, branch)
            for name, branch in layer.branches.items()
        ]
        found = [part for part in compiled if part is not None]
        candidates = [width for _, width in found]
        if layer.op == "concat":
            total = _total([_share(part, width) for part, width in found])
            candidates = [total]
        elif JOINS[layer.op].roles:
            candidates = _attended(candidates or [_third(site.channels)] * 3)
            # These quotients are no roundings that a spec has.
            scopes = site.runs.scopes
            candidates = [self.context.reduced(c, scopes) for c in candidates]
        # How the branches count themselves is not known behind them.
        known = [c for c in candidates if "step" not in names_in(c)]
        candidates = [self.context.express(c, site.runs.scopes) for c in known]
        widths = [step.output[0] for step in site.runs.steps]
        width = choose(candidates, site.runs.scopes, widths)
        call = compile_join(
            self.context, layer.attributes, site.runs, site.channels, width
        )
        parts = tuple(part for part, _ in found)
        return JoinStatement(
            site.name, layer.place, call, parts, site.when, site.origin
        ), width

    def branch(
        self, op: str, join: Site, name: str, branch: Branch
    ) -> tuple[BranchPart, Expression] | None:
        """One side of a join; None where it never is there."""
        site = self.site(f"{join.name}/{name}", branch, join.channels)
        fixed = name in JOINS[op].roles
        if site.when == Constant(False):
            nothing = BranchPart(name, (), None, site.origin, None), site.channels
            return nothing if fixed else None
        when = None if isinstance(site.when, Constant) else site.when
        if fixed and when is not None:
            message = f"'when' on the branch '{name}' of {op}"
            raise Unprintable(message, help="write it on the branch's layers")
        instances, scopes = site.instances, site.scopes
        if branch.when is not None:
            pairs = list(zip(instances, scopes, strict=True))
            there = [p for p in pairs if evaluate(branch.when.expression, p[1])]
            instances, scopes = [i for i, _ in there], [s for _, s in there]
        count = None
        if branch.runs is not None:
            count = self.count(branch.runs, scopes, site.channels)
        context = self.context if count is None else self.context.having("step")
        inner = replace(
            self, context=context, instances=instances, known=dict(self.known)
        )
        series = branch.series is not None
        run = inner.in_series if series else inner.compile
        body, width = run(branch.layers, site.channels)
        return BranchPart(name, body, when, site.origin, count, series), width

    def in_series(
        self, layers: Mapping[str, Layer], channels: Expression
    ) -> tuple[tuple[Statement, ...], Expression]:
        """Layers that run several times, each time on what they made before."""
        with suppress(Unprintable):
            return self.compile(layers, channels)
        # The first run may read more or fewer channels than the others.
        known, context = {**self.known}, self.context.having(RUN_CHANNELS)
        trial = replace(self, context=context, known=known, stages=[])
        _, made = trial.compile(layers, Name(RUN_CHANNELS))
        if RUN_CHANNELS in names_in(made):
            message = "a 'series' whose channels change in each run"
            raise Unprintable(message, help="write each run as a layer")
        first = Binary("==", Name("step"), Constant(0))
        return self.compile(layers, Conditional(first, channels, made))

    def table(self, site: Site, table: Table) -> Compiled:
        """The rows, each one call, loop or stage."""
        context = self.counting(site, table)
        # What reads several tensors cannot be part of a stack.
        single = reads_several(table, context.uses.document.blocks)
        stages = {} if single else compile_stages(context, table, site.runs)
        for op, stage in stages.items():
            stages[op] = replace(stage, name=self.stage_name(site.name, stage.name))
        self.stages += stages.values()
        widths = {row: self.widths_of(own) for row, own in table.tensors.items()}
        rows, channels = RowCompiler(context, table, stages, widths).compile(
            site.runs, site.channels
        )
        for row, end in rows:
            self.known[f"{site.name}.{row.name}"] = end
        ops = {step.row: step.op for step in site.runs.steps}
        printed = tuple(
            replace(row, others=self.others(ops[row.name], table.tensors.get(row.name)))
            for row, _ in rows
        )
        statement = TableStatement(
            site.name, table.place, printed, table.named, site.when, site.origin
        )
        return statement, channels

    def counting(self, site: Site, table: Table) -> Context:
        """The context in which `count` has a name, if something reads it and it varies.

        Of several such tables only the first has it.
        """
        context, rows = self.context, tuple(table.rows)
        values = [steps[0].scope["count"] for steps in site.steps if steps]
        said = chain.from_iterable(each.values() for each in table.each.values())
        read = any(f and "count" in names_in(f.expression) for f in said)
        taken = "count" in dict(self.widths.found)
        if not read or taken or all_same(values):
            return context
        total = context.express(total_repeats(table, rows), site.there, site.channels)
        counted = context.attribute(total, site.there, [whole(v) for v in values])
        self.widths.found.append(("count", counted))
        return context.having("count")

    def stage_name(self, table: str, usual: str) -> str:
        """A name that no other stage, block or network has."""
        uses = self.context.uses
        taken = {stage.name for stage in self.stages}
        taken |= {uses.document.name, *uses.blocks, *uses.document.blocks}
        named = f"{table}_{usual}"
        numbered = (f"{named}_{number}" for number in count(2))
        return next(n for n in chain([usual, named], numbered) if n not in taken)


def _third(channels: Expression) -> Expression:
    return Binary("//", channels, Constant(3))


def _attended(widths: Sequence[Expression]) -> list[Expression]:
    """What the channels of attention may be: the last one is always right."""
    query, key, value = widths
    return [value, query, Binary("//", Binary("*", value, query), key)]


def _share(part: BranchPart, width: Expression) -> Expression:
    """What a branch adds to a concatenation."""
    if part.count is not None:
        width = Binary("*", part.count.expression, width)
    return width if part.when is None else Conditional(part.when, width, Constant(0))


def _total(parts: Sequence[Expression]) -> Expression:
    whole = parts[0]
    for part in parts[1:]:
        whole = Binary("+", whole, part)
    # As one sum: of the first two alone, `a // 2 + a // 2` may be `a`.
    return simplified(whole)
