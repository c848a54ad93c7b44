"""What frameworks with modules make of the primitives alike."""

from __future__ import annotations

from abc import ABC, abstractmethod

from archspec.expressions import Binary
from archspec.targets.code import literal
from archspec.targets.dialect import Arguments, Dialect, Layers, numbers, pair_of
from archspec.targets.program.calls import Call, FrameworkLayer
from archspec.targets.sums import simplified


class ClassDialect(Dialect, ABC):
    """A primitive is one module, so that its weights have the path of its layer."""

    passes_channels = True

    def depthwise_conv(self, call: Call, arguments: Arguments) -> Arguments:
        """A convolution in as many groups as there are channels."""
        channels = call.channels.expression
        each = call.attributes["multiplier"].expression
        del arguments["multiplier"]
        filters = simplified(Binary("*", channels, each))
        own = {"filters": filters, "groups": channels}
        return self.conv(call, {**arguments, **own})

    @abstractmethod
    def conv(self, call: Call, arguments: Arguments) -> Arguments:
        """Padded as the framework can."""

    def attention(self, call: Call, arguments: Arguments) -> Arguments | Layers:
        """A function; with weights or dropout a module."""
        given = self.attending.forms(call, arguments)
        if given["biased"] or given["dropping"]:
            return (FrameworkLayer("attention_module", {**given, "module": True}),)
        return given

    def slice_channels(self, call: Call, arguments: Arguments) -> Arguments:
        """Without an end that is the last channel."""
        whole = arguments["stop"] == call.channels.expression
        return {**arguments, "stop": None} if whole else arguments

    def flatten(self, call: Call, arguments: Arguments) -> Arguments:
        """`transposed` where the order is not the framework's and matters."""
        order = call.attributes["order"].constant
        other = order != f"channels_{self.manifest['channels']}"
        matters = any(shape[1:] not in ((), (1, 1)) for shape in call.inputs)
        return {"transposed": other and matters}

    def position_embedding(self, call: Call, arguments: Arguments) -> Arguments:
        """Of feature maps too, where there are any."""
        return {**arguments, "maps": call.rank == 2}

    def to_map(self, call: Call, arguments: Arguments) -> Arguments:
        """Of this size, unless a tensor has it."""
        size = pair_of(call.attributes["size"].values[0])
        return {**arguments, "size": literal(size), "like": None}

    def normalize(self, call: Call, arguments: Arguments) -> Arguments:
        """Mean and standard deviation as tuples."""
        mean, std = (literal(numbers(call.attributes[n])) for n in ("mean", "std"))
        return {**arguments, "mean": mean, "std": std}
