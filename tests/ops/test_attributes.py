"""What attributes accept, and every message of those that do not."""

import math

import pytest

from archspec.ops import JOINS, OPS
from archspec.ops.attributes import InvalidAttributes
from archspec.words import ACTIVATIONS

CONV = {"filters": 8, "padding": "same", "bias": False}
DISTRIBUTIONS = "normal, truncated_normal or uniform"
INITIALIZERS = (
    f"[{DISTRIBUTIONS}, fan_in, fan_out or fan_avg, scale] or [{DISTRIBUTIONS}, std]"
)
PADDINGS = "same, symmetric, valid or four numbers [top, bottom, left, right]"
*MOST, LAST = map(repr, ACTIVATIONS)
KINDS = f"{', '.join(MOST)} or {LAST}"
MAIN = {
    "conv": "filters",
    "depthwise_conv": "kernel",
    "transposed_conv": "filters",
    "dense": "units",
    "batch_norm": "epsilon",
    "layer_norm": "epsilon",
    "group_norm": "groups",
    "rms_norm": "epsilon",
    "global_response_norm": "epsilon",
    "layer_scale": "initial",
    "scalar_affine": "initial",
    "normalize": "mean",
    "activation": "kind",
    "max_pool": "kernel",
    "avg_pool": "kernel",
    "adaptive_avg_pool": "size",
    "global_avg_pool": "keep_size",
    "global_max_pool": "keep_size",
    "flatten": "order",
    "identity": None,
    "slice_channels": "start",
    "channel_shuffle": "groups",
    "space_to_depth": "factor",
    "depth_to_space": "factor",
    "upsample": "factor",
    "resize": "size",
    "pad": "amounts",
    "dropout": "rate",
    "drop_path": "rate",
    "tokens": None,
    "to_map": "size",
    "prefix_tokens": "count",
    "position_embedding": "initializer",
    "take": "index",
    "slice_positions": "start",
    "transpose": None,
    "rotary": "heads",
}


def test_every_word_of_the_language_and_its_main_attribute():
    assert {op: next(iter(OPS[op].fields), None) for op in OPS} == MAIN
    assert {op.name for op in OPS.values()} == set(MAIN)
    assert {op: next(iter(JOINS[op].fields), None) for op in JOINS} == {
        **dict.fromkeys(("add", "subtract", "multiply", "concat")),
        **dict.fromkeys(("attention", "linear_attention"), "heads"),
        "separable_attention": "dilation",
    }


def test_fallbacks_are_required_attributes():
    fallbacks = {word: dict(op.fallbacks) for word, op in OPS.items() if op.fallbacks}
    assert fallbacks == {
        "conv": {"filters": "channels"},
        "max_pool": {"stride": "kernel"},
        "avg_pool": {"stride": "kernel"},
        "slice_channels": {"stop": "channels"},
        "slice_positions": {"stop": "positions"},
    }
    for word, attributes in fallbacks.items():
        assert all(OPS[word].fields[key].required for key in attributes)


def test_only_depthwise_convolution_inherits():
    inherits = {word: op.inherits for word, op in OPS.items() if op.inherits}
    assert inherits == {"depthwise_conv": "conv"}


def test_static_attributes():
    static = {word: op.static_fields for word, op in OPS.items() if op.static_fields}
    window = {"kernel", "stride", "padding"}
    assert static == {
        "conv": {"padding", "initializer"},
        "depthwise_conv": {"padding", "initializer"},
        "transposed_conv": {*window, "initializer"},
        "dense": {"initializer"},
        "batch_norm": {"epsilon", "decay", "initial", "scale", "shift"},
        "layer_norm": {"epsilon", "initial", "scale", "shift"},
        "group_norm": {"groups", "epsilon", "initial", "scale", "shift"},
        "rms_norm": {"epsilon", "initial", "scale"},
        "global_response_norm": {"epsilon"},
        "normalize": {"mean", "std"},
        "max_pool": {"padding", "ceil"},
        "avg_pool": {"padding", "ceil", "count_padding"},
        "adaptive_avg_pool": {"size"},
        "flatten": {"order"},
        "space_to_depth": {"order"},
        "depth_to_space": {"order"},
        "upsample": {"mode"},
        "resize": {"size", "mode"},
        "to_map": {"size"},
        "rotary": {"size"},
        "prefix_tokens": {"initializer"},
        "position_embedding": {"initializer"},
    }


@pytest.mark.parametrize(
    ("written", "held"), [(3, (3, 3)), (3.0, (3, 3)), ([3, 1.0], (3, 1))]
)
def test_pairs(written: object, held: tuple[int, int]):
    op = OPS["depthwise_conv"](kernel=written, padding="same", bias=False)
    assert dict(op)["kernel"] == held


def test_whole_floats_become_integers():
    filters = dict(OPS["conv"](**(CONV | {"filters": 88.0})))["filters"]
    assert filters == 88
    assert type(filters) is int


def test_defaults():
    assert dict(OPS["conv"](**CONV)) == {
        "filters": 8,
        "kernel": (1, 1),
        "stride": (1, 1),
        "padding": "same",
        "groups": 1,
        "dilation": (1, 1),
        "bias": False,
        "initializer": ("uniform", "fan_avg", 1.0),
    }


@pytest.mark.parametrize(
    ("written", "held"),
    [
        (["normal", "fan_out", 2], ("normal", "fan_out", 2.0)),
        (["truncated_normal", 0.09], ("truncated_normal", 0.09)),
    ],
)
def test_initializers(written: list[object], held: tuple[object, ...]):
    op = OPS["dense"](units=10, initializer=written)
    assert dict(op)["initializer"] == held


