"""The figures of all variants of a spec, beside those that the paper reports."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import log10
from typing import NamedTuple

from archspec.analysis.cost import FigureComparison, compared_figures
from archspec.analysis.memory import fused_activations
from archspec.elaboration import elaborate
from archspec.errors import SpecError
from archspec.language import variant_names
from archspec.network import Network
from archspec.ops.shapes import by
from archspec.reporting.axes import logarithmic, short
from archspec.reporting.depth import CHARACTER

MAX_LAYERS = 40_000
"""No further variants are counted once those before have so many layers."""
WIDE = 860
HEIGHT = 380
"""Pixels of the plot; its width is that for which labels are placed."""
LINE = 13
MAX_LABEL = 24


class Variant(NamedTuple):
    """A variant's costs; the name of the spec as it is is empty.

    `is_shown` marks the network that the report is about. `parameters` are trainable,
    as those that papers report.
    """

    name: str
    is_shown: bool
    input: str
    parameters: int
    macs: int
    held: int
    reported: dict[str, FigureComparison]

    @property
    def label(self) -> str:
        """A name for a table."""
        return self.name or "(base)"


class Variants(NamedTuple):
    """The variants counted, and why others were not, by their names."""

    counted: Sequence[Variant]
    others: dict[str, str]


class Point(NamedTuple):
    """A variant in the plot; `reported` is where the paper has it."""

    variant: Variant
    left: float
    top: float
    reported: tuple[float, float] | None
    label: Label | None


class Label(NamedTuple):
    """The text of a point, its distance from the point and its anchor."""

    text: str
    right: int
    down: int
    anchor: str


class Plot(NamedTuple):
    """Points; ticks are places, in percent or pixels, and labels."""

    points: Sequence[Point]
    across: Sequence[tuple[float, str]]
    up: Sequence[tuple[float, str]]


def variants(network: Network) -> Variants:
    """Count every variant of the network's spec, and the network itself.

    The work is bounded by the number of layers, so that the result is the same on each
    machine.
    """
    source, budget = network.spec.source, MAX_LAYERS
    counted: list[Variant] = []
    others: dict[str, str] = {}
    for name in ("", *variant_names(source)):
        if budget <= 0:
            others[name] = "not counted: too many variants"
            continue
        try:
            found = elaborate(source, [name] if name else [])
        except SpecError as error:
            others[name or "(base)"] = error.diagnostics[0].message
            continue
        budget -= len(found.layers)
        is_shown = found.spec.digest == network.spec.digest
        counted.append(_variant(found, name, is_shown))
    if not any(variant.is_shown for variant in counted):
        name = network.spec.variant or ""
        counted.insert(0, _variant(network, f"{name} (this network)".strip(), True))
    return Variants(counted, others)


def _variant(network: Network, name: str, is_shown: bool) -> Variant:
    return Variant(
        name,
        is_shown,
        ", ".join(map(by, network.inputs.values())),
        network.trainable_parameters,
        network.macs,
        fused_activations(network),
        {found.key: found for found in compared_figures(network)},
    )


def plot(variants: Sequence[Variant]) -> Plot | None:
    """MACs against parameters on logarithmic axes; None for fewer than two networks."""
    drawn = [v for v in variants if v.parameters and v.macs]
    if len(drawn) < 2:
        return None
    values = [_values(variant) for variant in drawn]
    across = _Axis([x for pairs in values for x, _ in pairs])
    up = _Axis([y for pairs in values for _, y in pairs])
    places = [
        [(100 * across.part(x), HEIGHT * (1 - up.part(y))) for x, y in pairs]
        for pairs in values
    ]
    labels = _labels(drawn, [own[0] for own in places])
    points = [
        Point(variant, *own, reported[0] if reported else None, label)
        for variant, (own, *reported), label in zip(drawn, places, labels, strict=True)
    ]
    return Plot(
        points,
        [(100 * across.part(tick), short(tick)) for tick in across.ticks],
        [(HEIGHT * (1 - up.part(tick)), short(tick)) for tick in up.ticks],
    )


def _values(variant: Variant) -> list[tuple[float, float]]:
    """The computed parameters and MACs; and those reported, where one differs.

    A figure that the paper does not report is the computed one.
    """
    computed = variant.parameters, variant.macs
    figures = [variant.reported.get(key) for key in ("parameters", "macs")]
    reported = [
        own if found is None or found.difference == "none" else found.quantity.value
        for own, found in zip(computed, figures, strict=True)
    ]
    differs = (*reported,) != computed and all(reported)
    return [computed, (reported[0], reported[1])] if differs else [computed]


class _Axis:
    """A logarithmic axis from 0 to 1, with some room at both ends."""

    def __init__(self, values: Sequence[float]):
        low, high = log10(min(values)), log10(max(values))
        room = max((high - low) * 0.06, 0.06)
        self.low, self.high = low - room, high + room

    def part(self, value: float) -> float:
        return (log10(value) - self.low) / (self.high - self.low)

    @property
    def ticks(self) -> list[float]:
        return logarithmic(10**self.low, 10**self.high)


def _labels(
    variants: Sequence[Variant], places: Sequence[tuple[float, float]]
) -> list[Label | None]:
    """A label for each point that has room for one, that of the shown network first."""
    points = [(WIDE * left / 100, top) for left, top in places]
    taken = [_Box(x - 4, y - 4, x + 4, y + 4) for x, y in points]
    found: list[Label | None] = [None] * len(points)
    for number in sorted(range(len(points)), key=lambda n: not variants[n].is_shown):
        text = variants[number].label[:MAX_LABEL]
        free = (
            (label, box)
            for label, box in _candidates(text, points[number])
            if box.is_inside and not any(map(box.meets, taken))
        )
        if chosen := next(free, None):
            found[number] = chosen[0]
            taken.append(chosen[1])
    return found


class _Box(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float

    @property
    def is_inside(self) -> bool:
        return self.left >= 0 and self.right <= WIDE and 0 <= self.top <= HEIGHT - LINE

    def meets(self, other: _Box) -> bool:
        beside = self.right < other.left or other.right < self.left
        return not (beside or self.bottom < other.top or other.bottom < self.top)


def _candidates(text: str, point: tuple[float, float]) -> Iterator[tuple[Label, _Box]]:
    """Labels right of a point, left of it, above and below, and their boxes."""
    (x, y), width = point, CHARACTER * len(text)
    right, left, middle = x + 8, x - 8 - width, x - width / 2
    for label, corner in (
        (Label(text, 8, 4, "start"), (right, y - 6)),
        (Label(text, -8, 4, "end"), (left, y - 6)),
        (Label(text, 0, -9, "middle"), (middle, y - 19)),
        (Label(text, 0, 18, "middle"), (middle, y + 8)),
    ):
        yield label, _Box(*corner, corner[0] + width, corner[1] + LINE - 1)
