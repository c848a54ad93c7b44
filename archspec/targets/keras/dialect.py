"""Each primitive as one or more Keras layers."""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property

from archspec.elaboration import with_input_size
from archspec.errors import SpecError
from archspec.expressions import Binary, Constant, Expression
from archspec.ops.fields import Amounts
from archspec.targets.code import Code, literal, rounded
from archspec.targets.dialect import Arguments, Dialect, Layers, numbers, pair_of
from archspec.targets.keras.initial import Initializers
from archspec.targets.keras.pools import fits_any_size, non_negative, pool_padding
from archspec.targets.padding import is_same, plan, windows
from archspec.targets.program.calls import Argument, Call, FrameworkLayer
from archspec.targets.symbols import constant, constant_value, halved
from archspec.targets.unprintable import Unprintable

_POOLS = "max_pool", "avg_pool"
_ZERO = literal(0)
_LOWEST = Code('float("-inf")')


class KerasDialect(Dialect):
    """What one layer cannot do is a layer of its own, before or behind it."""

    passes_channels = False

    @cached_property
    def initializers(self) -> Initializers:
        """How the weights of the program start, by names that no function has."""
        stages = (stage.name for stage in self.program.stages)
        taken = {self.network.name, "stage", *self.program.blocks, *stages}
        return Initializers(self.program.primitives, taken)

    @property
    def constants(self) -> Collection[str]:
        """The initializers that are defined once."""
        return self.initializers.names

    @cached_property
    def takes_input_shape(self) -> bool:
        """Unless weights, or the padding of a pool, depend on the size of the image."""
        pools = (c for c in self.program.primitives if c.op in _POOLS)
        if len(self.network.inputs) > 1 and self.network.spec.family:
            return False  # its variants would have a shape for each image
        height, width = self.network.image[1:]
        try:
            larger = with_input_size(self.network, (2 * height, 2 * width))
        except SpecError:
            return False
        same = larger.weight_shapes == self.network.weight_shapes
        return same and all(map(fits_any_size, pools))

    @cached_property
    def non_negative(self) -> frozenset[str]:
        """The layers that read no negative numbers."""
        return non_negative(self.network)

    def arguments(self, call: Call) -> Arguments:
        """The attributes, and how the weights start if not as in Keras."""
        found = super().arguments(call)
        if "initializer" in call.attributes:
            found["start"] = self.initializers.of(call)
        return found

    def conv(self, call: Call, arguments: Arguments) -> Layers:
        if any(max(w.stride) > 1 and max(w.dilation) > 1 for w in windows(call)):
            raise Unprintable("a convolution with a stride and a dilation")
        return self.window(call, arguments)

    def depthwise_conv(self, call: Call, arguments: Arguments) -> Layers:
        if any(w.stride[0] != w.stride[1] for w in windows(call)):
            raise Unprintable("a depthwise convolution with unequal strides")
        return self.window(call, arguments)

    def window(self, call: Call, arguments: Arguments) -> Layers:
        """`padding="same"` where that is right, else a layer that pads."""
        padding = plan(call)
        arguments["same"] = padding.kind == "same"
        if padding.kind == "half" and is_same(call):
            arguments["same"] = True
        layer = FrameworkLayer(call.op, arguments)
        if padding.kind in {"none", "same"} or arguments["same"]:
            return (layer,)
        if padding.kind == "half":
            when = _some(call, padding.amount)
            return _pad(padding.amount, _ZERO, when), layer
        return _pad(_number(padding.amount), _ZERO), layer

    def pool(self, call: Call, arguments: Arguments) -> Layers:
        """Zeros, minus infinity, or a layer that counts, as the pool needs."""
        padding = pool_padding(call, self.non_negative)
        arguments |= {"same": padding.kind == "same", "margins": None}
        if padding.margins is not None:
            arguments["margins"] = constant(padding.margins)
        layer = FrameworkLayer(call.op, arguments)
        amounts = _number(constant(padding.amounts))
        if padding.kind == "zeros":
            return _pad(amounts, _ZERO), layer
        if padding.kind == "lowest":
            return _pad(amounts, _LOWEST), layer
        return (layer,)

    max_pool = avg_pool = pool

    def transposed_conv(self, call: Call, arguments: Arguments) -> Layers:
        """`same`, or `valid` and a crop of what is too much."""
        window = windows(call)[0]
        same = window.padding == "same"
        layer = FrameworkLayer(call.op, {**arguments, "same": same})
        if same:
            return (layer,)
        top, bottom, left, right = window.crop
        # In Keras the stride determines the output size, even for a smaller kernel.
        bottom += max(window.stride[0] - window.kernel[0], 0)
        right += max(window.stride[1] - window.kernel[1], 0)
        edges: Amounts = top, bottom, left, right
        if not any(edges):
            return (layer,)
        crop: Arguments = {"amounts": _number(constant(edges))}
        return layer, FrameworkLayer("crop", crop, "-crop")

    def pad(self, call: Call, arguments: Arguments) -> Arguments:
        amounts = _number(call.attributes["amounts"].expression)
        return {**arguments, "amounts": amounts}

    def flatten(self, call: Call, arguments: Arguments) -> Layers:
        """Keras reads channels last; on a 1x1 map the order makes no difference."""
        first = call.attributes["order"].constant == "channels_first"
        matters = any(shape[1:] not in ((), (1, 1)) for shape in call.inputs)
        layer = FrameworkLayer(call.op, arguments)
        if not (first and matters):
            return (layer,)
        return FrameworkLayer("permute", {}, "-permute"), layer

    def to_map(self, call: Call, arguments: Arguments) -> Arguments:
        return {**arguments, **_size(call)}

    def resize(self, call: Call, arguments: Arguments) -> Arguments:
        floors = call.attributes["mode"].constant == "nearest_floor"
        return {**arguments, **_size(call), "floors": floors}

    def layer_scale(self, call: Call, arguments: Arguments) -> Arguments:
        return {**arguments, "sequence": call.rank == 1, "elsewhere": call.rank != 1}

    def normalize(self, call: Call, arguments: Arguments) -> Arguments:
        mean, std = (numbers(call.attributes[name]) for name in ("mean", "std"))
        own: Arguments = {"scale": None, "offset": None}
        if len(mean) == len(std) == 1:
            own["scale"] = literal(rounded(1 / std[0]))
            own["offset"] = literal(rounded(-mean[0] / std[0])) if mean[0] else None
        else:
            count = max(len(mean), len(std))
            mean, std = mean * (count // len(mean)), std * (count // len(std))
            own["mean"] = literal(mean)
            own["variance"] = literal(rounded(tuple(s * s for s in std)))
        return own


def _pad(
    amounts: Argument, value: Code, when: Expression | None = None
) -> FrameworkLayer:
    """A layer that pads for the one behind it."""
    return FrameworkLayer("pad", {"amounts": amounts, "value": value}, "-pad", when)


def _size(call: Call) -> Arguments:
    """The size of a map, unless it is that of a tensor."""
    height, width = pair_of(call.attributes["size"].values[0])
    return {"height": literal(height), "width": literal(width), "like": None}


def _number(amounts: Expression) -> Expression:
    """One number for four equal ones."""
    value = constant_value(amounts)
    if isinstance(value, tuple) and len(set(value)) == 1:
        return constant(value[0])
    return amounts


def _some(call: Call, amount: Expression) -> Expression | None:
    """The condition under which there is anything to pad."""
    if all(any(window.amounts(window.kernel)) for window in windows(call)):
        return None
    kernel = call.attributes["kernel"].expression
    return Binary(">", kernel, Constant(1)) if amount == halved(kernel) else None
