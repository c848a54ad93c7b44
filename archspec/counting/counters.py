"""What each counter counts: the rules of `counters.yaml`, applied to the layers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, get_args

import yaml

from archspec.analysis.counts import Counter, Counts
from archspec.counting.forms import Read, read
from archspec.counting.quantities import QUANTITIES
from archspec.errors import one_of
from archspec.network import Network, NetworkLayer
from archspec.reading.reader import LOADER

COUNTERS: tuple[Counter, ...] = get_args(Counter)

_TERM = re.compile(r"(?P<sign>[+-]?) ?(?:(?P<factor>\d+) )?(?P<quantity>[a-z]+)")
OTHERS, _NOTHING = "others", "nothing"

Table = Mapping[str, str]
"""Sums of quantities, such as `4 input + learned`, by the ops that count as much.

`activation.relu` is one kind of an op, `others` are the ops that are not named.
"""


@dataclass(frozen=True)
class Rules:
    """What a counter counts.

    `modules` are for layers that are a module of the framework itself, and come on top
    of `always`.
    """

    tool: str
    unit: str
    always: Table = field(default_factory=dict[str, str])
    modules: Table = field(default_factory=dict[str, str])
    note: str = ""
    target: str = ""

    def figure(self, layer: Read) -> int:
        """What it counts of one layer."""
        tables = [self.always, *([self.modules] if layer.is_module else [])]
        return sum(_value(_rule(table, layer.layer), layer) for table in tables)


def count(network: Network, counter: str) -> Counts:
    """The figures that a counter prints for the generated module and one image.

    Raises:
        InvalidArgument: there is no such counter.
        SpecError: the counter's framework does not support the network (AS4xx).
    """
    one_of("counter", counter, COUNTERS)
    rules = every()[counter]
    figures = tuple(map(rules.figure, read(network, rules.target)))
    return Counts(counter, rules.tool, rules.unit, rules.note, figures)


@cache
def every() -> Mapping[str, Rules]:
    """The rules of each counter, by its name."""
    given: dict[str, dict[str, Any]] = _data()["counters"]
    return {name: Rules(**_expanded(rules)) for name, rules in given.items()}


def _expanded(rules: Mapping[str, Any]) -> dict[str, Any]:
    """With an entry for each of the ops that share one."""
    found = dict(rules)
    for name in {"always", "modules"} & found.keys():
        table: Table = rules[name]
        parts = ((ops.split(", "), rule) for ops, rule in table.items())
        found[name] = {op: rule for ops, rule in parts for op in ops}
    return found


def quantities() -> Mapping[str, str]:
    """What each quantity is, in words."""
    return _data()["quantities"]


@cache
def _data() -> dict[str, Any]:
    path = Path(__file__).with_name("counters.yaml")
    return yaml.load(path.read_text("utf-8"), LOADER)  # noqa: S506 - safe


def _rule(table: Table, layer: NetworkLayer) -> str:
    primitive = layer.primitive
    kind = getattr(primitive, "kind", None) or getattr(primitive, "mode", None)
    names = f"{layer.op}.{kind}", layer.op, OTHERS
    return next((table[name] for name in names if name in table), _NOTHING)


def _value(rule: str, layer: Read) -> int:
    """A sum of quantities, such as `3 output - positions`."""
    if rule == _NOTHING:
        return 0
    total = 0
    for term in _TERM.finditer(rule):
        amount = int(term["factor"] or 1) * QUANTITIES[term["quantity"]](layer)
        total += -amount if term["sign"] == "-" else amount
    return total
