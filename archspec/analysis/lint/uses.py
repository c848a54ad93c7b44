"""Layers in each use of their block, and what a spec writes for their attributes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from archspec.analysis.lint.names import names_in
from archspec.analysis.lint.varying import varying
from archspec.expressions import Name, Scope, evaluate
from archspec.language import AgainLayer, Formula, JoinLayer, Layer, Table
from archspec.language.layers import inner_layers
from archspec.network import Network, Step


class Use(NamedTuple):
    """A layer in one use of its block.

    `exists` is the value of its condition; None where another use of the spec may
    change it.
    """

    block: str | None
    name: str
    layer: Layer
    steps: Sequence[Step]
    exists: bool | None


def uses_of(network: Network) -> Iterator[Use]:
    """All of them, in written order."""
    document = network.document
    names = varying(document)
    for instance in network.root.walk():
        block = document.blocks[instance.block] if instance.block else document
        for name, layer in inner_layers(block.layers):
            exists = _exists(layer, instance.scopes.get(name), names)
            steps = instance.steps.get(name, [])
            yield Use(instance.block, name, layer, steps, exists)


def _exists(layer: Layer, scope: Scope | None, varying: set[str]) -> bool | None:
    if scope is None:
        return None
    if layer.when is None:
        return True
    condition = layer.when.expression
    if not varying.isdisjoint(names_in(condition)):
        return None
    return bool(evaluate(condition, scope))


def written(layer: Layer, step: Step, attribute: str) -> Formula | None:
    """What the layer gives for an attribute at a step: of a column, the cell."""
    if isinstance(layer, JoinLayer):
        return layer.attributes.get(attribute)
    if isinstance(layer, AgainLayer):
        return None
    given = layer.each[step.op] if isinstance(layer, Table) else layer.attributes
    found = layer.then.get(attribute) if step.number else None
    found = found or given.get(attribute)
    name = found.expression if found is not None else None
    if not isinstance(layer, Table) or not isinstance(name, Name):
        return found
    cells = dict[str, object](
        zip(layer.columns, layer.rows[step.row or ""], strict=True)
    )
    cell = cells.get(name.id)
    return cell if isinstance(cell, Formula) else found
