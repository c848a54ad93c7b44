"""Shape rules, and the whole of every message that refuses a shape."""

from math import prod

import pytest

from archspec.errors import ShapeError
from archspec.ops import JOINS, OPS, Shape
from archspec.ops.shapes import described, kind
from examples import built, needed, takes_vectors

CONV = {"filters": 6, "padding": "same", "bias": False}
NEED_MAPS, TAKE_BOTH = (
    {
        op: built(op, needed(op), OPS[op].sample)
        for op in OPS
        if takes_vectors(op) is both
    }
    for both in (False, True)
)
MULTIPLY = "multiply needs equal shapes, apart from sizes of 1, but has "


NEEDED = {
    "feature map": "a feature map (channels, height, width)",
    "sequence": "a sequence (channels, positions)",
}
NEED_SEQUENCES = [op for op in OPS if OPS[op].kinds == ("sequence",)]


@pytest.mark.parametrize("word", OPS)
def test_an_op_takes_the_kinds_that_it_declares(word: str):
    op = (NEED_MAPS | TAKE_BOTH)[word]
    for places in (), (12,), (12, 12):
        shape = OPS[word].sample[0], *places
        if kind(shape) in op.kinds:
            op.infer(shape)
            continue
        with pytest.raises(ShapeError) as caught:
            op.infer(shape)
        needed, found = NEEDED[op.kinds[0]], described(shape)
        assert str(caught.value) == f"{word} needs {needed}, but its input is {found}"


def test_advice_on_the_kind_of_a_tensor():
    with pytest.raises(ShapeError) as caught:
        NEED_MAPS["take"].infer((6, 3, 4))
    assert caught.value.help == "'tokens' turns a feature map into a sequence"


@pytest.mark.parametrize(
    ("word", "shape"),
    [
        *((word, (16, 8, 6)) for word in OPS if word not in NEED_SEQUENCES),
        *((word, (16, 12)) for word in NEED_SEQUENCES),
        *((word, (16,)) for word in TAKE_BOTH),
    ],
)
def test_output_channels_say_what_infer_computes(word: str, shape: Shape):
    op = (NEED_MAPS | TAKE_BOTH)[word]
    names = {"channels": shape[0], "positions": prod(shape[1:])} | dict(op)
    expected = eval(op.output_channels, {}, names)  # noqa: S307 (the text is ours)
    assert op.infer(shape)[0] == expected


@pytest.mark.parametrize(
    ("word", "attributes", "output"),
    [
        ("conv", CONV | {"kernel": 3, "stride": 2}, (6, 4, 3)),
        ("depthwise_conv", {"padding": "valid", "bias": False}, (8, 5, 3)),
        ("depthwise_conv", {"padding": "same", "bias": True}, (8, 7, 5)),
        ("transposed_conv", {"filters": 4}, (4, 14, 10)),
        ("transposed_conv", {"filters": 4, "kernel": 3}, (4, 15, 11)),
        (
            "transposed_conv",
            {"filters": 4, "kernel": 3, "padding": "same"},
            (4, 14, 10),
        ),
        (
            "transposed_conv",
            {"filters": 4, "kernel": 4, "padding": "symmetric"},
            (4, 12, 8),
        ),
        (
            "transposed_conv",
            {"filters": 4, "kernel": 4, "padding": [1, 1, 1, 2]},
            (4, 14, 9),
        ),
        ("dense", {"units": 10}, (10, 7, 5)),
        ("max_pool", {"kernel": 2, "stride": 2}, (8, 3, 2)),
        ("max_pool", {"kernel": 2, "stride": 2, "ceil": True}, (8, 4, 3)),
        ("max_pool", {"kernel": 2, "stride": 2, "padding": "same"}, (8, 4, 3)),
        ("avg_pool", {"stride": 2, "padding": [0, 1, 1, 0]}, (8, 4, 3)),
        ("global_avg_pool", {}, (8,)),
        ("global_avg_pool", {"keep_size": True}, (8, 1, 1)),
        ("flatten", {}, (280,)),
        ("slice_channels", {"start": 3, "stop": 8}, (5, 7, 5)),
        ("normalize", {"mean": [0.5] * 8, "std": 0.25}, (8, 7, 5)),
        ("upsample", {"factor": [2, 3]}, (8, 14, 15)),
        ("resize", {"size": [14, 9]}, (8, 14, 9)),
        ("pad", {"amounts": [1, 2, 3, 4]}, (8, 10, 12)),
    ],
)
def test_shapes(word: str, attributes: dict[str, object], output: Shape):
    assert OPS[word](**attributes).infer((8, 7, 5)) == output


@pytest.mark.parametrize(
    ("word", "attributes", "expected"),
    [
        (
            "conv",
            CONV | {"groups": 3},
            "8 input channels are not a multiple of 3 groups: 8 = 2 * 3 + 2",
        ),
        (
            "conv",
            CONV | {"groups": 4},
            "6 filters are not a multiple of 4 groups: 6 = 1 * 4 + 2",
        ),
        (
            "avg_pool",
            {"kernel": 7, "stride": 1},
            "a 7x7 window does not fit the 2x2 feature map: "
            "(2 + 0 + 0 - 7) // 1 + 1 = -4 rows",
        ),
        (
            "channel_shuffle",
            {"groups": 3},
            "8 input channels are not a multiple of 3 groups: 8 = 2 * 3 + 2",
        ),
        (
            "slice_channels",
            {"start": 4, "stop": 12},
            "a slice from 4 to 12 needs 12 channels, but the input has 8",
        ),
        (
            "slice_channels",
            {"start": 4, "stop": 4},
            "a slice from 4 to 4 has no channels: 4 - 4 = 0",
        ),
        (
            "normalize",
            {"mean": 0.5, "std": [0.2, 0.2, 0.2]},
            "std has 3 numbers, but the input has 8 channels",
        ),
    ],
)
def test_messages(word: str, attributes: dict[str, object], expected: str):
    assert message(word, attributes, (8, 2, 2)) == expected


