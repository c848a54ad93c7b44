"""Each primitive as one PyTorch module, or as a call in `forward`."""

from __future__ import annotations

from typing import Any

from archspec.expressions import Constant, Expression, Items, Value
from archspec.network import Network
from archspec.ops.shapes import is_sequence
from archspec.ops.window import Window
from archspec.targets.classes.dialect import ClassDialect
from archspec.targets.code import Code, identifier, literal
from archspec.targets.dialect import Arguments
from archspec.targets.padding import plan, windows
from archspec.targets.program.calls import Call
from archspec.targets.program.statements import Program
from archspec.targets.symbols import constant
from archspec.targets.templates import Templates
from archspec.targets.torch.layout import arranged

_NEAREST = {"nearest": "nearest-exact", "nearest_floor": "nearest"}


class TorchDialect(ClassDialect):
    """Padding that PyTorch lacks is done by classes of the file.

    `last` says of a layer that the channels of what it reads are the last axis: those
    of a sequence, and of feature maps where several layers want it.
    """

    def __init__(self, network: Network, program: Program, templates: Templates):
        pinned = (*network.document.outputs.values(), *network.spec.features)
        laid_out = arranged(program, templates.manifest["layouts"], pinned)
        super().__init__(network, laid_out, templates)

    def arguments(self, call: Call) -> Arguments:
        found = super().arguments(call)
        found["last"] = call.channels_last or any(map(is_sequence, call.inputs))
        return found

    def window(self, call: Call, arguments: Arguments) -> Arguments:
        """Padding by the module itself, or by a class of the file that pads before."""
        padding = plan(call)
        pools = call.op.endswith("pool")
        own: Arguments = {"padding": None, "same": False, "margins": None}
        own["counted"] = arguments.get("counted", False)
        if padding.kind == "half":
            own["padding"] = padding.amount
        elif padding.kind == "numbers":
            own["margins"] = padding.amount
        elif padding.kind == "same" and not padding.steps and not pools:
            own["padding"] = literal("same")
        elif padding.kind == "same":
            used = windows(call)
            padded = [w for w in used if pools or w.kernel != (1, 1)]
            own |= {"same": True, "pointwise": padded != used, **_unusual(padded)}
        return {**arguments, **own}

    conv = max_pool = window

    def avg_pool(self, call: Call, arguments: Arguments) -> Arguments:
        counted = call.attributes["count_padding"].constant is True
        given = self.window(call, {**arguments, "counted": counted})
        return {**given, "uncounted": given["padding"] is not None and not counted}

    def dropout(self, call: Call, arguments: Arguments) -> Arguments:
        return _fractional(arguments, "rate")

    def drop_path(self, call: Call, arguments: Arguments) -> Arguments:
        return {**_fractional(arguments, "rate"), "any_rank": call.rank != 2}

    def normalize(self, call: Call, arguments: Arguments) -> Arguments:
        return self.per_channel(call, super().normalize(call, arguments))

    def to_map(self, call: Call, arguments: Arguments) -> Arguments:
        """`last` says it of the map that comes out."""
        return {**super().to_map(call, arguments), "last": call.channels_last}

    def per_channel(self, call: Call, arguments: Arguments) -> Arguments:
        """One class for both layouts of maps, or two if the file needs both."""
        alike = (each for each in self.program.primitives if each.op == call.op)
        forms = set(map(is_channels_first, alike))
        first = is_channels_first(call)
        own: Arguments = {"map": first, "both": len(forms) > 1}
        own[f"{call.op}_plain"] = not first  # flags are of the file
        return {**arguments, **own}

    layer_scale = global_response_norm = per_channel

    def pad(self, call: Call, arguments: Arguments) -> Arguments:
        return _fractional(arguments, "value")

    def transposed_conv(self, call: Call, arguments: Arguments) -> Arguments:
        """What is cut off: `padding` of PyTorch's transposed convolution."""
        window = windows(call)[0]
        own = {"same": False, "padding": None, "output_padding": None, "edges": None}
        if window.padding == "same":
            own |= _exactly(window)
        elif window.padding != "valid":
            own |= _cut(window)
        return {**arguments, **own}

    def batch_norm(self, call: Call, arguments: Arguments) -> Arguments:
        """By the axes of its input; channels that are last want a class of the file."""
        given = super().batch_norm(call, arguments)
        shared = given["shared"]
        if given["last"]:
            given |= {"shared": False, "explicit": shared or given["explicit"]}
            return {**given, "norm": identifier("BatchNormLast")}
        name = "BatchNorm2d" if call.rank == 2 else "BatchNorm1d"
        return {**given, "norm": identifier(name if shared else f"nn.{name}")}

    def momentum(self, decay: Value) -> Code:
        """PyTorch weighs the new sample, the spec the old average."""
        assert isinstance(decay, float | int)
        return literal(round(1 - decay, 12))

    def resize(self, call: Call, arguments: Arguments) -> Arguments:
        """PyTorch's "nearest" does not look from the middle of a pixel."""
        if mode := _NEAREST.get(str(call.attributes["mode"].constant)):
            arguments["mode"] = literal(mode)
        return {**arguments, "like": None}


def is_channels_first(call: Call) -> bool:
    """Whether it reads feature maps whose channels are the second axis."""
    return call.rank == 2 and not call.channels_last


def _fractional(arguments: Arguments, name: str) -> Arguments:
    """With 0.0 for 0, as TorchScript tells them apart."""
    match arguments[name]:
        case Constant(int() as number):
            return {**arguments, name: Constant(float(number))}
        case _:
            return arguments


def _unusual(used: list[Window]) -> dict[str, bool]:
    """What `pad_same` has to mind: strides that skip pixels, and unequal sides."""
    return {
        "clamp": any(
            extent < stride
            for window in used
            for extent, stride in zip(window.extent, window.stride, strict=True)
        ),
        "pairs": any(
            window.kernel[0] != window.kernel[1]
            or window.stride[0] != window.stride[1]
            or window.dilation != (1, 1)
            for window in used
        ),
    }


def _exactly(window: Window) -> dict[str, Any]:
    """An output that is `stride` times as large."""
    extra = [k - s for k, s in zip(window.kernel, window.stride, strict=True)]
    if all(amount >= 0 and amount % 2 == 0 for amount in extra):
        padding = [amount // 2 for amount in extra]
        return {"padding": _pair(padding) if any(extra) else None}
    found: dict[str, Any] = {"same": any(amount > 0 for amount in extra)}
    if any(amount < 0 for amount in extra):
        found["output_padding"] = _pair([max(-amount, 0) for amount in extra])
    return found


def _cut(window: Window) -> dict[str, Any]:
    top, bottom, left, right = window.crop
    if (top, left) != (bottom, right):
        return {"edges": constant((top, bottom, left, right))}
    return {"padding": _pair([top, left])}


def _pair(pair: list[int]) -> Expression:
    height, width = (Constant(number) for number in pair)
    return height if height == width else Items((height, width))
