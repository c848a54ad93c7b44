"""What TensorFlow's profiler counts of the operations that Keras layers become.

It has a formula for some operations of TensorFlow only: `Einsum` and what XLA compiles
count as nothing, comparisons of indices count.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import ceil, prod

from archspec.counting.forms import Read
from archspec.ops import Shape
from archspec.ops.attention import Attention, LinearAttention, SeparableAttention
from archspec.ops.convolution import Conv, Convolution, TransposedConv
from archspec.ops.normalization import Normalize
from archspec.ops.pooling import AdaptiveAvgPool
from archspec.ops.window import Window, Windowed


def _whole(read: Read) -> int:
    """With output sides that are multiples of the dilation: each phase is run apart.

    A depthwise convolution with a stride and a dilation is run without the stride.
    """
    conv = read.layer.primitive
    assert isinstance(conv, Convolution)
    if isinstance(conv, Conv) and conv.groups > 1:
        return 0
    window, sides = conv.window, read.layer.output[1:]
    if _strides_and_dilates(window):
        height, width = read.input[1:]
        amounts = window.amounts((height, width))
        dense = window._replace(stride=(1, 1), padding=amounts)
        sides = dense.slide((height, width))
    pairs = zip(sides, window.dilation, strict=True)
    positions = prod(d * ceil(n / d) for n, d in pairs)
    return read.layer.weights_read["weight"].size * positions


def _strides_and_dilates(window: Window) -> bool:
    return max(window.stride) > 1 and max(window.dilation) > 1


def _padding(read: Read) -> int:
    """Of the sizes that a depthwise convolution with both pads by, where Keras pads."""
    conv = read.layer.primitive
    assert isinstance(conv, Windowed)
    return 16 * (_strides_and_dilates(conv.window) and 'padding="same"' in read.code)


def _stamped(read: Read) -> int:
    """Of the gradient of a convolution; Keras crops its output in a layer behind it."""
    conv = read.layer.primitive
    assert isinstance(conv, TransposedConv)
    same = conv.padding == "same"
    height, width = (
        max(stride * size, 0 if same else (size - 1) * stride + kernel)
        for size, kernel, stride in zip(
            read.input[1:], conv.kernel, conv.stride, strict=True
        )
    )
    weight = read.layer.weights_read["weight"].size
    bias = conv.filters * height * width if conv.bias else 0
    return 2 * weight * height * width // prod(conv.stride) + bias


def _normalised(read: Read) -> int:
    """Of `Rescaling`, or for several means or deviations of `Normalization`."""
    normalize = read.layer.primitive
    assert isinstance(normalize, Normalize)
    if len(normalize.mean) > 1 or len(normalize.std) > 1:
        return 2 * prod(read.input) + read.input[0]
    return 2 * prod(read.input)


def _windowed(read: Read) -> int:
    pool = read.layer.primitive
    assert isinstance(pool, Windowed)
    return prod(pool.window.kernel) * prod(read.layer.output)


def _uncounted(read: Read) -> int:
    """Of the average of ones that a padded average is divided by."""
    pool, output = read.layer.primitive, read.layer.output
    if not (read.own and isinstance(pool, Windowed)):
        return 0
    return prod(pool.window.kernel) * read.positions + prod(output)


def _adapted(read: Read) -> int:
    """Of two sizes of windows, along one axis and then the other, and of indices."""
    pool = read.layer.primitive
    assert isinstance(pool, AdaptiveAvgPool)
    shape, total = list(read.input), 0
    for axis, after in enumerate(pool.size, 1):
        small = ceil(shape[axis] / after)
        for window in (small, small + 1):
            others = prod(shape) // shape[axis]
            total += window * others * (shape[axis] - window + 1)
        total += 9 * after
        shape[axis] = after
    return total


def _joined(read: Read) -> int:
    """Two by two; a map of 1x1 is repeated."""
    first, *rest = read.layer.inputs
    shape: Shape = first
    total = 0
    for other in rest:
        shape = tuple(map(max, shape, other))
        total += prod(shape)
    return total


def _attended(read: Read) -> int:
    """Scale and softmax; where the file has a form that spells it out, products too."""
    attention, scores = read.layer.primitive, read.layer.scratch
    assert isinstance(attention, Attention)
    query, key, _ = attention.three(read.layer.inputs)
    places = attention.places(query, key)
    pairs = prod(places.group) ** 2
    spelt = read.flags["dropping"] or read.flags["uneven"]
    total = 6 * scores + 2 * read.flags["grouped"]
    total += 2 * read.layer.macs if spelt else attention.scale is None
    if attention.relative_bias is not None:
        total += scores + 2 * pairs
    if attention.shift:
        height, width = query[1:]
        mask = places.groups * pairs + height * width + 2 * height + width
        total += scores + mask
    return total


def _linear(read: Read) -> int:
    """Sums of keys and the division; `Einsum` counts as nothing."""
    attention = read.layer.primitive
    assert isinstance(attention, LinearAttention)
    query, key, _ = attention.three(read.layer.inputs)
    total = query[0] * (prod(key[1:]) - 1) + attention.heads * prod(query[1:])
    return total + prod(read.layer.output) + 2 * read.flags["linear_grouped"]


def _separable(read: Read) -> int:
    attention = read.layer.primitive
    assert isinstance(attention, SeparableAttention)
    query, key, value = attention.three(read.layer.inputs)
    sums = 2 * prod(key) - key[0] * attention.places(query, key).groups
    return 5 * prod(query) + sums + prod(value) + 2


TENSORFLOW: Mapping[str, Callable[[Read], int]] = {
    "whole": _whole,
    "padding": _padding,
    "stamped": _stamped,
    "normalised": _normalised,
    "windowed": _windowed,
    "uncounted": _uncounted,
    "adapted": _adapted,
    "joined": _joined,
    "attended": _attended,
    "linear": _linear,
    "separable": _separable,
}
"""Each by its name in `counters.yaml`, which says what it is."""
