"""The columns of a table, and what follows from others and needs none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple

from archspec.expressions import round_channels
from archspec.importing.draft import Layer, Said

Defaulted = Callable[[str, str], Said]
"""The constant that an argument of a block has if it is not given, else None."""

_NAMES = {
    "expand": "t",
    "filters": "c",
    "units": "c",
    "stride": "s",
    "kernel": "k",
    "hidden": "exp",
    "activation": "act",
    "growth": "g",
    "expansion": "t",
}
_TAKEN = frozenset({*_NAMES.values(), "op", "n"})
_ORDER = "op", "expand", "hidden", "kernel", "filters", "units", "n", "se", "activation"
_LAST = ("stride",)
_OWN = frozenset({"filters", "units", "stride", "kernel", "groups", "dilation"})
"""What a table lists, whatever it could be computed from."""


def column(name: str) -> str:
    """The name of an argument's column."""
    if name in _NAMES:
        return _NAMES[name]
    return f"{name}_value" if name in _TAKEN else name


class Derived(NamedTuple):
    """A formula for an argument; unless it is whole, a column says where it is 0."""

    text: str
    is_whole: bool


def derived(layers: Sequence[Layer], default: Defaulted) -> dict[str, Derived]:
    """The arguments of layers of one op that follow from their inputs or others."""
    ops = {layer.op for layer in layers}
    if len(ops) > 1:
        return {}
    (op,) = ops
    names = {name for layer in layers for name in layer.said} - _OWN
    values = {n: [layer.said.get(n, default(op, n)) for layer in layers] for n in names}
    numbers = {n: v for n, v in values.items() if all(type(x) is int for x in v)}
    inputs = {"channels": [_channels(layer) for layer in layers]}
    found: dict[str, Derived] = {}
    for name, wanted in sorted(numbers.items()):
        others = {
            column(n): v for n, v in numbers.items() if n != name and n not in found
        }
        known = {n: v for n, v in others.items() if len(set(v)) > 1}
        if len({value for value in wanted if value}) < 2:
            continue
        text = _formula(wanted, {**inputs, **known})
        if text and 0 in wanted:
            found[name] = Derived(f"{text} if {column(name)} else 0", False)
        elif text:
            found[name] = Derived(text, True)
    return found


def _formula(wanted: Sequence[int], known: Mapping[str, Sequence[int]]) -> str | None:
    """The shortest formula with these values, wherever they are not 0."""
    formulas = chain(*(_computed(name, values) for name, values in known.items()))
    for text, computed in formulas:
        if all(w in (0, c) for w, c in zip(wanted, computed, strict=True)):
            return text
    return None


def _computed(name: str, values: Sequence[int]) -> Iterator[tuple[str, list[int]]]:
    yield name, list(values)
    for factor in (2, 3, 4, 6, 8):
        yield f"{factor} * {name}", [factor * value for value in values]
    for factor in (2, 3, 4, 6, 8, 12, 16, 24, 32):
        yield f"{name} // {factor}", [value // factor for value in values]
        rounded = [round_channels(value / factor) for value in values]
        yield f"round_channels({name} / {factor})", rounded


def _channels(layer: Layer) -> int:
    node = layer.sources[0].node
    assert node is not None
    return node.shape[0]


@dataclass
class Columns:
    """Rows as they are collected, each with what its op says."""

    default: Defaulted
    formulas: Mapping[str, str]
    rows: list[tuple[str, Mapping[str, Said], int]] = field(
        default_factory=list[tuple[str, Mapping[str, Said], int]]
    )

    def add(self, op: str, said: Mapping[str, Said], times: int) -> None:
        """Add a row."""
        self.rows.append((op, said, times))

    def said(self, labels: Sequence[str] | None) -> dict[str, Said]:
        """Columns, rows, `each` and `repeat` of the table."""
        ops = list(dict.fromkeys(op for op, _, _ in self.rows))
        each = {op: self._each(op) for op in ops}
        varying = {name for own in each.values() for name in own if own[name] is None}
        placed = [(_place(name), column(name)) for name in varying]
        is_repeated = any(times > 1 for _, _, times in self.rows)
        placed += [(_place("n"), "n")] if is_repeated else []
        titles = ["op"] if len(ops) > 1 else []
        titles += dict.fromkeys(title for _, title in sorted(placed))
        cells = [self._cells(row, titles, each) for row in self.rows]
        found: dict[str, Said] = {
            "columns": titles,
            "rows": dict(zip(labels, cells, strict=True)) if labels else cells,
            "each": {op: self._spelled(own) for op, own in each.items()},
        }
        if is_repeated:
            found["repeat"] = "n"
        return found

    def _each(self, op: str) -> dict[str, Said]:
        """What all rows of an op say alike; None where they differ."""
        own = [said for name, said, _ in self.rows if name == op]
        names = {name for said in own for name in said}
        found: dict[str, Said] = {}
        for name in sorted({*names, *self.formulas}, key=_place):
            values = [said.get(name, self.default(op, name)) for said in own]
            same = all(_equal(value, values[0]) for value in values)
            is_whole = name in self.formulas and name not in names
            found[name] = (
                self.formulas[name] if is_whole else values[0] if same else None
            )
        return found

    def _spelled(self, own: Mapping[str, Said]) -> dict[str, Said]:
        return {
            name: self.formulas.get(name, column(name)) if value is None else value
            for name, value in own.items()
        }

    def _cells(
        self,
        row: tuple[str, Mapping[str, Said], int],
        titles: Sequence[str],
        each: Mapping[str, Mapping[str, Said]],
    ) -> list[Said]:
        op, said, times = row
        own = {
            column(name): said.get(name, self.default(op, name))
            for name, value in each[op].items()
            if value is None
        }
        return [{"op": op, "n": times, **own}.get(title) for title in titles]


def _equal(one: Said, other: Said) -> bool:
    return one == other and type(one) is type(other)


def _place(name: str) -> tuple[int, str]:
    if name in _LAST:
        return len(_ORDER) + 1, name
    return (_ORDER.index(name), name) if name in _ORDER else (4, name)
