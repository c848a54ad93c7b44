"""Blocks of a spec's own: one for the modules of a class."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from archspec.importing.abstracting import ABSENT, SIZES, UNSET, Abstraction, Values
from archspec.importing.abstracting import constant as constant_of
from archspec.importing.aligning import START, Body, Slot, aligned
from archspec.importing.draft import Block, Layer, Names, Said
from archspec.importing.regions import MOST_ENTRIES
from archspec.ops.fields import items

Defaulted = Callable[[str, str], Said]
"""The constant that an attribute of an op or block has by default, else None."""


class Unified(NamedTuple):
    """A block, and what each instance must tell it."""

    block: Block
    said: list[dict[str, Said]]


def unified(bodies: Sequence[Body], default: Defaulted) -> Unified | None:
    """One block for all bodies; None if they have too little in common."""
    slots = aligned(bodies)
    if slots is None or not slots:
        return None
    names = (
        _names_inside()
    )  # bodies with other layers may have given some of them twice
    for slot in slots:
        slot.first.name = names.name(slot.first.name)
    return _Writer(bodies, slots, default).block()


class _Writer:
    """The block of some slots."""

    def __init__(self, bodies: Sequence[Body], slots: list[Slot], default: Defaulted):
        self.bodies, self.slots, self.default = bodies, slots, default
        self.values = Abstraction([_channels(body.start) for body in bodies])
        self.texts: dict[tuple[Slot, str], Said] = {}
        self.repeats: dict[Slot, Said] = {}

    def block(self) -> Unified | None:
        """The block, unless it needs too many arguments."""
        self._attributes()
        last = self.slots[-1]
        residual = self._residual(last)
        slots = self.slots[:-1] if residual is not None else self.slots
        start = Layer("input", "input")
        names = Names(["input"])
        others = [Layer(names.name("skip"), "input") for _ in self.bodies[0].others]
        layers = [self._layer(slot) for slot in slots]
        known = dict(enumerate(layers)) | {START: start}
        known |= {START - number: each for number, each in enumerate(others, 1)}
        for slot, layer in zip(slots, layers, strict=True):
            layer.sources = tuple(known[place] for place in slot.sources)
        is_wired = all("when" not in n.beside or len(n.sources) == 1 for n in layers)
        if not layers or not is_wired or not self.values.fits:
            return None
        declared = self.values.declared()
        said = [self.values.given(number) for number in range(len(self.bodies))]
        block = Block(declared, layers, layers[-1], residual, start, others)
        return Unified(block, said)

    def _residual(self, last: Slot) -> Said:
        """The condition under which the last layer adds the input, if it does that."""
        before = len(self.slots) - 2
        if before < 0 or not last.is_residual(before + 1):
            return None
        if not all(self.slots[before].present):
            return None
        if all(last.present):
            return True
        return self.values.condition(last.present, "residual", adds=True)

    def _layer(self, slot: Slot) -> Layer:
        own = {name: text for (s, name), text in self.texts.items() if s is slot}
        said = {name: text for name, text in own.items() if text is not UNSET}
        layer = Layer(slot.first.name, slot.first.op, said, node=slot.first.node)
        if slot in self.repeats:
            layer.beside["repeat"] = self.repeats[slot]
        if not all(slot.present):
            layer.beside["when"] = self.values.condition(slot.present, slot.first.name)
        return layer

    def _attributes(self) -> None:
        """What each layer says: first what many others depend on."""
        todo = [
            (slot, name, self._vector(slot, name))
            for slot in self.slots
            for name in _names(slot)
        ]
        ends = [body.layers[-1] for body in self.bodies]
        widths = [_width(layer) for layer in ends]
        for slot, name, values in todo:
            is_width = name in SIZES and _fits(values, widths)
            if not is_width or constant_of(values) is not ABSENT:
                continue
            if self.values.formula(values, self._local(slot)) != "in_channels":
                self.values.argument(["filters"], widths)
        for slot, name, values in todo:
            if name == "stride" and constant_of(values) is ABSENT:
                self.values.argument(
                    ["stride"], values, self._usual(slot, name, values)
                )
        for slot, name, values in todo:
            self.texts[slot, name] = self._text(slot, name, values)
        for slot in self.slots:
            self._repeat(slot)

    def _repeat(self, slot: Slot) -> None:
        """How often a layer runs."""
        times: Values = [
            ABSENT if layer is None else layer.beside.get("repeat", 1)
            for layer in slot.layers
        ]
        same = constant_of(times)
        if same is ABSENT:
            wanted = ["repeats", f"{slot.first.name}_repeats"]
            usual = 1 if 1 in times else UNSET
            self.repeats[slot] = self.values.argument(wanted, times, usual)
        elif same > 1:
            self.repeats[slot] = same

    def _text(self, slot: Slot, name: str, values: Values) -> Said:
        """How an attribute is written: a constant, a formula, or an argument."""
        same = constant_of(values)
        usual = self.default(slot.first.op, name)
        if (
            name == "stride"
            and not all(slot.present)
            and self.values.agrees(name, values)
        ):
            return name
        if same is not ABSENT and name not in SIZES:
            return UNSET if same is UNSET or _equal(same, usual) else same
        formula = self.values.formula(values, self._local(slot))
        if formula is not None:
            return formula
        if same is not ABSENT:
            return UNSET if same is UNSET else same
        wanted = [
            slot.first.name,
            f"{slot.first.name}_{name}",
            f"{slot.first.name}_{name}_2",
        ]
        is_optional = not all(slot.present) and list(slot.first.said) == [name]
        wanted = wanted if name in SIZES or is_optional else [name, *wanted[1:]]
        return self.values.argument(wanted, values, self._usual(slot, name, values))

    def _usual(self, slot: Slot, name: str, values: Values) -> Said:
        """The default of an argument: the attribute's, if some instance has that."""
        found = self.default(slot.first.op, name)
        is_used = any(_equal(value, found) for value in values if value is not ABSENT)
        return found if found is not None and is_used else UNSET

    def _vector(self, slot: Slot, name: str) -> Values:
        usual = self.default(slot.first.op, name)
        unset = UNSET if usual is None else usual
        return [
            ABSENT
            if layer is None
            else _value(layer.said.get(name, _computed(layer, name, unset)))
            for layer in slot.layers
        ]

    def _local(self, slot: Slot) -> Values:
        return [
            ABSENT if layer is None else _channels(layer.sources[0])
            for layer in slot.layers
        ]


