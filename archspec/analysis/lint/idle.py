"""A `when` that never decides anything, and rows that add nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from archspec.analysis.lint.names import names_in
from archspec.analysis.lint.varying import varying
from archspec.errors import WARNING, Diagnostic, Place
from archspec.expressions import Scope, evaluate
from archspec.language import Document, Layer, Table
from archspec.language.names import inner_layers
from archspec.network import Instance, Network, Step


class Use(NamedTuple):
    """A layer in one use of its block; `varying` are names that vary."""

    block: str | None
    name: str
    layer: Layer
    scope: Scope | None
    steps: Sequence[Step]
    varying: set[str]


def idle_warnings(networks: Sequence[Network]) -> Iterator[Diagnostic]:
    """Rows (AS322) and conditions (AS323) without effect in all of the networks."""
    uses = [use for network in networks for use in _uses(network)]
    yield from _rows(uses)
    yield from _conditions(uses)


def _uses(network: Network) -> Iterator[Use]:
    names = varying(network.document)
    for instance in network.root.walk():
        for name, layer in _layers(instance, network.document):
            scope, steps = instance.scopes.get(name), instance.steps.get(name, [])
            yield Use(instance.block, name, layer, scope, steps, names)


def _layers(instance: Instance, document: Document) -> Iterator[tuple[str, Layer]]:
    block = document.blocks[instance.block] if instance.block else document
    return inner_layers(block.layers)


def _conditions(uses: Sequence[Use]) -> Iterator[Diagnostic]:
    outcomes: dict[tuple[str | None, str], set[bool | None]] = defaultdict(set)
    places: dict[tuple[str | None, str], Place] = {}
    for use in uses:
        key = use.block, use.name
        outcomes[key].add(_outcome(use))
        condition = use.layer.when
        # What a spec takes from another it may switch off, for its variants to patch.
        if condition is not None and condition.place.file == use.layer.place.file:
            places[key] = condition.place
    for key, place in places.items():
        if outcomes[key] not in ({True}, {False}):
            continue
        holds = "always" if outcomes[key] == {True} else "never"
        message = f"this 'when' {holds} holds, in any use and variant"
        help = f"leave the {'when' if holds == 'always' else 'layer'} out"
        yield Diagnostic("AS323", message, place, help=help, severity=WARNING)


def _outcome(use: Use) -> bool | None:
    """Whether the layer is there; None where that may change."""
    if use.scope is None:
        return None
    if use.layer.when is None:
        return True
    condition = use.layer.when.expression
    if not use.varying.isdisjoint(names_in(condition)):
        return None
    return bool(evaluate(condition, use.scope))


def _rows(uses: Sequence[Use]) -> Iterator[Diagnostic]:
    adds: dict[tuple[str, Place], bool] = defaultdict(bool)
    for use in uses:
        for step in use.steps if isinstance(use.layer, Table) else ():
            adds[step.row or "", _place(use.layer, step)] |= _adds(step)
    for (row, place), added in adds.items():
        if not added:
            message = f"row {row} adds no layer"
            help = "leave it out, or change what stands in it"
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
