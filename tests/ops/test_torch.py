"""Shapes, weights and counts against the layers of PyTorch, run on zeros."""

from itertools import product

import pytest

from archspec.errors import ShapeError
from archspec.ops import OPS, Op, Shape

torch = pytest.importorskip("torch")
flop_counter = pytest.importorskip("torch.utils.flop_counter")
nn = torch.nn

KERNELS = [1, 2, 3, (5, 2)]
STRIDES = [1, 2, (3, 1)]
NO_PADDING = 0, 0, 0, 0

every_size = pytest.mark.parametrize("size", [(1, 1), (4, 5), (9, 12), (13, 7)])


def shape_there(layer: "nn.Module", shape: Shape, pads: Shape) -> Shape | None:
    """The shape that PyTorch gives; None if it refuses or nothing is left."""
    top, bottom, left, right = pads
    zeros = nn.functional.pad(torch.zeros(1, *shape), (left, right, top, bottom))
    try:
        output = tuple(layer(zeros).shape[1:])
    except RuntimeError:
        return None
    return output if all(output) else None


def shape_here(op: Op, shape: Shape) -> Shape | None:
    try:
        return op.infer(shape)
    except ShapeError:
        return None


def check_weights(op: Op, shape: Shape, layer: "nn.Module"):
    here = [weight.shape for weight in op.weights(shape).values()]
    assert here == [tuple(weight.shape) for weight in layer.parameters()]


@every_size
@pytest.mark.parametrize("padding", ["valid", "symmetric", "same", [0, 2, 1, 0]])
def test_convolutions(size: tuple[int, int], padding: object):
    shape = 4, *size
    for kernel, stride, dilation in product(KERNELS, STRIDES, [1, 2, (3, 2)]):
        window = {"kernel": kernel, "stride": stride, "dilation": dilation}
        common = window | {"padding": padding, "bias": True}
        conv = OPS["conv"](filters=6, groups=2, **common)
        depthwise = OPS["depthwise_conv"](multiplier=3, **common)
        for op, filters, groups in ((conv, 6, 2), (depthwise, 12, 4)):
            layer = nn.Conv2d(4, filters, kernel, stride, 0, dilation, groups)
            pads = op.window.amounts(size)  # pyright: ignore
            assert shape_here(op, shape) == shape_there(layer, shape, pads)
            check_weights(op, shape, layer)


@every_size
def test_symmetric_is_pytorch_s_own_padding(size: tuple[int, int]):
    shape = 4, *size
    for kernel, stride, dilation in product([1, 2, 3, 5], STRIDES, [1, 2]):
        window = {"kernel": kernel, "stride": stride, "dilation": dilation}
        op = OPS["conv"](filters=2, padding="symmetric", bias=False, **window)
        layer = nn.Conv2d(4, 2, kernel, stride, dilation * (kernel // 2), dilation)
        assert shape_here(op, shape) == shape_there(layer, shape, NO_PADDING)


@every_size
@pytest.mark.parametrize("ceil", [False, True])
@pytest.mark.parametrize(
    ("word", "pool"), [("max_pool", nn.MaxPool2d), ("avg_pool", nn.AvgPool2d)]
)
def test_pools(size: tuple[int, int], ceil: bool, word: str, pool: "type[nn.Module]"):
    shape = 3, *size
    for kernel, stride in product([1, 2, 3, 5], [1, 2, 3, 4]):
        for padding, cells in (("valid", 0), ("symmetric", kernel // 2)):
            window = {"kernel": kernel, "stride": stride, "padding": padding}
            op = OPS[word](ceil=ceil, **window)
            layer = pool(kernel, stride, cells, ceil_mode=ceil)
            assert shape_here(op, shape) == shape_there(layer, shape, NO_PADDING)


@every_size
def test_transposed_convolutions(size: tuple[int, int]):
    shape = 4, *size
    for kernel, stride in product([1, 2, 3, 4, 5], [1, 2, 3]):
        for padding, cells in (("valid", 0), ("symmetric", kernel // 2)):
            window = {"kernel": kernel, "stride": stride, "padding": padding}
            op = OPS["transposed_conv"](filters=6, bias=True, **window)
            layer = nn.ConvTranspose2d(4, 6, kernel, stride, cells)
            assert shape_here(op, shape) == shape_there(layer, shape, NO_PADDING)
            check_weights(op, shape, layer)


@pytest.mark.parametrize(
    ("op", "layer"),
    [
        (
            OPS["conv"](filters=6, kernel=3, groups=2, padding="valid", bias=True),
            nn.Conv2d(4, 6, 3, groups=2),
        ),
        (
            OPS["depthwise_conv"](multiplier=2, padding="valid", bias=True),
            nn.Conv2d(4, 8, 3, groups=4),
        ),
        (
            OPS["transposed_conv"](filters=6, kernel=3, padding="same"),
            nn.ConvTranspose2d(4, 6, 3, 2, bias=False),
        ),
    ],
)
def test_macs_are_half_of_pytorch_s_flops(op: Op, layer: "nn.Module"):
    with flop_counter.FlopCounterMode(display=False) as counter:
        layer(torch.zeros(1, 4, 9, 12))
    assert 2 * op.macs((4, 9, 12)) == counter.get_total_flops()


@pytest.mark.parametrize(
    ("op", "layer"),
    [
        (OPS["dense"](units=5), nn.Linear(4, 5)),
        (OPS["dense"](units=5, bias=False), nn.Linear(4, 5, bias=False)),
        (OPS["layer_norm"](epsilon=1e-6), nn.LayerNorm(4)),
    ],
)
def test_weights(op: Op, layer: "nn.Module"):
    check_weights(op, (4,), layer)


@pytest.mark.parametrize(
    ("op", "layer"),
    [
        (OPS["upsample"](factor=[2, 3]), nn.Upsample(scale_factor=(2, 3))),
        (OPS["resize"](size=[5, 8]), nn.Upsample((5, 8), mode="bilinear")),
        (OPS["pad"](amounts=[1, 2, 3, 4]), nn.ZeroPad2d((3, 4, 1, 2))),
        (OPS["flatten"](), nn.Flatten()),
        (OPS["global_avg_pool"](keep_size=True), nn.AdaptiveAvgPool2d(1)),
    ],
)
def test_other_shapes(op: Op, layer: "nn.Module"):
    assert op.infer((4, 9, 12)) == shape_there(layer, (4, 9, 12), NO_PADDING)
