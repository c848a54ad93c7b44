"""How a network uses each block: its instances, and what arguments came to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, product
from typing import Any

from archspec.expressions import Function, Name, Scope, Value
from archspec.language import Block, Document, Layer, OpLayer, Table
from archspec.language.names import inner_layers
from archspec.network import Instance, Step
from archspec.ops import OPS
from archspec.ops.fields import Amounts
from archspec.ops.window import Window
from archspec.targets.specialise.said import Slot
from archspec.targets.unprintable import Unprintable

_PADDING = ("same", "symmetric", "valid")


@dataclass
class Usage:
    """The instances of each block, the calls of it, and which blocks call which.

    `sides` are the arguments that are a padding by axis, `pairs` those that are a
    kernel and always two numbers.
    """

    document: Document
    instances: dict[str, list[Instance]] = field(
        default_factory=dict[str, list[Instance]]
    )
    calls: dict[str, list[Step]] = field(default_factory=dict[str, list[Step]])
    callees: dict[str | None, dict[str, None]] = field(
        default_factory=dict[str | None, dict[str, None]]
    )
    sides: set[Slot] = field(default_factory=set[Slot])
    pairs: set[Slot] = field(default_factory=set[Slot])
    _resolved: dict[int, dict[str, Value | Function]] = field(
        default_factory=dict[int, dict[str, Value | Function]]
    )

    def collect(self, instance: Instance, classes: int | None) -> None:
        """Take in an instance and all that it calls."""
        self._resolved[id(instance)] = {**instance.scope, "classes": classes}
        for step in chain.from_iterable(instance.steps.values()):
            if step.inner is None:
                continue
            self.collect(step.inner, classes)
            self.callees.setdefault(instance.block, {})[step.op] = None
            self.calls.setdefault(step.op, []).append(step)
        if instance.block is not None:
            self.instances.setdefault(instance.block, []).append(instance)

    def in_order(self, caller: str | None = None) -> list[str]:
        """The blocks that a block or the network calls, each after its own callees."""
        ordered: dict[str, None] = {}
        for callee in self.callees.get(caller, ()):
            ordered |= dict.fromkeys([*self.in_order(callee), callee])
        return list(ordered)

    def resolved(self, instance: Instance) -> Mapping[str, Value | Function]:
        """The instance's names, with a value for arguments that nobody gave.

        "As `defaults` says" is whatever the layers took that the argument goes to.
        """
        scope = self._resolved[id(instance)]
        for name in self._arguments(instance):
            if scope[name] is None:
                scope[name] = self._effective(instance, name)
        return scope

    def _arguments(self, instance: Instance) -> Iterable[str]:
        block = self.document.blocks.get(instance.block or "")
        return block.arguments if block else ()

    def seen(self, instance: Instance, scope: Scope) -> dict[str, Value | Function]:
        """What a layer saw, with the instance's arguments as they were resolved."""
        resolved = self.resolved(instance)
        settled = {name: resolved[name] for name in self._arguments(instance)}
        return {"classes": resolved["classes"], **scope, **settled}

    @cached_property
    def blocks(self) -> dict[str, Block]:
        """The blocks that are used, each after those that it calls."""
        return {name: self.document.blocks[name] for name in self.in_order()}

    def slots(self) -> Iterator[Slot]:
        """All arguments of the blocks that are used."""
        for name, block in self.blocks.items():
            yield from (Slot(name, argument) for argument in block.arguments)

    def values(self, slot: Slot) -> list[Value | Function]:
        """What an argument is at each use of its block."""
        return [self.resolved(use)[slot.name] for use in self.instances[slot.op]]

    def change(self, slot: Slot, form: Callable[[Any], Value]) -> None:
        """Let an argument say what it stands for in another form."""
        for instance in self.instances[slot.op]:
            scope = self._resolved[id(instance)]
            scope[slot.name] = form(scope[slot.name])

    def convolutions(self, block: str, layer: str) -> Iterator[Window]:
        """The window of a layer at each run in which it is a convolution."""
        uses = (use.steps.get(layer, ()) for use in self.instances[block])
        for step in chain.from_iterable(uses):
            if step.op in ("conv", "depthwise_conv"):
                primitive: Any = OPS[step.op].model_validate(step.attributes)
                yield primitive.window

    def settle_paddings(self, block: Block) -> None:
        """Words for padding as four numbers, where calls differ in them.

        Raises Unprintable where the numbers depend on the size of the input.
        """
        for argument in block.arguments:
            self._settle_padding(self.instances[block.name], argument)

    def _settle_padding(self, instances: Sequence[Instance], argument: str) -> None:
        values = [self.resolved(instance)[argument] for instance in instances]
        worded = any(isinstance(v, str) and v in _PADDING for v in values)
        if not worded or all(value == values[0] for value in values):
            return
        for instance in instances:
            amounts = self._amounts(instance, argument)
            if amounts is not None:
                self._resolved[id(instance)][argument] = amounts

    def _amounts(self, instance: Instance, argument: str) -> Value:
        """What the padding comes to at the layers that get it in the end."""
        found: set[Value] = set()
        for attribute, step in self._receivers(instance, argument):
            if step.inner is not None:
                found.add(self._amounts(step.inner, attribute))
            else:
                primitive: Any = OPS[step.op].model_validate(step.attributes)
                found.add(_settled(primitive.window))
        if len(found) > 1:
            raise Unprintable(
                f"'{argument}', a word that is other numbers for each layer"
            )
        return found.pop() if found else None

    def _effective(self, instance: Instance, argument: str) -> Value:
        receivers = self._receivers(instance, argument)
        values = (self._attribute(step, name) for name, step in receivers)
        return next((value for value in values if value is not None), None)

    def _receivers(
        self, instance: Instance, argument: str
    ) -> Iterator[tuple[str, Step]]:
        """The attributes that are just this argument, in every run of their layers."""
        assert instance.block is not None
        layers = self.document.blocks[instance.block].layers
        for name, layer in inner_layers(layers):
            steps = instance.steps.get(name, ())
            yield from product(_passed_to(layer, argument), steps)

    def _attribute(self, step: Step, attribute: str) -> Value:
        if step.inner is None:
            return step.attributes.get(attribute)
        value = self.resolved(step.inner).get(attribute)
        return None if isinstance(value, Function) else value


def _passed_to(layer: Layer, argument: str) -> list[str]:
    """The attributes of a layer that are just this argument."""
    given = list(layer.each.values()) if isinstance(layer, Table) else []
    if isinstance(layer, OpLayer):
        given = [layer.attributes]
    formulas = chain.from_iterable(attributes.items() for attributes in given)
    return [n for n, f in formulas if f is not None and f.expression == Name(argument)]


def _settled(window: Window) -> Amounts:
    amounts = window.fixed_amounts()
    if amounts is None:
        raise Unprintable(
            "padding by numbers here, and there by `same`, which goes by the size"
        )
    return amounts
