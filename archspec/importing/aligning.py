"""Lists of layers that are alike, laid over each other: which layers are the same one.

Where some lists lack a layer, the others' layer is left out there, as `when` does it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from archspec.importing.draft import Layer
from archspec.ops import JOINS

START = -1
"""The place of the input among slots; further tensors have those before it."""
SAME_OP, SAME_NAME = 2, 1


@dataclass(eq=False)
class Body:
    """The layers of one instance of a class, in order; `start` is what it reads.

    `others` are further tensors that it reads.
    """

    start: Layer
    layers: list[Layer]
    others: list[Layer] = field(default_factory=list[Layer])

    @property
    def starts(self) -> dict[Layer, int]:
        """The places of what it reads: START, and those before that."""
        every = self.start, *self.others
        return {layer: START - number for number, layer in enumerate(every)}

    @property
    def shape(self) -> tuple[tuple[object, ...], ...]:
        """Equal for bodies that only differ in attributes."""
        places = self.starts | {n: i for i, n in enumerate(self.layers)}
        return tuple(
            (layer.op, *(places[source] for source in layer.sources))
            for layer in self.layers
        )


@dataclass(eq=False)
class Slot:
    """A layer of several bodies, None where a body lacks it; `sources` are slots."""

    layers: list[Layer | None]
    sources: list[int] = field(default_factory=list[int])

    @property
    def first(self) -> Layer:
        """The layer of the first body that has it."""
        return next(layer for layer in self.layers if layer is not None)

    @property
    def present(self) -> list[bool]:
        """Which bodies have it."""
        return [layer is not None for layer in self.layers]

    def is_residual(self, place: int) -> bool:
        """Whether at this place it adds the input to what the slot before it gives."""
        return self.first.op == "add" and sorted(self.sources) == [START, place - 1]


def aligned(bodies: Sequence[Body]) -> list[Slot] | None:
    """The slots of bodies, wired; None if their layers read each other differently."""
    order = sorted(range(len(bodies)), key=lambda n: -len(bodies[n].layers))
    slots: list[Slot] = []
    for number in order:
        slots = _merged(slots, bodies[number].layers, number, len(bodies))
    return slots if _wire(slots, bodies) else None


def _merged(
    slots: list[Slot], layers: Sequence[Layer], number: int, count: int
) -> list[Slot]:
    """The slots with another body's layers in them, by the longest common sequence."""
    best = _scores(slots, layers)
    found: list[Slot] = []
    i = j = 0
    while i < len(slots) or j < len(layers):
        both = i < len(slots) and j < len(layers)
        own = _likeness(slots[i].first, layers[j]) if both else 0
        if own and best[i][j] == own + best[i + 1][j + 1]:
            slots[i].layers[number] = layers[j]
            found.append(slots[i])
            i, j = i + 1, j + 1
        elif j == len(layers) or (both and best[i + 1][j] >= best[i][j + 1]):
            found.append(slots[i])
            i += 1
        else:
            fresh = Slot([None] * count)
            fresh.layers[number] = layers[j]
            found.append(fresh)
            j += 1
    return found


def _scores(slots: Sequence[Slot], layers: Sequence[Layer]) -> list[list[int]]:
    best = [[0] * (len(layers) + 1) for _ in range(len(slots) + 1)]
    for i in reversed(range(len(slots))):
        for j in reversed(range(len(layers))):
            own = _likeness(slots[i].first, layers[j])
            both = own + best[i + 1][j + 1] if own else 0
            best[i][j] = max(both, best[i + 1][j], best[i][j + 1])
    return best


def _likeness(one: Layer, other: Layer) -> int:
    if one.op != other.op or len(one.sources) != len(other.sources):
        return 0
    return SAME_OP + SAME_NAME * (one.name == other.name)


def _wire(slots: Sequence[Slot], bodies: Sequence[Body]) -> bool:
    """Find what each slot reads; whether there is one answer for all bodies."""
    places = [
        body.starts | {slot.layers[n]: number for number, slot in enumerate(slots)}
        for n, body in enumerate(bodies)
    ]
    for slot in slots:
        wanted = [
            [known[source] for source in layer.sources] if layer else None
            for known, layer in zip(places, slot.layers, strict=True)
        ]
        if not _read(slot, wanted, slots):
            return False
        is_missing = None in slot.layers and slot.first.op in JOINS
        if is_missing and not (slot is slots[-1] and slot.is_residual(len(slots) - 1)):
            return False  # a join that is missing has several inputs to pass on
    return all(
        _passed(len(slots) - 1, n, slots) == places[n][body.layers[-1]]
        for n, body in enumerate(bodies)
    )


def _read(
    slot: Slot, wanted: Sequence[list[int] | None], slots: Sequence[Slot]
) -> bool:
    for position in range(len(slot.first.sources)):
        own = [None if reads is None else reads[position] for reads in wanted]
        latest = max(place for place in own if place is not None)
        fits = (
            place is None or _passed(latest, number, slots) == place
            for number, place in enumerate(own)
        )
        if not all(fits):
            return False
        slot.sources.append(latest)
    return True


def _passed(place: int, number: int, slots: Sequence[Slot]) -> int:
    """The slot itself, or what is passed on through it where a body lacks it."""
    while place > START and slots[place].layers[number] is None:
        place = max(slots[place].sources, default=START)
    return place
