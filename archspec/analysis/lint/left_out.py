"""Arguments that are computed to a value, such as 0, that leaves out a layer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from archspec.analysis.lint.names import names_in
from archspec.analysis.lint.uses import Use, uses_of, written
from archspec.analysis.lint.varying import varying
from archspec.errors import WARNING, Diagnostic, Place
from archspec.expressions import Constant, Name, Value, evaluate
from archspec.language import Document, Formula
from archspec.language.layers import inner_layers
from archspec.network import Network, Step
from archspec.ops.fields import shown


class Decision(NamedTuple):
    """An argument that alone decides whether a block has a layer."""

    argument: str
    block: str
    layer: str
    place: Place
    """Where the argument is given."""


Outcomes = dict[Decision, list[tuple[bool, Value]]]


def left_out_warnings(networks: Sequence[Network]) -> Iterator[Diagnostic]:
    """Layers that a computed argument leaves out in all of the networks (AS327)."""
    outcomes: Outcomes = defaultdict(list)
    for network in networks:
        names = varying(network.document)
        for use in uses_of(network):
            _note(outcomes, network.document, use, names)
    for decision, found in outcomes.items():
        argument, block, layer, place = decision
        if not any(exists for exists, _ in found):
            value = shown(found[0][1])
            message = f"'{argument}' is always {value}, so {block} has no '{layer}'"
            help = f"if this is intended, write {argument}: {value}"
            yield Diagnostic("AS327", message, place, help=help, severity=WARNING)


def _note(outcomes: Outcomes, document: Document, use: Use, varying: set[str]) -> None:
    decided = ((s, *found) for s in use.steps for found in _decided(document, s))
    for step, argument, layer, exists in decided:
        formula = written(use.layer, step, argument)
        if formula is not None and _is_computed(formula, varying):
            decision = Decision(argument, step.op, layer, formula.place)
            outcomes[decision].append((exists, step.attributes[argument]))


def _decided(document: Document, step: Step) -> Iterator[tuple[str, str, bool]]:
    """Arguments that alone decide on a layer of their block, and how."""
    if step.inner is None:
        return
    for name, layer in inner_layers(document.blocks[step.op].layers):
        seen = step.inner.scopes.get(name)
        names = {*names_in(layer.when.expression)} if layer.when else set[str]()
        if layer.when and seen and len(names) == 1 and names <= step.given:
            (argument,) = names
            yield argument, name, bool(evaluate(layer.when.expression, seen))


def _is_computed(formula: Formula, varying: set[str]) -> bool:
    """Whether the same numbers give the value in every use, and it is no literal."""
    if isinstance(formula.expression, Constant | Name):
        return False
    return varying.isdisjoint(names_in(formula.expression))