def test_weights_refuse_groups_as_infer_does():
    with pytest.raises(ShapeError, match="not a multiple of 3 groups"):
        OPS["conv"](**(CONV | {"groups": 3})).weights((8, 2, 2))


@pytest.mark.parametrize(
    ("word", "shapes", "output"),
    [
        ("add", [(8, 7, 5)] * 3, (8, 7, 5)),
        ("multiply", [(8, 7, 5), (8, 1, 1)], (8, 7, 5)),
        ("multiply", [(8, 1, 1), (8, 7, 5), (8, 7, 5)], (8, 7, 5)),
        ("multiply", [(8, 1, 1), (8, 1, 1)], (8, 1, 1)),
        ("multiply", [(8, 1, 1), (1, 7, 5)], (8, 7, 5)),
        ("multiply", [(1, 1, 5), (8, 7, 1), (1, 1, 1)], (8, 7, 5)),
        ("multiply", [(1,), (8,)], (8,)),
        ("subtract", [(8, 7, 5)] * 2, (8, 7, 5)),
        ("multiply", [(8,), (8,)], (8,)),
        ("concat", [(8, 7, 5), (4, 7, 5), (1, 7, 5)], (13, 7, 5)),
        ("concat", [(8,), (4,)], (12,)),
        ("concat", [(8, 7, 5)], (8, 7, 5)),
    ],
)
def test_joins(word: str, shapes: list[Shape], output: Shape):
    assert JOINS[word]().infer(*shapes) == output


@pytest.mark.parametrize(
    ("word", "shapes", "expected"),
    [
        (
            "add",
            [(64, 56, 56), (64, 28, 28)],
            "add needs equal shapes, but has (64, 56, 56) and (64, 28, 28)",
        ),
        (
            "add",
            [(8, 1, 1), (8,)],
            "add needs equal shapes, but has (8, 1, 1) and (8,)",
        ),
        ("multiply", [(8, 7, 5), (4, 1, 1)], MULTIPLY + "(8, 7, 5) and (4, 1, 1)"),
        ("multiply", [(8, 7, 5), (8, 7, 4)], MULTIPLY + "(8, 7, 5) and (8, 7, 4)"),
        (
            "subtract",
            [(8,), (4,)],
            "subtract needs equal shapes, but has (8,) and (4,)",
        ),
        ("multiply", [(8, 7, 5), (8,)], MULTIPLY + "(8, 7, 5) and (8,)"),
        ("multiply", [(8,), (8, 1, 1)], MULTIPLY + "(8,) and (8, 1, 1)"),
        (
            "concat",
            [(8, 7, 5), (8, 7, 4)],
            "concat needs feature maps of equal size, but has (8, 7, 5) and (8, 7, 4)",
        ),
    ],
)
def test_joins_that_do_not_fit(word: str, shapes: list[Shape], expected: str):
    with pytest.raises(ShapeError) as caught:
        JOINS[word]().infer(*shapes)
    assert str(caught.value) == expected


@pytest.mark.parametrize(
    ("shapes", "expected"),
    [
        ([(8, 7, 5), (4, 7, 5)], "add a 1x1 convolution at the end of a branch"),
        ([(8, 7, 5), (4, 4, 3)], "all branches must produce the same size"),
        ([(8, 64, 64), (8, 65, 65)], "use padding that keeps the size and an input"),
        (
            [(8,), (8, 1, 1)],
            "'global_avg_pool: {keep_size: true}' returns a 1x1 feature map",
        ),
    ],
)
def test_advice_on_joins_goes_by_what_differs(shapes: list[Shape], expected: str):
    with pytest.raises(ShapeError) as caught:
        JOINS["add"]().infer(*shapes)
    assert caught.value.help.startswith(expected)


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        (3, "use 1, 2 or 4 groups, or another number of input channels"),
        (16, "use 2, 4 or 8 groups, or another number of input channels"),
    ],
)
def test_advice_on_groups_has_the_next_divisors(groups: int, expected: str):
    with pytest.raises(ShapeError) as caught:
        OPS["channel_shuffle"](groups=groups).infer((8, 2, 2))
    assert caught.value.help == expected


def test_advice_on_groups_of_a_convolution_suits_its_filters():
    conv = OPS["conv"](**(CONV | {"filters": 6, "groups": 4}))
    with pytest.raises(ShapeError) as caught:
        conv.infer((8, 9, 9))
    assert caught.value.help == "use 1 or 2 groups, or another number of filters"


def message(word: str, attributes: dict[str, object], shape: Shape) -> str:
    with pytest.raises(ShapeError) as caught:
        OPS[word](**attributes).infer(shape)
    return str(caught.value)
