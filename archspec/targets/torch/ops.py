"""Each primitive as a PyTorch module: what to decide before its macro prints it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from archspec.expressions import Binary, Constant, Value
from archspec.targets.arguments import ValuePrinter
from archspec.targets.code import Code, literal, rounded
from archspec.targets.file import File
from archspec.targets.padding import plan, windows
from archspec.targets.specialise.model import Attribute, Call
from archspec.targets.sums import simplified
from archspec.targets.symbols import constant
from archspec.targets.unprintable import Unprintable, located
from archspec.targets.views import OpView


class TorchOps:
    """The primitives of one routine."""

    def __init__(self, file: File, printer: ValuePrinter, root: bool):
        self.file = file
        self.printer = printer
        self.root = root
        self.manifest: dict[str, Any] = file.templates.manifest

    def is_function(self, call: Call) -> bool:
        """Whether it is written in `forward`, without a module."""
        return call.op in self.manifest["functions"]

    def module(self, call: Call, inplace: bool = False) -> tuple[Code | None, Code]:
        """What has to pad before the module, if anything has to, and the module."""
        with located(None, call.paths[0]):
            before, decided = self.decide(call)
        if inplace and self.takes_inplace(call):
            decided["inplace"] = True
        view = OpView(call, self.printer, **decided)
        return before, self.file.templates.macro(call.op, view)

    def function(self, call: Call, source: Code, like: Code | None) -> Code:
        """The call in `forward`."""
        with located(None, call.paths[0]):
            _, decided = self.decide(call)
        printer = Stored(self.printer)
        view = OpView(call, printer, like=like, **decided)
        return self.file.templates.macro(f"{call.op}_call", view, source)

    def takes_inplace(self, call: Call) -> bool:
        kinds = call.attributes["kind"].values
        return all(kind in self.manifest["inplace"] for kind in kinds)

    def decide(self, call: Call) -> tuple[Code | None, dict[str, Any]]:
        """What is padded before, and what the macro needs beyond the attributes."""
        decided: dict[str, Any] = {"inplace": False}
        if call.op in ("conv", "depthwise_conv", "max_pool", "avg_pool"):
            if call.op == "depthwise_conv":
                decided["filters"] = self.filters(call)
            return self.pad(call, decided), decided
        deciders: dict[str, Callable[[Call, dict[str, Any]], None]] = {
            "transposed_conv": self.transposed,
            "activation": self.activation,
            "batch_norm": self.batch_norm,
            "slice_channels": self.slice_channels,
            "flatten": self.flatten,
            "resize": self.enlarge,
            "upsample": self.enlarge,
            "normalize": self.normalize,
            "dropout": self.dropout,
        }
        if call.op in deciders:
            deciders[call.op](call, decided)
        elif call.op == "pad":
            decided["amounts"] = self.printer.value(call.attributes["amounts"])
        return None, decided

    def filters(self, call: Call) -> Code:
        """The channels behind a depthwise convolution."""
        each = call.attributes["multiplier"].expression
        return self.printer.code(
            simplified(Binary("*", call.channels.expression, each))
        )

    def activation(self, call: Call, decided: dict[str, Any]) -> None:
        kind, slope = call.attributes["kind"], call.attributes["slope"]
        if kind.varies and "leaky_relu" in kind.values and not slope.is_only(0.01):
            raise Unprintable(
                "a slope of leaky_relu, which is one of several activations"
            )
        decided["function"] = self.printer.value(kind)

    def slice_channels(self, call: Call, decided: dict[str, Any]) -> None:
        stop = call.attributes["stop"].expression
        decided["to_end"] = stop == call.channels.expression

    def flatten(self, call: Call, decided: dict[str, Any]) -> None:
        last = call.attributes["order"].constant == "channels_last"
        matters = any(shape[1:] not in ((), (1, 1)) for shape in call.inputs)
        decided["last"] = last and matters and call.rank == 2

    def enlarge(self, call: Call, decided: dict[str, Any]) -> None:
        """PyTorch's "nearest" does not look from the middle of a pixel."""
        mode = call.attributes["mode"].constant
        exact = call.op == "resize" and mode == "nearest"
        decided["mode"] = literal("nearest-exact" if exact else mode)

    def normalize(self, call: Call, decided: dict[str, Any]) -> None:
        for name in ("mean", "std"):
            numbers = _numbers(call.attributes[name].constant)
            decided[name] = literal(rounded(numbers))
        vectors = any(len(shape) == 1 for shape in call.inputs)
        self.file.flags["vectors"] = self.file.flags.get("vectors", False) or vectors

    def dropout(self, call: Call, decided: dict[str, Any]) -> None:
        if self.root and self.file.dropout is not None:
            decided["rate"] = Code("dropout")

    def pad(self, call: Call, decided: dict[str, Any]) -> Code | None:
        """Padding by the module itself, by a `same` class, or by one before it."""
        padding = plan(call)
        decided |= {"same": False, "padding": None, "uncounted": False}
        decided["margins"] = None
        if padding.kind == "none":
            return None
        averages = call.op == "avg_pool"
        counted = averages and call.attributes["count_padding"].constant is True
        decided["uncounted"] = averages and not counted
        if padding.kind in ("half", "sides") and padding.amount is not None:
            decided["padding"] = self.printer.code(padding.amount)
            return None
        if padding.kind == "halves" and padding.amount is not None:
            halves = self.printer.halves(padding.amount, padding.dilation)
            decided["padding"] = halves
            return None
        if (
            padding.kind == "same"
            and not padding.steps
            and not call.op.endswith("pool")
        ):
            decided["padding"] = literal("same")
            return None
        if padding.kind == "same":
            self.same(call, decided, counted)
            return None
        assert padding.amounts is not None
        return self.before(call, padding.amounts, decided)

    def before(
        self, call: Call, amounts: Attribute, decided: dict[str, Any]
    ) -> Code | None:
        """Four numbers, for which most modules need another one before them."""
        margins = self.printer.value(amounts)
        if call.op == "max_pool":
            return Code(f'nn.ConstantPad2d({margins}, float("-inf"))')
        if decided["uncounted"]:
            decided |= {"margins": margins, "uncounted": False}
            return None
        return Code(f"nn.ZeroPad2d({margins})")

    def same(self, call: Call, decided: dict[str, Any], counted: bool) -> None:
        """A class that pads as TensorFlow does, at every size of input."""
        used = windows(call)
        decided |= {"same": True, "uncounted": False, "counted": counted}
        self.file.flags["clamp"] = self.file.flags.get("clamp", False) or any(
            extent < stride
            for window in used
            for extent, stride in zip(window.extent, window.stride, strict=True)
        )
        unequal = any(
            window.kernel[0] != window.kernel[1]
            or window.stride[0] != window.stride[1]
            or window.dilation != (1, 1)
            for window in used
        )
        self.file.flags["pairs"] = self.file.flags.get("pairs", False) or unequal

    def transposed(self, call: Call, decided: dict[str, Any]) -> None:
        """What is cut off: `padding` of PyTorch's transposed convolution."""
        decided |= {"same": False, "padding": None, "output_padding": None}
        decided["edges"] = None
        word = call.attributes["padding"].constant
        window = windows(call)[0]
        if len({(w.kernel, w.stride) for w in windows(call)}) > 1:
            raise Unprintable(
                "a transposed convolution whose kernel or stride varies", call.paths[0]
            )
        if word == "valid":
            return
        if word == "symmetric" or isinstance(word, tuple):
            top, bottom, left, right = window.crop
            if (top, left) != (bottom, right):
                decided["edges"] = self.printer.value(call.attributes["padding"])
                return
            decided["padding"] = self.printer.code(_pair((top, bottom, left, right)))
            return
        extra = [k - s for k, s in zip(window.kernel, window.stride, strict=True)]
        if all(amount == 0 for amount in extra):
            return
        if all(amount >= 0 and amount % 2 == 0 for amount in extra):
            decided["padding"] = literal(_collapsed([amount // 2 for amount in extra]))
            return
        if any(amount < 0 for amount in extra):
            missing = [max(-amount, 0) for amount in extra]
            decided["output_padding"] = literal(_collapsed(missing))
        if any(amount > 0 for amount in extra):
            decided["same"] = True

    def batch_norm(self, call: Call, decided: dict[str, Any]) -> None:
        """The module-level partial, or arguments where settings differ."""
        name = "BatchNorm2d" if call.rank == 2 else "BatchNorm1d"
        settings = (
            call.attributes["epsilon"].constant,
            call.attributes["decay"].constant,
        )
        usual = self.manifest["batch_norm"]
        shared = self.file.batch_norms
        is_default = settings == (usual["epsilon"], usual["decay"])
        if len(shared) == 1 and not is_default:
            self.file.partials.add(name)
        decided["explicit"] = len(shared) > 1 and not is_default
        prefix = "" if len(shared) == 1 and not is_default else "nn."
        decided["norm"] = Code(f"{prefix}{name}")
        decided["momentum"] = literal(momentum(settings[1]))


class Stored(ValuePrinter):
    """Prints for `forward`, where a routine's names are attributes of `self`."""

    def __init__(self, printer: ValuePrinter):
        super().__init__(printer.file, printer.names)
        self.printer = printer
        self.used = printer.used

    def code(self, expression: Any, prefix: str = "self.") -> Code:
        self.printer.stored |= self.printer.spec_names(expression)
        return super().code(expression, prefix)


def momentum(decay: Value) -> float:
    """PyTorch weighs the new sample, the spec the old average."""
    assert isinstance(decay, float)
    return round(1 - decay, 12)


def _pair(amounts: tuple[Any, ...]) -> Any:
    top, _, left, _ = amounts
    return Constant(top) if top == left else constant((top, left))


def _collapsed(pair: list[int]) -> Any:
    return pair[0] if pair[0] == pair[1] else tuple(pair)


def _numbers(value: Value) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)
