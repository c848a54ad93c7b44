"""Random networks are what their layers say, in every target, or refused."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from math import prod

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("keras")
pytest.importorskip("onnxruntime")

import keras
import onnx
import torch
from exchange import Case, doubles
from hypothesis import HealthCheck, given, note, seed, settings
from hypothesis import strategies as st
from judge import judged_layers, result
from networks import TALLY, Drawn, networks
from onnx_session import inferred, run, run_all
from torch.utils.flop_counter import FlopCounterMode

from archspec.elaboration import elaborate
from archspec.errors import SpecError
from archspec.network import INPUT, Network
from archspec.runtime.keras import KerasModel
from archspec.runtime.order import Arrays, Order
from archspec.runtime.torch import TorchModel
from archspec.targets import TARGETS
from archspec.targets.onnx import model, tensor_names
from archspec.targets.templates import manifest
from archspec.verification.compare import errors, first_difference, tolerance
from archspec.verification.draws import random_images, random_weights
from archspec.verification.reference import calibrate, evaluate
from archspec.weights.moves import to_target

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel"),
]

MANY = "FUZZ_NETWORKS" in os.environ
few = settings(
    max_examples=int(os.environ.get("FUZZ_NETWORKS", 12)),
    derandomize=not MANY,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(autouse=True, scope="module")
def float64() -> Iterator[None]:
    with doubles():
        yield


@few
@given(drawn=networks(), fold=st.booleans(), number=st.integers(0, 99))
def test_a_network(tmp_path_factory, drawn: Drawn, fold: bool, number: int):
    note(drawn.text)
    path = tmp_path_factory.getbasetemp() / "net.yaml"
    path.write_text(drawn.text, encoding="utf-8")
    network = elaborate(path)
    assert [(layer.op, layer.output) for layer in network.layers] == drawn.layers
    TALLY["networks"] += 1
    check(network, fold, number)


if "FUZZ_SEED" in os.environ:
    test_a_network = seed(int(os.environ["FUZZ_SEED"]))(test_a_network)


def check(network: Network, fold: bool, number: int) -> None:
    """Every target, for the same weights and images."""
    images = random_images(network, number)
    drawn = random_weights(network, number)
    weights = {**drawn, **calibrate(network, drawn, images)[1]}
    doubled = {name: array.astype(np.float64) for name, array in weights.items()}
    layers = judged_layers(network, doubled, images.astype(np.float64))
    expected = by_path(network, {n: tensor.numpy() for n, tensor in layers.items()})
    hold("layers", network, evaluate(network, weights, images), expected, 1e-9)
    if (torch_found := of_torch(network, weights, images)) is not None:
        hold("torch", network, torch_found, expected, 1e-9)
    if (keras_found := of_keras(network, weights, images)) is not None:
        limit = tolerance(network, "float64", ("torch", "keras"))
        hold("keras", network, keras_found, expected, limit)
    check_onnx(network, weights, images, fold, expected)
    if TALLY["networks"] % 20 == 0:
        keras.backend.clear_session()


def by_path(network: Network, layers: dict[int, np.ndarray]) -> Arrays:
    """Every layer's output by its path, and every output as `output:NAME`."""
    found = {layer.path: layers[n] for n, layer in enumerate(network.layers)}
    ends = {f"output:{name}": layers[n] for name, n in network.outputs.items()}
    return found | ends


def hold(
    target: str, network: Network, found: Arrays, expected: Arrays, limit: float
) -> None:
    """All that the target shows is as expected; the outputs are there."""
    if target in TARGETS:
        outputs = {name for name in expected if name.startswith("output:")}
        assert {name for name in found if name.startswith("output:")} == outputs
    exact = "float32" if target == "onnx" else "float64"
    difference = first_difference(network, found, expected, exact, limit)
    worst = max(
        (errors(found[k], expected[k]).relative for k in found if k in expected),
        default=0.0,
    )
    assert difference is None, (target, difference, worst)
    TALLY[f"{target} worst error"] = max(TALLY[f"{target} worst error"], worst)


def refused(target: str, error: SpecError) -> None:
    (diagnostic,) = error.diagnostics
    assert diagnostic.code.startswith("AS4"), str(error)
    assert diagnostic.place is not None
    TALLY[f"{target} refused"] += 1
    TALLY[f"{target} refused: {diagnostic.message}"] += 1


