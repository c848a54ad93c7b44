"""A generated Keras model at work, on whatever backend Keras was started with."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from itertools import accumulate
from math import pi
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from archspec.runtime.keras_calls import plain
from archspec.runtime.lines import Constructed, LayerFailed, constructed, frames
from archspec.runtime.order import (
    LEARNING_RATE,
    Arrays,
    Images,
    Keep,
    Order,
    Timed,
    dropout_ones,
    named,
)
from archspec.runtime.timing import Whole

keras: Any = import_module("keras")  # its own types are not complete
keras.config.disable_traceback_filtering()  # its frames tell which layer failed


def build(module: ModuleType, order: Order) -> KerasModel:
    """The network of a generated file."""
    keras.config.set_floatx(order.precision)
    keras.config.set_dtype_policy(order.precision)  # which remembers the first
    with constructed(keras.Layer, order.module) as known:
        try:
            network = getattr(module, order.name)()
        except Exception as error:
            made = [path_of(name) for _, _, name in known.values()]
            missing = next((path for path in order.layers if path not in made), "")
            raise LayerFailed(_failing(error, order, known) or missing) from error
    if order.precision == "float64":
        sharpen(network)
    lines = {
        path_of(layer.name): line
        for layer in every_layer(network)
        if (line := known.line(layer)) is not None
    }
    return KerasModel(network, lines)


def _failing(error: Exception, order: Order, known: Constructed) -> str:
    """The innermost layer that an exception passed; "" if it passed none."""
    for frame, _ in reversed(frames(error)):
        found: Any = frame.f_locals.get("self")
        if isinstance(found, keras.Layer):
            # One whose constructor failed has no name yet.
            name = known[id(found)][2] if id(found) in known else found.name
            return "" if name == order.name else _layer(path_of(name), order)
    return ""


def _layer(path: str, order: Order) -> str:
    """The network's layer with this path or with this helper, else the path itself."""
    ends = [*accumulate(path.split("."), "{}.{}".format)]
    return next((end for end in reversed(ends) if end in order.layers), path)


def sharpen(network: Any) -> None:
    """Give a network of doubles the constants of its layers in double precision.

    Keras and TensorFlow make tensors of Python's numbers in single precision, and only
    then cast: those of `normalize`, and of two activations.
    """
    if keras.backend.backend() == "tensorflow" and not _SINGLE:
        functions = import_module("tensorflow").nn
        _SINGLE.update(gelu=functions.gelu, leaky_relu=functions.leaky_relu)
        functions.gelu, functions.leaky_relu = _gelu, _leaky_relu
    for layer in every_layer(network):
        if isinstance(layer, keras.layers.Rescaling):
            layer.scale, layer.offset = (
                np.float64(layer.scale),
                np.float64(layer.offset),
            )
        if (
            isinstance(layer, keras.layers.Normalization)
            and layer.input_mean is not None
        ):
            shape = tuple(layer.mean.shape)
            layer.mean = np.reshape(np.float64(layer.input_mean), shape)
            layer.variance = np.reshape(np.float64(layer.input_variance), shape)


_SINGLE: dict[str, Any] = {}
"""TensorFlow's own activations, whose constants are in single precision."""


def _gelu(features: Any, approximate: bool = False) -> Any:
    tf: Any = import_module("tensorflow")
    if features.dtype != tf.float64:
        return _SINGLE["gelu"](features, approximate)
    half, cubic = (tf.constant(n, features.dtype) for n in (0.5, 0.044715))
    if approximate:
        ratio = tf.constant((2 / pi) ** 0.5, features.dtype)
        bent = tf.tanh(ratio * (features + cubic * features**3))
    else:
        bent = tf.math.erf(features / tf.constant(2**0.5, features.dtype))
    return half * features * (1 + bent)


def _leaky_relu(features: Any, alpha: float = 0.2) -> Any:
    tf: Any = import_module("tensorflow")
    if features.dtype != tf.float64:
        return _SINGLE["leaky_relu"](features, alpha)
    return tf.where(
        features > 0, features, tf.constant(alpha, features.dtype) * features
    )


def path_of(name: str) -> str:
    """The path of the layer with this name."""
    return name.replace("-", ".")


