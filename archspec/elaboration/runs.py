"""How often a layer runs, and which branches may be repeated."""

from __future__ import annotations

from collections.abc import Iterator

from archspec.elaboration.frames import Call, Frame, Names
from archspec.elaboration.scopes import repeats
from archspec.language import Formula
from archspec.reading.nodes import fail


def runs(repeat: Formula | None, frame: Frame, scope: Names) -> Iterator[Frame]:
    """Where each run of a layer is; the layer itself without a `repeat`."""
    if repeat is None:
        yield frame
        return
    for step in range(repeats(repeat, scope)):
        yield frame.at_repeat(step)


def check_order(call: Call) -> None:
    """Raise SpecError (AS307) unless a join has two branches, the first always."""
    first, *others = call.branches.values()
    repeated = any(branch.runs is not None for branch in (first, *others))
    if len(others) == 1 and first.when is None and not repeated:
        return
    message = f"{call.op} needs two branches: the first, minus the second"
    help = (
        "the first has no 'when', none a 'repeat' or 'series'; "
        "add up what is to be subtracted"
    )
    fail("AS307", message, call.op.place, help)
