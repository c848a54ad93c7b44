"""Whether a step of training does the same: gradients, weights, moving statistics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from archspec.errors import WeightsError
from archspec.network import NetworkLayer
from archspec.runtime.session import Answer
from archspec.targets.templates import manifest
from archspec.verification.differences import Errors, errors, training_tolerance
from archspec.verification.random_data import BATCH
from archspec.verification.reference import Array
from archspec.verification.report import Comparison
from archspec.verification.source_locations import SourceLocations
from archspec.verification.trial import Trial
from archspec.weights.moves import from_target

GRADIENTS = "gradients"
STEP = "weights after a step"
STATISTICS = "moving statistics"
FACTOR = (
    "PyTorch divides a batch's variance by n - 1 before it averages, Keras by n: "
    "compared without that factor n / (n - 1)"
)

TRAINED = ("weight", "bias", "scale", "shift")
MOVING = ("mean", "variance")

Sides = Mapping[str, Mapping[str, Array]]
"""For each target, arrays by their canonical names."""


def compare_training(
    trial: Trial, runs: Mapping[str, Answer], locations: SourceLocations
) -> list[Comparison]:
    """PyTorch with Keras, in float64."""
    pair = "torch", "keras"
    for name in pair:
        if fault := runs[name].fault:
            whole = _comparison(trial, pair, GRADIENTS)
            return [whole._replace(fault=f"{name}: {fault}")]
    try:
        gradients = {n: _canonical(trial, n, runs[n].found, "gradient:") for n in pair}
    except WeightsError as error:
        fault = f"in a gradient: {error.diagnostics[0].message}"
        return [_comparison(trial, pair, GRADIENTS)._replace(fault=fault)]
    after = {n: _canonical(trial, n, runs[n].found, "after:") for n in pair}
    after["torch"] |= _biased_variances(trial, after["torch"])
    lines = {name: runs[name].lines for name in pair}
    return [
        _compared(whole, trial, arrays, locations, lines)
        for whole, arrays in (
            (_comparison(trial, pair, GRADIENTS), gradients),
            (_comparison(trial, pair, STEP), _some(after, TRAINED)),
            (_comparison(trial, pair, STATISTICS, FACTOR), _some(after, MOVING)),
        )
    ]


def _some(sides: Sides, names: tuple[str, ...]) -> Sides:
    """The weights of these names alone."""
    return {
        target: {n: a for n, a in side.items() if n.rpartition(".")[2] in names}
        for target, side in sides.items()
    }


def _compared(
    whole: Comparison,
    trial: Trial,
    sides: Sides,
    locations: SourceLocations,
    lines: Mapping[str, Mapping[str, int]],
) -> Comparison:
    """All weights there are, layer by layer."""
    apart = {
        layer.path: _layer_errors(layer, sides["torch"], sides["keras"])
        for layer in trial.network.layers
    }
    worst = max(apart.values(), key=lambda each: each.relative)
    first = next(
        (
            locations.difference(layer.path, apart[layer.path].relative, (), lines)
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


def _comparison(
    trial: Trial, pair: tuple[str, str], compared: str, note: str = ""
) -> Comparison:
    limit, shape = training_tolerance(trial.network), trial.network.input_shape
    return Comparison(pair, compared, "float64", shape, limit, note=note)


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
    layer: NetworkLayer, one: Mapping[str, Array], other: Mapping[str, Array]
) -> Errors:
    """All weights of a layer as one vector.

    A bias before a batch norm has no gradient but rounding errors, which only the
    layer's other gradients can be the measure of.
    """
    paths = [p for name in layer.weights if (p := f"{layer.path}.{name}") in one]
    if not paths:
        return Errors(0.0, 0.0)
    flat = [np.concatenate([side[p].ravel() for p in paths]) for side in (one, other)]
    return errors(flat[0], flat[1])
