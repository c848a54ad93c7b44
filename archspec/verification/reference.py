"""The network's own layers, one by one in NumPy: what the targets are judged by.

It knows neither blocks nor templates, so it shares no fault with generated code but
those of elaboration.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from archspec.network import INPUT, Network, NetworkLayer
from archspec.runtime.order import Keep
from archspec.weights.checks import Arrays

Array = np.ndarray[Any, Any]


Images = Array | Sequence[Array]
"""(N, channels, height, width), for each input if there are several."""


def evaluate(network: Network, weights: Arrays, images: Images) -> dict[str, Array]:
    """Every layer's output by its path, in float64; what trains only does nothing."""
    return dict(_run(network, weights, images, lambda layer, x: {}))


def calibrate(network: Network, weights: Arrays, images: Images, keep: Keep) -> Arrays:
    """Keep every layer's output if batch norms took about these images' statistics.

    Gives these statistics, `PATH.mean` and `PATH.variance`: with them numbers neither
    grow nor vanish from layer to layer, and rounding errors stay small. Each is off
    from that of the images by what was drawn for it: a variance by its factor, a mean
    by that many standard deviations more than one.
    """
    statistics: dict[str, Array] = {}

    def measured(layer: NetworkLayer, x: Array) -> dict[str, Array]:
        if layer.op != "batch_norm":
            return {}
        axes = tuple(axis for axis in range(x.ndim) if axis != 1)
        names = [layer.weight_names[name] for name in ("mean", "variance")]
        if layer.first_run:
            mean, variance = (statistics[name].astype(float) for name in names)
            return {"mean": mean, "variance": variance}
        drawn_mean, factor = (weights[name] for name in names)
        # A channel that hardly varies would have its rounding errors blown up; where
        # maps are tiny, few numbers vary by chance.
        share = min(10, x.size // x.shape[1])
        variance = np.maximum(x.var(axes), np.square(x).mean() / share)
        mean = x.mean(axes) + (drawn_mean - 1) * np.sqrt(variance)
        both = mean.astype(np.float32), (variance * factor).astype(np.float32)
        statistics.update(zip(names, both, strict=True))
        return {"mean": both[0].astype(float), "variance": both[1].astype(float)}

    for path, array in _run(network, weights, images, measured):
        keep(path, array)
    return statistics


def _run(
    network: Network,
    weights: Arrays,
    images: Images,
    instead: Callable[[NetworkLayer, Array], Mapping[str, Array]],
) -> Iterator[tuple[str, Array]]:
    """Each layer's path and output, which is let go once no layer reads it."""
    last = {
        source: number
        for number, layer in enumerate(network.layers)
        for source in layer.sources
    }
    given = [images] if isinstance(images, np.ndarray) else images
    known = {INPUT - number: each.astype(float) for number, each in enumerate(given)}
    for number, layer in enumerate(network.layers):
        inputs = [known[source] for source in layer.sources]
        own = {n: weights[path].astype(float) for n, path in layer.weight_names.items()}
        own |= instead(layer, inputs[0])
        known[number] = layer.primitive.evaluate(inputs[0], own, *inputs[1:])
        yield layer.path, known[number]
        read = {number, *layer.sources}
        known = {
            n: x for n, x in known.items() if n not in read or last.get(n, 0) > number
        }
