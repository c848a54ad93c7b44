"""What a drawn network is held to: all of its layers, in every target."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import prod

import keras
import numpy as np
import onnx
import torch
from exchange import Case
from judge import judged_layers, result
from onnx_session import inferred, run, run_all
from tally import TALLY
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from archspec.elaboration import folded, with_classes
from archspec.errors import SpecError
from archspec.network import INPUT, Network, NetworkLayer
from archspec.runtime.keras import KerasModel
from archspec.runtime.nnx import NnxModel
from archspec.runtime.order import Arrays, Order
from archspec.runtime.torch import TorchModel
from archspec.targets.onnx import model, tensor_names
from archspec.targets.templates import manifest
from archspec.verification.differences import (
    errors,
    errors_of,
    first_difference,
    tolerance,
)
from archspec.verification.random_data import random_inputs, random_weights
from archspec.verification.reference import calibrate, evaluate
from archspec.weights.fold import fold_weights
from archspec.weights.moves import to_target

Images = list[np.ndarray]
WAYS = ("plain", "plain", "unfolded", "folded", "classes")
"""As it is (ONNX with batch norms folded or not), without batch norms, asked for
another number of classes."""


def check(network: Network, way: str, number: int) -> None:
    """The same weights and images for every target; all layers are compared."""
    if way == "classes":
        other = for_classes(network, 2 + number % 9)
        weights, images = drawn(other.network, number)
        check_sources(other, weights, images)
        return
    weights, images = drawn(network, number)
    expected = judged(network, weights, images)
    if way == "folded":
        before = {name: array.astype(np.float64) for name, array in weights.items()}
        less = folded(network)
        weights = fold_weights(network, less, before)
        hold("folded", less, judged(less, weights, images), outputs(expected), 1e-9)
        check_sources(Case(less), weights, images)
        return
    check_sources(Case(network), weights, images)
    check_onnx(network, weights, images, way == "plain")


def for_classes(network: Network, classes: int) -> Case:
    """The files of the network, asked for another number of classes if they can be."""
    try:
        other = with_classes(network, classes)
        asked = "num_classes: int" in Case(network).torch_text.partition("class Net")[2]
    except SpecError:
        return Case(network)
    if not asked:
        return Case(other if other.layers == network.layers else network)
    return Case(other, network, {"num_classes": classes})


def drawn(network: Network, number: int) -> tuple[Arrays, Images]:
    """Weights with the statistics of the images, and the images."""
    images, weights = random_inputs(network, number), random_weights(network, number)
    return {
        **weights,
        **calibrate(network, weights, images, {}.__setitem__),
    }, images


def judged(
    network: Network, weights: Arrays, images: Images, kind: type = np.float64
) -> Arrays:
    """Every layer's output by its path, and every output as `output:NAME`."""
    own = {name: array.astype(kind) for name, array in weights.items()}
    found = judged_layers(network, own, [image.astype(kind) for image in images])
    layers = {x.path: found[n].numpy() for n, x in enumerate(network.layers)}
    ends = {f"output:{n}": found[end].numpy() for n, end in network.outputs.items()}
    return layers | ends


def outputs(found: Arrays) -> Arrays:
    return {name: found[name] for name in found if name.startswith("output:")}


def hold(
    who: str, network: Network, found: Arrays, expected: Arrays, limit: float
) -> None:
    """Whatever both have is the same."""
    difference = first_difference(network, found, expected, "float64", limit)
    both = [name for name in found if name in expected]
    apart = (errors_of(found, expected, name).relative for name in both)
    worst = max(apart, default=0.0)
    assert not difference, (who, difference, worst)
    note_worst(f"{who} worst error", worst)


def note_worst(what: str, value: float) -> None:
    TALLY[what] = max(TALLY[what], value)


def check_sources(case: Case, weights: Arrays, images: Images) -> None:
    """The files for all frameworks, in double precision."""
    network = case.network
    expected = judged(network, weights, images)
    hold("layers", network, evaluate(network, weights, images), expected, 1e-9)
    for target, find in SOURCES.items():
        found = refusing(target, lambda find=find: find(case, weights, images))
        if found is not None:
            limit = tolerance(network, "float64", ("torch", target))
            assert outputs(found).keys() == outputs(expected).keys()
            hold(target, network, found, expected, limit)


def refusing(target: str, find: Callable[[], Arrays]) -> Arrays | None:
    """What is found; None where the target refuses, which is counted."""
    TALLY[f"{target} asked"] += 1
    try:
        return find()
    except SpecError as error:
        count_refusal(target, error)
        return None


def count_refusal(target: str, error: SpecError) -> None:
    (diagnostic,) = error.diagnostics
    assert diagnostic.code.startswith("AS4"), str(error)
    assert diagnostic.place is not None, str(error)
    TALLY[f"{target} refused"] += 1
    TALLY[f"{target} {diagnostic.code}: {diagnostic.message}"] += 1


def of_torch(case: Case, weights: Arrays, images: Images) -> Arrays:
    network = case.network
    trainable = sum(tensor.numel() for tensor in case.torch.parameters())
    assert trainable == network.trainable_parameters
    built = TorchModel(case.torch, {}, "float64")
    assert sum(map(prod, built.shapes.values())) == network.parameters
    built.load(to_target(network, manifest("torch"), weights))
    with (
        warnings.catch_warnings(),
        sdpa_kernel(SDPBackend.MATH),  # on the CPU no other kernel is counted
        FlopCounterMode(display=False) as counter,
    ):
        warnings.simplefilter("ignore")
        case.torch(*(torch.zeros(1, *shape) for shape in network.inputs.values()))
    # the sums of separable attention are no products of matrices
    unseen = sum(x.macs for x in network.layers if x.op == "separable_attention")
    if not any(x.op == "linear_attention" for x in network.layers):
        assert counter.get_total_flops() == 2 * (network.macs - unseen)
    return kept(built, images, network)