def test_ops_are_values():
    first, second = OPS["conv"](**CONV), OPS["conv"](**CONV)
    assert first == second
    assert hash(first) == hash(second)
    with pytest.raises(AttributeError, match="frozen"):
        first.filters = 9  # pyright: ignore


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"filters": 0}, "must be at least 1, but is 0"),
        ({"filters": True}, "must be a whole number, but is true"),
        ({"filters": "relu"}, 'must be a whole number, but is "relu"'),
        ({"filters": 33.6}, "must be a whole number, but is 33.6"),
        ({"filters": math.inf}, "must be a whole number, but is Infinity"),
        ({"kernel": 0}, "must be at least 1, but is 0"),
        ({"stride": [1, 0]}, "must be at least 1, but is 0"),
        ({"dilation": 0}, "must be at least 1, but is 0"),
        ({"groups": 0}, "must be at least 1, but is 0"),
        (
            {"kernel": [3, 3, 3]},
            "must be a number or [height, width], but is [3, 3, 3]",
        ),
        ({"kernel": []}, "must be a whole number, but is []"),
        ({"bias": 1}, "must be true or false, but is 1"),
        ({"padding": 1}, f"must be {PADDINGS}, but is 1"),
        ({"padding": "full"}, f'must be {PADDINGS}, but is "full"'),
        ({"padding": [1, 1]}, f"must be {PADDINGS}, but is [1, 1]"),
        ({"padding": [0, 1, 0, -1]}, "must be at least 0, but is -1"),
        (
            {"initializer": ["normal", "fan", 1]},
            f'must be {INITIALIZERS}, but is ["normal", "fan", 1]',
        ),
        ({"initializer": "normal"}, f'must be {INITIALIZERS}, but is "normal"'),
        ({"initializer": ["normal", 0]}, "must be above 0, but is 0"),
        ({"filter": 8}, "is unknown"),
    ],
)
def test_messages_of_conv(changed: dict[str, object], message: str):
    assert messages("conv", CONV | changed) == [message]


HALF = "write symmetric, which pads by kernel // 2; on a single layer also"


@pytest.mark.parametrize(
    ("changed", "advice"),
    [
        ({"filters": math.inf}, ""),
        (
            {"padding": 1},
            f"{HALF} [1, 1, 1, 1]",
        ),
        (
            {"padding": [0, 2]},
            f"{HALF} [0, 0, 2, 2]",
        ),
        ({"padding": True}, ""),
    ],
)
def test_advice(changed: dict[str, object], advice: str):
    with pytest.raises(InvalidAttributes) as caught:
        OPS["conv"](**(CONV | changed))
    assert [why.help for why in caught.value.refused.values()] == [advice]


def test_padding_and_bias_have_no_default():
    assert messages("conv", {"filters": 8}) == ["is required"] * 2


@pytest.mark.parametrize(
    ("word", "attributes", "message"),
    [
        (
            "batch_norm",
            {"epsilon": 0, "decay": 0.9},
            "must be above 0, but is 0",
        ),
        (
            "batch_norm",
            {"epsilon": 1e-3, "decay": 1},
            "must be at least 0 and below 1, but is 1",
        ),
        (
            "batch_norm",
            {"epsilon": math.nan, "decay": 0},
            "must be a finite number, but is NaN",
        ),
        ("layer_norm", {"epsilon": True}, "must be a number, but is true"),
        ("layer_scale", {"initial": "relu"}, 'must be a number, but is "relu"'),
        ("normalize", {"mean": 0, "std": [1, 0]}, "must be above 0, but is 0"),
        ("normalize", {"mean": [], "std": 1}, "must be a number, but is []"),
        ("activation", {"kind": "silu"}, f'must be {KINDS}, but is "silu"'),
        ("dropout", {"rate": 1}, "must be at least 0 and below 1, but is 1"),
        ("drop_path", {"rate": -0.1}, "must be at least 0 and below 1, but is -0.1"),
        (
            "max_pool",
            {"kernel": [3, 1], "stride": 2, "padding": [1, 1, 1, 1]},
            "must be at most half of the kernel [3, 1], but is [1, 1, 1, 1]",
        ),
        ("slice_channels", {"start": -1, "stop": 4}, "must be at least 0, but is -1"),
        ("upsample", {"factor": 0}, "must be at least 1, but is 0"),
        (
            "resize",
            {"size": 4, "mode": "cubic"},
            "must be 'nearest', 'nearest_floor' or 'bilinear', but is \"cubic\"",
        ),
        (
            "pad",
            {"amounts": 1},
            "must be four numbers [top, bottom, left, right], but is 1",
        ),
        (
            "pad",
            {"amounts": [1, 1, 1, 1], "value": -math.inf},
            "must be a finite number, but is -Infinity",
        ),
        (
            "flatten",
            {"order": "hwc"},
            "must be 'channels_first' or 'channels_last', but is \"hwc\"",
        ),
    ],
)
def test_messages(word: str, attributes: dict[str, object], message: str):
    assert messages(word, attributes) == [message]


def test_a_wrong_kernel_is_reported_once():
    attributes = {"kernel": 0, "stride": 2, "padding": [1, 1, 1, 1]}
    assert messages("max_pool", attributes) == ["must be at least 1, but is 0"]


def messages(word: str, attributes: dict[str, object]) -> list[str]:
    with pytest.raises(InvalidAttributes) as caught:
        OPS[word](**attributes)
    return [why.message for why in caught.value.refused.values()]
