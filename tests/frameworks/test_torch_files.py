"""Generated PyTorch files as PyTorch users treat their own."""

from __future__ import annotations

import copy
import inspect
from collections import Counter

import numpy as np
import pytest
import torch
from exchange import case, difference, randomize, run_keras, run_nnx, run_torch
from flax import nnx
from torch.utils._python_dispatch import TorchDispatchMode
from zoo import BASES, FLATTENED, KINDS, leading, resized, sizes

LEADERS = "mobilenetv2", "shufflenetv2", "unet"
SMALL = leading(KINDS, *LEADERS)
# The layer behind the flatten has 62 million weights, to copy and to step.
TRAINED = leading([path for path in KINDS if path.stem != FLATTENED], *LEADERS)


def small(path):
    return case(path, (), sizes(path)[0])


def fresh(path):
    """A module of its own, with random numbers in every tensor."""
    module = copy.deepcopy(small(path).torch)
    randomize(module)
    return module


def outputs(result):
    return list(result.values()) if isinstance(result, dict) else [result]


@pytest.mark.parametrize("path", SMALL)
def test_export(path):
    module, image = fresh(path), small(path).image()
    exported = torch.export.export(module, (torch.from_numpy(image),)).module()
    assert difference(run_torch(exported, image), run_torch(module, image)) < 1e-12


@pytest.mark.full
@pytest.mark.parametrize("name", ["mobilenetv1", "mobilenetv2", "resnet50", "unet"])
def test_export_for_every_size(name):
    path = next(path for path in BASES if path.stem == name)
    module, auto = fresh(path), torch.export.Dim.AUTO
    image = torch.from_numpy(small(path).image())
    shapes = {"x": {0: auto, 2: auto, 3: auto}}
    program = torch.export.export(module, (image,), dynamic_shapes=shapes)
    other = case(path, (), sizes(path)[1]).image(batch=3)
    assert difference(run_torch(program.module(), other), run_torch(module, other)) < (
        1e-12
    )


@pytest.mark.parametrize("path", SMALL)
def test_compile(path):
    module, image = fresh(path), small(path).image()
    compiled = torch.compile(module, backend="eager", fullgraph=True)
    assert difference(run_torch(compiled, image), run_torch(module, image)) < 1e-12


@pytest.mark.parametrize("path", TRAINED)
def test_training_step(path):
    """As it is built: the loss is finite, and every weight moves.

    Those before a norm whose scale starts at 0 move in the second step.
    """
    torch.manual_seed(0)
    module = small(path).build(small(path).torch_text).train()
    before = copy.deepcopy(module.state_dict())
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    primitives = [layer.primitive for layer in small(path).network.layers]
    starts_at_0 = any(getattr(each, "initial", 1) == 0 for each in primitives)
    for _ in range(1 + starts_at_0):
        optimizer.zero_grad()
        results = outputs(module(torch.from_numpy(small(path).image(batch=3))))
        random = np.random.default_rng(0)
        loss = sum(
            (result * torch.from_numpy(random.normal(size=result.shape))).sum()
            for result in results
        )
        loss.backward()
        optimizer.step()
        assert torch.isfinite(loss)
    after = module.state_dict()
    still = [name for name, old in before.items() if torch.equal(old, after[name])]
    assert not still


@pytest.mark.parametrize("path", SMALL)
def test_state_dict_round_trip(path):
    one = small(path)
    module = one.build(one.torch_text).eval()
    randomize(module, 1)
    randomize(one.torch, 2)
    found = one.torch.load_state_dict(module.state_dict(), strict=True)
    assert not found.missing_keys
    assert not found.unexpected_keys
    image = one.image()
    assert difference(run_torch(one.torch, image), run_torch(module, image)) == 0


def test_the_state_has_the_paths_of_the_spec():
    found = small(next(path for path in BASES if path.stem == "mobilenetv2"))
    paths = {layer.path for layer in found.network.layers if layer.weights}
    names = found.torch.state_dict()
    assert {name.rpartition(".")[0] for name in names} == paths
    assert "stages.2.1.expand.conv.weight" in names


def test_arguments():
    """The number of classes and the dropout, and nothing else."""
    found = case("mobilenetv2", (), resized(64, 64))
    module = found.build(found.torch_text, num_classes=7, dropout=0.5)
    assert module.classifier.out_features == 7
    assert module.dropout.p == 0.5
    model = found.build(found.keras_text, num_classes=7, dropout=0.5)
    assert model.output_shape == (None, 7)
    assert model.get_layer("dropout").rate == 0.5
    parameters = list(inspect.signature(type(module)).parameters)
    assert parameters == ["num_classes", "dropout"]


@pytest.mark.parametrize(
    "target", ["torch", "keras", pytest.param("nnx", marks=pytest.mark.full)]
)
def test_no_classes_give_features(target):
    """The input of the classifier, where that is the last layer."""
    found = case("mobilenetv2", (), resized(64, 64))
    given = {"rngs": nnx.Rngs(0)} if target == "nnx" else {}
    model = found.build(getattr(found, f"{target}_text"), num_classes=0, **given)
    run = {"torch": run_torch, "keras": run_keras, "nnx": run_nnx}[target]
    if target != "keras":
        model.eval()
    (features,) = run(model, found.image()).values()
    assert features.shape == (2, 1280)


@pytest.mark.parametrize(
    "layers",
    [
        "{pool: global_avg_pool, fc: {dense: classes}, end: {activation: softmax}}",
        "{pool: global_avg_pool, one: {dense: 2 * classes}, fc: {dense: classes}}",
        "{conv: {conv: classes}, pool: global_avg_pool}",
    ],
)
def test_a_classifier_that_is_not_alone_stays(network, layers):
    assert "if num_classes" not in network(f"layers: {layers}").torch_text


def test_training_differs_from_evaluation(network):
    """Dropout and drop path are at work in training alone."""
    found = network(
        "layers: {conv: conv, path: {drop_path: 0.5}, drop: {dropout: 0.5}}"
    )
    module, image = found.torch, torch.from_numpy(found.image(batch=64))
    kept = module.train()(image)
    per_sample = [bool(sample.any()) for sample in kept]
    assert True in per_sample
    assert False in per_sample
    assert torch.equal(module.eval()(image), module.conv(image))


class Operators(TorchDispatchMode):
    """Counts the operators that run."""

    def __init__(self):
        super().__init__()
        self.counts = Counter()

    def __torch_dispatch__(self, function, types, arguments=(), keywords=None):
        self.counts[function.overloadpacket] += 1
        return function(*arguments, **(keywords or {}))


def test_convolutions_of_one_pixel_are_not_padded():
    """Only MobileNetV2's first and its 17 depthwise ones: padding by nothing copies."""
    found = case("mobilenetv2")
    with Operators() as operators, torch.no_grad():
        found.torch(torch.from_numpy(found.image(batch=1)))
    assert operators.counts[torch.ops.aten.constant_pad_nd] == 1 + 17