def of_keras(case: Case, weights: Arrays, images: Images) -> Arrays:
    network = case.network
    assert case.keras.count_params() == network.parameters
    built = KerasModel(case.keras, {})
    built.load(to_target(network, manifest("keras"), weights))
    found = kept(built, [image.astype(np.float64) for image in images], network)
    if TALLY["networks"] % 20 == 0:
        keras.backend.clear_session()
    return found


def of_nnx(case: Case, weights: Arrays, images: Images) -> Arrays:
    network = case.network
    built = NnxModel(case.nnx, {}, np.dtype("float64"))
    assert sum(map(prod, built.shapes.values())) == network.parameters
    built.load(to_target(network, manifest("nnx"), weights))
    return kept(built, images, network)


def kept(
    built: TorchModel | KerasModel | NnxModel, images: Images, network: Network
) -> Arrays:
    """What it computes; what torch gives may change as it goes on."""
    found: dict[str, np.ndarray] = {}
    built.run(images, order(network), lambda name, x: found.update({name: x.copy()}))
    return found


SOURCES = {"torch": of_torch, "keras": of_keras, "nnx": of_nnx}


def order(network: Network) -> Order:
    """To tell what every layer gives."""
    paths = {n: x.path for n, x in enumerate(network.layers)}
    layers = {
        layer.path: paths.get(layer.sources[0]) if len(layer.sources) == 1 else None
        for layer in network.layers
    }
    later: dict[str, list[str]] = {}
    for path, first in network.later_runs.items():
        later.setdefault(first, []).append(path)
    return Order(
        "run", "", network.name, "", "float64", layers=layers, later_runs=later
    )


def check_onnx(network: Network, weights: Arrays, images: Images, fold: bool) -> None:
    """Every tensor is what its layer makes of the tensors before it; so is the end.

    Rounding errors of single precision may grow from layer to layer, so what comes out
    in the end is held to what PyTorch's rounding errors come to.
    """
    made: list[onnx.ModelProto] = []

    def write() -> Arrays:
        made.append(model(network, weights, fold_batch_norm=fold))
        return {}

    if refusing("onnx", write) is None:
        return
    onnx.checker.check_model(made[0], full_check=True)
    names, shapes = tensor_names(network, fold_batch_norm=fold), inferred(made[0])
    tensors = run_all(made[0], images)
    sequences = {x.path for x in network.layers if len(x.output) == 2}
    for layer in network.layers:
        if layer.path in names:
            size = layer.output[::-1] if layer.path in sequences else layer.output
            assert shapes[names[layer.path]] == ["N", *size], layer.path
    found = {
        path: tensors[name].swapaxes(1, 2) if path in sequences else tensors[name]
        for path, name in names.items()
    }
    check_each(network, weights, images, found)
    expected = judged(network, weights, images)
    with in_single():
        single = judged(network, weights, images, np.float32)
    ends = run(made[0], images)
    assert ends.keys() == {name or "output" for name in network.outputs}
    for name, number in network.outputs.items():
        key, least = f"output:{name}", 0.0
        if number > INPUT:
            least = least_error(network.layers[number], [expected[key]])
        end = ends[name or "output"]
        end = end.swapaxes(1, 2) if end.ndim == 3 else end
        hold_single(key, end, expected[key], single[key], least)


def hold_single(
    where: str,
    found: np.ndarray,
    expected: np.ndarray,
    single: np.ndarray,
    least: float = 0.0,
) -> None:
    """What single precision allows; more where it errs as much in PyTorch.

    `least` is an error that is always allowed, however small the numbers are.
    """
    limit = max(1e-4, 20 * errors(single, expected).relative)
    worst, absolute = errors(found, expected).relative, errors(found, expected).absolute
    if absolute <= least:
        return
    assert worst <= limit, ("onnx", where, worst, limit)
    note_worst("onnx worst error", worst)
    note_worst("onnx worst limit", limit)


@contextmanager
def in_single() -> Iterator[None]:
    torch.set_default_dtype(torch.float32)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float64)


def check_each(
    network: Network, weights: Arrays, images: Images, found: Arrays
) -> None:
    """Each layer, by what was found of the layers before it."""
    known = {INPUT - number: image for number, image in enumerate(images)}
    for number, layer in enumerate(network.layers):
        inputs = [known[source] for source in layer.sources]
        own = {name: weights[path] for name, path in layer.weight_names.items()}
        double = one(layer, inputs, own, np.float64)
        with in_single():
            single = one(layer, inputs, own, np.float32)
        if layer.path in found:
            least = least_error(layer, inputs)
            hold_single(layer.path, found[layer.path], double, single, least)
        known[number] = found.get(layer.path, double)


def least_error(layer: NetworkLayer, inputs: list[np.ndarray]) -> float:
    """What onnxruntime's sigmoid is always off by: it is right to 1e-7 of 1."""
    if getattr(layer.primitive, "kind", None) not in {"sigmoid", "swish"}:
        return 0.0
    return 2e-7 * max(1.0, float(np.abs(inputs[0]).max()))


def one(
    layer: NetworkLayer, inputs: list[np.ndarray], own: Arrays, kind: type
) -> np.ndarray:
    tensors = [torch.from_numpy(array.astype(kind)) for array in inputs]
    weights = {
        name: torch.from_numpy(array.astype(kind)) for name, array in own.items()
    }
    return result(layer, tensors, weights).numpy()
