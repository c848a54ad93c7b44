"""What targets computed, compared: errors, tolerances, and the first difference."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from archspec.network import INPUT, Network, NetworkLayer
from archspec.ops import Op
from archspec.runtime.order import Precision
from archspec.runtime.session import Answer, target_of
from archspec.targets import TARGETS
from archspec.targets.templates import manifest
from archspec.verification.reference import Array
from archspec.verification.report import NETWORK, Comparison
from archspec.verification.source_locations import SourceLocations
from archspec.verification.trial import Trial
from archspec.weights.moves import Named, names_there

PRECISIONS: tuple[Precision, ...] = ("float64", "float32")
FOLDED = "outputs, batch norm folded"

TOLERANCES: Mapping[Precision, float] = {"float64": 1e-9, "float32": 1e-4}
"""Of the largest number. Two right engines differ by about 1e-14 and 1e-5."""

SINGLE = 1e-6
"""In float64, where a framework has a constant in single precision."""

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
    """How far outputs may differ, over the largest number.

    Keras on TensorFlow has the slope of leaky_relu, the constants of gelu, and the
    shares of a bilinear resize in single precision.
    """
    if precision == "float32" or "keras" not in targets:
        return TOLERANCES[precision]
    if any(_says(layer, ["bilinear"]) for layer in network.layers):
        return RESIZED
    single = any(_computed_in_single(layer) for layer in network.layers)
    return SINGLE if single else TOLERANCES[precision]


def training_tolerance(network: Network) -> float:
    """How far PyTorch and Keras may differ after a step, in float64.

    PyTorch's derivative of hard_sigmoid is a sixth in single precision.
    """
    limit = tolerance(network, "float64", ("torch", "keras"))
    words = manifest("torch")["single_precision_gradients"]
    single = any(_says(layer, words) for layer in network.layers)
    return max(limit, SINGLE) if single else limit


def _computed_in_single(layer: NetworkLayer) -> bool:
    return _says(layer, manifest("keras")["single_precision"])


def _says(layer: NetworkLayer, words: Collection[object]) -> bool:
    """Whether an attribute of the layer is one of these words."""
    op = layer.primitive
    return isinstance(op, Op) and any(value in words for _, value in op)


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
    if key not in found or key not in expected:
        return True
    return errors(found[key], expected[key]).relative <= limit


def output_errors(network: Network, found: Found, expected: Found) -> Errors:
    """The worst of all outputs, and of what a softmax at the end is given."""
    keys = [f"output:{name}" for name in network.outputs]
    heads = {_head(network, number) for number in network.outputs.values()} - {INPUT}
    keys += [network.layers[head].path for head in heads]
    both = [key for key in keys if key in found and key in expected]
    apart = [errors(found[key], expected[key]) for key in both]
    return max(apart, key=lambda each: each.relative)


def _head(network: Network, number: int) -> int:
    """The layer before a softmax, and before what does nothing."""
    if number == INPUT:
        return INPUT
    layer = network.layers[number]
    passes = layer.is_idle or _says(layer, ["softmax"])
    return _head(network, layer.sources[0]) if passes else number


def first_difference(
    network: Network, found: Found, expected: Found, precision: Precision, limit: float
) -> tuple[NetworkLayer, str] | None:
    """The first layer that differs, and what shows it: its path or an `output:NAME`.

    Before the first layer that a framework computes in single precision, the strict
    tolerance holds.
    """
    allowed = TOLERANCES[precision]
    for layer in network.layers:
        if _computed_in_single(layer):
            allowed = limit
        if not equal(found, expected, layer.path, allowed):
            return layer, layer.path
    for name, number in network.outputs.items():
        if not equal(found, expected, f"output:{name}", limit):
            return network.layers[number], f"output:{name}"
    return None


class Job(NamedTuple):
    """One run of a framework; `folded` for what ONNX deploys."""

    framework: str
    precision: Precision
    folded: bool = False


def compared(
    trial: Trial, runs: Mapping[Job, Answer], locations: SourceLocations
) -> Iterator[Comparison]:
    """The network with each target, then the first target with each other one."""
    for precision in PRECISIONS:
        ran = {
            job.framework: run
            for job, run in runs.items()
            if job.precision == precision and not job.folded
        }
        pairs = [(NETWORK, name) for name in ran]
        pairs += [(name, other) for name in [*ran][:1] for other in [*ran][1:]]
        for pair in pairs:
            yield _comparison(trial, precision, pair, ran, locations)
    for job, run in runs.items():
        if job.folded:
            pair, ran = (NETWORK, job.framework), {job.framework: run}
            found = _comparison(trial, job.precision, pair, ran, locations)
            yield found._replace(compared=FOLDED)


def _comparison(
    trial: Trial,
    precision: Precision,
    pair: tuple[str, str],
    runs: Mapping[str, Answer],
    locations: SourceLocations,
) -> Comparison:
    network = trial.network
    limit = tolerance(network, precision, pair)
    whole = Comparison(pair, "outputs", precision, network.input_shape, limit)
    sides: dict[str, Found] = {NETWORK: trial.expected}
    for name in pair:
        if name == NETWORK:
            continue
        if runs[name].fault:
            return _failed(whole, name, runs[name], locations)
        sides[name] = _returned(network, name, runs[name].found)
        if fault := _other_outputs(network, name, sides[name]):
            return whole._replace(fault=fault)
    one, other = (sides[name] for name in pair)
    apart = output_errors(network, other, one)
    whole = whole._replace(max_abs_error=apart.absolute, relative_error=apart.relative)
    differs = first_difference(network, other, one, precision, limit)
    if differs is None:
        return whole
    layer, key = differs
    at_fault = tuple(
        name
        for name in pair
        if name != NETWORK and not equal(sides[name], sides[NETWORK], key, limit)
    )
    relative = errors(other[key], one[key]).relative
    lines = {name: runs[name].lines for name in pair if name in runs}
    found = locations.difference(layer, relative, at_fault, lines)
    return whole._replace(first_difference=found)


def _returned(network: Network, framework: str, found: Found) -> Found:
    """What a framework computed; ONNX has to give a single output a name."""
    if framework != "onnx" or set(network.outputs) != {""}:
        return found
    return {"output:" if k == "output:output" else k: a for k, a in found.items()}


def _other_outputs(network: Network, framework: str, found: Found) -> str:
    """What is wrong with the names of what is returned."""
    names = {key.removeprefix("output:") for key in found if key.startswith("output:")}
    if names == set(network.outputs):
        return ""
    return f"{framework} returns {_quoted(names)}, not {_quoted(network.outputs)}"


def _quoted(names: Collection[str]) -> str:
    if set(names) == {""}:
        return "one tensor"
    return ", ".join(f"'{name}'" for name in sorted(names))


def _failed(
    comparison: Comparison, framework: str, answer: Answer, locations: SourceLocations
) -> Comparison:
    """A target that could not run; where its weights do not fit, the first of them."""
    network, target = locations.network, target_of(framework)
    misfit = None
    if answer.shapes is not None and target in TARGETS:
        misfit = _misfit(network, manifest(target), answer.shapes)
    if misfit is None:
        return comparison._replace(fault=f"{framework}: {answer.fault}")
    layer, fault = misfit
    lines = {framework: answer.lines}
    return comparison._replace(
        first_difference=locations.difference(layer, None, (framework,), lines),
        fault=f"{framework} {fault}",
    )


def _misfit(
    network: Network, names: Mapping[str, Any], found: Mapping[str, Sequence[int]]
) -> tuple[NetworkLayer, str] | None:
    """The first layer whose weights are not those of the module, and what is wrong."""
    wanted = names_there(network, names)
    dot, before = names["weight_path"]["dot"], names["weight_path"]["before"]
    for layer in network.layers:
        own = {wanted[f"{layer.path}.{name}"] for name in layer.weights}
        prefix = layer.path.replace(".", dot) + before
        there = {
            Named(name, tuple(shape))
            for name, shape in found.items()
            if name.startswith(prefix)
        }
        if lacks := sorted(own - there):
            return layer, f"has no {lacks[0].name} of shape {lacks[0].shape}"
        if more := sorted(there - own):
            return layer, f"has one weight too many: {more[0].name}"
    return None
