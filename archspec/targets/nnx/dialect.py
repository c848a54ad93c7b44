"""Each primitive as one NNX module, or as a call in `__call__`."""

from __future__ import annotations

from functools import cached_property

from archspec.expressions import Binary, Items
from archspec.expressions import Call as FunctionCall
from archspec.ops.fields import Amounts
from archspec.ops.window import Window
from archspec.targets.code import collapsed, literal
from archspec.targets.dialect import Arguments, Dialect, numbers, primitives
from archspec.targets.nnx.initial import LAYERS, Initializers
from archspec.targets.padding import is_same, plan, windows
from archspec.targets.specialise.model import Argument, Attribute, Call, FrameworkLayer
from archspec.targets.sums import simplified
from archspec.targets.symbols import constant, constant_value
from archspec.targets.unprintable import Unprintable

Layers = tuple[FrameworkLayer, ...]
_VALID = literal("VALID")


class NnxDialect(Dialect):
    """A primitive is one module, or a function where it has no weights."""

    passes_channels = True

    @cached_property
    def initializers(self) -> Initializers:
        """How the weights of the program start."""
        return Initializers(primitives(self.program), self.templates)

    def arguments(self, call: Call) -> Arguments:
        """The attributes; sizes of windows as pairs, and how weights start."""
        found = super().arguments(call)
        if call.op in LAYERS:
            found["layer"] = self.initializers.layer(call)
            found["start"] = self.initializers.start(call)
        if "kernel" in found:
            found["kernel"] = _pair(call.attributes["kernel"])
        return found

    def conv(self, call: Call, arguments: Arguments) -> Layers:
        """Flax pads by `SAME` unless it is told otherwise."""
        arguments["padding"] = _conv_padding(call)
        return (FrameworkLayer("conv", arguments),)

    def depthwise_conv(self, call: Call, arguments: Arguments) -> Layers:
        channels = call.channels.expression
        each = call.attributes["multiplier"].expression
        del arguments["multiplier"]
        arguments["filters"] = simplified(Binary("*", channels, each))
        return self.conv(call, {**arguments, "groups": channels})

    def transposed_conv(self, call: Call, arguments: Arguments) -> Layers:
        """Numbers pad the input between whose pixels there are zeros."""
        arguments["padding"] = _cut(windows(call)[0])
        return (FrameworkLayer(call.op, arguments),)

    def batch_norm(self, call: Call, arguments: Arguments) -> Layers:
        """The module-level partial, or arguments where settings differ."""
        shared, explicit = self.norm_form(call)
        arguments |= {"shared": shared, "explicit": explicit}
        return (FrameworkLayer(call.op, arguments),)

    def max_pool(self, call: Call, arguments: Arguments) -> Layers:
        return self.pool(call, arguments, counts=True)

    def avg_pool(self, call: Call, arguments: Arguments) -> Layers:
        counts = call.attributes["count_padding"].constant is True
        return self.pool(call, arguments, counts)

    def pool(self, call: Call, arguments: Arguments, counts: bool) -> Layers:
        """Flax counts all padding or none; what `ceil` adds never counts."""
        inner, beyond = _pool_padding(call), _beyond(call)
        own: Arguments = {"padding": inner, "inner": None, "stride": None}
        if beyond is not None:
            within, around = beyond
            own["padding"] = constant(around)
            if call.op == "avg_pool" and counts and any(within):
                own["inner"], counts = constant(within), False
            else:
                ends = zip(within, around, strict=True)
                own["padding"] = constant(tuple(a + b for a, b in ends))
                counts = call.op == "max_pool"
        own["uncounted"] = not counts and own["padding"] is not None
        if not call.attributes["stride"].is_only(1):
            own["stride"] = _pair(call.attributes["stride"])
        return (FrameworkLayer(call.op, {**arguments, **own}),)

    def flatten(self, call: Call, arguments: Arguments) -> Layers:
        first = call.attributes["order"].constant == "channels_first"
        matters = any(shape[1:] not in ((), (1, 1)) for shape in call.inputs)
        return (FrameworkLayer(call.op, {"first": first and matters}),)

    def slice_channels(self, call: Call, arguments: Arguments) -> Layers:
        if arguments["stop"] == call.channels.expression:
            arguments["stop"] = None
        return (FrameworkLayer(call.op, arguments),)

    def upsample(self, call: Call, arguments: Arguments) -> Layers:
        arguments["factor"] = _pair(call.attributes["factor"])
        return (FrameworkLayer(call.op, arguments),)

    def resize(self, call: Call, arguments: Arguments) -> Layers:
        size = _pair(call.attributes["size"])
        return (FrameworkLayer(call.op, {**arguments, "size": size, "like": None}),)

    def normalize(self, call: Call, arguments: Arguments) -> Layers:
        for name in ("mean", "std"):
            arguments[name] = literal(numbers(call.attributes[name]))
        return (FrameworkLayer(call.op, arguments),)


