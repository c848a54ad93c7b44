"""From what the targets computed to comparisons."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from archspec.frameworks import SOURCES, target_of
from archspec.network import Network, NetworkLayer
from archspec.runtime.order import ArrayFile, Precision
from archspec.runtime.session import Answer
from archspec.targets.templates import manifest
from archspec.verification.differences import (
    Found,
    difference_path,
    equal,
    errors_of,
    first_difference,
    output_errors,
    tolerance,
)
from archspec.verification.report import NETWORK, Comparison
from archspec.verification.source_locations import SourceLocations
from archspec.verification.trial import Trial
from archspec.weights.moves import Named, names_there, weight_prefixes

PRECISIONS: tuple[Precision, ...] = ("float64", "float32")
FOLDED = "outputs, batch norm folded"


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
    whole = Comparison(pair, "outputs", precision, network.image, limit)
    sides: dict[str, Found] = {NETWORK: trial.expected}
    for name in pair:
        if name == NETWORK:
            continue
        if runs[name].fault:
            return _failed(whole, name, runs[name], trial, locations)
        sides[name] = _returned(network, name, runs[name].found)
        if fault := _other_outputs(network, name, sides[name]):
            return whole._replace(fault=fault)
    one, other = (sides[name] for name in pair)
    apart = output_errors(network, other, one)
    whole = whole._replace(max_abs_error=apart.absolute, relative_error=apart.relative)
    key = first_difference(network, other, one, precision, limit)
    if not key:
        return whole
    at_fault = tuple(
        name
        for name in pair
        if name != NETWORK and not equal(sides[name], sides[NETWORK], key, limit)
    )
    relative = errors_of(other, one, key).relative
    lines = {name: runs[name].lines for name in pair if name in runs}
    found = locations.difference(
        difference_path(network, key), relative, at_fault, lines
    )
    return whole._replace(first_difference=found)


def _returned(network: Network, framework: str, found: Found) -> Found:
    """What a framework computed; ONNX has to give a single output a name."""
    single = framework == "onnx" and set(network.outputs) == {""}
    if single and isinstance(found, ArrayFile):
        return found.renamed("output:output", "output:")
    return found


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
    comparison: Comparison,
    framework: str,
    answer: Answer,
    trial: Trial,
    locations: SourceLocations,
) -> Comparison:
    """A target that could not run, and the layer at fault.

    That is the first whose weights do not fit, the first of those computed that
    differs, or the one that failed.
    """
    network, target = trial.network, target_of(framework)
    fault, misfit = f"{framework}: {answer.fault}", None
    if answer.shapes is not None and target in SOURCES:
        misfit = _misfit(network, manifest(target), answer.shapes)
    if misfit is not None:
        path, fault = misfit[0].path, f"{framework} {misfit[1]}"
    else:
        limits = comparison.precision, comparison.tolerance
        key = first_difference(network, answer.found, trial.expected, *limits)
        path = difference_path(network, key) or answer.layer
    if not path:
        return comparison._replace(fault=fault)
    lines = {framework: answer.lines}
    found = locations.difference(path, None, (framework,), lines)
    return comparison._replace(first_difference=found, fault=fault)


def _misfit(
    network: Network, names: Mapping[str, Any], found: Mapping[str, Sequence[int]]
) -> tuple[NetworkLayer, str] | None:
    """The first layer whose weights are not those of the module, and what is wrong."""
    wanted = names_there(network, names)
    prefixes = weight_prefixes(network, names)
    for layer in network.layers:
        own = {wanted[f"{layer.path}.{name}"] for name in layer.weights}
        there = {
            Named(name, tuple(shape))
            for name, shape in found.items()
            if name.startswith(prefixes[layer.path])
        }
        if lacks := sorted(own - there):
            return layer, f"has no {lacks[0].name} of shape {lacks[0].shape}"
        if more := sorted(there - own):
            return layer, f"has one weight too many: {more[0].name}"
    return None
