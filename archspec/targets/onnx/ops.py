"""One function an op, which has its name and writes it: a node, or a few.

All padding is written in pixels, computed from the size of the feature map.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from archspec.ops import arrays
from archspec.ops.convolution import Conv, Dense, DepthwiseConv, TransposedConv
from archspec.ops.fields import Amounts
from archspec.ops.normalization import (
    BatchNorm,
    GlobalResponseNorm,
    GroupNorm,
    LayerNorm,
    LayerScale,
    Normalize,
    RmsNorm,
)
from archspec.ops.pointwise import Activation
from archspec.ops.pooling import (
    AdaptiveAvgPool,
    AvgPool,
    GlobalAvgPool,
    GlobalMaxPool,
    MaxPool,
)
from archspec.ops.sequence import (
    PositionEmbedding,
    PrefixTokens,
    Rotary,
    SlicePositions,
    Take,
    Tokens,
    ToMap,
    Transpose,
)
from archspec.ops.shape import (
    ChannelShuffle,
    DepthToSpace,
    Flatten,
    Pad,
    Resize,
    SliceChannels,
    SpaceToDepth,
    Upsample,
)
from archspec.targets.onnx.attention import (
    attention,
    linear_attention,
    separable_attention,
)
from archspec.targets.onnx.graph import Number, Site

__all__ = ["attention", "linear_attention", "separable_attention"]

_NODES: dict[str, tuple[str, dict[str, Number]]] = {
    "relu": ("Relu", {}),
    "hard_swish": ("HardSwish", {}),
    # ONNX's own default is Keras 2's 0.2
    "hard_sigmoid": ("HardSigmoid", {"alpha": 1 / 6, "beta": 0.5}),
    "sigmoid": ("Sigmoid", {}),
    "mish": ("Mish", {}),
    "gelu": ("Gelu", {}),
    "gelu_tanh": ("Gelu", {"approximate": "tanh"}),
    "tanh": ("Tanh", {}),
    "softmax": ("Softmax", {}),
}
"""The activations that are one node without constants."""


def conv(site: Site, op: Conv | DepthwiseConv) -> None:
    """`Conv`, with a group for each channel if it is depthwise."""
    site.end(
        "Conv",
        *site.inputs,
        *site.kernel(),
        **_window(op, op.window.amounts(site.size)),
        dilations=op.dilation,
        group=op.groups if isinstance(op, Conv) else site.layer.inputs[0][0],
    )


depthwise_conv = conv


def transposed_conv(site: Site, op: TransposedConv) -> None:
    """`ConvTranspose`, which cuts `pads` off; zeros that follow are `output_padding`.

    The bias is added to these zeros, too.
    """
    top, bottom, left, right = op.window.crop
    site.end(
        "ConvTranspose",
        *site.inputs,
        *site.kernel(),
        **_window(op, (top, max(0, bottom), left, max(0, right))),
        output_padding=(max(0, -bottom), max(0, -right)),
    )


def max_pool(site: Site, op: MaxPool) -> None:
    """`MaxPool`; the pixels that `ceil` adds are ordinary padding."""
    site.end("MaxPool", *site.inputs, **_window(op, op.window.reach(site.size)))
    if site.reads("Pad"):
        # onnxruntime (1.31) makes a Pad's zeros the pool's own padding, which is minus
        # infinity; not so where the pool gives the indices too
        site.graph.nodes[-1].output.append(f"{site.layer.path}/indices")


def avg_pool(site: Site, op: AvgPool) -> None:
    """`AveragePool`, which counts all of its padding, or none.

    So a `Pad` goes first where padding counts but the pixels that `ceil` adds do not.
    Runtimes disagree about the rounding of their own `ceil_mode`.
    """
    (image,), window, size = site.inputs, op.window, site.size
    amounts, beyond, both = (
        window.amounts(size),
        window.overhang(size),
        window.reach(size),
    )
    if not (op.count_padding and any(beyond)):
        counts = {"count_include_pad": 1} if op.count_padding else {}
        site.end("AveragePool", image, **_window(op, both), **counts)
        return
    if any(amounts):
        image = site.part("pad", "Pad", image, site.whole(*map_pads(amounts)))
    site.end("AveragePool", image, **_window(op, beyond))


def _window(op: Any, amounts: Amounts) -> dict[str, tuple[int, ...]]:
    return {"kernel_shape": op.kernel, "strides": op.stride, "pads": pads(amounts)}


def adaptive_avg_pool(site: Site, op: AdaptiveAvgPool) -> None:
    """`AveragePool` to a size that divides the input's, else products with matrices."""
    if not any(old % new for old, new in zip(site.size, op.size, strict=True)):
        kernel = tuple(old // new for old, new in zip(site.size, op.size, strict=True))
        site.end("AveragePool", *site.inputs, kernel_shape=kernel, strides=kernel)
        return
    rows, columns = (
        arrays.means(np, old, new) for old, new in zip(site.size, op.size, strict=True)
    )
    down = site.part("down", "MatMul", site.matrix("rows", rows), *site.inputs)
    site.end("MatMul", down, site.matrix("columns", columns.T))


def global_avg_pool(site: Site, op: GlobalAvgPool) -> None:
    """`GlobalAveragePool` keeps the two axes of a map, `ReduceMean` drops them."""
    if op.keep_size and site.of_maps:
        site.end("GlobalAveragePool", *site.inputs)
    else:
        _reduced(site, "ReduceMean", op.keep_size)


def global_max_pool(site: Site, op: GlobalMaxPool) -> None:
    """`ReduceMax` keeps the axes of the positions, or drops them."""
    _reduced(site, "ReduceMax", op.keep_size)


def _reduced(site: Site, operator: str, keep: bool) -> None:
    axes = site.whole(*site.positions)
    site.end(operator, *site.inputs, axes, keepdims=int(keep))


def pads(amounts: Amounts) -> tuple[int, ...]:
    """Top, bottom, left and right: ONNX pads all beginnings first, then all ends."""
    top, bottom, left, right = amounts
    return top, left, bottom, right


def map_pads(amounts: Amounts) -> tuple[int, ...]:
    """The same with the batch and the channels, which have none."""
    top, left, bottom, right = pads(amounts)
    return 0, 0, top, left, 0, 0, bottom, right


def dense(site: Site, op: Dense) -> None:
    """`Gemm` of vectors, a 1x1 `Conv` of feature maps, `MatMul` of sequences."""
    if site.of_sequences:
        _matmul(site)
        return
    if not site.of_maps:
        site.end("Gemm", *site.inputs, *site.kernel(), transB=1)
        return
    units, channels = op.units, site.layer.inputs[0][0]
    site.end("Conv", *site.inputs, *site.kernel((units, channels, 1, 1)))


def _matmul(site: Site) -> None:
    """`MatMul` with the transposed kernel, and `Add` of a bias."""
    path = f"{site.layer.path}.weight"
    kernel = site.graph.tensor(path, site.weights["weight"].T)
    if "bias" not in site.weights:
        site.end("MatMul", *site.inputs, kernel)
        return
    product = site.part("product", "MatMul", *site.inputs, kernel)
    site.end("Add", product, site.weight("bias"))


def batch_norm(site: Site, op: BatchNorm) -> None:
    """`BatchNormalization` by the moving statistics, whose channels are axis 1."""
    weights = map(site.weight, ("scale", "shift", "mean", "variance"))
    if not site.of_sequences:
        site.end("BatchNormalization", *site.inputs, *weights, epsilon=op.epsilon)
        return
    first = site.part("channels_first", "Transpose", *site.inputs, perm=(0, 2, 1))
    normal = site.part(
        "normal", "BatchNormalization", first, *weights, epsilon=op.epsilon
    )
    site.end("Transpose", normal, perm=(0, 2, 1))


def layer_norm(site: Site, op: LayerNorm) -> None:
    """`LayerNormalization`, which wants the channels last."""
    weights = site.weight("scale"), site.weight("shift")
    if not site.of_maps:
        site.end("LayerNormalization", *site.inputs, *weights, epsilon=op.epsilon)
        return
    last = site.part("channels_last", "Transpose", *site.inputs, perm=(0, 2, 3, 1))
    normal = site.part(
        "normal", "LayerNormalization", last, *weights, epsilon=op.epsilon
    )
    site.end("Transpose", normal, perm=(0, 3, 1, 2))


def group_norm(site: Site, op: GroupNorm) -> None:
    """`InstanceNormalization` of the groups; `GroupNormalization` came with set 21."""
    (x,), (channels, *size) = site.inputs, site.layer.output
    each = op.groups, channels // op.groups * prod(size)
    if site.of_sequences:
        x = site.part("channels_first", "Transpose", x, perm=(0, 2, 1))
    groups = site.part("groups", "Reshape", x, site.whole(0, *each))
    ones, zeros = site.fill(1.0, op.groups), site.fill(0.0, op.groups)
    normal = site.part(
        "normal", "InstanceNormalization", groups, ones, zeros, epsilon=op.epsilon
    )
    whole = site.part("whole", "Reshape", normal, site.whole(0, channels, *size))
    if site.of_sequences:
        whole = site.part("channels_last", "Transpose", whole, perm=(0, 2, 1))
    scaled = site.part("scaled", "Mul", whole, site.weight("scale", site.along))
    site.end("Add", scaled, site.weight("shift", site.along))


def rms_norm(site: Site, op: RmsNorm) -> None:
    """The formula; `RMSNormalization` came with set 23, and wants the channels last."""
    (x,) = site.inputs
    squares = site.part("squares", "Mul", x, x)
    mean = site.part("mean", "ReduceMean", squares, site.whole(site.channels))
    biased = site.part("biased", "Add", mean, site.number(op.epsilon))
    root = site.part("root", "Sqrt", biased)
    normal = site.part("normal", "Div", x, root)
    site.end("Mul", normal, site.weight("scale", site.along))


def global_response_norm(site: Site, op: GlobalResponseNorm) -> None:
    """The formula, from `ReduceL2` on."""
    (x,) = site.inputs
    norms = site.part("norms", "ReduceL2", x, site.whole(*site.positions))
    mean = site.part("mean", "ReduceMean", norms, site.whole(site.channels))
    biased = site.part("biased", "Add", mean, site.number(op.epsilon))
    gains = site.part("gains", "Div", norms, biased)
    factors = site.part("factors", "Mul", gains, site.weight("scale", site.along))
    scaled = site.part("scaled", "Mul", x, factors)
    shifted = site.part("shifted", "Add", x, site.weight("shift", site.along))
    site.end("Add", shifted, scaled)


def layer_scale(site: Site, _: LayerScale) -> None:
    """`Mul` by a factor for each channel."""
    site.end("Mul", *site.inputs, site.weight("scale", site.along))


def normalize(site: Site, op: Normalize) -> None:
    """`Sub` and `Div`."""
    centred = site.part("centred", "Sub", *site.inputs, site.each("mean", op.mean))
    site.end("Div", centred, site.each("std", op.std))


def activation(site: Site, op: Activation) -> None:
    """One node, or two for swish."""
    (x,) = site.inputs
    match op.kind:
        case "relu6":
            site.end("Clip", x, site.number(0.0), site.number(6.0))
        case "leaky_relu":
            site.end("LeakyRelu", x, alpha=op.slope)
        case "swish":
            site.end("Mul", x, site.part("sigmoid", "Sigmoid", x))
        case kind:
            operator, attributes = _NODES[kind]
            axis = {"axis": site.channels} if kind == "softmax" else {}
            site.end(operator, x, **attributes, **axis)


def flatten(site: Site, op: Flatten) -> None:
    """`Flatten`, behind a `Transpose` where it reads channels last."""
    (x,) = site.inputs
    if site.of_maps and op.order == "channels_last":
        x = site.part("channels_last", "Transpose", x, perm=(0, 2, 3, 1))
    site.end("Flatten", x, axis=1)


def slice_channels(site: Site, op: SliceChannels) -> None:
    """`Slice` along the channels."""
    ends = site.whole(op.start), site.whole(op.stop)
    site.end("Slice", *site.inputs, *ends, site.whole(site.channels))


def channel_shuffle(site: Site, op: ChannelShuffle) -> None:
    """`Reshape` to groups, `Transpose`, `Reshape` back; 0 keeps the batch."""
    channels, height, width = site.layer.output
    grouped = site.whole(0, op.groups, channels // op.groups, height * width)
    groups = site.part("groups", "Reshape", *site.inputs, grouped)
    dealt = site.part("dealt", "Transpose", groups, perm=(0, 2, 1, 3))
    site.end("Reshape", dealt, site.whole(0, channels, height, width))


def space_to_depth(site: Site, op: SpaceToDepth) -> None:
    """`SpaceToDepth`, which keeps the channels of a pixel together."""
    if op.order == "channels_last":
        site.end("SpaceToDepth", *site.inputs, blocksize=op.factor)
        return
    channels, height, width = site.layer.output
    pixels = channels // op.factor**2, height, op.factor, width, op.factor
    split = site.part("pixels", "Reshape", *site.inputs, site.whole(0, *pixels))
    moved = site.part("blocks", "Transpose", split, perm=(0, 1, 3, 5, 2, 4))
    site.end("Reshape", moved, site.whole(0, channels, height, width))


def depth_to_space(site: Site, op: DepthToSpace) -> None:
    """`DepthToSpace`; `CRD` has the pixels of a channel together."""
    mode = "CRD" if op.order == "channels_first" else "DCR"
    site.end("DepthToSpace", *site.inputs, blocksize=op.factor, mode=mode)


def resize(site: Site, op: Upsample | Resize) -> None:
    """`Resize` to the output's height and width.

    A centre right between two pixels takes the later one, as PyTorch's `nearest-exact`
    does; ONNX's own default takes the earlier.
    """
    _, height, width = site.layer.output
    whole = height % site.size[0] == width % site.size[1] == 0
    if op.mode == "nearest_floor" and not whole:
        _take(site, (height, width))
        return
    linear = {"mode": "linear"}
    nearest = {"mode": "nearest", "nearest_mode": "round_prefer_ceil"}
    site.end(
        "Resize",
        *site.inputs,
        "",  # no region of interest
        "",  # no scales: the size
        site.whole(height, width),
        axes=(2, 3),
        coordinate_transformation_mode="half_pixel",
        **(linear if op.mode == "bilinear" else nearest),
    )


upsample = resize


def _take(site: Site, size: tuple[int, int]) -> None:
    """`Gather` of rows and columns: `Resize` rounds its scale, and misses some."""
    rows, columns = (
        [number * old // new for number in range(new)]
        for old, new in zip(site.size, size, strict=True)
    )
    down = site.part("down", "Gather", *site.inputs, site.whole(*rows), axis=2)
    site.end("Gather", down, site.whole(*columns), axis=3)


def pad(site: Site, op: Pad) -> None:
    """`Pad` with one value."""
    amounts = site.whole(*map_pads(op.amounts))
    site.end("Pad", *site.inputs, amounts, site.number(op.value))


def add(site: Site, _: Any) -> None:
    """`Add` of two, `Sum` of more."""
    site.end("Add" if len(site.inputs) == 2 else "Sum", *site.inputs)


def subtract(site: Site, _: Any) -> None:
    """`Sub`."""
    site.end("Sub", *site.inputs)


def multiply(site: Site, _: Any) -> None:
    """`Mul` of the first two, then of each other; it broadcasts axes of size 1."""
    product, *factors, last = site.inputs
    for number, factor in enumerate(factors):
        product = site.part(f"product{number}", "Mul", product, factor)
    site.end("Mul", product, last)


def concat(site: Site, _: Any) -> None:
    """`Concat` along the channels."""
    site.end("Concat", *site.inputs, axis=site.channels)


def tokens(site: Site, _: Tokens) -> None:
    """`Reshape` to (N, channels, length), `Transpose`; 0 keeps the batch."""
    (channels, length) = site.layer.output
    rows = site.part("rows", "Reshape", *site.inputs, site.whole(0, channels, length))
    site.end("Transpose", rows, perm=(0, 2, 1))


def to_map(site: Site, _: ToMap) -> None:
    """`Transpose` to (N, channels, length), `Reshape`."""
    first = site.part("channels_first", "Transpose", *site.inputs, perm=(0, 2, 1))
    site.end("Reshape", first, site.whole(0, *site.layer.output))


def prefix_tokens(site: Site, _: PrefixTokens) -> None:
    """`Concat` of the tokens, as often as there are images, and the sequence."""
    batch = site.part("batch", "Shape", *site.inputs, start=0, end=1)
    shape = site.whole(*site.weights["tokens"].shape)
    shape = site.part("shape", "Concat", batch, shape, axis=0)
    own = site.part("own", "Expand", site.weight("tokens"), shape)
    site.end("Concat", own, *site.inputs, axis=1)


def position_embedding(site: Site, _: PositionEmbedding) -> None:
    """`Add` of the embedding, channels first for a feature map."""
    embedding = site.weights["embedding"]
    if site.of_maps:
        embedding = embedding.T.reshape(site.layer.output)
    path = f"{site.layer.path}.embedding"
    site.end("Add", *site.inputs, site.graph.tensor(path, embedding))


def take(site: Site, op: Take) -> None:
    """`Gather` of one position, whose axis is dropped."""
    index = site.graph.tensor(f"index/{op.index}", np.array(op.index, np.int64))
    site.end("Gather", *site.inputs, index, axis=1)


def slice_positions(site: Site, op: SlicePositions) -> None:
    """`Slice` along the positions."""
    start, stop = op.start, op.start + site.layer.output[1]
    ends = site.whole(start), site.whole(stop)
    site.end("Slice", *site.inputs, *ends, site.whole(1))


def transpose(site: Site, _: Transpose) -> None:
    """`Transpose` of channels and positions."""
    site.end("Transpose", *site.inputs, perm=(0, 2, 1))


def rotary(site: Site, op: Rotary) -> None:
    """The halves of each head, turned by constants, and put together."""
    channels, length = site.layer.output
    angles = op.angles(np, (channels, length))[:, None]
    cos, sin = site.matrix("cos", np.cos(angles)), site.matrix("sin", np.sin(angles))
    shape = site.whole(0, length, op.heads, 2, channels // op.heads // 2)
    heads = site.part("heads", "Reshape", *site.inputs, shape)
    p, q = (
        site.part(
            half, "Gather", heads, site.constant(f"at_{half}", np.array(n)), axis=3
        )
        for n, half in enumerate(("first", "second"))
    )
    terms = {
        f"{half}_{name}": site.part(f"{half}_{name}", "Mul", x, factor)
        for half, x in (("first", p), ("second", q))
        for name, factor in (("cos", cos), ("sin", sin))
    }
    one = site.part("one", "Sub", terms["first_cos"], terms["second_sin"])
    other = site.part("other", "Add", terms["second_cos"], terms["first_sin"])
    turned = site.part("turned", "Concat", one, other, axis=3)
    site.end("Reshape", turned, site.whole(0, length, channels))
