"""Where readings of layers register themselves, and what several of them need.

A function has the tensors of a layer's call; functions of `keras.ops` in a model are
layers without weights. Feature maps have channels last.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from archspec.importing.arranging import decimal
from archspec.importing.building import Amounts, Builder, Constant, Pair
from archspec.importing.graph import Scope
from archspec.importing.layouts import Unreadable, Value, permuted
from archspec.importing.readings import Readings
from archspec.ops.window import Window

Array = Any

LAYERS = Readings()
"""Readings by the layer's or function's class."""

SCORES = Readings()
"""Those of functions of scores of attention, which are no tensor."""

reads, reads_scores = LAYERS.reads, SCORES.reads


@dataclass(eq=False)
class Use:
    """A layer, whatever calls it: its settings and weights.

    `inner` are the layers that it consists of, by their names in the file.
    """

    path: str
    config: Mapping[str, Any]
    weights: Sequence[Array | None]
    inner: Mapping[str, Use] = field(default_factory=dict[str, "Use"])
    _known: dict[str, Constant] = field(default_factory=dict[str, Constant])

    def weight(
        self, number: int, name: str, change: Callable[[Array], Array] = lambda x: x
    ) -> Constant:
        """A weight in canonical axes, the same one at each call; raises Unreadable."""
        if name not in self._known:
            found = self.weights[number] if number < len(self.weights) else None
            if found is None:
                raise Unreadable(f"the file has no {name} of it")
            self._known[name] = Constant(f"{self.path}/{name}", change(found))
        return self._known[name]

    def bias(self, number: int) -> Constant | None:
        """The bias, if it has one."""
        return self.weight(number, "bias") if self.config.get("use_bias") else None


@contextmanager
def within(builder: Builder, name: str, kind: str) -> Generator[None]:
    """What a layer has inside it, as a module by itself."""
    outer = builder.scopes
    builder.scopes = (*outer, Scope(f"{outer[-1].path}.{name}", kind))
    try:
        yield
    finally:
        builder.scopes = outer


def channels_first(value: Value) -> Value:
    """A feature map with channels before its positions."""
    if len(value.dims) != 4:
        raise Unreadable(f"a tensor of {len(value.dims)} axes instead of 4")
    return permuted(value, (0, 3, 1, 2))


def channels_last(value: Value) -> Value:
    """A feature map as Keras has it."""
    return permuted(value, (0, 2, 3, 1)) if len(value.dims) == 4 else value


def spatial(
    builder: Builder,
    name: str,
    x: Value,
    weights: Mapping[str, Constant],
    /,
    **attributes: Any,
) -> Value:
    """An op on a feature map."""
    found = builder.spatial(name, channels_first(x), weights, **attributes)
    return channels_last(found)


def check_format(use: Use) -> None:
    """Raise Unreadable for feature maps with channels first."""
    if use.config.get("data_format", "channels_last") != "channels_last":
        raise Unreadable("data_format channels_first")


def pair(given: Any) -> Pair:
    """Height and width; raises Unreadable."""
    numbers = (given, given) if isinstance(given, int) else tuple(given)
    if len(numbers) != 2:
        raise Unreadable(f"a window over {len(numbers)} axes")
    return int(numbers[0]), int(numbers[1])


def amounts(x: Value, word: str, kernel: Pair, stride: Pair, dilation: Pair) -> Amounts:
    """Padding at this size, as Keras has it."""
    if word not in ("same", "valid"):
        raise Unreadable(f"padding '{word}'")
    window = Window(kernel, stride, word, dilation)  # pyright: ignore[reportArgumentType]
    return window.amounts(x.shape[1:3])  # pyright: ignore[reportArgumentType]


def setting(use: Use, name: str) -> float:
    """A setting as a person would write it: it may have been computed."""
    return decimal(float(use.config[name]))
