"""Each primitive as Keras layers: what to decide before its macro prints it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from archspec.expressions import Binary, Constant, Expression, Name
from archspec.ops.window import Window
from archspec.targets.arguments import ValuePrinter
from archspec.targets.code import Code, literal, rounded
from archspec.targets.file import File
from archspec.targets.keras.initial import Initializers
from archspec.targets.keras.pools import PoolPadding, pool_padding
from archspec.targets.padding import plan, windows
from archspec.targets.specialise.model import Call
from archspec.targets.symbols import constant_value
from archspec.targets.unprintable import Unprintable, located
from archspec.targets.views import OpView


@dataclass(frozen=True, slots=True)
class Applied:
    """One Keras layer of a primitive: its name's suffix, and what its macro needs."""

    macro: str
    suffix: str
    decided: dict[str, Any]
    when: Expression | None = None


class KerasOps:
    """The primitives of one routine."""

    def __init__(
        self, file: File, printer: ValuePrinter, initializers: Initializers, root: bool
    ):
        self.file = file
        self.printer = printer
        self.initializers = initializers
        self.root = root

    def apply(self, call: Call, applied: Applied, name: Code, source: Code) -> Code:
        """The expression that applies one layer to a tensor."""
        view = OpView(call, self.printer, **applied.decided, name=name)
        return self.file.templates.macro(applied.macro, view, source)

    def layers(self, call: Call, like: Code | None = None) -> list[Applied]:
        """The Keras layers that the primitive becomes, in order."""
        with located(None, call.paths[0]):
            return self.applied(call, like)

    def applied(self, call: Call, like: Code | None) -> list[Applied]:
        """The layers, with what each macro needs beyond the attributes."""
        if call.op == "transposed_conv":
            return self.transposed(call)
        decided: dict[str, Any] = {"like": like}
        before: list[Applied] = []
        if call.op in ("conv", "depthwise_conv"):
            before = self.conv(call, decided)
        elif call.op in ("max_pool", "avg_pool"):
            before = self.pool(call, decided)
        elif call.op == "flatten":
            before = self.flatten(call)
        else:
            self.decide(call, decided)
        if "initializer" in call.attributes:
            decided["start"] = self.initializers.of(call)
        return [*before, Applied(call.op, "", decided)]

    @staticmethod
    def flatten(call: Call) -> list[Applied]:
        """Keras reads channels last; on a 1x1 map the order makes no difference."""
        first = call.attributes["order"].constant == "channels_first"
        matters = any(shape[1:] not in ((), (1, 1)) for shape in call.inputs)
        permutes = first and matters and call.rank == 2
        return [Applied("permute", "-permute", {})] if permutes else []

    def decide(self, call: Call, decided: dict[str, Any]) -> None:
        """What Keras needs to know beyond the attributes."""
        deciders: dict[str, Callable[[Call, dict[str, Any]], None]] = {
            "activation": self.activation,
            "batch_norm": self.batch_norm,
            "normalize": self.normalize,
            "dropout": self.dropout,
            "resize": self.resize,
            "pad": self.amounts_of,
        }
        if call.op in deciders:
            deciders[call.op](call, decided)

    def batch_norm(self, call: Call, decided: dict[str, Any]) -> None:
        """The module-level partial, or arguments where settings differ."""
        usual = self.file.templates.manifest["batch_norm"]
        epsilon, decay = call.attributes["epsilon"], call.attributes["decay"]
        default = (epsilon.constant, decay.constant) == (
            usual["epsilon"],
            usual["decay"],
        )
        shared = len(self.file.batch_norms) == 1 and not default
        if shared:
            self.file.partials.add("batch_norm")
        decided |= {"shared": shared, "explicit": not default and not shared}

    def dropout(self, call: Call, decided: dict[str, Any]) -> None:
        if self.root and self.file.dropout is not None:
            decided["rate"] = Code("dropout")

    def amounts_of(self, call: Call, decided: dict[str, Any]) -> None:
        decided["amounts"] = self.amounts(call.attributes["amounts"].expression)

    @staticmethod
    def resize(call: Call, decided: dict[str, Any]) -> None:
        if decided["like"] is None:
            size = call.attributes["size"].constant
            height, width = size if isinstance(size, tuple) else (size, size)
            decided |= {"height": literal(height), "width": literal(width)}

    def activation(self, call: Call, decided: dict[str, Any]) -> None:
        kinds = call.attributes["kind"].values
        if "leaky_relu" in kinds and call.attributes["kind"].varies:
            raise Unprintable(
                "leaky_relu as one of several activations of a block", call.paths[0]
            )
        decided["function"] = self.printer.value(call.attributes["kind"])

    def normalize(self, call: Call, decided: dict[str, Any]) -> None:
        mean, std = (_numbers(call.attributes[n].constant) for n in ("mean", "std"))
        decided |= {"scale": None, "offset": None}
        if len(mean) == len(std) == 1:
            decided |= {
                "scale": literal(rounded(1 / std[0])),
                "offset": literal(rounded(-mean[0] / std[0])) if mean[0] else None,
            }
            return
        count = max(len(mean), len(std))
        mean, std = mean * (count // len(mean)), std * (count // len(std))
        decided |= {
            "mean": literal(rounded(mean)),
            "variance": literal(rounded(tuple(s * s for s in std))),
        }

    def conv(self, call: Call, decided: dict[str, Any]) -> list[Applied]:
        """`padding="same"` where that is right, else a layer that pads."""
        self.check_strides(call)
        padding = plan(call)
        decided["same"] = padding.kind == "same"
        if padding.kind in ("none", "same"):
            return []
        if padding.kind == "half" and _one_step(call):
            decided["same"] = True
            return []
        if padding.kind == "half":
            assert padding.amount is not None
            amount = self.printer.code(padding.amount)
            return [self.zeros(amount, _wide(call))]
        if padding.kind == "halves":
            assert padding.amount is not None
            amount = self.printer.halves(padding.amount, padding.dilation)
            return [self.zeros(amount, None)]
        if padding.kind == "sides":
            assert padding.amount is not None
            amount = self.printer.code(padding.amount)
            return [self.zeros(amount, _some(padding.amount, windows(call)))]
        assert padding.amounts is not None
        return [self.zeros(self.amounts(padding.amounts.expression), None)]

    def zeros(self, amounts: Code, when: Expression | None) -> Applied:
        return Applied("pad", "-pad", {"amounts": amounts, "value": literal(0)}, when)

    def check_strides(self, call: Call) -> None:
        """Raise Unprintable for what Keras or TensorFlow refuses."""
        for window in windows(call):
            if call.op == "depthwise_conv" and window.stride[0] != window.stride[1]:
                raise Unprintable(
                    "a depthwise convolution with unequal strides", call.paths[0]
                )
            if (
                call.op == "conv"
                and max(window.stride) > 1
                and max(window.dilation) > 1
            ):
                raise Unprintable(
                    "a convolution with a stride and a dilation", call.paths[0]
                )

    def pool(self, call: Call, decided: dict[str, Any]) -> list[Applied]:
        """Zeros, minus infinity, or a layer that counts, as the pool needs."""
        padding: PoolPadding = pool_padding(call, self.file.non_negative)
        decided |= {"same": padding.kind == "same", "margins": None}
        before: list[Applied] = []
        if padding.kind == "zeros":
            before = [self.zeros(self.literal_amounts(padding.amounts), None)]
        elif padding.kind == "lowest":
            value = Code('float("-inf")')
            amounts = self.literal_amounts(padding.amounts)
            before = [Applied("pad", "-pad", {"amounts": amounts, "value": value})]
        if padding.margins is not None:
            decided["margins"] = self.full_amounts(padding.margins)
        return before

    def transposed(self, call: Call) -> list[Applied]:
        """`same`, or `valid` and a crop of what is too much."""
        word = call.attributes["padding"].constant
        window = windows(call)[0]
        if len({(w.kernel, w.stride) for w in windows(call)}) > 1:
            raise Unprintable(
                "a transposed convolution whose kernel or stride varies", call.paths[0]
            )
        decided = {"same": word == "same", "start": self.initializers.of(call)}
        main = Applied("transposed_conv", "", decided)
        if word == "same":
            return [main]
        top, bottom, left, right = window.crop
        # Keras' result is as large as the stride says, even for a smaller kernel.
        bottom += max(window.stride[0] - window.kernel[0], 0)
        right += max(window.stride[1] - window.kernel[1], 0)
        if not any((top, bottom, left, right)):
            return [main]
        crop = {"amounts": self.literal_amounts((top, bottom, left, right))}
        return [main, Applied("crop", "-crop", crop)]

    def amounts(self, expression: Expression) -> Code:
        """Four numbers as ZeroPadding2D has them."""
        fixed = self.fixed(expression)
        if fixed is not None:
            return self.literal_amounts(fixed)
        return self.printer.argument(expression, [(0, 0, 0, 0)])

    @staticmethod
    def fixed(expression: Expression) -> tuple[Any, ...] | None:

        value = constant_value(expression)
        return value if isinstance(value, tuple) else None

    def literal_amounts(self, amounts: tuple[Any, ...]) -> Code:
        """One number if all are equal."""
        if len(set(amounts)) == 1:
            return literal(amounts[0])
        return self.full_amounts(amounts)

    def full_amounts(self, amounts: tuple[Any, ...]) -> Code:
        return self.file.templates.macro("amounts", *[literal(a) for a in amounts])


def _one_step(call: Call) -> bool:
    """Stride 1 and an odd kernel everywhere, where `same` is symmetric."""
    return all(
        w.stride == (1, 1) and all(k % 2 for k in w.kernel) for w in windows(call)
    )


def _wide(call: Call) -> Expression | None:
    """The condition under which there is anything to pad."""
    kernel = call.attributes["kernel"]
    if all(value not in (1, (1, 1)) for value in kernel.values):
        return None
    return Binary(">", kernel.expression, Constant(1))


def _some(amount: Expression, used: Sequence[Window]) -> Expression | None:
    """The condition under which any padding is there."""
    nothing = any(not any(window.amounts(window.kernel)) for window in used)
    return amount if nothing and isinstance(amount, Name) else None


def _numbers(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, tuple) else (value,)  # pyright: ignore
