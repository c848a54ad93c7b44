"""ONNX, written straight from the network's layers: `model`, and the bytes of a file.

Operator set 20 is the first with Gelu, so that every op is a node or two; onnxruntime
reads it since 1.17 (January 2024), and torch.onnx.export writes it too. IR version 9 is
its own, the oldest that may have it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper

from archspec.errors import SpecError
from archspec.network import Network, NetworkLayer
from archspec.ops import Shape
from archspec.ops.shapes import is_sequence
from archspec.targets.digest import UNSIGNED, sign_bytes
from archspec.targets.folding import folded
from archspec.targets.onnx.graph import Array, Graph, Site
from archspec.targets.onnx.ops import writer
from archspec.targets.onnx.plan import Plan, tensor_names
from archspec.targets.unprintable import Unprintable

__all__ = ["check_size", "file", "model", "tensor_names"]

OPERATORS, IR = 20, 9
MAX_BYTES = 2**31 - 2**24
"""The largest protocol buffer, less 16 MiB for everything except the weights."""


def file(network: Network, weights: Mapping[str, Array]) -> bytes:
    """The bytes of a .onnx file, always the same for the same spec and weights.

    Its metadata are the spec, the variant and last a digest, as in source files. Raises
    as `model` does.
    """
    made = model(network, weights)
    made.metadata_props.add(key="digest", value=UNSIGNED)
    content = made.SerializeToString(deterministic=True)
    return sign_bytes(content, network.spec.digest)


def model(
    network: Network, weights: Mapping[str, Array], *, fold_batch_norm: bool = True
) -> onnx.ModelProto:
    """The network for `input` (N, channels, height, width), in single precision.

    `weights` are canonical: the path of a layer with the op's name for the weight
    (`stem.conv.weight`), the axes those of the op. Outputs are called as in the spec,
    one without a name `output`; `tensor_names` finds every layer's. With
    `fold_batch_norm`, a norm right behind a convolution or dense layer becomes part of
    its weights.

    Raises:
        SpecError: ONNX does not support it (AS402).
        ValueError: weights are missing, or of another shape.
        WeightsError: a variance cannot be folded (AS515).
    """
    check_size(network)
    for name in network.inputs.keys() & network.outputs.keys():
        message = f"the output name '{name}' is reserved for the input"
        raise _refusal(network.layers[network.outputs[name]], message)
    plan, graph = Plan(network, fold_batch_norm), Graph()
    for number in plan.written:
        if number in plan.splits:
            _write_split(plan, graph, plan.splits[number])
        else:
            _write(plan, graph, number, weights)
    for name, tensor in plan.copies:
        graph.node(f"{name}/copy", "Identity", [tensor], name)
    shapes = network.output_shape
    outputs = shapes if isinstance(shapes, dict) else {"output": shapes}
    made = helper.make_model(
        helper.make_graph(
            graph.nodes,
            network.name,
            [_batch(name, shape) for name, shape in network.inputs.items()],
            [_batch(name, output) for name, output in outputs.items()],
            list(graph.tensors.values()),
        ),
        producer_name="archspec",
        opset_imports=[helper.make_opsetid("", OPERATORS)],
        ir_version=IR,
    )
    spec = network.spec
    helper.set_model_props(made, {"spec": spec.stem, "variant": spec.variant or ""})
    return made


def check_size(network: Network) -> None:
    """Raise SpecError (AS402) for more weights than one file can have."""
    found = 4 * network.parameters
    if found > MAX_BYTES:
        largest = max(network.layers, key=lambda layer: layer.parameters)
        message = f"{found:,} bytes of weights exceed a file's limit of {MAX_BYTES:,}"
        raise _refusal(largest, message)


def _write(plan: Plan, graph: Graph, number: int, weights: Mapping[str, Array]) -> None:
    """Add the nodes of one layer, with the batch norm that is folded into it."""
    layer = plan.network.layers[number]
    own, output = _own(layer, weights), plan.tensors[number]
    if number in plan.folded:
        norm = plan.network.layers[plan.folded[number]]
        own = folded(layer, own, norm, _own(norm, weights))
        output = plan.tensors[plan.folded[number]]
    inputs = tuple(plan.tensors[source] for source in layer.sources)
    single = {name: array.astype(np.float32) for name, array in own.items()}
    try:
        home = plan.initializers[number]
        site = Site(graph, layer, inputs, output, single, home)
        writer(layer.op)(site, layer.primitive)
    except Unprintable as error:
        raise _refusal(layer, str(error)) from None


def _write_split(plan: Plan, graph: Graph, slices: Sequence[int]) -> None:
    """One node for slices that share out a tensor; it is named as the first."""
    layers = [plan.network.layers[number] for number in slices]
    source, outputs = layers[0].sources[0], [plan.tensors[n] for n in slices]
    home = layers[0].path
    site = Site(graph, layers[0], (plan.tensors[source],), outputs[0], {}, home)
    sizes = site.whole(*(layer.output[0] for layer in layers))
    inputs = [*site.inputs, sizes]
    graph.node(home, "Split", inputs, *outputs, axis=site.channels)


def _own(layer: NetworkLayer, weights: Mapping[str, Array]) -> dict[str, Array]:
    """The layer's weights by the names that the op has for them."""
    own: dict[str, Array] = {}
    for name, weight in layer.weights_read.items():
        path = layer.weight_names[name]
        if path not in weights:
            raise ValueError(f"weight {path} is missing")
        own[name] = weights[path]
        if own[name].shape != weight.shape:
            found = own[name].shape
            raise ValueError(f"{path} is {found}, but expected {weight.shape}")
    return own


def _batch(name: str, shape: Shape) -> onnx.ValueInfoProto:
    """An input or output; a sequence has its channels last."""
    sizes = [*shape[1:], shape[0]] if is_sequence(shape) else shape
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", *sizes])


def _refusal(layer: NetworkLayer, message: str) -> SpecError:
    text = f"not supported by the ONNX target: {message}"
    return SpecError.single("AS402", text, layer.place, path=layer.path)
