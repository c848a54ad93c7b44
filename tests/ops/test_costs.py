"""Costs against the papers."""

from fractions import Fraction
from typing import Any

import pytest

from archspec.ops import OPS, Op, Shape


def conv(filters: int, kernel: int = 1, stride: int = 1, padding: str = "same") -> Op:
    window = {"kernel": kernel, "stride": stride, "padding": padding}
    return OPS["conv"](filters=filters, bias=False, **window)


def depthwise(kernel: int = 3, stride: int = 1, padding: str = "same") -> Op:
    window = {"kernel": kernel, "stride": stride, "padding": padding}
    return OPS["depthwise_conv"](bias=False, **window)


def parameters(op: Op, shape: Shape, trainable: bool = False) -> int:
    every = op.weights(shape).values()
    return sum(weight.size for weight in every if weight.trainable or not trainable)


# Howard et al. 2017, MobileNets, Table 1: type, op, input. The paper prints stride 2
# for the last depthwise layer, but its output is 7x7 as well.
MOBILENET_V1 = [
    ("conv", conv(32, 3, stride=2), (3, 224, 224)),
    ("dw", depthwise(), (32, 112, 112)),
    ("pw", conv(64), (32, 112, 112)),
    ("dw", depthwise(stride=2), (64, 112, 112)),
    ("pw", conv(128), (64, 56, 56)),
    ("dw", depthwise(), (128, 56, 56)),
    ("pw", conv(128), (128, 56, 56)),
    ("dw", depthwise(stride=2), (128, 56, 56)),
    ("pw", conv(256), (128, 28, 28)),
    ("dw", depthwise(), (256, 28, 28)),
    ("pw", conv(256), (256, 28, 28)),
    ("dw", depthwise(stride=2), (256, 28, 28)),
    ("pw", conv(512), (256, 14, 14)),
    *[("dw", depthwise(), (512, 14, 14)), ("pw", conv(512), (512, 14, 14))] * 5,
    ("dw", depthwise(stride=2), (512, 14, 14)),
    ("pw", conv(1024), (512, 7, 7)),
    ("dw", depthwise(), (1024, 7, 7)),
    ("pw", conv(1024), (1024, 7, 7)),
    ("pool", OPS["global_avg_pool"](), (1024, 7, 7)),
    ("fc", OPS["dense"](units=1000), (1024,)),
]


def test_mobilenet_v1():
    shape: Shape = (3, 224, 224)
    macs = dict.fromkeys(("conv", "dw", "pw", "pool", "fc"), 0)
    trainable = 0
    norm = OPS["batch_norm"](epsilon=1e-3, decay=0.999)
    for kind, op, table in MOBILENET_V1:
        assert shape == table
        macs[kind] += op.macs(shape)
        trainable += parameters(op, shape, trainable=True)
        shape = op.infer(shape)
        if kind in ("conv", "dw", "pw"):
            trainable += parameters(norm, shape, trainable=True)
    assert shape == (1000,)
    assert sum(macs.values()) == 568_740_352  # Table 4: 569 million mult-adds
    assert trainable == 4_231_976  # Table 4: 4.2 million parameters
    shares = {kind: 100 * part / 568_740_352 for kind, part in macs.items()}
    # Table 2, in percent of the mult-adds
    assert shares["pw"] == pytest.approx(94.86, abs=0.01)
    assert shares["dw"] == pytest.approx(3.06, abs=0.01)
    assert shares["fc"] == pytest.approx(0.18, abs=0.01)


@pytest.mark.parametrize(
    ("channels", "filters", "kernel", "size"),
    [(3, 128, 3, 7), (512, 512, 3, 14), (64, 96, 5, 28)],
)
def test_separable_cost(channels: int, filters: int, kernel: int, size: int):
    """Howard et al. 2017, section 3.1: the ratio is 1 / N + 1 / D_K squared."""
    shape = channels, size, size
    first = depthwise(kernel)
    separable = first.macs(shape) + conv(filters).macs(first.infer(shape))
    standard = conv(filters, kernel).macs(shape)
    assert standard == kernel**2 * channels * filters * size**2
    ratio = Fraction(1, filters) + Fraction(1, kernel**2)
    assert Fraction(separable, standard) == ratio


def test_a_separable_pair_on_an_unpadded_7x7_map():
    first = depthwise(padding="valid")
    pair = first.macs((3, 7, 7)) + conv(128).macs(first.infer((3, 7, 7)))
    assert conv(128, 3, padding="valid").macs((3, 7, 7)) == 86_400
    assert pair == 10_275


@pytest.mark.parametrize(
    ("op", "shape", "macs"),
    [
        (OPS["dense"](units=10), (64,), 640),
        (OPS["dense"](units=10), (64, 7, 5), 640 * 35),
        (OPS["transposed_conv"](filters=8), (16, 5, 7), 16 * 8 * 4 * 35),
        (OPS["transposed_conv"](filters=8, padding="symmetric"), (16, 5, 7), 17_920),
        (OPS["batch_norm"](epsilon=1e-3, decay=0.9), (16, 5, 7), 0),
        (OPS["activation"](kind="hard_swish"), (16, 5, 7), 0),
        (OPS["avg_pool"](stride=2), (16, 5, 7), 0),
        (OPS["layer_scale"](initial=1e-6), (16, 5, 7), 0),
    ],
)
def test_macs(op: Op, shape: Shape, macs: int):
    assert op.macs(shape) == macs


def test_biases_are_parameters_but_no_macs():
    plain = OPS["conv"](filters=4, padding="same", bias=False)
    biased = OPS["conv"](filters=4, padding="same", bias=True)
    assert biased.macs((2, 3, 3)) == plain.macs((2, 3, 3)) == 72
    assert parameters(biased, (2, 3, 3)) == parameters(plain, (2, 3, 3)) + 4 == 12


def test_moving_statistics_are_parameters_but_not_trained():
    norm = OPS["batch_norm"](epsilon=1e-3, decay=0.999)
    assert norm.weights((8, 2, 2)) == {
        "scale": ((8,), 1.0, True),
        "shift": ((8,), 0.0, True),
        "mean": ((8,), 0.0, False),
        "variance": ((8,), 1.0, False),
    }
    assert parameters(norm, (8, 2, 2)) == 32
    assert parameters(norm, (8, 2, 2), trainable=True) == 16


def test_a_norm_without_scale_or_shift_has_fewer_weights():
    def held(op: str, **given: Any) -> list[str]:
        return [*OPS[op](**given).weights((8, 2, 2))]

    statistics = {"epsilon": 1e-3, "decay": 0.9}
    assert held("batch_norm", **statistics, scale=False)[0] == "shift"
    assert held("batch_norm", **statistics, shift=False)[:2] == ["scale", "mean"]
    assert held("layer_norm", epsilon=1e-6, shift=False) == ["scale"]
    assert held("group_norm", groups=2, epsilon=1e-6, scale=False) == ["shift"]
    assert held("rms_norm", epsilon=1e-6, scale=False) == []
