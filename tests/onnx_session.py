"""Runs ONNX models in onnxruntime, and holds every tensor to the judge's."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import onnxruntime
from exchange import drawn
from judge import judged_layers

from archspec.network import Network, NetworkLayer
from archspec.ops.shapes import is_sequence
from archspec.runtime.order import canonical
from archspec.targets.onnx import model, tensor_names
from archspec.verification.reference import calibrate
from archspec.weights.checks import Arrays

Tensors = dict[str, np.ndarray]
Images = np.ndarray | list[np.ndarray]


def session(made: onnx.ModelProto) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    providers = ["CPUExecutionProvider"]
    return onnxruntime.InferenceSession(made.SerializeToString(), options, providers)


def run(made: onnx.ModelProto, images: Images) -> Tensors:
    """The outputs by name."""
    running = session(made)
    names = [output.name for output in running.get_outputs()]
    return dict(zip(names, running.run(names, fed(made, images)), strict=True))


def fed(made: onnx.ModelProto, images: Images) -> Tensors:
    """The inputs by name."""
    given = [images] if isinstance(images, np.ndarray) else images
    return dict(zip([i.name for i in made.graph.input], given, strict=True))


def run_all(made: onnx.ModelProto, images: Images) -> Tensors:
    """Every tensor by name, the inputs too."""
    open_model = onnx.ModelProto()
    open_model.CopyFrom(made)
    known = {output.name for output in made.graph.output}
    inner = {name for node in made.graph.node for name in node.output} - {*known, ""}
    open_model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in inner)
    return run(open_model, images) | fed(made, images)


def inferred(made: onnx.ModelProto) -> dict[str, list[Any]]:
    """The shape of every tensor, as ONNX infers it from the input's.

    It loses sight of the batch's name in `Resize`, and finds another.
    """
    blank = onnx.ModelProto()
    blank.CopyFrom(made)
    for output in blank.graph.output:
        output.type.tensor_type.ClearField("shape")
    found = onnx.shape_inference.infer_shapes(
        blank, check_type=True, strict_mode=True, data_prop=True
    ).graph
    resized = any(node.op_type == "Resize" for node in found.node)
    return {
        value.name: [size(axis, resized) for axis in value.type.tensor_type.shape.dim]
        for value in [*found.input, *found.value_info, *found.output]
    }


def size(axis: Any, resized: bool) -> int | str:
    if axis.HasField("dim_value"):
        return axis.dim_value
    if resized and axis.dim_param.startswith("unk__"):
        return "N"
    return axis.dim_param


def shape_of(layer: NetworkLayer) -> list[Any]:
    """The shape of a layer's tensor in the file: a sequence has its positions first."""
    sizes = layer.output[::-1] if is_sequence(layer.output) else layer.output
    return ["N", *sizes]


def noisy(network: Network, seed: int = 0) -> np.ndarray:
    """A batch of two, in single precision."""
    shape = 2, *network.input_shape
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def single(network: Network, seed: int = 0) -> Arrays:
    """Random canonical weights, rounded to single precision.

    Statistics are those of the noise: others would let rounding errors grow.
    """
    weights = drawn(network, seed)
    statistics = calibrate(network, weights, noisy(network, seed), {}.__setitem__)
    return {n: a.astype(np.float32) for n, a in {**weights, **statistics}.items()}


def assert_right(network: Network, fold: bool, seed: int = 0) -> onnx.ModelProto:
    """Valid, with the shapes and numbers of the network's layers at every tensor."""
    image, weights = noisy(network, seed), single(network, seed)
    made = model(network, weights, fold_batch_norm=fold)
    onnx.checker.check_model(made, full_check=True)
    names, shapes = tensor_names(network, fold_batch_norm=fold), inferred(made)
    expected = judged_layers(
        network,
        {name: array.astype(np.float64) for name, array in weights.items()},
        image.astype(np.float64),
    )
    found, outputs = run_all(made, image), run(made, image)
    for number, layer in enumerate(network.layers):
        if layer.path in names:
            tensor = names[layer.path]
            assert shapes[tensor] == shape_of(layer), layer.path
            assert_close(found[tensor], expected[number].numpy(), layer.path)
    wanted = {name or "output": n for name, n in network.outputs.items()}
    assert outputs.keys() == wanted.keys()
    for name, number in wanted.items():
        assert_close(outputs[name], expected[number].numpy(), name)
    return made


def assert_close(found: np.ndarray, expected: np.ndarray, where: str) -> None:
    found = canonical(found)
    assert found.shape == expected.shape, where
    assert found.dtype == np.float32, where
    error = np.abs(found - expected).max()
    assert error <= 1e-4 * np.abs(expected).max(), (where, error)
