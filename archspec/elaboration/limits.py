"""Limits on expansion: a small document may describe a huge network."""

from __future__ import annotations

from math import prod

from archspec.elaboration.frames import Frame
from archspec.errors import Place
from archspec.expressions import MAX_MAGNITUDE
from archspec.network import NetworkLayer
from archspec.reading.nodes import fail

MAX_RUNS = 10_000
"""Layers including repeats; ResNet-1202 has about 7,000."""

MAX_REPEAT = 1_000

MAX_NESTING = 30
"""Nesting of blocks and joins."""


def check_repeat(times: int, place: Place, key: str) -> None:
    """Raise SpecError (AS306)."""
    if times > MAX_REPEAT:
        fail("AS306", f"'{key}' is at most {MAX_REPEAT}, but is {times}", place)


def check_runs(runs: int, place: Place) -> None:
    """Raise SpecError (AS306) before a small document becomes a huge network."""
    if runs > MAX_RUNS:
        fail("AS306", f"more than {MAX_RUNS} layers, including repeats", place)


def check_magnitude(layer: NetworkLayer) -> None:
    """Raise SpecError (AS306) for numbers beyond the range of frameworks."""
    counted = {
        "numbers in its output": prod(layer.output),
        "parameters": layer.parameters,
        "MACs": layer.macs,
    }
    for what, found in counted.items():
        if found > MAX_MAGNITUDE:
            message = (
                f"a layer has {found:.1e} {what}; the limit is {MAX_MAGNITUDE:.0e}"
            )
            fail("AS306", message, layer.place)


def deeper(frame: Frame, place: Place) -> int:
    """One level below the frame; raises SpecError (AS306) beyond the limit."""
    if frame.depth >= MAX_NESTING:
        fail("AS306", f"blocks and joins nested deeper than {MAX_NESTING}", place)
    return frame.depth + 1
