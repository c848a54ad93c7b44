"""Where a layer stands in the uses of its block."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from archspec.expressions import Expression, Scope
from archspec.network import Instance, Step
from archspec.targets.specialise.context import Runs


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
