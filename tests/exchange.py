"""Builds generated modules and moves weights between them, by the manifests alone."""

from __future__ import annotations

import linecache
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import yaml

from archspec.elaboration import elaborate
from archspec.network import Network
from archspec.resources import TEMPLATES
from archspec.targets.render import render
from archspec.weights.convert import Arrays, from_target, to_target

_NUMBERS = count()


def manifest(target: str) -> dict[str, Any]:
    return yaml.safe_load((TEMPLATES / target / "target.yaml").read_text("utf-8"))


@contextmanager
def doubles() -> Iterator[None]:
    """Both frameworks in float64 (which Keras keeps to on TensorFlow alone)."""
    import keras
    import torch

    before = keras.config.floatx(), torch.get_default_dtype()
    keras.config.set_floatx("float64")
    torch.set_default_dtype(torch.float64)
    yield
    keras.config.set_floatx(before[0])
    torch.set_default_dtype(before[1])


def imported(text: str) -> ModuleType:
    """The text as a module, as if it had been a file."""
    module = ModuleType(f"generated_{next(_NUMBERS)}")
    file = f"<{module.__name__}>"
    linecache.cache[file] = len(text), None, text.splitlines(keepends=True), file
    sys.modules[module.__name__] = module
    exec(compile(text, file, "exec"), module.__dict__)  # noqa: S102
    return module


@dataclass(frozen=True)
class Case:
    """A network with its two generated files, each built when it is asked for."""

    network: Network

    @cached_property
    def torch_text(self) -> str:
        return render(self.network, "torch")

    @cached_property
    def keras_text(self) -> str:
        return render(self.network, "keras")

    def build(self, text: str, **arguments: Any) -> Any:
        """The network of a generated file."""
        with doubles():
            return getattr(imported(text), self.network.name)(**arguments)

    @cached_property
    def torch(self) -> Any:
        return self.build(self.torch_text).eval()

    @cached_property
    def keras(self) -> Any:
        return self.build(self.keras_text)

    def image(self, seed: int = 0, batch: int = 2) -> np.ndarray:
        """A batch of noise, channels first."""
        shape = (batch, *self.network.input_shape)
        return np.random.default_rng(seed).normal(size=shape)

    def canonical(self, module: Any) -> Arrays:
        return from_target(self.network, manifest("torch"), torch_arrays(module))

    def share(self, module: Any, model: Any) -> None:
        """Give the Keras model the torch module's weights."""
        arrays = to_target(self.network, manifest("keras"), self.canonical(module))
        variables = {variable.path: variable for variable in model.weights}
        assert variables.keys() == arrays.keys()
        for name, variable in variables.items():
            assert tuple(variable.shape) == arrays[name].shape, name
            variable.assign(arrays[name])


@lru_cache(maxsize=8)
def case(
    spec: str | Path, variants: Sequence[str] = (), overrides: Sequence[str] = ()
) -> Case:
    return Case(elaborate(spec, variants, overrides))


def torch_arrays(module: Any) -> Arrays:
    """The state of a torch module but for the counters of its batch norms."""
    return {
        name: tensor.numpy(force=True)
        for name, tensor in module.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }


def randomize(module: Any, seed: int = 0) -> None:
    """Random numbers into every tensor of a torch module, statistics included."""
    import torch

    random = np.random.default_rng(seed)
    for name, tensor in module.state_dict().items():
        shape = tuple(tensor.shape)
        if name.endswith("num_batches_tracked"):
            continue
        if len(shape) > 1:
            fan_in = max(1, tensor[0].numel())
            values = random.normal(scale=(2 / fan_in) ** 0.5, size=shape)
        elif name.endswith("running_var"):
            values = random.uniform(0.5, 1.5, shape)
        else:
            values = random.normal(0.5, 0.5, shape)
        with torch.no_grad():
            tensor.copy_(torch.from_numpy(values))


def run_torch(module: Any, image: np.ndarray) -> dict[str, np.ndarray]:
    """The outputs by name, one without a name by ""."""
    import torch

    with torch.no_grad():
        outputs = module(torch.from_numpy(image))
    outputs = outputs if isinstance(outputs, dict) else {"": outputs}
    return {name: output.numpy() for name, output in outputs.items()}


def run_keras(model: Any, image: np.ndarray) -> dict[str, np.ndarray]:
    """The same of a Keras model, channels first like torch's."""
    from keras import ops

    outputs = model(np.moveaxis(image, 1, -1))
    outputs = outputs if isinstance(outputs, dict) else {"": outputs}
    return {
        name: np.moveaxis(ops.convert_to_numpy(output), -1, 1)
        for name, output in outputs.items()
    }


def difference(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> float:
    """The largest difference over the largest number, of all outputs."""
    assert one.keys() == other.keys()
    worst = 0.0
    for name, first in one.items():
        second = other[name]
        assert first.shape == second.shape, f"{name}: {first.shape}, {second.shape}"
        assert np.isfinite(first).all()
        scale = np.abs(second).max()
        assert scale > 0
        worst = max(worst, float(np.abs(first - second).max() / scale))
    return worst


def assert_equal(case: Case, tolerance: float = 1e-9, seed: int = 0) -> None:
    """The counts that the network says, and equal outputs from equal random weights."""
    trainable = sum(tensor.numel() for tensor in case.torch.parameters())
    assert trainable == case.network.trainable_parameters
    assert case.keras.count_params() == case.network.parameters
    randomize(case.torch, seed)
    case.share(case.torch, case.keras)
    image = case.image(seed)
    expected = run_torch(case.torch, image)
    assert difference(run_keras(case.keras, image), expected) < tolerance
