"""TorchScript and torch.fx take every generated PyTorch file, to equal outputs.

torch.fx is behind torchvision's `create_feature_extractor`.
"""

from __future__ import annotations

import pytest
import torch
from exchange import Case, case, difference, randomize, run_torch
from layers import VECTOR, before, beside, image_of, layers_of
from test_own_blocks import BLOCKS
from test_primitives import LAYERS
from zoo import BASES, EVERY, FLAVOURED, leading, resized, sizes

from examples import takes_vectors

pytestmark = pytest.mark.filterwarnings(
    "ignore:.torch.jit.script:DeprecationWarning",
    "ignore:.torch.jit.script_method:DeprecationWarning",
    "ignore:Using padding='same' with even kernel lengths and odd dilation may require "
    "a zero-padded copy of the input be created:UserWarning",
)
QUICK = "mobilenetv2", "convnext_tiny", "repvgg_a0"
HELPERS = "avg_pool", "drop_path", "layer_norm"
"""Ops for which a file has classes of its own."""


def assert_portable(found: Case) -> None:
    module, image = found.torch, found.image()
    randomize(module)
    expected = run_torch(module, image)
    for convert in (torch.jit.script, torch.fx.symbolic_trace):
        assert difference(run_torch(convert(module), image), expected) < 1e-12


@pytest.mark.parametrize("path", leading(EVERY, *QUICK))
def test_bundled(path):
    assert_portable(case(path, (), sizes(path)[0]))


@pytest.mark.full
@pytest.mark.parametrize(("path", "flavour"), FLAVOURED, ids=str)
def test_flavours(path, flavour):
    assert_portable(case(path, flavour, sizes(path)[0]))


@pytest.mark.parametrize(
    "op",
    [
        op if op in HELPERS else pytest.param(op, marks=pytest.mark.full)
        for op in LAYERS
    ],
)
def test_primitives(network, op):
    assert_portable(
        network(image_of(op) + beside(layers_of(op, LAYERS[op]), before(op)))
    )


def test_on_a_vector(network):
    layers = [
        layer
        for op in filter(takes_vectors, LAYERS)
        for layer in layers_of(op, LAYERS[op])
    ]
    assert_portable(network(beside(layers, VECTOR)))


@pytest.mark.parametrize("name", BLOCKS)
def test_own_blocks(network, name):
    assert_portable(network(BLOCKS[name]))


def test_layers_that_only_training_has_are_free_in_evaluation(network):
    """Drop path gives back the very tensor that it is given."""
    module = network("layers: {path: {drop_path: 0.5}}").torch
    image = torch.ones(1, 6, 9, 12)
    assert module.path(image) is image


def test_features_by_torchvision(torchvision):
    """The outputs of stages, of a network whose files have classes that pad."""
    from torchvision.models.feature_extraction import create_feature_extractor

    path = next(path for path in BASES if path.stem == "efficientnet")
    found = case(path, (), resized(64, 64))
    names = {"stages.2": "early", "stages.6": "late"}
    extract = create_feature_extractor(found.torch, names, suppress_diff_warning=True)
    features = extract(torch.from_numpy(found.image()))
    assert {name: tuple(f.shape[1:]) for name, f in features.items()} == {
        "early": (40, 8, 8),
        "late": (320, 2, 2),
    }
