"""Attribute types: validation of values from specs.

Values are evaluated expressions: ints, floats, bools, words, or lists of them. Every
message states the expected and the actual value.
"""

import json
import math
from collections.abc import Callable, Sequence
from typing import Annotated, Any, NamedTuple, cast, get_args

from archspec.errors import Advice, Fix
from archspec.ops.attributes import Doc, Read, Refused
from archspec.words import (
    ACTIVATIONS,
    Bias,
    Distribution,
    Fan,
    Mode,
    Order,
    PaddingWord,
)

Pair = tuple[int, int]
"""Height and width."""

Amounts = tuple[int, int, int, int]
"""Pixels at the top, bottom, left and right."""

Padding = PaddingWord | Amounts
Deviation = tuple[Distribution, float]
Initializer = tuple[Distribution, Fan, float] | Deviation
"""A distribution with variance `scale / fan`, or with a standard deviation."""

TRUNCATED = 0.87962566103423978
"""Standard deviation of a unit normal truncated at two standard deviations."""


STATIC = "static"
"""Metadata of an attribute that frameworks need as a constant."""


class Examples:
    """Metadata of an attribute: example values, the usual one first.

    They suit the op's `sample`. Tests and random networks use them.
    """

    def __init__(self, *values: Any):
        self.values = values


class Usual(NamedTuple):
    """Metadata of an attribute: the range of values that is not worth a warning."""

    least: float
    most: float
    advice: str
    """Help for another value."""


class Optional(Read):
    """A `Read` for an attribute that may be unset."""

    def __init__(self, function: Callable[[Any], Any]):
        super().__init__(lambda value: None if value is None else function(value))
        self.inner = function
        """The validator of values that are set."""


class OneOf(Read, Examples):
    """Validates words; all are examples."""

    def __init__(self, *words: str):
        Read.__init__(self, self.check)
        Examples.__init__(self, *words)

    def check(self, value: object) -> object:
        """The word; raises Refused for other values."""
        if value in self.values:
            return value
        *most, last = map(repr, self.values)
        raise refusal(f"{', '.join(most)} or {last}", value)


def refusal(
    wanted: str, value: object, advice: str = "", *, whole: bool = True
) -> Refused:
    """The error for an invalid value; `advice` is its help."""
    return Refused(f"must be {wanted}, but is {shown(value)}", advice, whole=whole)


def shown(value: object) -> str:
    """A value as messages show it, without the noise of binary fractions."""
    rounded = float(f"{value:.12g}") if isinstance(value, float) else value
    return json.dumps(rounded, default=str)


def written(value: object) -> str:
    """A value as YAML has it; a pair of equal numbers is one."""
    if parts := items(value):
        is_pair = parts == parts[:1] * 2
        texts = [*map(written, parts)]
        return texts[0] if is_pair else f"[{', '.join(texts)}]"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = "~" if value is None else str(value)
    return text.lower() if isinstance(value, bool) else text


def items(value: object) -> tuple[object, ...]:
    """The items of a list; empty if the value is not a list."""
    if not isinstance(value, list | tuple):
        return ()
    return tuple(cast(Sequence[object], value))


