"""How far a small document can unfold."""

from __future__ import annotations

from math import prod
from typing import NoReturn

from archspec.elaboration.frames import Frame
from archspec.errors import Place
from archspec.expressions import MAX_MAGNITUDE
from archspec.network import NetworkLayer
from archspec.reading.nodes import fail

MAX_RUNS = 10_000
"""Layers, repeats included; ResNet-1202, a paper's deepest, comes to about 7,000."""

MAX_NESTING = 30
"""Blocks and joins inside each other."""


def check_magnitude(layer: NetworkLayer) -> None:
    """Raise SpecError (AS306) for numbers that no framework counts with."""
    counted = {
        "numbers in its output": prod(layer.output),
        "parameters": layer.parameters,
        "MACs": layer.macs,
    }
    for what, found in counted.items():
        if found > MAX_MAGNITUDE:
            message = f"a layer of {found:.1e} {what}: the limit is {MAX_MAGNITUDE:.0e}"
            fail("AS306", message, layer.place)


def too_many(place: Place) -> NoReturn:
    """Raise SpecError (AS306)."""
    fail("AS306", f"more than {MAX_RUNS} layers, repeats included", place)


def deeper(frame: Frame, place: Place) -> int:
    """One level below the frame; raises SpecError (AS306) beyond the limit."""
    if frame.depth >= MAX_NESTING:
        fail("AS306", f"blocks and joins nested deeper than {MAX_NESTING}", place)
    return frame.depth + 1
