"""How far a document can unfold that no look at its text has stopped."""

from __future__ import annotations

from math import prod

from archspec.elaboration.frames import Frame
from archspec.errors import Place
from archspec.expressions import MAX_MAGNITUDE
from archspec.network import NetworkLayer
from archspec.reading.nodes import fail
from archspec.reading.unfolding import check_nesting


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


def deeper(frame: Frame, place: Place) -> int:
    """One level below the frame; raises SpecError (AS306) beyond the limit."""
    check_nesting(frame.depth + 1, place)
    return frame.depth + 1
