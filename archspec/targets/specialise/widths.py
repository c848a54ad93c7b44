"""Names for the channels behind layers, where each use would spell out a long sum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any, cast

from archspec.expressions import (
    Binary,
    Call,
    Expression,
    Name,
    Scope,
    Value,
)
from archspec.network import Instance
from archspec.targets.program.calls import Attribute, Stage
from archspec.targets.reduction import is_whole, values_of
from archspec.targets.specialise.context import Context
from archspec.targets.sums import size

MAX_LENGTH = 32
"""Of what reads well in the middle of a call, and again in the next."""
_PLAIN = (int, float, str)


@dataclass
class Widths:
    """The named widths of one block, which has `taken` other names."""

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

    def named(
        self,
        layer: str,
        channels: Expression,
        context: Context,
        uses: Sequence[tuple[Instance, Scope]],
    ) -> Expression:
        """The channels behind a layer, by a name if they are long."""
        name = f"{layer}_width"
        if not _is_long(channels) or name in self.taken:
            return channels
        scopes = [scope for _, scope in uses]
        if not is_whole(channels, scopes):  # as the layer is not there
            return channels
        widths = values_of(channels, scopes)
        for (instance, _), width in zip(uses, widths, strict=True):
            self._values.setdefault(id(instance), {})[name] = width
        self.found.append((name, context.attribute(channels, scopes, widths)))
        return Name(name)


def _is_long(channels: Expression) -> bool:
    """Whether a name says more; a choice may be shorter further on."""
    if isinstance(channels, Binary):
        return size(channels).length > MAX_LENGTH
    return isinstance(channels, Call)


def using(part: Any, name: str, meaning: Expression) -> Any:
    """A statement in which a name stands for what it means."""
    if isinstance(part, _PLAIN):
        return part
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
