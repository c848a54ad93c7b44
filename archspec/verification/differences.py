"""How far arrays are apart, how far they may be, and which layer differs first."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from archspec.frameworks import SOURCES
from archspec.network import INPUT, Network, NetworkLayer
from archspec.runtime.order import Precision
from archspec.targets.templates import manifest
from archspec.verification.reference import Array

TOLERANCES: Mapping[Precision, float] = {"float64": 1e-9, "float32": 1e-4}
"""Of the largest number. Two right engines differ by about 1e-14 and 1e-5."""

RESIZED = 1e-4
"""In float64, behind a bilinear resize that TensorFlow computes in single precision."""

Found = Mapping[str, Array]


class Errors(NamedTuple):
    """The largest difference, and that over the largest number."""

    absolute: float
    relative: float


def tolerance(
    network: Network, precision: Precision, targets: tuple[str, ...]
) -> float:
    """How far outputs may differ, over the largest number."""
    single = any(_computed_in_single(layer, targets) for layer in network.layers)
    return RESIZED if precision == "float64" and single else TOLERANCES[precision]


def _computed_in_single(layer: NetworkLayer, frameworks: Iterable[str]) -> bool:
    """Whether one of these frameworks does, in a network of doubles."""
    known = (manifest(name) for name in frameworks if name in SOURCES)
    return any(_says(layer, names.get("single_precision", ())) for names in known)


def _says(layer: NetworkLayer, words: Collection[object]) -> bool:
    """Whether an attribute of the layer is one of these words."""
    given = (value for _, value in layer.primitive)
    return layer.op in words or any(value in words for value in given)


def errors(found: Array, expected: Array) -> Errors:
    """How far arrays are apart; infinitely if shapes or what is finite differ."""
    if found.shape != expected.shape:
        return Errors(np.inf, np.inf)
    absolute = float(np.abs(found - expected).max(initial=0.0))
    if absolute == 0.0:
        return Errors(0.0, 0.0)
    largest = float(np.abs(expected).max())
    relative = absolute / largest if largest else np.inf
    return Errors(absolute, relative if np.isfinite(relative) else np.inf)


def equal(found: Found, expected: Found, key: str, limit: float) -> bool:
    """Whether what both have under this key is the same; what is not there is."""
    return errors_of(found, expected, key).relative <= limit


def errors_of(found: Found, expected: Found, key: str) -> Errors:
    """Those of one key; none where one side lacks it.

    A side without `LAYER>BLOCK` has the layer's output there.
    """
    arrays = [
        side.get(key if key in side else key.partition(">")[0])
        for side in (found, expected)
    ]
    one, other = arrays
    if one is None or other is None:
        return Errors(0.0, 0.0)
    apart = errors(one, other)
    if not apart.relative or one.ndim != 4 or key.startswith("output:"):
        return apart
    # PyTorch has some feature maps channels last, inside of a block
    moved = np.moveaxis(one, -1, 1), np.moveaxis(one, 1, -1)
    others = (errors(array, other) for array in moved)
    return min(apart, *others, key=lambda each: each.relative)


def output_errors(network: Network, found: Found, expected: Found) -> Errors:
    """The worst of all outputs, and of what a softmax at the end is given."""
    keys = [f"output:{name}" for name in network.outputs]
    heads = {_head(network, number) for number in network.outputs.values()}
    keys += [network.layers[head].path for head in heads if head > INPUT]
    both = [key for key in keys if key in found and key in expected]
    apart = [errors_of(found, expected, key) for key in both]
    return max(apart, key=lambda each: each.relative)


def _head(network: Network, number: int) -> int:
    """The layer before a softmax, and before what does nothing."""
    if number <= INPUT:
        return number
    layer = network.layers[number]
    passes = layer.is_idle or _says(layer, ["softmax"])
    return _head(network, layer.sources[0]) if passes else number


def first_difference(
    network: Network, found: Found, expected: Found, precision: Precision, limit: float
) -> str:
    """What shows the first layer that differs; "" if none does.

    That is its path, or `LAYER>BLOCK` where a block returns something else than that
    layer's output, or an `output:NAME`. Before the first layer that a framework
    computes in single precision, the strict tolerance holds.
    """
    allowed = TOLERANCES[precision]
    for layer in network.layers:
        if _computed_in_single(layer, SOURCES):
            allowed = limit
        if not equal(found, expected, layer.path, allowed):
            differs = _difference(found, expected, allowed)
            paths = [network.layers[n].path for n in layer.sources if n > INPUT]
            changed = (_changed(path, layer.path, differs) for path in paths)
            return next(filter(None, changed), layer.path)
    differs = _difference(found, expected, limit)
    for name, number in network.outputs.items():
        if differs(f"output:{name}"):
            changed = number > INPUT and _changed(
                network.layers[number].path, "", differs
            )
            return changed or f"output:{name}"
    return ""


def _difference(found: Found, expected: Found, limit: float) -> Callable[[str], bool]:
    return lambda key: not equal(found, expected, key, limit)


def _changed(path: str, reader: str, differs: Callable[[str], bool]) -> str:
    """`LAYER>BLOCK` of the innermost block that returns other than its layer's output.

    Only blocks count that end between the layer and its reader.
    """
    blocks = accumulate(path.split(".")[:-1], "{}.{}".format)
    ended = [each for each in blocks if not reader.startswith(f"{each}.")]
    keys = (f"{path}>{block}" for block in reversed(ended))
    return next(filter(differs, keys), "")


def difference_path(network: Network, key: str) -> str:
    """Of the layer that a difference is in; a block's has a dot at its end."""
    if key.startswith("output:"):
        return network.layers[network.outputs[key.removeprefix("output:")]].path
    layer, changed, block = key.partition(">")
    return f"{block}." if changed else layer
