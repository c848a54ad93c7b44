"""The figures of all variants of a spec, beside those that the paper reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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

MAX_LAYERS = 20_000
"""No further variants are counted once those before have so many layers."""
TOO_MANY = f"not counted: the variants before have {MAX_LAYERS:,} layers"
WIDE = 640
HEIGHT = 380
"""Pixels of the plot; the width, that of paper, is for the places of labels."""
LINE = 13
MAX_LABEL = 24

_Place = tuple[float, float]


class Variant(NamedTuple):
    """A variant's costs; the spec without a variant has the name of its network.

    `is_shown` marks the network that the report is about. `parameters` are trainable,
    as those that papers report.
    """

    label: str
    is_shown: bool
    input: str
    parameters: int
    macs: int
    held: int
    reported: dict[str, FigureComparison]


class Variants(NamedTuple):
    """The variants counted, and the names of others by the reason why they are not."""

    counted: Sequence[Variant]
    others: dict[str, list[str]]


class Point(NamedTuple):
    """Variants of equal figures; `reported` is where the paper has the first."""

    variants: Sequence[Variant]
    left: float
    top: float
    reported: _Place | None
    label: Label | None

    @property
    def is_shown(self) -> bool:
        """Whether the network that the report is about is here."""
        return _shown(self.variants)


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
    others: dict[str, list[str]] = {}
    for name in ("", *variant_names(source)):
        if budget <= 0:
            others.setdefault(TOO_MANY, []).append(name)
            continue
        try:
            found = elaborate(source, [name] if name else [])
        except SpecError as error:
            reason = error.diagnostics[0].message
            others.setdefault(reason, []).append(name or network.name)
            continue
        budget -= len(found.layers)
        is_named = name == (network.spec.variant or "")
        is_shown = is_named and found.spec.digest == network.spec.digest
        counted.append(_variant(found, name or found.name, is_shown))
    if not _shown(counted):
        label = network.spec.variant or f"{network.name}, changed"
        counted.insert(0, _variant(network, label, True))
    return Variants(counted, others)


def _variant(network: Network, label: str, is_shown: bool) -> Variant:
    return Variant(
        label,
        is_shown,
        ", ".join(map(by, network.inputs.values())),
        network.trainable_parameters,
        network.macs,
        fused_activations(network),
        {found.key: found for found in compared_figures(network)},
    )


def plot(variants: Sequence[Variant]) -> Plot | None:
    """MACs against parameters on logarithmic axes; None where all are equal."""
    groups: dict[_Place, list[Variant]] = {}
    for variant in variants:
        if variant.parameters and variant.macs:
            place = variant.parameters, variant.macs
            groups.setdefault(place, []).append(variant)
    if len(groups) < 2:
        return None
    reported = {place: _reported(own) for place, own in groups.items()}
    every = [*groups, *filter(None, reported.values())]
    axes = _Axis([x for x, _ in every]), _Axis([y for _, y in every])

    def at(place: _Place) -> _Place:
        return 100 * axes[0].part(place[0]), HEIGHT * (1 - axes[1].part(place[1]))

    rings = [at(told) for told in reported.values() if told]
    labels = _labels({at(place): own for place, own in groups.items()}, rings)
    points = [
        Point(own, *at(place), told and at(told), labels.get(at(place)))
        for (place, own), told in zip(groups.items(), reported.values(), strict=True)
    ]
    across, up = (axis.ticks for axis in axes)
    return Plot(
        points,
        [(at((tick, 1))[0], short(tick)) for tick in across],
        [(at((1, tick))[1], short(tick)) for tick in up],
    )


def _reported(variants: Sequence[Variant]) -> _Place | None:
    """The reported figures of the first variant where one differs from the computed.

    A figure that is not reported is the computed one.
    """
    first = variants[0]
    parameters, macs = (
        own if found is None or found.difference == "none" else found.quantity.value
        for own, found in (
            (first.parameters, first.reported.get("parameters")),
            (first.macs, first.reported.get("macs")),
        )
    )
    differs = (parameters, macs) != (first.parameters, first.macs)
    return (parameters, macs) if differs and parameters and macs else None


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
    places: Mapping[_Place, Sequence[Variant]], rings: Sequence[_Place]
) -> dict[_Place, Label]:
    """Labels of the points that have room for one, that of the shown network first."""
    taken = [
        _Box(WIDE * left / 100 - 4, top - 4, WIDE * left / 100 + 4, top + 4)
        for left, top in (*places, *rings)
    ]
    found: dict[_Place, Label] = {}
    for place, own in sorted(places.items(), key=lambda item: not _shown(item[1])):
        inside = [c for c in _candidates(_text(own), place) if c[1].is_inside]
        free = [c for c in inside if not any(map(c[1].meets, taken))]
        if _shown(own):
            free += inside
        if chosen := next(iter(free), None):
            found[place] = chosen[0]
            taken.append(chosen[1])
    return found


def _shown(variants: Sequence[Variant]) -> bool:
    return any(variant.is_shown for variant in variants)


def _text(variants: Sequence[Variant]) -> str:
    """The shown variant or the first, and how many others have the same figures."""
    first = next((v for v in variants if v.is_shown), variants[0])
    more = f" +{len(variants) - 1}" if len(variants) > 1 else ""
    return first.label[:MAX_LABEL] + more


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
    x, y, width = WIDE * point[0] / 100, point[1], CHARACTER * len(text)
    right, left, middle = x + 8, x - 8 - width, x - width / 2
    for label, corner in (
        (Label(text, 8, 4, "start"), (right, y - 6)),
        (Label(text, -8, 4, "end"), (left, y - 6)),
        (Label(text, 0, -9, "middle"), (middle, y - 19)),
        (Label(text, 0, 18, "middle"), (middle, y + 8)),
    ):
        yield label, _Box(*corner, corner[0] + width, corner[1] + LINE - 1)
