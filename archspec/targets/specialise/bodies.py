"""The layers of one routine, in its own names, only those that ever occur."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import chain

from archspec.expressions import (
    Binary,
    Conditional,
    Constant,
    Expression,
    Name,
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
from archspec.network import RUN_CHANNELS
from archspec.ops import JOINS
from archspec.targets.program.calls import Loop, Unrolled
from archspec.targets.program.statements import (
    BranchPart,
    JoinStatement,
    OpStatement,
    PassStatement,
    Statement,
)
from archspec.targets.specialise.calls import Caller
from archspec.targets.specialise.context import Runs, choose
from archspec.targets.specialise.joins import joined_width
from archspec.targets.specialise.site import Site, Surroundings
from archspec.targets.specialise.tables import compile_table
from archspec.targets.specialise.widths import using
from archspec.targets.symbols import all_of, names_in
from archspec.targets.unprintable import Unprintable, located

Compiled = tuple[Statement, Expression]
"""A statement, and the channels behind it where it is there."""


@dataclass
class Body(Surroundings):
    """The statements of one `layers`."""

    first_runs: dict[str, tuple[Site, OpLayer]] = field(
        default_factory=dict[str, tuple[Site, OpLayer]]
    )
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
        if isinstance(layer, AgainLayer):
            # Where the first run is left out, so are all others.
            site = replace(
                site, when=all_of(self.first_runs[layer.again][0].when, site.when)
            )
        if isinstance(layer, JoinLayer):
            statement, inner = self.join(site, layer)
        elif isinstance(layer, Table):
            statement, inner = compile_table(self, site, layer)
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
        later = self.later.get(site.name, ())
        self.first_runs[site.name] = site, layer
        runs = [site.runs, *(self.runs(name) for name in later)]
        scopes = [*chain.from_iterable(part.scopes for part in runs)]
        steps = [*chain.from_iterable(part.steps for part in runs)]
        every = replace(site, runs=Runs(scopes, steps))
        statement, end = self.called(every, layer)
        return replace(statement, runs_again=bool(later)), end

    def called(self, site: Site, layer: OpLayer) -> tuple[OpStatement, Expression]:
        """All runs of a layer as one call, or a repeated one."""
        others = (layer.like,) if layer.like else self.others(layer.op, layer.tensors)
        if layer.repeat is not None:
            self.check_step("repeat", layer.repeat, site.channels)
            # Inside, `step` is the number of the layer's own repeat.
            inner = replace(self, context=self.context.without("step"))
            call, end = inner.repeated(site, layer, layer.repeat)
        else:
            call = self.caller(site, layer).call()
            end = call.output_channels
        place, when = layer.place, site.when
        return OpStatement(site.name, place, call, when, site.origin, others), end

    def caller(self, site: Site, layer: OpLayer) -> Caller:
        """What calls all runs of a layer."""
        given, widths = layer.attributes, self.widths_of(layer.tensors)
        return Caller(self.context, given, site.runs, site.channels, widths)

    def again(self, site: Site, layer: AgainLayer) -> Compiled:
        """A layer that runs an earlier one once more, or several times."""
        _, first = self.first_runs[layer.again]
        tensors = {**first.tensors, **layer.tensors}
        statement, end = self.called(site, replace(first, tensors=tensors))
        times = None
        if layer.repeat is not None:
            self.check_step("repeat", layer.repeat, site.channels)
            times = self.count(layer.repeat, site.there, site.channels)
        own = replace(statement, place=layer.place, again=layer.again, times=times)
        return own, end

    def repeated(
        self, site: Site, layer: OpLayer, repeat: Formula
    ) -> tuple[Loop | Unrolled, Expression]:
        """A loop, or all runs one by one where no loop can say them."""
        try:
            call = self.loop(site, layer, repeat)
        except Unprintable:
            return self.caller(site, layer).unrolled(layer.then)
        return call, call.rest.output_channels

    def loop(self, site: Site, layer: OpLayer, repeat: Formula) -> Loop:
        """A repeated layer: the first run, and the others if there are any."""
        runs, caller = site.runs, self.caller(site, layer)
        first = replace(caller, runs=runs.firsts).call()
        count = self.count(repeat, site.there, site.channels)
        if not runs.others.steps:
            return Loop(first, first, count, False)
        given = {**layer.attributes, **layer.then}
        again = replace(caller, given=given, runs=runs.others)
        rest = replace(again, channels=first.output_channels).call()
        if rest.output_channels != first.output_channels:
            raise Unprintable(
                f"'repeat' of '{site.name}', whose channels change each time"
            )
        return Loop(first, rest, count, False)

    def join(self, site: Site, layer: JoinLayer) -> Compiled:
        """The branches that ever occur, and the channels of what they become."""
        if layer.repeat is not None:
            raise Unprintable(f"'repeat' on the join '{site.name}': make it a block")
        compiled = [
            self.branch(layer.op, site, name, branch)
            for name, branch in layer.branches.items()
        ]
        found = [part for part in compiled if part is not None]
        width = joined_width(self.context, layer.op, site, found)
        given, channels = layer.attributes, site.channels
        call = Caller(self.context, given, site.runs, channels).join(width)
        parts, place = tuple(part for part, _ in found), layer.place
        join = JoinStatement(site.name, place, call, parts, site.when, site.origin)
        return join, width

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