class KerasModel:
    """A functional model."""

    def __init__(self, network: Any, lines: dict[str, int]):
        self.network = network
        self.lines = lines
        self.shapes = {v.path: tuple(v.shape) for v in network.weights}

    def load(self, weights: Arrays) -> None:
        """Give it weights by their names; raises ValueError if they do not fit."""
        variables = {variable.path: variable for variable in self.network.weights}
        if odd := variables.keys() ^ weights.keys():
            raise ValueError(f"weights on one side only: {', '.join(sorted(odd))}")
        for name, variable in variables.items():
            if tuple(variable.shape) != weights[name].shape:
                shapes = f"{tuple(variable.shape)}, not {weights[name].shape}"
                raise ValueError(f"{name} is {shapes}")
            variable.assign(weights[name])

    def run(self, images: Images, order: Order, keep: Keep) -> None:
        """Keep the outputs, and those of all layers."""
        tensors = self._tensors(order)
        numbered = list(tensors.values())
        whole = keras.Model(self.network.input, [self.network.output, numbered])
        inputs = _inputs(images)
        # JAX would compile every operation by itself.
        jax = keras.backend.backend() == "jax"
        try:
            outputs, found = (
                whole.predict_on_batch(inputs) if jax else whole(inputs, training=False)
            )
        except Exception as error:
            raise LayerFailed(_failing(error, order, Constructed())) from error
        for path, tensor in zip(tensors, found, strict=True):
            keep(path, _channels_first(tensor))
        for name, tensor in named(outputs).items():
            keep(f"output:{name}", _channels_first(tensor))

    def timed(self, images: Images, order: Order) -> Timed:
        """The model as one function, compiled where the backend compiles."""
        inputs, backend = _inputs(images), keras.backend.backend()
        call = partial(self.network, training=False)
        if backend == "tensorflow":
            call = import_module("tensorflow").function(call)
        if backend == "jax":
            call = self.network.predict_on_batch
        inputs = keras.tree.map_structure(keras.ops.convert_to_tensor, inputs)
        read = keras.ops.convert_to_numpy
        return Whole(lambda: keras.tree.map_structure(read, call(inputs)))

    def _tensors(self, order: Order) -> dict[str, Any]:
        """The output of every layer, and what a block returns instead of one."""
        paths = {
            # A transposed convolution is cut by a layer of its own.
            layer: path_of(layer.name.removesuffix("-crop"))
            for layer in self.network.layers
        }
        found: dict[str, Any] = {}
        for layer, path in paths.items():
            runs = zip(
                (path, *order.later_runs.get(path, ())), _outputs(layer), strict=False
            )
            found |= {order.blocks.get(run, run): tensor for run, tensor in runs}
        found = {path: x for path, x in found.items() if path in order.layers}
        for layer, path in paths.items():
            before = order.layers.get(path)
            if before is None or path in order.later_runs:
                continue
            source, tensor = layer, _first_input(layer)
            while source is layer or paths.get(source, "").startswith(f"{path}."):
                tensor = _first_input(source)
                source = tensor._keras_history.operation
            block = paths.get(source, "").rpartition(".")[0]
            if tensor is not found.setdefault(before, tensor) and block:
                found[f"{before}>{block}"] = tensor
        return found

    def train(self, images: Images, cotangents: Arrays, keep: Keep) -> None:
        """One step of SGD, on TensorFlow: gradients, and all weights after it."""
        tf: Any = import_module("tensorflow")
        for layer in every_layer(self.network):
            if isinstance(layer, keras.layers.Dropout):
                ones = dropout_ones(len(layer.input.shape))
                dropped = layer(np.moveaxis(ones, 1, -1), training=True)
                keep(f"dropout:{path_of(layer.name)}", _channels_first(dropped))
        for layer in self.network._flatten_layers():  # pyright: ignore
            if isinstance(layer, keras.layers.Dropout):  # of attention, too
                layer.rate = 0.0
        trainable = self.network.trainable_variables
        inputs = _inputs(images)
        tape: Any
        with tf.GradientTape() as tape:
            outputs = named(self.network(inputs, training=True))
            loss = sum(
                tf.reduce_sum(output * np.moveaxis(cotangents[name], 1, -1))
                for name, output in outputs.items()
            )
        gradients = tape.gradient(loss, trainable)
        keras.optimizers.SGD(LEARNING_RATE).apply(gradients, trainable)
        pairs = zip(trainable, gradients, strict=True)
        found = {f"gradient:{v.path}": g for v, g in pairs if g is not None}
        found |= {f"after:{v.path}": v for v in self.network.weights}
        for name, tensor in found.items():
            keep(name, keras.ops.convert_to_numpy(tensor))

    def export(self, images: Images, path: Path) -> None:
        """Write a `.keras` file; `images` tell the size that a class leaves open."""
        shape = np.moveaxis(images[0], 1, -1).shape[1:] if images else ()
        with plain(self.network, shape) as network:
            network.save(path.with_suffix(".keras"))

    def save(self, path: Path) -> None:
        """Write a `.weights.h5` file."""
        self.network.save_weights(path)

    def read(self, path: Path) -> Arrays:
        """The weights of a `.weights.h5` file of this very model."""
        self.network.load_weights(path)
        convert = keras.ops.convert_to_numpy
        return {variable.path: convert(variable) for variable in self.network.weights}


def _inputs(images: Images) -> Any:
    """What a model is called with: an array, or a list of them."""
    dtype = keras.config.floatx()
    given = [np.moveaxis(each, 1, -1).astype(dtype) for each in images]
    return given if len(given) > 1 else given[0]


def every_layer(network: Any) -> list[Any]:
    """All layers, those of models within it too."""
    return list(network._flatten_layers(include_self=False))


def _outputs(layer: Any) -> list[Any]:
    """The output of each call of a layer."""
    return [node.output_tensors[0] for node in layer._inbound_nodes]


def _first_input(layer: Any) -> Any:
    """What a layer reads, besides a tensor of which it reads the size."""
    return keras.tree.flatten(layer.input)[0]


def _channels_first(tensor: Any) -> np.ndarray[Any, Any]:
    return np.moveaxis(keras.ops.convert_to_numpy(tensor), -1, 1)
