"""Factors and shifts that a model has learned, or that a layer could have had."""

from __future__ import annotations

from itertools import chain
from math import prod
from typing import Any, NamedTuple

import numpy as np

from archspec.importing.axes import Dim, Dims, size
from archspec.importing.graph import Node
from archspec.importing.layouts import Unreadable, Value, arrangement
from archspec.importing.nodes import Constant
from archspec.importing.parting import Parting


class Affine(Parting):
    """Multiplies by weights and adds them."""

    def scaled(self, value: Value, factor: Any) -> Value:
        """Times a number, which must be used up later, or a vector over channels."""
        number = self._number(factor)
        if number is not None:
            pending = value.factor * number, value.addend * number
            return value._replace(factor=pending[0], addend=pending[1])
        merged = self._absorbed(value, "scale", factor)
        if merged is not None:
            return merged
        if factor.array.size == 1:
            weights = {"scale": factor.moved(factor.array.reshape(1))}
            return self.pointwise("scalar_affine", value, weights, bias=False)
        axis, vector = self._vector(value, factor)
        weights = {"scale": factor.moved(vector)}
        return self.channelwise("layer_scale", value, axis, weights, initial=1.0)

    def _number(self, given: Any) -> float | None:
        """A number that was not learned."""
        if not isinstance(given, Constant):
            return float(given)
        if given.array.size > 1 or self.is_learned(given):
            return None
        return float(given.array.reshape(()))

    def _vector(self, value: Value, constant: Constant) -> tuple[int, Any]:
        """The dimension along which a constant changes, and its numbers."""
        lengths = (1,) * (len(value.dims) - len(constant.shape)) + constant.shape
        changing = [axis for axis, length in enumerate(lengths) if length > 1]
        if len(changing) != 1 or lengths[changing[0]] != value.shape[changing[0]]:
            raise Unreadable(f"a product with a constant of {constant.shape}")
        return changing[0], constant.array.reshape(-1)

    def shifted(self, value: Value, constant: Any) -> Value:
        """Plus learned numbers, one for each channel and position, or a bias."""
        rank = len(value.dims)
        number = self._number(constant)
        if number is not None:
            return value._replace(addend=value.addend + number)
        merged = self._absorbed(value, "shift", constant)
        if merged is not None:
            return merged
        if not 3 <= rank <= 4:
            raise Unreadable("a sum of a vector and a constant")
        lengths = (1,) * (rank - len(constant.shape)) + constant.shape
        if lengths[1:] != value.shape[1:] or lengths[0] != 1:
            raise Unreadable(f"a sum with a constant of {constant.shape}")
        if value.shift:
            raise Unreadable("a sum of a tensor that is rolled")
        last = value.axes[0] == value.dims[-1]
        value = self.settled(value, -1 if last else 1)
        self.check_batch(value)
        if _positions(value.axes) != _positions(arrangement(value, last=last)):
            raise Unreadable("a sum of positions in another order")
        array = constant.array.reshape(lengths)[0]
        array = array if last else np.moveaxis(array, 0, -1)
        weights = {"embedding": constant.moved(array.reshape(-1, array.shape[-1]))}
        return value.like(self.node("position_embedding", [value.node], weights))

    def _absorbed(self, value: Value, name: str, constant: Constant) -> Value | None:
        """The value with a bias, scale or shift of channels in the node before it.

        None where that has its own.
        """
        node = value.node
        own = absorbed(node, name)
        if own is None or not value.is_plain:
            return None
        lengths = (1,) * (len(value.dims) - len(constant.shape)) + constant.shape
        channels = size(value.axes[0])
        pairs = zip(value.dims, lengths, strict=True)
        fits = [n == channels for dim, n in pairs if dim == value.axes[0]]
        if node.name == "scalar_affine":
            channels, fits = 1, [True]
        if prod(lengths) != channels or not any(fits):
            return None
        given = {own.weight: constant.moved(constant.array.reshape(-1))}
        return value.like(self.rebuilt(node, None, given, **own.attributes))

    def grouped(self, value: Value, epsilon: float) -> Value:
        """Normalise within groups, which are dimension 1; raises Unreadable."""
        value = self.whole(value)
        groups, channels = value.dims[1], value.axes[0]
        self.check_batch(value)
        if groups != channels[: len(groups)]:
            raise Unreadable("a norm of groups that are no channels next to each other")
        settings = {"groups": size(groups), "epsilon": epsilon}
        settings |= {"scale": False, "shift": False}
        return value.like(self.node("group_norm", [value.node], {}, **settings))


def _positions(axes: Dims) -> Dim:
    """All axes but those of channels."""
    return tuple(chain.from_iterable(axes[1:]))


class _Own(NamedTuple):
    """A weight that an op could have, and the op's attributes with it."""

    weight: str
    attributes: dict[str, Any]


def absorbed(node: Node, name: str) -> _Own | None:
    """What a node would have if the `scale` or `shift` after it were its own."""
    attributes = dict(node.op or ())
    if name == "shift" and attributes.get("bias") is False:
        return _Own("bias", attributes | {"bias": True})
    is_last = name == "shift" or not attributes.get("shift", False)
    is_off = attributes.get(name) is False
    return _Own(name, attributes | {name: True}) if is_off and is_last else None
