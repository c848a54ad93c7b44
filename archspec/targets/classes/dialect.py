"""What frameworks with modules make of the primitives alike."""

from __future__ import annotations

from abc import ABC, abstractmethod

from archspec.expressions import Binary
from archspec.targets.code import literal
from archspec.targets.dialect import Arguments, Dialect, numbers, pair_of
from archspec.targets.program.calls import Call, FrameworkLayer
from archspec.targets.sums import simplified

Layers = tuple[FrameworkLayer, ...]


class ClassDialect(Dialect, ABC):
    """A primitive is one module, so that its weights have the path of its layer."""

    passes_channels = True

    def depthwise_conv(self, call: Call, arguments: Arguments) -> Layers:
        """A convolution in as many groups as there are channels."""
        channels = call.channels.expression
        each = call.attributes["multiplier"].expression
        del arguments["multiplier"]
        filters = simplified(Binary("*", channels, each))
        own = {"filters": filters, "groups": channels}
        return self.conv(call, {**arguments, **own})

    @abstractmethod
    def conv(self, call: Call, arguments: Arguments) -> Layers:
        """One module, which pads as the framework can."""

    def attention(self, call: Call, arguments: Arguments) -> Layers:
        """A function; with weights or dropout a module."""
        (layer,) = super().attention(call, arguments)
        if layer.arguments["biased"] or layer.arguments["dropping"]:
            given = {**layer.arguments, "module": True}
            return (FrameworkLayer("attention_module", given),)
        return (layer,)

    def slice_channels(self, call: Call, arguments: Arguments) -> Layers:
        """Without an end that is the last channel."""
        if arguments["stop"] == call.channels.expression:
            arguments["stop"] = None
        return (FrameworkLayer(call.op, arguments),)

    def flatten(self, call: Call, arguments: Arguments) -> Layers:
        """`transposed` where the order is not the framework's and matters."""
        order = call.attributes["order"].constant
        other = order != f"channels_{self.manifest['channels']}"
        matters = any(shape[1:] not in ((), (1, 1)) for shape in call.inputs)
        return (FrameworkLayer(call.op, {"transposed": other and matters}),)

    def position_embedding(self, call: Call, arguments: Arguments) -> Layers:
        """Of feature maps too, where there are any."""
        return (FrameworkLayer(call.op, {**arguments, "maps": call.rank == 2}),)

    def to_map(self, call: Call, arguments: Arguments) -> Layers:
        """Of this size, unless a tensor has it."""
        size = pair_of(call.attributes["size"].values[0])
        own: Arguments = {"size": literal(size), "like": None}
        return (FrameworkLayer(call.op, {**arguments, **own}),)

    def normalize(self, call: Call, arguments: Arguments) -> Layers:
        """Mean and standard deviation as tuples."""
        for name in ("mean", "std"):
            arguments[name] = literal(numbers(call.attributes[name]))
        return (FrameworkLayer(call.op, arguments),)
