"""Where a layer stands in the uses of its block, and what it sees there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from archspec.expressions import Expression, Scope
from archspec.language import Branch, Formula, Layer
from archspec.network import Instance, Step
from archspec.targets.program.calls import Attribute, Stage
from archspec.targets.reduction import values_of
from archspec.targets.specialise.context import Context, Runs
from archspec.targets.specialise.widths import Widths
from archspec.targets.symbols import names_in, substitute
from archspec.targets.unprintable import Unprintable


@dataclass(frozen=True)
class Site:
    """A layer in all instances that reach it, whether it is there or not."""

    name: str
    origin: str | None
    channels: Expression
    instances: Sequence[Instance]
    scopes: Sequence[Scope]
    steps: Sequence[Sequence[Step]]
    runs: Runs
    when: Expression | None = None

    @property
    def there(self) -> list[Scope]:
        """The scopes of the instances in which the layer is there."""
        pairs = zip(self.scopes, self.steps, strict=True)
        return [scope for scope, steps in pairs if steps]

    def widths(self) -> list[int]:
        """The channels behind the layer, or those before it where it is not there."""
        return [
            steps[-1].output[0] if steps else _width(scope)
            for scope, steps in zip(self.scopes, self.steps, strict=True)
        ]


def _width(scope: Scope) -> int:
    return whole(scope["channels"])


def whole(value: object) -> int:
    """A number of channels or runs, which elaboration has checked."""
    assert isinstance(value, int)
    return value


@dataclass
class Surroundings:
    """What the layers of one routine see.

    `known` has the channels behind each layer, `references` what is read by its name.
    """

    context: Context
    instances: Sequence[Instance]
    known: dict[str, Expression]
    references: frozenset[str]
    stages: list[Stage] = field(default_factory=list[Stage])
    widths: Widths = field(default_factory=Widths)

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