def _names(slot: Slot) -> list[str]:
    found: Mapping[str, None] = {}
    for layer in slot.layers:
        found = {**found, **dict.fromkeys(layer.said if layer is not None else ())}
    return list(found)


def _computed(layer: Layer, name: str, unset: Said) -> Said:
    """What an attribute is that follows from others, such as `filters` of a conv."""
    op = layer.node.op if layer.node is not None else None
    is_one = op is not None and op.name == layer.op and name in op.fallbacks
    return dict(op)[name] if op is not None and is_one else unset


def _value(value: Said) -> Said:
    return tuple(items(value)) or value


def _equal(one: Said, other: Said) -> bool:
    return type(one) is type(other) and one == other


def _channels(layer: Layer) -> int:
    assert layer.node is not None
    return layer.node.shape[0]


_width = _channels


def _fits(values: Values, widths: Values) -> bool:
    return all(v is ABSENT or v == w for v, w in zip(values, widths, strict=True))


def named(body: Body, labels: Mapping[Layer, str]) -> None:
    """Give the layers of a body names of their own."""
    names = _names_inside()
    for layer in body.layers:
        layer.name = names.name(labels[layer])


def _names_inside() -> Names:
    """Names for the layers of a block, other than those of what it reads."""
    return Names(["input", "skip", *(f"skip_{n}" for n in range(2, MOST_ENTRIES))])