def _pair(attribute: Attribute) -> Argument:
    """A size for each axis, where a spec may have one for both."""
    expression, value = attribute.expression, constant_value(attribute.expression)
    if value is not None:
        return literal(value if isinstance(value, tuple) else (value, value))
    pairs = {isinstance(collapsed(value), tuple) for value in attribute.values}
    if isinstance(expression, Items) or pairs == {True}:
        return expression
    if not any(isinstance(value, tuple) for value in attribute.values):
        return Items((expression, expression))
    return FunctionCall("pair", (expression,))


def _conv_padding(call: Call) -> Argument:
    """None where it is what `SAME` means."""
    padding = plan(call)
    single = all(window.kernel == (1, 1) for window in windows(call))
    if padding.kind == "none":
        return None if single else _VALID
    if padding.kind == "same" or is_same(call):
        return None
    return padding.amount


def _cut(window: Window) -> Argument:
    """The padding behind which a transposed convolution is cut off as it should."""
    crop = window.crop
    if crop == window._replace(padding="same").crop:
        return None
    sizes = zip(window.kernel, window.stride, strict=True)
    if not any(crop) and all(kernel >= stride for kernel, stride in sizes):
        return _VALID
    (top, bottom, left, right), (height, width) = crop, window.kernel
    vertical = height - 1 - top, height - 1 - bottom
    return literal((vertical, (width - 1 - left, width - 1 - right)))


def _pool_padding(call: Call) -> Argument:
    """The padding of a pool without `ceil`: none, `SAME`, or four amounts."""
    padding = plan(call)
    if padding.kind == "none":
        return None
    if padding.kind == "same":
        return literal("SAME")
    match padding.amount:
        case FunctionCall():
            raise Unprintable("a pool's kernel as both a number and a pair")
        case Items((down, across)):
            return Items((down, down, across, across))
        case Items():
            return padding.amount
        case amount:
            return Items((amount,) * 4)


def _beyond(call: Call) -> tuple[Amounts, Amounts] | None:
    """The padding of a pool with `ceil`, and how far beyond it the last window may be.

    A stride less one, at every size of the input, unless a window could then lie
    wholly beyond; else just as far as it does at the sizes that the pool has.
    """
    if call.attributes["ceil"].constant is False or plan(call).kind == "same":
        return None
    found: set[tuple[Amounts, Amounts]] = set()
    for window, (_, *size) in zip(windows(call), call.inputs, strict=True):
        here = size[0], size[1]
        inner = window.amounts(here)
        (height, width), (down, across) = window.kernel, window.stride
        if height >= inner[1] + down and width >= inner[3] + across:
            found.add((inner, (0, down - 1, 0, across - 1)))
        else:
            found.add((inner, window.overhang(here)))
    if len(found) > 1:
        raise Unprintable(f"{call.op} with 'ceil' and several paddings", call.paths[0])
    inner, around = found.pop()
    return (inner, around) if any(around) else None
