"""Every use of every block in a network, with all that its expressions see."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, product

from archspec.expressions import Function, Name, Scope, Value
from archspec.language import AgainLayer, Block, Document, Layer, Table
from archspec.language.layers import inner_layers
from archspec.language.layers import references as read_by_name
from archspec.network import Instance, Step

Callees = Mapping[str | None, Mapping[str, None]]
"""The blocks that each block calls, and the network itself (None)."""


@dataclass(frozen=True)
class Uses:
    """The uses of each printed block.

    `blocks` has the blocks by the names under which they are printed, callees first.
    `written` has the document's name for a block that is printed in several ways.
    """

    document: Document
    roots: Sequence[Instance]
    blocks: Mapping[str, Block]
    calls: Mapping[str, Sequence[Step]]
    written: Mapping[str, str]

    def instances(self, block: str) -> list[Instance]:
        """The uses of a block, in the order of its calls."""
        return [step.inner for step in self.calls[block] if step.inner]


def resolved(instance: Instance, document: Document, classes: int | None) -> Instance:
    """A copy whose scopes are complete.

    They have `classes`, and for arguments that nothing sets the value that the layers
    took to which the argument is passed.
    """
    block = document.blocks.get(instance.block or "")
    steps = {
        name: [_resolved_step(step, document, classes) for step in runs]
        for name, runs in instance.steps.items()
    }
    scope = {**instance.scope, "classes": classes}
    own: dict[str, Value | Function] = {}
    for name in block.values if block else ():
        if scope[name] is None and block:
            scope[name] = _effective(block, steps, name)
        own[name] = scope[name]

    def complete(seen: Scope) -> Scope:
        return {"classes": classes, **seen, **own}

    return Instance(
        instance.block,
        instance.path,
        scope,
        instance.inputs,
        instance.output,
        instance.residual,
        {name: complete(seen) for name, seen in instance.scopes.items()},
        {
            name: [step._replace(scope=complete(step.scope)) for step in runs]
            for name, runs in steps.items()
        },
        instance.first_run,
    )


def _resolved_step(step: Step, document: Document, classes: int | None) -> Step:
    if step.inner is None:
        return step
    return step._replace(inner=resolved(step.inner, document, classes))


def _effective(
    block: Block, steps: Mapping[str, Sequence[Step]], argument: str
) -> Value:
    """The value that the layers took which are given just this argument."""
    receiving = (
        (attribute, step)
        for name, layer in inner_layers(block.layers)
        for attribute, step in product(_passed_to(layer, argument), steps.get(name, ()))
    )
    for attribute, step in receiving:
        taken = step.inner.scope if step.inner else step.attributes
        value = taken.get(attribute)
        if value is not None and not isinstance(value, Function):
            return value
    return None


def _passed_to(layer: Layer, argument: str) -> list[str]:
    """The attributes of a layer that are just this argument."""
    if isinstance(layer, AgainLayer):
        return []
    given = [*layer.each.values()] if isinstance(layer, Table) else [layer.attributes]
    formulas = chain.from_iterable(attributes.items() for attributes in given)
    return [n for n, f in formulas if f is not None and f.expression == Name(argument)]


def all_calls(roots: Iterable[Instance]) -> Iterator[tuple[str | None, Step]]:
    """Every step that uses a block, with the block around it; inner ones first."""
    for instance in roots:
        steps = chain.from_iterable(instance.steps.values())
        for step, inner in [(step, step.inner) for step in steps if step.inner]:
            yield from all_calls([inner])
            yield instance.block, step


def callees_first(calls: Iterable[tuple[str | None, Step]]) -> list[str]:
    """The blocks that are used, each after those that it calls."""
    callees: dict[str | None, dict[str, None]] = {}
    for caller, step in calls:
        callees.setdefault(caller, {})[step.op] = None
    return list(_ordered(callees, None))


def _ordered(callees: Callees, caller: str | None) -> dict[str, None]:
    ordered: dict[str, None] = {}
    for callee in callees.get(caller, ()):
        ordered |= {**_ordered(callees, callee), callee: None}
    return ordered


def references(layers: Mapping[str, Layer]) -> frozenset[str]:
    """The layers and rows that something reads by their names."""
    likes = (getattr(layer, "like", None) for _, layer in inner_layers(layers))
    return frozenset((*read_by_name(layers), *filter(None, likes)))


def later_runs(layers: Mapping[str, Layer]) -> dict[str, list[str]]:
    """The layers that run each layer again."""
    found: dict[str, list[str]] = {}
    for name, layer in inner_layers(layers):
        if isinstance(layer, AgainLayer):
            found.setdefault(layer.again, []).append(name)
    return found
