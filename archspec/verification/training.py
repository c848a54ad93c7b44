"""Whether a step of training does the same: gradients, weights, moving statistics."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cache, partial
from typing import NamedTuple, Protocol

import numpy as np

from archspec.errors import WeightsError
from archspec.network import NetworkLayer
from archspec.runtime.session import Answer
from archspec.targets.templates import manifest
from archspec.verification.differences import (
    TOLERANCES,
    Errors,
    errors,
    tolerance,
)
from archspec.verification.random_data import ROUNDINGS
from archspec.verification.reference import Array
from archspec.verification.report import NETWORK, Comparison
from archspec.verification.source_locations import SourceLocations
from archspec.verification.statistics import biased_variances, incomparable
from archspec.verification.trial import PERTURBED, Flag, Trial
from archspec.weights.moves import from_target

GRADIENTS = "gradients"
STEP = "weights after a step"
STATISTICS = "moving statistics"
DROPOUT = "dropout"

MOVING = ("mean", "variance")

MARGIN = 8
"""How many times as far as one framework from itself, with weights off by roundings,
two may be apart: they round at every operation."""

Arrays = Mapping[str, Array]
"""By their canonical names."""


class Steps(Protocol):
    """Takes a step of training in some frameworks."""

    def __call__(
        self, names: Collection[str], flag: Flag = ""
    ) -> Mapping[str, Answer]: ...


class Things(NamedTuple):
    """What a step of training gives."""

    gradients: Arrays
    weights: Arrays
    statistics: Arrays


def compare_training(
    trial: Trial, names: Sequence[str], steps: Steps, locations: SourceLocations
) -> list[Comparison]:
    """The first of these frameworks with each other one, in float64."""
    runs = steps(names)
    first, *others = names
    step = partial(_pair, trial, runs, cache(partial(_perturbed, trial, first, steps)))
    found = [each for other in others for each in step((first, other), locations)]
    return [*found, *_dropout(trial, runs, locations)]


def _pair(
    trial: Trial,
    runs: Mapping[str, Answer],
    perturbed: Callable[[], Sequence[Things]],
    pair: tuple[str, str],
    locations: SourceLocations,
) -> list[Comparison]:
    """Two frameworks; `perturbed` gives steps of the first with weights a bit off."""
    shape = trial.network.image
    limit = tolerance(trial.network, "float64", pair)
    wholes = [
        Comparison(pair, GRADIENTS, "float64", shape, limit),
        Comparison(pair, STEP, "float64", shape, limit),
        Comparison(pair, STATISTICS, "float64", shape, limit, note=_factor(pair)),
    ]
    for name in pair:
        if fault := runs[name].fault:
            return [wholes[0]._replace(fault=f"{name}: {fault}")]
    try:
        one, other = (_things(trial, name, runs[name].found) for name in pair)
    except WeightsError as error:
        fault = f"in a gradient: {error.diagnostics[0].message}"
        return [wholes[0]._replace(fault=fault)]
    layers = trial.network.layers
    apart = [_apart(layers, *both) for both in zip(one, other, strict=True)]
    wrong = any(_wrong(found, limit, {}) for found in apart)
    again = perturbed() if wrong else ()
    noise = [_noise(layers, *sides) for sides in zip(one, *again, strict=True)]
    lines = {name: runs[name].lines for name in pair}
    return [
        _judged(whole, found, amount, locations, lines)
        for whole, found, amount in zip(wholes, apart, noise, strict=True)
        if found or whole.compared != STATISTICS
    ]


def _perturbed(trial: Trial, name: str, steps: Steps) -> list[Things]:
    return [_things(trial, name, steps([name], flag)[name].found) for flag in PERTURBED]


def _factor(pair: tuple[str, str]) -> str:
    """What has to be known of the variances of two frameworks, if they differ."""
    unbiased, biased = (
        [manifest(name)["name"] for name in pair if _is_unbiased(name) == wanted]
        for wanted in (True, False)
    )
    if not (unbiased and biased):
        return ""
    return (
        f"{unbiased[0]} divides a batch's variance by n - 1 before it averages, "
        f"{biased[0]} by n: compared without that factor n / (n - 1)"
    )


def _is_unbiased(target: str) -> bool:
    return manifest(target).get("unbiased_variance", False)


def _judged(
    whole: Comparison,
    apart: Mapping[str, Errors],
    noise: Mapping[str, float],
    locations: SourceLocations,
    lines: Mapping[str, Mapping[str, int]],
) -> Comparison:
    """All layers but those that roundings alone make differ as much."""
    wrong = _wrong(apart, whole.tolerance, noise)
    unjudged = [
        path for path in _wrong(apart, whole.tolerance, {}) if path not in wrong
    ]
    judged = [found for path, found in apart.items() if path not in unjudged]
    if unjudged:
        target = manifest(whole.targets[0])["name"]
        worst = max(noise[path] for path in unjudged)
        number = f" and {len(unjudged) - 1} more" if unjudged[1:] else ""
        whole = whole._replace(
            not_judged=f"{unjudged[0]}{number}; with weights perturbed by {ROUNDINGS} "
            f"units in the last place, {target} differs from itself by {worst:.0e}"
        )
    if unjudged and not judged:
        return whole
    most = max(judged, key=lambda each: each.relative, default=Errors(0.0, 0.0))
    whole = whole._replace(max_abs_error=most.absolute, relative_error=most.relative)
    if not wrong:
        return whole
    first = locations.difference(wrong[0], apart[wrong[0]].relative, (), lines)
    return whole._replace(first_difference=first)


def _wrong(
    apart: Mapping[str, Errors], limit: float, noise: Mapping[str, float]
) -> list[str]:
    """The layers that differ by more than they may, and than roundings explain."""
    return [
        path
        for path, found in apart.items()
        if found.relative > max(limit, MARGIN * noise.get(path, 0.0))
    ]


def _things(trial: Trial, target: str, found: Arrays) -> Things:
    """Raises WeightsError for a gradient too few or too many."""
    gradients = _canonical(trial, target, found, "gradient:")
    after = _canonical(trial, target, found, "after:")
    if _is_unbiased(target):
        after |= biased_variances(trial, after)
    loose = incomparable(trial.network)
    after = {name: array for name, array in after.items() if name not in loose}
    ends = tuple(f".{name}" for name in MOVING)
    statistics = {name: array for name, array in after.items() if name.endswith(ends)}
    weights = {n: array for n, array in after.items() if n not in statistics}
    return Things(gradients, weights, statistics)


def _canonical(
    trial: Trial, target: str, found: Arrays, prefix: str
) -> dict[str, Array]:
    arrays = {
        name.removeprefix(prefix): array
        for name, array in found.items()
        if name.startswith(prefix)
    }
    only = prefix == "gradient:"
    return dict(from_target(trial.network, manifest(target), arrays, only))


def _apart(
    layers: Collection[NetworkLayer], one: Arrays, other: Arrays
) -> dict[str, Errors]:
    """Layer by layer, all weights of one as one vector.

    A bias before a batch norm has no gradient but rounding errors, which only the
    layer's other gradients can be the measure of.
    """
    found: dict[str, Errors] = {}
    for layer in layers:
        paths = [f"{layer.path}.{name}" for name in layer.weights]
        both = [[side[p].ravel() for p in paths if p in side] for side in (one, other)]
        if both[0]:
            found[layer.path] = errors(*map(np.concatenate, both))
    return found


def _noise(
    layers: Collection[NetworkLayer], one: Arrays, *perturbed: Arrays
) -> dict[str, float]:
    """How far at most each layer is from what it is without perturbation."""
    found = [_apart(layers, one, other) for other in perturbed]
    paths = found[0] if found else ()
    return {path: max(each[path].relative for each in found) for path in paths}


def _dropout(
    trial: Trial, runs: Mapping[str, Answer], locations: SourceLocations
) -> Iterator[Comparison]:
    """What each layer that drops scales by, and whether it drops whole samples."""
    network = trial.network
    expected = {
        layer.path: (1 / (1 - rate), layer.op == "drop_path")
        for layer in network.layers
        if (rate := getattr(layer.primitive, "rate", 0.0)) and not layer.first_run
    }
    for name, run in runs.items() if expected else ():
        apart = {
            path: _scale_error(run.found.get(f"{DROPOUT}:{path}"), *scale)
            for path, scale in expected.items()
        }
        limit = TOLERANCES["float64"]
        whole = Comparison((NETWORK, name), DROPOUT, "float64", network.image, limit)
        yield _judged(whole, apart, {}, locations, {name: run.lines})


def _scale_error(found: Array | None, scale: float, whole: bool) -> Errors:
    """Of what ones became; infinite if not all channels of a sample share its fate."""
    if found is None or whole != bool((found[:, :1] == found).all()):
        return Errors(np.inf, np.inf)
    return errors(found.max(keepdims=True), np.full((1,) * found.ndim, scale))
