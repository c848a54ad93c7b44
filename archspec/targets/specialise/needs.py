"""What the source of a use has to have as constants, in which uses have to agree.

A framework needs some attributes as constants, and has different modules for vectors,
sequences and feature maps.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from archspec.expressions import Items
from archspec.language import AgainLayer, Formula, JoinLayer, Layer, Table
from archspec.language.layers import inner_layers
from archspec.network import Instance, Step
from archspec.ops import JOINS, PRIMITIVES
from archspec.ops.convolution import TransposedConv
from archspec.ops.shapes import is_sequence, rank
from archspec.targets.symbols import names_in

Given = Mapping[str, Formula | None]
Key = tuple[Hashable, ...]
Needs = dict[Key, frozenset[Hashable]]
"""What uses have to agree in: for each attribute the forms that would be right."""


def merged(first: Needs, second: Needs) -> Needs | None:
    """What is right for both; None if they contradict each other."""
    shared = first.keys() & second.keys()
    if any(first[key].isdisjoint(second[key]) for key in shared):
        return None
    return {**first, **second, **{key: first[key] & second[key] for key in shared}}


def needs_of_use(written: Mapping[str, Layer], instance: Instance) -> Needs:
    """What a text for this use has to have as constants, by layer, row and repeat."""
    layers: dict[str, Layer] = dict(inner_layers(written))
    found: Needs = {}
    for name, steps in instance.steps.items():
        rows: dict[str | None, list[Step]] = {}
        for step in steps:
            rows.setdefault(step.row, []).append(step)
        for row, runs in rows.items():
            layer = layers[name]
            layer = layers[layer.again] if isinstance(layer, AgainLayer) else layer
            needs = _needs_of_runs(layer, runs)
            found |= {(name, row, *key): ways for key, ways in needs.items()}
    return found


def _needs_of_runs(layer: Layer, runs: Sequence[Step]) -> Needs:
    """The first run and all others; each by itself and their number if they differ."""
    needs = [needs_of(_given(layer, step), step) for step in runs]
    loop: Needs | None = {}
    for step, own in zip(runs, needs, strict=True):
        part = {(step.number > 0, *key): ways for key, ways in own.items()}
        loop = None if loop is None else merged(loop, part)
    if loop is not None:
        return {**loop, ("runs",): frozenset({0})}
    single: Needs = {("runs",): frozenset({len(runs)})}
    for number, own in enumerate(needs):
        single |= {(number, *key): ways for key, ways in own.items()}
    return single


def needs_of(given: Given, step: Step) -> Needs:
    """The op, and of a primitive the attributes that frameworks need as constants."""
    needs: Needs = {("op",): frozenset({step.op})}
    if step.op in JOINS and not JOINS[step.op].elementwise:
        needs[("rank",)] = frozenset({rank(step.output)})
    if step.inner is not None or step.op not in PRIMITIVES:
        return needs
    kind = PRIMITIVES[step.op]
    attributes = step.attributes
    for name in kind.static_fields & attributes.keys():
        needs[(name,)] = frozenset({attributes[name]})
    if kind.like is not None and given.get(kind.like) is None:
        del needs[(kind.like,)]  # The size of another tensor: printed is the tensor.
    if ("padding",) in needs and kind is not TransposedConv:
        needs[("padding",)] = _paddings(given, step)
    if not kind.elementwise:
        needs[("rank",)] = frozenset({rank(step.inputs[0])})
    if kind.sized:
        needs[("positions",)] = frozenset({step.inputs[0][1:]})
    if attributes.get("relative_bias") is not None:
        table = _primitive(step).weights(*step.inputs)["table"]
        needs[("table",)] = frozenset({table.shape[1:]})
    if step.op == "activation":
        needs[("kind",)] = frozenset({_function(step)})
    return needs


def _function(step: Step) -> str:
    """The kind of an activation where it has to be known: it is no argument then.

    Softmax needs to know which axis of a sequence has the channels.
    """
    kind = step.attributes["kind"]
    if kind == "leaky_relu" or (kind == "softmax" and is_sequence(step.output)):
        return str(kind)
    return "other"


def _paddings(given: Given, step: Step) -> frozenset[Hashable]:
    """The ways to pad; four numbers that the layer computes need not be constant."""
    formula = given.get("padding")
    numbers = formula.expression if formula else None
    if isinstance(numbers, Items) and names_in(numbers):
        return frozenset({"computed"})
    return _primitive(step).window.ways()


def _primitive(step: Step) -> Any:
    return PRIMITIVES[step.op](**step.attributes)


def _given(layer: Layer, step: Step) -> Given:
    """The attributes that the layer or table itself gives to a primitive."""
    if step.inner is not None or isinstance(layer, AgainLayer):
        return {}
    if isinstance(layer, JoinLayer):
        return layer.attributes
    if isinstance(layer, Table):
        return {**layer.each[step.op], **(layer.then if step.number else {})}
    return {**layer.attributes, **(layer.then if step.number else {})}