def whole_from(least: int) -> Callable[[object], int]:
    """A validator of whole numbers of at least `least`; 88.0 is whole, true is not."""

    def check(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise refusal("a whole number", value)
        if isinstance(value, float) and not value.is_integer():
            raise refusal("a whole number", value, whole=False)
        if value < least:
            raise refusal(f"at least {least}", value)
        return int(value)

    return check


count = whole_from(1)
not_negative = whole_from(0)


def pair(value: object) -> Pair:
    """A count or `[height, width]`."""
    match items(value) or (value, value):
        case (height, width):
            return count(height), count(width)
        case _:
            raise refusal("a number or [height, width]", value)


def amounts(value: object) -> Amounts:
    """`[top, bottom, left, right]`."""
    if len(items(value)) != 4:
        raise refusal("four numbers [top, bottom, left, right]", value)
    top, bottom, left, right = map(not_negative, items(value))
    return top, bottom, left, right


def padding(value: object) -> object:
    """A word or four numbers."""
    if value in get_args(PaddingWord):
        return value
    if len(items(value)) == 4:
        return amounts(value)
    wanted = "same, symmetric, valid or four numbers [top, bottom, left, right]"
    match items(value) or (value, value):
        case (int(vertical), int(horizontal)) if not isinstance(vertical, bool):
            sides = [vertical, vertical, horizontal, horizontal]
            single = f"on a single layer also {sides}"
            help = f"write symmetric, which pads by kernel // 2; {single}"
            raise refusal(wanted, value, Advice(help, Fix("symmetric")))
        case _:
            raise refusal(wanted, value)


def number(value: object) -> float:
    """A finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise refusal("a number", value)
    if not math.isfinite(value):
        raise refusal("a finite number", value)
    return float(value)


def positive(value: object) -> float:
    """A number above 0."""
    if number(value) <= 0:
        raise refusal("above 0", value)
    return number(value)


def share(value: object) -> float:
    """A number from 0 up to, but not including, 1."""
    if not 0 <= number(value) < 1:
        raise refusal("at least 0 and below 1", value)
    return number(value)


def flag(value: object) -> bool:
    """True or false; 0 and 1 are numbers."""
    if not isinstance(value, bool):
        raise refusal("true or false", value)
    return value


def initializer(value: object) -> tuple[object, ...]:
    """`[distribution, fan, scale]` or `[distribution, std]`."""
    match items(value):
        case (drawn, fan, scale) if drawn in get_args(Distribution) and (
            fan in get_args(Fan)
        ):
            return drawn, fan, positive(scale)
        case (drawn, deviation) if drawn in get_args(Distribution):
            return drawn, positive(deviation)
        case _:
            raise refusal(
                "[normal, truncated_normal or uniform, fan_in, fan_out or fan_avg, "
                "scale] or [normal, truncated_normal or uniform, std]",
                value,
            )


def deviation(value: object) -> tuple[object, ...]:
    """`[distribution, std]`, of weights that are no kernel and have no fan."""
    match items(value):
        case (drawn, std) if drawn in get_args(Distribution):
            return drawn, positive(std)
        case _:
            wanted = "[normal, truncated_normal or uniform, std]"
            raise refusal(wanted, value)


def each_number(value: object) -> tuple[float, ...]:
    """A number for all channels, or a list with one per channel."""
    return tuple(number(item) for item in items(value) or (value,))


def each_positive(value: object) -> tuple[float, ...]:
    """Like `each_number`, all above 0."""
    return tuple(positive(item) for item in items(value) or (value,))


Count = Annotated[int, Read(count)]
Index = Annotated[int, Read(not_negative)]
Number = Annotated[float, Read(number)]
Positive = Annotated[float, Read(positive)]
Share = Annotated[float, Read(share)]
Flag = Annotated[bool, Read(flag), Examples(True, False)]
PairField = Annotated[Pair, Read(pair)]
KernelField = Annotated[
    PairField,
    Examples(3, 1, (3, 2), 2, (1, 5), 5),
    Doc("Size of the window: a number or `[height, width]`."),
]
StrideField = Annotated[
    PairField,
    Examples(1, 2, (2, 1), 3),
    Doc("Step of the window: a number or `[vertical, horizontal]`."),
]
DilationField = Annotated[
    PairField,
    Examples(1, 2, (1, 2)),
    Doc("Spacing of the kernel's elements: a number or `[vertical, horizontal]`."),
]
AmountsField = Annotated[Amounts, Read(amounts)]
_PADDINGS = Examples(
    "same", "valid", "symmetric", (1, 0, 2, 1), (1, 1, 1, 1), (1, 1, 2, 2)
)
PaddingField = Annotated[
    Padding,
    Read(padding),
    STATIC,
    _PADDINGS,
    Doc(
        "Pixels around the feature map: `same` as in TensorFlow, `symmetric` as usual "
        "in PyTorch, `valid` for none, or `[top, bottom, left, right]`."
    ),
]
ModeField = Annotated[Mode, OneOf(*get_args(Mode)), STATIC, Doc("Interpolation.")]
OrderField = Annotated[
    Order,
    OneOf(*get_args(Order)),
    STATIC,
    Doc("Order of the numbers: as in PyTorch (`channels_first`) or TensorFlow."),
]
_BIASES = OneOf(*get_args(Bias))
BiasField = Annotated[
    Bias | None,
    Optional(_BIASES.check),
    STATIC,
    Examples(None, *get_args(Bias)),
    Doc(
        "Learned number for each head that is added to the scores: by offset "
        "(`signed`) or by distance (`absolute`)."
    ),
]
Kind = Annotated[str, OneOf(*ACTIVATIONS), Doc("Activation function.")]
_INITIALIZERS = Examples(
    ("normal", 0.1),
    ("normal", 0.3),
    ("uniform", 0.3),
    ("normal", "fan_in", 2),
    ("truncated_normal", "fan_out", 1),
)
InitializerField = Annotated[
    Initializer,
    Read(initializer),
    STATIC,
    _INITIALIZERS,
    Doc(
        "Initial kernel: `[distribution, fan, scale]` with variance `scale / fan`, or "
        "`[distribution, std]`."
    ),
]
_DEVIATIONS = Examples(("normal", 0.02), ("uniform", 0.3), ("truncated_normal", 0.1))
DeviationField = Annotated[
    Deviation,
    Read(deviation),
    STATIC,
    _DEVIATIONS,
    Doc("Initial values: `[distribution, std]`."),
]
EachNumber = Annotated[tuple[float, ...], Read(each_number)]
EachPositive = Annotated[tuple[float, ...], Read(each_positive)]
