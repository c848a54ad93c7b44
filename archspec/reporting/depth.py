"""MACs, parameters and memory of each layer, and their plots along the depth.

Places across are in percent, so that a plot is as wide as its page while its text keeps
its size; places down are in pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from archspec.analysis.buffers import Buffers, alive
from archspec.analysis.rows import rows
from archspec.analysis.usage import BYTES
from archspec.network import Network
from archspec.ops.shapes import by
from archspec.reporting.axes import Tick, linear, short, short_bytes

HEIGHT = 120
"""Pixels from the top of a panel to its axis."""
HEADROOM = 1.12
"""The top of a panel, of its highest value: room for a mark."""
WIDE, NARROW = 640, 270
"""Pixels across, on paper and on a phone, for which labels are chosen."""
CHARACTER = 6.2
"""Pixels of a character of a label, with some room."""
OVERHANG = 12
"""Pixels of a label that may be beyond the ends of the axis."""
CROWDED = 1.2
"""Half of a label may be so many times as long as its stage."""
WIDTH = BYTES["float32"]


class LayerFigures(NamedTuple):
    """A layer and its costs; `held` and `held_as_written` are bytes of activations."""

    path: str
    op: str
    output: str
    parameters: int
    macs: int
    held: int
    held_as_written: int


class Bar(NamedTuple):
    """A rectangle on the axis, and what it stands for."""

    left: float
    width: float
    height: float
    title: str


class Mark(NamedTuple):
    """A point, and whether its label is to its left."""

    left: float
    top: float
    text: str
    is_before: bool


class Panel(NamedTuple):
    """A plot of one figure along the depth; areas are paths, 1,000 units high."""

    name: str
    caption: str
    ticks: Sequence[tuple[float, str]] = ()
    bars: Sequence[Bar] = ()
    areas: Sequence[tuple[str, str]] = ()
    marks: Sequence[Mark] = ()


class Stage(NamedTuple):
    """Consecutive layers that are one layer, or row, of the spec.

    `is_wide` and `is_narrow` state whether a wide and a narrow plot have room for its
    name.
    """

    name: str
    left: float
    middle: float
    is_wide: bool
    is_narrow: bool


class Depth(NamedTuple):
    """The panels, which have the axis of layers in common."""

    layers: Sequence[LayerFigures]
    panels: Sequence[Panel]
    stages: Sequence[Stage]


def depth(network: Network) -> Depth:
    """The plots of a network."""
    layers = [*_figures(network)]
    panels = [
        _bars("MACs", layers, lambda layer: layer.macs),
        _bars("Parameters", layers, lambda layer: layer.parameters),
        _memory(layers),
    ]
    return Depth(layers, panels, _stages(network))


def _figures(network: Network) -> Iterator[LayerFigures]:
    fused = _held(Buffers.fused(network))
    written = _held(Buffers.as_written(network))
    for layer, *held in zip(network.layers, fused, written, strict=True):
        yield LayerFigures(
            layer.path,
            layer.op,
            by(layer.output),
            layer.parameters,
            layer.macs,
            *held,
        )


def _held(buffers: Buffers) -> list[int]:
    """The most bytes that are alive at once while each layer runs."""
    number = len(buffers.network.layers)
    found = alive(buffers.buffers(WIDTH), number)
    return [max(found[2 * step : 2 * step + 2]) for step in range(number)]


def _bars(
    name: str, layers: Sequence[LayerFigures], figure: Callable[[LayerFigures], int]
) -> Panel:
    highest = max(layers, key=figure)
    if not figure(highest):
        return Panel(name, "none")
    scale, step = HEIGHT / (HEADROOM * figure(highest)), 100 / len(layers)
    bars = [
        Bar(
            left=number * step + step * 0.1,
            width=step * 0.8,
            height=figure(layer) * scale,
            title=f"{layer.path}: {figure(layer):,} {name}",
        )
        for number, layer in enumerate(layers)
        if figure(layer)
    ]
    caption = f"most in {highest.path}: {figure(highest):,}"
    return Panel(name, caption, _ticks(figure(highest), short), bars)


def _memory(layers: Sequence[LayerFigures]) -> Panel:
    fused = [layer.held for layer in layers]
    written = [layer.held_as_written for layer in layers]
    top = HEADROOM * max(written)
    peak = max(fused)
    at = fused.index(peak)
    left = 100 * (at + 0.5) / len(layers)
    mark = Mark(left, HEIGHT * (1 - peak / top), "peak", left > 50)
    caption = f"peak {short_bytes(peak)} while {layers[at].path} runs"
    areas = [("written", _area(written, top)), ("fused", _area(fused, top))]
    ticks = _ticks(max(written), short_bytes)
    return Panel("Activations held", caption, ticks, areas=areas, marks=[mark])


def _area(values: Sequence[int], top: float) -> str:
    """A path of steps, one for each value, closed along the axis."""
    steps = "".join(
        f"V{1000 * (1 - value / top):.0f}H{number}"
        for number, value in enumerate(values, start=1)
    )
    return f"M0,1000{steps}V1000Z"


def _ticks(highest: float, text: Callable[[float], str]) -> list[tuple[float, str]]:
    """Pixels from the top, and labels."""
    top = HEADROOM * highest or 1
    ticks = (Tick(value, text(value) if value else "0") for value in linear(highest))
    return [(HEIGHT * (1 - tick.value / top), tick.text) for tick in ticks]


def _stages(network: Network) -> list[Stage]:
    step = 100 / len(network.layers)
    spans = [
        _Span(row.name, row.layers[0] * step, (row.layers[-1] + 1) * step)
        for row in rows(network)
    ]
    wide, narrow = (_labelled(spans, pixels) for pixels in (WIDE, NARROW))
    return [
        Stage(span.name, span.left, span.middle, span in wide, span in narrow)
        for span in spans
    ]


class _Span(NamedTuple):
    """The part of the axis that a stage takes, in percent."""

    name: str
    left: float
    right: float

    @property
    def middle(self) -> float:
        return (self.left + self.right) / 2


def _labelled(spans: Sequence[_Span], pixels: int) -> set[_Span]:
    """The stages whose names have room beside each other, the longest stages first."""
    taken: list[tuple[float, float]] = []
    found: set[_Span] = set()
    for span in sorted(spans, key=lambda span: span.left - span.right):
        middle, half = span.middle * pixels / 100, len(span.name) * CHARACTER / 2
        left, right = middle - half, middle + half
        is_inside = left >= -OVERHANG and right <= pixels + OVERHANG
        is_inside &= half <= CROWDED * (span.right - span.left) * pixels / 100
        if is_inside and all(right < start or end < left for start, end in taken):
            taken.append((left, right))
            found.add(span)
    return found
