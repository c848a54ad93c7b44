"""A few lines for each target that run an imported network with its weights."""

from __future__ import annotations

from pathlib import Path

from archspec.network import Network
from archspec.ops import Shape

_TORCH = """\
import torch
from safetensors.torch import load_file
from {module} import {name}

model = {name}().eval()
model.load_state_dict(load_file("{weights}"))
print(model({inputs}))
"""
_KERAS = """\
import numpy as np
from {module} import {name}

model = {name}()
model.load_weights("{weights}")
print(model.predict([{inputs}]))
"""
_NNX = """\
import jax.numpy as jnp
from flax import nnx, traverse_util
from {module} import {name}
from safetensors.flax import load_file

model = {name}(rngs=nnx.Rngs(0))
arrays = traverse_util.unflatten_dict(load_file("{weights}"), sep=".")
nnx.update(model, nnx.restore_int_paths(arrays))
model.eval()
print(model({inputs}))
"""
_ONNX = """\
import numpy as np
import onnxruntime

session = onnxruntime.InferenceSession("{weights}")
names = [each.name for each in session.get_inputs()]
print(session.run(None, dict(zip(names, [{inputs}]))))
"""

SUFFIXES = {
    "torch": ".safetensors",
    "keras": ".weights.h5",
    "nnx": ".safetensors",
    "onnx": ".onnx",
}
"""Of the weights for each target."""

_TEXTS = {
    "torch": (_TORCH, "torch.zeros({shape})"),
    "keras": (_KERAS, "np.zeros({shape})"),
    "nnx": (_NNX, "jnp.zeros({shape})"),
    "onnx": (_ONNX, "np.zeros({shape}, np.float32)"),
}


def script(network: Network, target: str) -> str:
    """A script that stands beside the module and its weights."""
    text, zeros = _TEXTS[target]
    shapes = (_laid_out(shape, target) for shape in network.inputs.values())
    return text.format(
        module=network.spec.module_name,
        name=network.name,
        weights=Path(network.spec.module_name + SUFFIXES[target]),
        inputs=", ".join(zeros.format(shape=(1, *shape)) for shape in shapes),
    )


def _laid_out(shape: Shape, target: str) -> Shape:
    """Channels last, but for PyTorch and ONNX."""
    return shape if target in ("torch", "onnx") else (*shape[1:], shape[0])