def order(network: Network) -> Order:
    """To tell what every layer gives."""
    paths = {INPUT: None, **{n: x.path for n, x in enumerate(network.layers)}}
    layers = {
        layer.path: paths[layer.sources[0]] if len(layer.sources) == 1 else None
        for layer in network.layers
    }
    return Order("run", "", network.name, "", "float64", layers=layers)


def of_torch(network: Network, weights: Arrays, images: np.ndarray) -> Arrays | None:
    case = Case(network)
    try:
        _ = case.torch_text
    except SpecError as error:
        return refused("torch", error)
    module = case.torch
    trainable = sum(tensor.numel() for tensor in module.parameters())
    assert trainable == network.trainable_parameters
    built = TorchModel(module, {}, "float64")
    assert sum(map(prod, built.shapes.values())) == network.parameters
    built.load(to_target(network, manifest("torch"), weights))
    with warnings.catch_warnings(), FlopCounterMode(display=False) as counter:
        warnings.simplefilter("ignore")
        module(torch.zeros(1, *network.input_shape))
    assert counter.get_total_flops() == 2 * network.macs
    return built.run(images, order(network))


def of_keras(network: Network, weights: Arrays, images: np.ndarray) -> Arrays | None:
    case = Case(network)
    try:
        _ = case.keras_text
    except SpecError as error:
        return refused("keras", error)
    assert case.keras.count_params() == network.parameters
    built = KerasModel(case.keras, {})
    built.load(to_target(network, manifest("keras"), weights))
    return built.run(images.astype(np.float64), order(network))


def check_onnx(
    network: Network, weights: Arrays, images: np.ndarray, fold: bool, expected: Arrays
) -> None:
    """Every tensor is what its layer makes of the tensors before it; so is the end.

    Rounding errors of single precision may grow from layer to layer, so what comes out
    in the end is held to what PyTorch's rounding errors come to.
    """
    try:
        made = model(network, weights, fold_batch_norm=fold)
    except SpecError as error:
        refused("onnx", error)
        return
    onnx.checker.check_model(made, full_check=True)
    names, shapes = tensor_names(network, fold_batch_norm=fold), inferred(made)
    tensors = run_all(made, images)
    for layer in network.layers:
        if layer.path in names:
            assert shapes[names[layer.path]] == ["N", *layer.output], layer.path
    found = {path: tensors[name] for path, name in names.items()}
    hold("onnx", network, found, one_by_one(network, weights, images, found), 1e-4)
    with in_single():
        layers = judged_layers(network, weights, images)
    single = by_path(network, {n: tensor.numpy() for n, tensor in layers.items()})
    outputs = run(made, images)
    assert outputs.keys() == {name or "output" for name in network.outputs}
    for name in network.outputs:
        key = f"output:{name}"
        limit = max(1e-4, 20 * errors(single[key], expected[key]).relative)
        worst = errors(outputs[name or "output"], expected[key]).relative
        assert worst <= limit, (key, worst, limit)
        TALLY["onnx worst limit"] = max(TALLY["onnx worst limit"], limit)
        TALLY["onnx worst output"] = max(TALLY["onnx worst output"], worst)


@contextmanager
def in_single() -> Iterator[None]:
    torch.set_default_dtype(torch.float32)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float64)


def one_by_one(
    network: Network, weights: Arrays, images: np.ndarray, found: Arrays
) -> Arrays:
    """What each layer makes, in float64, of what was found of the layers before it."""
    known = {INPUT: torch.from_numpy(images.astype(np.float64))}
    made: dict[str, np.ndarray] = {}
    for number, layer in enumerate(network.layers):
        own = {name: weights[f"{layer.path}.{name}"] for name in layer.weights}
        doubles = {n: torch.from_numpy(a.astype(np.float64)) for n, a in own.items()}
        output = result(layer, [known[source] for source in layer.sources], doubles)
        made[layer.path] = output.numpy()
        known[number] = output
        if layer.path in found:
            known[number] = torch.from_numpy(found[layer.path].astype(np.float64))
    return made
