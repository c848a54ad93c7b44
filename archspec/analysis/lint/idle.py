"""Conditions that never decide anything, and rows that add no layer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import chain

from archspec.analysis.lint.names import names_in
from archspec.analysis.lint.uses import Use, uses_of
from archspec.errors import WARNING, Diagnostic, Place
from archspec.language import Document, Formula, Layer, Table
from archspec.network import Network, Step


def idle_warnings(networks: Sequence[Network]) -> Iterator[Diagnostic]:
    """Rows (AS322) and conditions (AS323) without effect in all of the networks."""
    uses = [use for network in networks for use in uses_of(network)]
    yield from _rows(uses)
    yield from _conditions(uses, networks)


def _conditions(
    uses: Sequence[Use], networks: Sequence[Network]
) -> Iterator[Diagnostic]:
    outcomes: dict[tuple[str | None, str], set[bool | None]] = defaultdict(set)
    places: dict[tuple[str | None, str], Formula] = {}
    for use in uses:
        key = use.block, use.name
        outcomes[key].add(use.exists)
        condition = use.layer.when
        # A spec may switch off an inherited layer, for its variants to patch.
        if condition is not None and condition.place.file == use.layer.place.file:
            places[key] = condition
    for key, condition in places.items():
        if outcomes[key] not in ({True}, {False}):
            continue
        holds = "always" if outcomes[key] == {True} else "never"
        message = f"this 'when' is {holds} true, in every use and variant"
        help = f"remove the {'when' if holds == 'always' else 'layer'}"
        help += _of_a_setting(condition, key[0], networks[0].document)
        yield Diagnostic("AS323", message, condition.place, help=help, severity=WARNING)


def _of_a_setting(condition: Formula, block: str | None, document: Document) -> str:
    """More advice if the value of a constant or the default of an argument decides."""
    arguments = document.blocks[block].arguments if block else ()
    for name in names_in(condition.expression):
        if name in document.define:
            return f"; if '{name}' is a setting, move it to 'multipliers'"
        if name in arguments:
            return f"; if '{name}' is a setting, give it to {block} by a multiplier"
    return ""


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
