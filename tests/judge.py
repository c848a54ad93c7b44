"""A network run op by op in PyTorch: what both generated files are judged by.

It shares nothing with the targets: it reads the network's layers, not its blocks.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from archspec.network import INPUT, Network, NetworkLayer
from archspec.weights.checks import Arrays

ACTIVATIONS = {
    "relu": F.relu,
    "relu6": F.relu6,
    "hard_swish": F.hardswish,
    "hard_sigmoid": F.hardsigmoid,
    "sigmoid": torch.sigmoid,
    "swish": F.silu,
    "mish": F.mish,
    "gelu": F.gelu,
    "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
    "tanh": torch.tanh,
    "softmax": lambda x: x.softmax(1),
    "identity": lambda x: x,
}


def judged(network: Network, weights: Arrays, image: np.ndarray) -> Arrays:
    """The outputs by name for canonical weights, all that runs in training left out."""
    known = judged_layers(network, weights, image)
    return {name: known[number].numpy() for name, number in network.outputs.items()}


def judged_layers(
    network: Network, weights: Arrays, images: np.ndarray | list[np.ndarray]
) -> dict[int, Tensor]:
    """What every layer gives, by its number, and the images."""
    given = [images] if isinstance(images, np.ndarray) else images
    known = {INPUT - n: torch.from_numpy(image) for n, image in enumerate(given)}
    for number, layer in enumerate(network.layers):
        own = {
            name: torch.from_numpy(
                np.ascontiguousarray(weights[f"{layer.first_run or layer.path}.{name}"])
            )
            for name in layer.weights_read
        }
        inputs = [known[source] for source in layer.sources]
        output = result(layer, inputs, own)
        assert tuple(output.shape[1:]) == layer.output, layer.path
        known[number] = output
    return known


def result(  # noqa: C901, PLR0912, PLR0915
    layer: NetworkLayer, inputs: list[Tensor], weights: dict[str, Tensor]
) -> Tensor:
    """What one layer makes of its inputs."""
    op: Any = layer.primitive
    x = inputs[0]
    match layer.op:
        case "add":
            return sum(inputs[1:], x)
        case "subtract":
            first, second = inputs if len(inputs) == 2 else (x, torch.zeros_like(x))
            return first - second
        case "multiply":
            for factor in inputs[1:]:
                x = x * factor
            return x
        case "concat":
            return torch.cat(inputs, 1)
        case "conv" | "depthwise_conv":
            groups = op.groups if layer.op == "conv" else x.shape[1]
            x = padded(x, op.window.amounts(tuple(x.shape[2:])))
            rest = op.stride, 0, op.dilation, groups
            return F.conv2d(x, weights["weight"], weights.get("bias"), *rest)
        case "transposed_conv":
            x = F.conv_transpose2d(x, weights["weight"], None, op.stride)
            return cut(x, op, layer.output[1:]) + along(weights.get("bias", 0), x)
        case "dense":
            x = torch.einsum("nc...,oc->no...", x, weights["weight"])
            return x + along(weights.get("bias", 0), x)
        case norm if norm.endswith("_norm"):
            return normalized(norm, op, x, weights)
        case "layer_scale":
            return x * along(weights["scale"], x)
        case "scalar_affine":
            return x * weights["scale"] + weights.get("bias", 0)
        case "normalize":
            return (x - along(op.mean, x)) / along(op.std, x)
        case "activation" if op.kind == "leaky_relu":
            return F.leaky_relu(x, op.slope)
        case "activation":
            return ACTIVATIONS[op.kind](x)
        case "max_pool" | "avg_pool":
            return pooled(x, layer.op, op, layer.output[1:])
        case "adaptive_avg_pool":
            return F.adaptive_avg_pool2d(x, op.size)
        case "global_avg_pool":
            return x.mean(tuple(range(2, x.ndim)), keepdim=op.keep_size)
        case "global_max_pool":
            return x.amax(tuple(range(2, x.ndim)), keepdim=op.keep_size)
        case "flatten":
            return (x.movedim(1, -1) if op.order == "channels_last" else x).flatten(1)
        case "identity" | "dropout" | "drop_path":
            return x
        case "tokens":
            return x.flatten(2)
        case "to_map":
            return x.unflatten(2, op.size)
        case "prefix_tokens":
            tokens = weights["tokens"].T.expand(len(x), -1, -1)
            return torch.cat([tokens, x], 2)
        case "position_embedding":
            return x + weights["embedding"].T.reshape(x.shape[1:])
        case "rotary":
            return turned(x, op)
        case "take":
            return x.select(2, op.index)
        case "slice_positions":
            return x[..., op.start : op.stop]
        case "transpose":
            return x.mT
        case "slice_channels":
            return x[:, op.start : op.stop]
        case "channel_shuffle":
            return dealt(x, op.groups)
        case "space_to_depth":
            x = F.pixel_unshuffle(x, op.factor)
            return x if op.order == "channels_first" else dealt(x, inputs[0].shape[1])
        case "depth_to_space":
            deal = op.order == "channels_last"
            return F.pixel_shuffle(dealt(x, op.factor**2) if deal else x, op.factor)
        case "upsample" | "resize":
            words = {"nearest": "nearest-exact", "nearest_floor": "nearest"}
            exact = words.get(op.mode, op.mode)
            return F.interpolate(x, layer.output[1:], mode=exact)
        case "pad":
            return padded(x, op.amounts, op.value)
        case "attention" | "linear_attention" | "separable_attention":
            return attended(layer.op, op, inputs, weights)
        case unknown:
            raise ValueError(unknown)


def normalized(name: str, op: Any, x: Tensor, weights: dict[str, Tensor]) -> Tensor:
    """What one of the norms makes of its input."""
    match name:
        case "batch_norm":
            own = (weights.get(n) for n in ("mean", "variance", "scale", "shift"))
            return F.batch_norm(x, *own, eps=op.epsilon)
        case "layer_norm":
            centred = x - x.mean(1, keepdim=True)
            variance = (centred**2).mean(1, keepdim=True)
            return affine(centred / torch.sqrt(variance + op.epsilon), weights)
        case "rms_norm":
            squares = torch.einsum("nc...,nc...->n...", x, x) / x.shape[1]
            root = torch.sqrt(squares + op.epsilon).unsqueeze(1)
            return affine(x / root, weights)
        case "global_response_norm":
            norms = torch.linalg.vector_norm(
                x, dim=tuple(range(2, x.ndim)), keepdim=True
            )
            gains = norms / (norms.mean(1, keepdim=True) + op.epsilon)
            shifted = x + along(weights["shift"], x)
            return shifted + x * gains * along(weights["scale"], x)
        case "group_norm":
            own = weights.get("scale"), weights.get("shift")
            return F.group_norm(x, op.groups, *own, op.epsilon)
        case unknown:
            raise ValueError(unknown)


def affine(x: Tensor, weights: dict[str, Tensor]) -> Tensor:
    """Times the scale, plus the shift, of a norm that has them."""
    x = x * along(weights["scale"], x) if "scale" in weights else x
    return x + along(weights["shift"], x) if "shift" in weights else x


def dealt(x: Tensor, groups: int) -> Tensor:
    """Channels as cards that are dealt from so many heaps, one of each in turn."""
    return x.unflatten(1, (groups, -1)).transpose(1, 2).flatten(1, 2)


def turned(x: Tensor, op: Any) -> Tensor:
    """Pairs of channels as complex numbers, times one on the unit circle."""
    (height, width), channels = op.size, x.shape[1] // op.heads
    j = torch.arange(channels // 4, dtype=x.dtype)
    frequencies = 2 * torch.pi * op.base ** (-4 * j / channels)
    angles = torch.zeros(channels // 2, x.shape[2], dtype=x.dtype)
    for place in range(height * width):
        row, column = divmod(place, width)
        y, x_ = (2 * row + 1) / height - 1, (2 * column + 1) / width - 1
        both = torch.cat([y * frequencies, x_ * frequencies])
        angles[:, x.shape[2] - height * width + place] = both
    heads = x.unflatten(1, (op.heads, 2, -1))
    pairs = torch.complex(heads[:, :, 0], heads[:, :, 1])
    pairs = pairs * torch.polar(torch.ones_like(angles), angles)
    return torch.cat([pairs.real, pairs.imag], 2).flatten(1, 2)


def attended(
    name: str, op: Any, inputs: list[Tensor], weights: dict[str, Tensor]
) -> Tensor:
    """Attention over all positions, those that do not see each other left out."""
    q, k, v = inputs if len(inputs) > 1 else inputs[0].chunk(3, 1)
    size = q.shape[2:]
    q, k, v = q.flatten(2), k.flatten(2), v.flatten(2)
    seen = sees(op, tuple(size))
    if name == "separable_attention":
        powers = seen.to(q.dtype) * q.softmax(2)
        return (v * (k @ (powers / powers.sum(2, True)).mT)).unflatten(2, size)
    q = q.unflatten(1, (op.heads, -1))
    groups = k.shape[1] // q.shape[2]
    k, v = (
        x.unflatten(1, (groups, -1)).repeat_interleave(op.heads // groups, 1)
        for x in (k, v)
    )
    scores = q.mT @ k
    if name == "linear_attention":
        found = v @ (scores / (scores.sum(-1, True) + op.epsilon)).mT
        return found.flatten(1, 2).unflatten(2, size)
    scores = scores * (op.scale or q.shape[2] ** -0.5)
    if "table" in weights:
        scores = scores + offsets(op, weights["table"], tuple(size))
    if seen.ndim:
        scores = scores.masked_fill(~seen.bool(), -torch.inf)
    return (v @ scores.softmax(-1).mT).flatten(1, 2).unflatten(2, size)


def sees(op: Any, size: tuple[int, ...]) -> Tensor:
    """Which position (rows) sees which (columns); one number if all do."""
    window, dilation = getattr(op, "window", 0), getattr(op, "dilation", 1)
    if not window and dilation == 1:
        return torch.tensor(1.0)
    found = torch.tensor(1.0)
    rows, columns = torch.meshgrid(*map(torch.arange, size), indexing="ij")
    for at, length in ((rows.flatten(), size[0]), (columns.flatten(), size[1])):
        zone = at % dilation
        if window:  # which window after the roll, and whether it came around
            zone = 2 * ((at - op.shift) % length // window) + (at < op.shift)
        found = found * (zone[:, None] == zone)
    return found.double()


def offsets(op: Any, table: Tensor, size: tuple[int, ...]) -> Tensor:
    """The learned number of each head and pair; anything where they do not meet."""
    indices: list[Tensor] = []
    rows, columns = torch.meshgrid(*map(torch.arange, size), indexing="ij")
    for axis, at in enumerate((rows.flatten(), columns.flatten())):
        rolled = (at - op.shift) % size[axis] // op.dilation
        apart = rolled[:, None] - rolled
        most = table.shape[1 + axis] // 2 if op.relative_bias == "signed" else 0
        apart = apart + most if op.relative_bias == "signed" else apart.abs()
        indices.append(apart.clamp(0, table.shape[1 + axis] - 1))
    return table[:, indices[0], indices[1]]


def along(values: Any, x: Tensor) -> Tensor:
    """A number for each channel, to go with x."""
    return torch.as_tensor(values).reshape(-1, *(1 for _ in x.shape[2:]))


def padded(x: Tensor, amounts: tuple[int, ...], value: float = 0.0) -> Tensor:
    top, bottom, left, right = amounts
    return F.pad(x, (left, right, top, bottom), value=value)


def cut(x: Tensor, op: Any, size: tuple[int, ...]) -> Tensor:
    """The part of this size of all that a transposed convolution stamps."""
    height, width = x.shape[2] - size[0], x.shape[3] - size[1]  # below 0: zeros follow
    top, left = max(0, height) // 2, max(0, width) // 2
    if op.padding != "same":
        top, _, left, _ = op.window.amounts(tuple(x.shape[2:]))
    return padded(x, (-top, top - height, -left, left - width))


def pooled(x: Tensor, name: str, op: Any, size: tuple[int, ...]) -> Tensor:
    """Of each window the largest number, or the mean of the cells that count."""
    amounts = top, bottom, left, right = op.window.amounts(tuple(x.shape[2:]))
    reach = [
        (n - 1) * s + k for n, s, k in zip(size, op.stride, op.kernel, strict=True)
    ]
    below = max(0, reach[0] - top - x.shape[2] - bottom)
    beside = max(0, reach[1] - left - x.shape[3] - right)

    def around(cells: Tensor, value: float, beyond: float = 0.0) -> Tensor:
        return padded(padded(cells, amounts, value), (0, below, 0, beside), beyond)

    window = op.kernel, op.stride
    if name == "max_pool":
        return F.max_pool2d(around(x, -torch.inf, -torch.inf), *window)
    counted = around(torch.ones_like(x), float(op.count_padding))
    return F.avg_pool2d(around(x, 0), *window) / F.avg_pool2d(counted, *window)
