"""Names for the channels behind layers, where each use would spell out a long sum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any, cast

from archspec.expressions import (
    Binary,
    Call,
    Expression,
    ExpressionError,
    Name,
    Scope,
    Value,
)
from archspec.network import Instance
from archspec.targets.reduction import values_of
from archspec.targets.specialise.context import Context
from archspec.targets.specialise.model import Attribute, Stage
from archspec.targets.sums import simplified, size
from archspec.targets.symbols import substitute

Lets = Sequence[tuple[str, Attribute]]

MAX_LENGTH = 32
"""Of what reads well in the middle of a call, and again in the next."""


@dataclass
class Widths:
    """The named widths of one block, and their values at each use of it.

    `lets` are the definitions of the block's own, `taken` its other names.
    """

    lets: Lets = ()
    taken: frozenset[str] = frozenset()
    found: list[tuple[str, Attribute]] = field(
        default_factory=list[tuple[str, Attribute]]
    )
    _values: dict[int, dict[str, Value]] = field(
        default_factory=dict[int, dict[str, Value]]
    )

    def at(self, instance: Instance) -> Mapping[str, Value]:
        """The widths that have names so far, in one use of the block."""
        return self._values.get(id(instance), {})

    def shorten(
        self,
        layer: str,
        channels: Expression,
        context: Context,
        uses: Sequence[tuple[Instance, Scope]],
    ) -> Expression:
        """The channels behind a layer in fewer terms, or by a name."""
        channels = min(channels, simplified(written_out(channels, self.lets)), key=size)
        name = f"{layer}_width"
        if not _is_long(channels) or name in self.taken:
            return channels
        try:
            widths = values_of(channels, [scope for _, scope in uses])
        except ExpressionError:  # where the layer is not there
            return channels
        for (instance, _), width in zip(uses, widths, strict=True):
            self._values.setdefault(id(instance), {})[name] = width
        scopes = [scope for _, scope in uses]
        self.found.append((name, context.attribute(channels, scopes, widths)))
        return Name(name)


def written_out(expression: Expression, lets: Lets) -> Expression:
    """The expression without the names that only the block itself has."""
    for name, attribute in reversed(lets):
        expression = substitute(expression, {name: attribute.expression})
    return expression


def _is_long(channels: Expression) -> bool:
    """Whether a name says more; a choice may be shorter further on."""
    if isinstance(channels, Binary):
        return size(channels).length > MAX_LENGTH
    return isinstance(channels, Call)


def using(part: Any, name: str, meaning: Expression) -> Any:
    """A statement in which a name stands for what it means."""
    if part == meaning:
        return Name(name)
    if type(part) is tuple:
        items = cast("tuple[object, ...]", part)
        return tuple(using(item, name, meaning) for item in items)
    if isinstance(part, dict):
        attributes = cast("dict[str, object]", part)
        return {key: using(item, name, meaning) for key, item in attributes.items()}
    if not is_dataclass(part) or isinstance(part, Stage | type):
        return part
    own = {f.name: using(getattr(part, f.name), name, meaning) for f in fields(part)}
    return replace(part, **own)
