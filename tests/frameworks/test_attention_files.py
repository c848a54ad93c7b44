"""Generated attention compiles, exports, and runs in reduced precision."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
import torch
from exchange import imported, randomize
from flax import nnx
from test_keras_files import BACKENDS, check_backend
from torch.utils._python_dispatch import TorchDispatchMode

SEQUENCE = """
input: {channels: 3, size: 16}
classes: 4
layers:
  patches: {conv: {filters: 8, kernel: 4, stride: 4}}
  sequence: tokens
  class_token: prefix_tokens
  positions: position_embedding
  encoder: {encoder_layer: {heads: 2, layer_scale: 0.5}, repeat: 3}
  norm: layer_norm
  first: {take: 0}
  out: {dense: classes}
"""
WINDOWS = """
input: {channels: 3, size: 16}
classes: 4
layers:
  patches: {conv: {filters: 8, kernel: 2, stride: 2}}
  windows: {self_attention: {heads: 2, window: 4, relative_bias: signed}}
  shifted: {self_attention: {heads: 2, window: 4, shift: 2, relative_bias: signed}}
  grid: {self_attention: {heads: 2, dilation: 4}}
  shared: {multi_query_attention: {heads: 2, key_width: 4, stride: 2}}
  mix: mlp
  pool: global_avg_pool
  out: {dense: classes}
"""
full = pytest.mark.full
SPECS = [
    pytest.param(SEQUENCE, id="sequence"),
    pytest.param(WINDOWS, id="windows", marks=full),
]
HALF = 0.05
"""The error of bfloat16, relative to the largest output, after a few layers."""


@pytest.fixture(autouse=True, scope="module")
def float32(float64):
    """What is trained is in single precision; the fixture before tidies up."""
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")
    torch.set_default_dtype(torch.float32)


def built(text, name, **arguments):
    return getattr(imported(text), name)(**arguments)


@pytest.fixture
def module(network):
    def build(spec):
        found = network(spec)
        module = built(found.torch_text, found.network.name)
        randomize(module)
        return module.eval()

    return build


IMAGE = np.random.default_rng(0).normal(size=(3, 3, 16, 16)).astype(np.float32)
LAST = np.moveaxis(IMAGE, 1, -1)


def error(found, expected):
    found, expected = (np.asarray(x, np.float32) for x in (found, expected))
    assert np.isfinite(found).all()
    return np.abs(found - expected).max() / np.abs(expected).max()


@full
@pytest.mark.parametrize("spec", SPECS)
def test_torch_compiles(module, spec):
    found, image = module(spec), torch.from_numpy(IMAGE)
    expected = found(image).detach()
    compiled = torch.compile(found, backend="aot_eager", fullgraph=True)
    loss = compiled(image).square().sum()
    loss.backward()
    assert error(compiled(image).detach(), expected) < 1e-5
    assert all(p.grad.isfinite().all() for p in found.parameters())


@full
@pytest.mark.parametrize("spec", SPECS)
def test_torch_exports_for_any_batch(module, spec):
    found, image = module(spec), torch.from_numpy(IMAGE)
    sizes = ({0: torch.export.Dim("batch", min=2, max=8)},)
    exported = torch.export.export(found, (image,), dynamic_shapes=sizes).module()
    with torch.no_grad():
        for batch in (image, image[:2]):
            assert error(exported(batch), found(batch)) < 1e-5


@pytest.mark.parametrize("spec", SPECS)
def test_torch_in_bfloat16(module, spec):
    found, image = module(spec), torch.from_numpy(IMAGE)
    expected = found(image).detach()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        half = found(image)
    assert half.dtype == torch.bfloat16
    assert error(half.detach().float(), expected) < HALF
    half.float().sum().backward()
    assert all(p.grad.isfinite().all() for p in found.parameters())


@full
@pytest.mark.parametrize("spec", SPECS)
def test_nnx_compiles_and_runs_in_bfloat16(network, spec):
    found = network(spec)
    model = built(found.nnx_text, found.network.name, rngs=nnx.Rngs(0))
    model.eval()
    image = jnp.asarray(LAST)
    expected = model(image)
    assert error(nnx.jit(lambda m, x: m(x))(model, image), expected) < 1e-5
    graph, state = nnx.split(model)
    half = nnx.merge(graph, jax.tree.map(_half, state))
    assert error(half(image.astype(jnp.bfloat16)), expected) < HALF


def _half(array):
    floats = jnp.issubdtype(array.dtype, jnp.floating)
    return array.astype(jnp.bfloat16) if floats else array


@full
@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
@pytest.mark.parametrize("spec", SPECS)
def test_keras_in_mixed_precision(network, spec, policy):
    found = network(spec)
    keras.utils.set_random_seed(0)  # how far roundings grow depends on the weights
    single = built(found.keras_text, found.network.name)
    keras.config.set_dtype_policy(policy)
    try:
        half = built(found.keras_text, found.network.name)
    finally:
        keras.config.set_dtype_policy("float32")
    half.set_weights(single.get_weights())
    assert half.compute_dtype == policy.removeprefix("mixed_")
    assert error(keras.ops.cast(half(LAST), "float32"), single(LAST)) < HALF


@full
@pytest.mark.parametrize("backend", BACKENDS)
def test_keras_backends(backend, network, tmp_path):
    """Among other things, a saved model is loaded and gives the same numbers."""
    cases = {"sequence": network(SEQUENCE), "windows": network(WINDOWS)}
    check_backend(backend, cases, tmp_path)


class Copies(TorchDispatchMode):
    """Counts what copies a tensor to another order of its axes."""

    def __init__(self):
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        name = function.overloadpacket.__name__
        self.count += name in {"clone", "copy_", "_to_copy", "contiguous"}
        return function(*args, **(kwargs or {}))


def test_a_sequence_is_not_turned_between_layers(network):
    """Channels stay last: forward names no permutation, and nothing is copied."""
    found = network(SEQUENCE)
    text = found.torch_text
    assert "permute" not in text
    layer = text[text.index("class SelfAttention") : text.index("def init_weights")]
    assert "transpose" not in layer
    encoder = built(text, found.network.name).eval().encoder
    with torch.no_grad(), Copies() as copies:
        encoder(torch.randn(2, 17, 8))
    assert copies.count == 0
