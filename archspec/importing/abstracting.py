"""What differs between instances of a class, as arguments, formulas and conditions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, count
from typing import Any, NamedTuple

from archspec.importing.draft import Said
from archspec.language.names import PREDEFINED, RESERVED_LAYERS

MOST_ARGUMENTS, MOST_SWITCHES = 10, 2

Values = list[Any]
"""One value for each instance; ABSENT where it lacks the layer."""

ABSENT: Any = object()
UNSET: Any = object()
"""An attribute that is not said and has no default of its own."""

SIZES = "filters", "units"


class Formula(NamedTuple):
    """An expression and its values."""

    text: str
    values: Values


class Abstraction:
    """The arguments of a block that has so many channels at its input."""

    def __init__(self, channels: Values):
        self.channels = channels
        self.arguments: dict[str, Values] = {}
        self.defaults: dict[str, Said] = {}
        self.switches = 0

    @property
    def fits(self) -> bool:
        """Whether there are not too many of them for a block to be of use."""
        few = self.switches <= MOST_SWITCHES
        return few and len(self.arguments) <= MOST_ARGUMENTS

    def argument(
        self, wanted: Sequence[str], values: Values, default: Said = UNSET
    ) -> str:
        """An argument with these values: one that is there, or another one."""
        for name, known in self.arguments.items():
            if _agree(known, values):
                self.arguments[name] = [
                    b if a is ABSENT else a for a, b in zip(known, values, strict=True)
                ]
                return name
        names = chain(wanted, (f"{wanted[-1]}_{number}" for number in count(2)))
        name = next(n for n in names if self._is_free(n))
        self.arguments[name] = list(values)
        if default is not UNSET:
            self.defaults[name] = default
        return name

    def agrees(self, name: str, values: Values) -> bool:
        """Whether an argument has these values."""
        return name in self.arguments and _agree(self.arguments[name], values)

    def _is_free(self, name: str) -> bool:
        return name not in {*PREDEFINED, *RESERVED_LAYERS, *self.arguments}

    def formula(self, values: Values, local: Values) -> str | None:
        """An expression with these values; `local` are the channels of a layer."""
        known = [Formula("in_channels", self.channels)]
        known += [Formula(n, v) for n, v in self.arguments.items() if _is_counts(v)]
        known += [Formula("channels", local)]
        if not _is_counts(values):
            return None
        if _constant(values) is not ABSENT:
            known = [known[0]]
        found = chain(*(_multiples(each) for each in known))
        ranked = sorted(found, key=lambda formula: len(formula.text.split()))
        return next((f.text for f in ranked if _agree(f.values, values)), None)

    def condition(
        self, present: Sequence[bool], name: str, *, adds: bool = False
    ) -> str:
        """An expression that is true where a layer is present, be it a new switch."""
        for text, values in self._conditions(adds):
            if values == list(present):
                return text
        if not adds and (own := self._decisive(present)) is not None:
            return f"{own} > 0"
        self.switches += 1
        usual = Counter(present).most_common(1)[0][0]
        return self.argument([name, f"with_{name}"], list(present), usual)

    def _decisive(self, present: Sequence[bool]) -> str | None:
        """An argument that only these instances have, which is 0 for the others."""
        for name, values in self.arguments.items():
            numbers = [v for v in values if type(v) in (int, float) and v > 0]
            is_given = [value is not ABSENT and value != 0 for value in values]
            if is_given == list(present) and len(numbers) == sum(present):
                self.arguments[name] = [0 if v is ABSENT else v for v in values]
                self.defaults[name] = 0
                return name
        return None

    def _conditions(self, adds: bool) -> Iterator[tuple[str, list[bool]]]:
        known = {name: v for name, v in self.arguments.items() if _is_counts(v)}
        strides, filters = known.get("stride"), known.get("filters")
        count = range(len(self.channels))
        same = [filters is not None and filters[n] == self.channels[n] for n in count]
        still = [strides is not None and strides[n] == 1 for n in count]
        if strides and filters:
            keeps = [a and b for a, b in zip(still, same, strict=True)]
            yield "stride == 1 and in_channels == filters", keeps
            yield "stride != 1 or in_channels != filters", [not k for k in keeps]
        if strides:
            yield "stride == 1", still
            yield "stride > 1", [not s for s in still]
        if filters:
            yield "in_channels == filters", same
            yield "in_channels != filters", [not s for s in same]
        if adds:
            return
        for name, values in known.items():
            if ABSENT not in values and name not in {"stride", "filters"}:
                yield f"{name} > 1", [v > 1 for v in values]
                yield f"{name} == 1", [v == 1 for v in values]
        for name, values in self.arguments.items():
            if set(map(type, values)) == {bool}:
                yield name, values
                yield f"not {name}", [not v for v in values]

    def declared(self) -> dict[str, Said]:
        """The arguments with their types or defaults, those that are required first."""
        found = {name: self._declared(name) for name in self.arguments}
        return dict(sorted(found.items(), key=lambda item: item[0] in self.defaults))

    def _declared(self, name: str) -> Said:
        if name in self.defaults:
            return self.defaults[name]
        values = [v for v in self.arguments[name] if v is not ABSENT]
        if len(values) < len(self.arguments[name]) and UNSET not in values:
            (self.defaults[name], _), *_ = Counter(values).most_common(1)
            return self.defaults[name]
        if any(value is UNSET for value in values):
            self.defaults[name] = None
            return None
        kinds = set(map(type, values))
        for kind, word in (
            (bool, "bool"),
            (int, "int"),
            (float, "float"),
            (str, "word"),
        ):
            if kinds == {kind} or (kind is float and kinds == {int, float}):
                return word
        self.defaults[name] = values[0]
        return values[0]

    def given(self, number: int) -> dict[str, Said]:
        """What the call of one instance says."""
        return {
            name: self.arguments[name][number]
            for name, declared in self.declared().items()
            if self.arguments[name][number] not in (UNSET, ABSENT)
            and not _is_default(self.arguments[name][number], declared)
        }


def _is_default(value: Said, declared: Said) -> bool:
    return type(value) is type(declared) and value == declared


def _multiples(known: Formula) -> Iterator[Formula]:
    """What a person computes of a number of channels."""
    text, values = known
    yield known
    for factor in (2, 3, 4, 6, 8):
        yield Formula(f"{factor} * {text}", _each(values, lambda v, k=factor: v * k))
    for factor in (2, 3, 4, 8, 16, 32):
        yield Formula(f"{text} // {factor}", _each(values, lambda v, k=factor: v // k))


def _each(values: Values, change: Callable[[int], int]) -> Values:
    return [value if value is ABSENT else change(value) for value in values]


def _is_counts(values: Values) -> bool:
    """Whether these are whole numbers, at least where there are any."""
    return all(value is ABSENT or type(value) is int for value in values)


def _agree(known: Values, wanted: Values) -> bool:
    pairs = [(a, b) for a, b in zip(known, wanted, strict=True) if ABSENT not in (a, b)]
    return bool(pairs) and all(type(a) is type(b) and a == b for a, b in pairs)


def _constant(values: Values) -> Any:
    """The only value there is; ABSENT if there are several."""
    found = [value for value in values if value is not ABSENT]
    same = all(type(v) is type(found[0]) and v == found[0] for v in found)
    return found[0] if same else ABSENT


constant = _constant
Scope = Mapping[str, Values]
