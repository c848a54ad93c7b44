"""Each primitive as one NNX module, or as a call in `__call__`."""

from __future__ import annotations

from functools import cached_property

from archspec.ops.window import Window
from archspec.targets.classes.dialect import ClassDialect
from archspec.targets.code import literal
from archspec.targets.dialect import Arguments
from archspec.targets.nnx.initial import Initializers
from archspec.targets.padding import (
    beyond_padding,
    is_same,
    per_axis,
    plan,
    pool_padding,
    windows,
)
from archspec.targets.program.calls import Argument, Call
from archspec.targets.symbols import constant

_VALID = literal("VALID")


class NnxDialect(ClassDialect):
    """A primitive is one module, or a function where it has no weights."""

    @cached_property
    def initializers(self) -> Initializers:
        """How the weights of the program start."""
        return Initializers(self.program.primitives, self.templates)

    def arguments(self, call: Call) -> Arguments:
        """The attributes; sizes of windows as pairs, and how weights start."""
        found = super().arguments(call)
        if call.op in self.manifest["layers"]:
            found["layer"] = self.initializers.layer(call)
            found["start"] = self.initializers.start(call)
        elif "initializer" in call.attributes:
            found["start"] = self.initializers.code(call.initializer)
        if "kernel" in found:
            found["kernel"] = per_axis(call.attributes["kernel"])
        return found

    def conv(self, call: Call, arguments: Arguments) -> Arguments:
        """The default padding of Flax is `SAME`."""
        return {**arguments, "padding": _conv_padding(call)}

    def transposed_conv(self, call: Call, arguments: Arguments) -> Arguments:
        """Numbers pad the input between whose pixels there are zeros."""
        own: Arguments = {"padding": _cut(windows(call)[0]), "groups": 1, "dilation": 1}
        return {**arguments, **own}

    def max_pool(self, call: Call, arguments: Arguments) -> Arguments:
        return self.pool(call, arguments, counts=True)

    def avg_pool(self, call: Call, arguments: Arguments) -> Arguments:
        counts = call.attributes["count_padding"].constant is True
        return self.pool(call, arguments, counts)

    def pool(self, call: Call, arguments: Arguments, counts: bool) -> Arguments:
        """Flax counts all padding or none; what `ceil` adds never counts."""
        inner, beyond = pool_padding(call), beyond_padding(call)
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
            own["stride"] = per_axis(call.attributes["stride"])
        return {**arguments, **own}

    def adaptive_avg_pool(self, call: Call, arguments: Arguments) -> Arguments:
        return {**arguments, "size": per_axis(call.attributes["size"])}

    def upsample(self, call: Call, arguments: Arguments) -> Arguments:
        """By whole numbers, both kinds of nearest are the same."""
        if call.attributes["mode"].constant == "nearest_floor":
            arguments["mode"] = literal("nearest")
        return {**arguments, "factor": per_axis(call.attributes["factor"])}

    def resize(self, call: Call, arguments: Arguments) -> Arguments:
        size = per_axis(call.attributes["size"])
        floors = call.attributes["mode"].constant == "nearest_floor"
        return {**arguments, "size": size, "like": None, "floors": floors}


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
