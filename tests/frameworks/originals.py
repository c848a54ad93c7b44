"""Other people's networks with random weights, their files, and what they compute.

Every tensor is random but for the statistics, which are those of random images.

An `Original` runs in float64 on weights that float32 can hold, so that what a file says
is exactly what ran. Those of torch need the fixture `timm`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from exchange import noise

SIZE = (96, 64)
OVERRIDE = "input.size=[96, 64]"


@dataclass(frozen=True)
class Original:
    """A model with random weights; `run` gives its outputs, all channels first."""

    model: Any
    run: Callable[[np.ndarray], list[np.ndarray]]
    save: Callable[[Path], None]


def built(name: str, shape: tuple[int, ...]) -> Any:
    """A model by its key, such as `keras:MobileNet:alpha=0.5`, for images of a shape.

    Channels come first, and options are literals of Python.
    """
    library, model, *given = name.split(":")
    options = {key: _value(text) for key, text in (each.split("=") for each in given)}
    if library == "keras":
        return _keras(model, shape, options)
    if library == "paper":
        return getattr(import_module("papers"), model)(**options)
    if library == "timm":
        return import_module("timm").create_model(model, **options)
    return _torchvision(model, shape, options)


def _torchvision(name: str, shape: tuple[int, ...], options: dict[str, Any]) -> Any:
    """By its name there; `resnet50_fpn` is the backbone that detectors stand on."""
    import torch

    models = import_module("torchvision").models
    if name.endswith("_fpn"):
        detection = import_module("torchvision.models.detection.backbone_utils")
        return detection.resnet_fpn_backbone(
            backbone_name=name.removesuffix("_fpn"),
            weights=None,
            norm_layer=torch.nn.BatchNorm2d,
            trainable_layers=5,
        )
    model = models.get_model(name, weights=None, **options)
    if name.startswith("vgg") and shape[1:] != (224, 224):
        # It pools to 7x7, which is what it has at 224; without that it fits its maps.
        area = (shape[1] // 32) * (shape[2] // 32)
        model.avgpool = torch.nn.Identity()
        model.classifier[0] = torch.nn.Linear(512 * area, 4096)
    return model


def _value(text: str) -> Any:
    return ast.literal_eval(text)


def _keras(name: str, shape: tuple[int, ...], options: dict[str, Any]) -> Any:
    import keras

    channels, height, width = shape
    options |= {"weights": None, "input_shape": (height, width, channels)}
    options |= {"classifier_activation": None}
    if name.startswith("MobileNetV3"):
        options["include_preprocessing"] = False
    keras.backend.clear_session()
    return getattr(keras.applications, name)(**options)


@lru_cache(maxsize=2)
def original(name: str, size: tuple[int, int] = SIZE) -> Original:
    """A model by its key, as `built` has it; of Keras for images of `SIZE`."""
    return _of_keras(name) if name.startswith("keras:") else _of_torch(name, size)


def _of_torch(name: str, size: tuple[int, int]) -> Original:
    import torch

    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float32)
    model = built(name, (3, *size))
    torch.set_default_dtype(before)
    model = calibrated(scattered(model), size).eval()
    state = {key: tensor.clone() for key, tensor in model.state_dict().items()}
    model.double()

    def run(image: np.ndarray) -> list[np.ndarray]:
        with torch.no_grad():
            found = model(torch.from_numpy(image))
        outputs = found.values() if isinstance(found, dict) else [found]
        return [output.numpy() for output in outputs]

    return Original(model, run, lambda path: save_state(state, path))


def scattered(module: Any, seed: int = 0) -> Any:
    """The module with random numbers of single precision in every tensor."""
    import torch

    random = np.random.default_rng(seed)
    for name, tensor in module.state_dict().items():
        if tensor.is_floating_point():
            values = noise(random, name, tuple(tensor.shape)).astype("float32")
            tensor.copy_(torch.from_numpy(values))
    return module


def calibrated(module: Any, size: tuple[int, int] = SIZE) -> Any:
    """With the statistics of a forward pass, without which single precision drifts."""
    import torch

    norms = [m for m in module.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    kept = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 1.0
    with torch.no_grad():
        module.train()(torch.from_numpy(batch(size).astype("float32")))
    for norm, momentum in zip(norms, kept, strict=True):
        norm.momentum = momentum
    return module


def batch(size: tuple[int, int] = SIZE) -> np.ndarray:
    """Images for statistics."""
    return np.random.default_rng(1).normal(size=(8, 3, *size))


def save_state(state: dict[str, Any], path: Path) -> None:
    """As `torch.save` or safetensors write it."""
    import torch
    from safetensors.torch import save_file

    if path.suffix == ".safetensors":
        save_file(state, path)
    else:
        torch.save(state, path)


def _of_keras(name: str) -> Original:
    import keras

    model = built(name, (3, *SIZE))
    random = np.random.default_rng(0)
    for variable in model.weights:
        values = _drawn(random, variable.path, tuple(variable.shape))
        variable.assign(values.astype("float32").astype("float64"))
    _normalize_as_published(model)
    _calibrate_keras(model)

    def run(image: np.ndarray) -> list[np.ndarray]:
        outputs = model(np.moveaxis(image, 1, -1))
        return [keras.ops.convert_to_numpy(outputs)]

    return Original(model, run, lambda path: save_keras(model, path))


def _normalize_as_published(model: Any) -> None:
    """With ImageNet's statistics of pixels, which are constants of a spec.

    Keras casts a scale that is no array by way of single precision.
    """
    import keras

    for layer in model.layers:
        if isinstance(layer, keras.layers.Rescaling):
            layer.scale = np.float64(layer.scale)
        if isinstance(layer, keras.layers.Normalization) and layer.input_mean is None:
            layer.adapt_mean.assign([0.485, 0.456, 0.406])
            layer.adapt_variance.assign(np.square([0.229, 0.224, 0.225]))
            layer.finalize_state()


def _calibrate_keras(model: Any) -> None:
    """As `calibrated`; statistics that single precision can hold."""
    import keras

    norms = [x for x in model.layers if isinstance(x, keras.layers.BatchNormalization)]
    kept = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 0.0
    model(np.moveaxis(batch(), 1, -1), training=True)
    for norm, momentum in zip(norms, kept, strict=True):
        norm.momentum = momentum
        for variable in (norm.moving_mean, norm.moving_variance):
            variable.assign(np.asarray(variable).astype("float32").astype("float64"))


def _drawn(random: np.random.Generator, name: str, shape: tuple[int, ...]) -> Any:
    """The same noise, with a kernel's axes read as Keras has them."""
    if len(shape) < 2:
        return noise(random, name, shape)
    deep = shape[-2] if "depthwise" not in name else 1
    fan_in = int(np.prod(shape[:-2])) * deep
    return random.normal(scale=(2 / fan_in) ** 0.5, size=shape)


def save_keras(model: Any, path: Path) -> None:
    """As Keras 3 writes it; `old` in the name: as Keras 2 wrote weights alone."""
    if path.name.endswith(".weights.h5"):
        model.save_weights(path)
    elif path.name.endswith("old.h5"):
        import h5py
        from keras.src.legacy.saving import legacy_h5_format

        with h5py.File(path, "w") as file:
            legacy_h5_format.save_weights_to_hdf5_group(file, model)
    else:
        model.save(path)
