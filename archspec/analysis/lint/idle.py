"""Conditions that never decide anything, and rows that add no layer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from archspec.analysis.lint.names import names_in
from archspec.analysis.lint.varying import varying
from archspec.errors import WARNING, Diagnostic, Place
from archspec.expressions import Scope, evaluate
from archspec.language import Layer, Table
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


def idle_warnings(networks: Sequence[Network]) -> Iterator[Diagnostic]:
    """Rows (AS322) and conditions (AS323) without effect in all of the networks."""
    uses = [use for network in networks for use in _uses(network)]
    yield from _rows(uses)
    yield from _conditions(uses)


def _uses(network: Network) -> Iterator[Use]:
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


def _conditions(uses: Sequence[Use]) -> Iterator[Diagnostic]:
    outcomes: dict[tuple[str | None, str], set[bool | None]] = defaultdict(set)
    places: dict[tuple[str | None, str], Place] = {}
    for use in uses:
        key = use.block, use.name
        outcomes[key].add(use.exists)
        condition = use.layer.when
        # A spec may switch off an inherited layer, for its variants to patch.
        if condition is not None and condition.place.file == use.layer.place.file:
            places[key] = condition.place
    for key, place in places.items():
        if outcomes[key] not in ({True}, {False}):
            continue
        holds = "always" if outcomes[key] == {True} else "never"
        message = f"this 'when' is {holds} true, in every use and variant"
        help = f"remove the {'when' if holds == 'always' else 'layer'}"
        yield Diagnostic("AS323", message, place, help=help, severity=WARNING)


def _rows(uses: Sequence[Use]) -> Iterator[Diagnostic]:
    adds: dict[tuple[str, Place], bool] = defaultdict(bool)
    for use in uses:
        for step in use.steps if isinstance(use.layer, Table) else ():
            adds[step.row or "", _place(use.layer, step)] |= _adds(step)
    for (row, place), added in adds.items():
        if not added:
            message = f"row {row} adds no layer"
            help = "remove the row, or change its cells"
            yield Diagnostic("AS322", message, place, help=help, severity=WARNING)


def _place(table: Layer, step: Step) -> Place:
    cells = table.rows[step.row or ""] if isinstance(table, Table) else []
    return next((cell.place for cell in cells if cell is not None), table.place)


def _adds(step: Step) -> bool:
    """Whether it becomes any layer but `identity`."""
    if step.inner is None:
        return step.op != "identity"
    inner = chain.from_iterable(step.inner.steps.values())
    return step.inner.residual or any(map(_adds, inner))
