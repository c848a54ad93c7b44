"""Whether a step of training does the same: gradients, weights, moving statistics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from archspec.network import NetworkLayer
from archspec.targets.templates import manifest
from archspec.verify.compare import Errors, errors, tolerance
from archspec.verify.draws import BATCH
from archspec.verify.places import Places
from archspec.verify.report import Comparison
from archspec.verify.trial import Trial
from archspec.verify.windows import Array
from archspec.weights.moves import from_target

if TYPE_CHECKING:
    from archspec.verify.verifier import Ran

GRADIENTS = "gradients"
STEP = "weights after a step"
STATISTICS = "moving statistics, PyTorch's variance less its n/(n-1)"


def compare_training(
    trial: Trial, runs: Mapping[str, Ran], places: Places
) -> list[Comparison]:
    """PyTorch with Keras, in float64; nothing unless both ran."""
    if len(runs) < 2:
        return []
    pair = "torch", "keras"
    for name in pair:
        if fault := runs[name].answer.fault:
            whole = _comparison(trial, pair, GRADIENTS)
            return [whole._replace(fault=f"{name}: {fault}")]
    gradients = {n: _canonical(trial, n, runs[n].found, "gradient:") for n in pair}
    after = {n: _canonical(trial, n, runs[n].found, "after:") for n in pair}
    after["torch"] |= _biased_variances(trial, after["torch"])
    lines = {name: runs[name].answer.lines for name in pair}
    trained = "weight", "bias", "scale", "shift"
    return [
        _compared(trial, GRADIENTS, gradients, trained, places, lines),
        _compared(trial, STEP, after, trained, places, lines),
        _compared(trial, STATISTICS, after, ("mean", "variance"), places, lines),
    ]


def _compared(
    trial: Trial,
    compared: str,
    arrays: Mapping[str, Mapping[str, Array]],
    names: tuple[str, ...],
    places: Places,
    lines: Mapping[str, Mapping[str, int]],
) -> Comparison:
    """The weights of these names, layer by layer."""
    whole = _comparison(trial, ("torch", "keras"), compared)
    apart = {
        layer.path: _layer_errors(layer, arrays["torch"], arrays["keras"], names)
        for layer in trial.network.layers
    }
    worst = max(apart.values(), key=lambda each: each.relative)
    first = next(
        (
            places.difference(layer, apart[layer.path].relative, (), lines)
            for layer in trial.network.layers
            if apart[layer.path].relative > whole.tolerance
        ),
        None,
    )
    return whole._replace(
        max_abs_error=worst.absolute,
        relative_error=worst.relative,
        first_difference=first,
    )


def _comparison(trial: Trial, pair: tuple[str, str], compared: str) -> Comparison:
    limit = tolerance(trial.network, "float64", pair)
    return Comparison(pair, compared, "float64", trial.network.input_shape, limit)


def _canonical(
    trial: Trial, target: str, found: Mapping[str, Array], prefix: str
) -> dict[str, Array]:
    arrays = {
        name.removeprefix(prefix): array
        for name, array in found.items()
        if name.startswith(prefix)
    }
    only = prefix == "gradient:"
    return dict(from_target(trial.network, manifest(target), arrays, only))


def _biased_variances(trial: Trial, after: Mapping[str, Array]) -> dict[str, Array]:
    """PyTorch's moving variances, as if each batch's were divided by n as in Keras."""
    found: dict[str, Array] = {}
    for layer in trial.network.layers:
        if layer.op == "batch_norm":
            name = f"{layer.path}.variance"
            op: Any = layer.primitive
            count = BATCH * int(np.prod(layer.inputs[0][1:]))
            kept = op.decay * trial.weights[name].astype(float)
            found[name] = kept + (after[name] - kept) * (count - 1) / count
    return found


def _layer_errors(
    layer: NetworkLayer,
    one: Mapping[str, Array],
    other: Mapping[str, Array],
    names: tuple[str, ...],
) -> Errors:
    """All weights of a layer as one vector.

    A bias before a batch norm has no gradient but rounding errors, which only the
    layer's other gradients can be the measure of.
    """
    paths = [f"{layer.path}.{name}" for name in layer.weights if name in names]
    if not paths:
        return Errors(0.0, 0.0)
    flat = [np.concatenate([side[p].ravel() for p in paths]) for side in (one, other)]
    return errors(flat[0], flat[1])
