"""What a network holds in memory, by hand and by what runtimes were seen to take."""

from __future__ import annotations

import pytest

import archspec
from archspec.analysis.buffers import Buffer, arena
from archspec.analysis.memory import forms, litert_arena
from archspec.analysis.training import training_memory
from archspec.errors import InvalidArgument
from archspec.network import Network


def numbers(network: Network) -> list[int]:
    """The activations of each form, in numbers."""
    return [form.activations // 4 for form in forms(network)]


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        pytest.param("{a: {conv: 2}, b: {conv: 4}}", 32 + 64, id="a chain"),
        pytest.param(
            # The image is done with, but `a` waits for the addition: 32 + 64 + 32.
            "{a: {conv: 2}, b: {add: {l: {c: {conv: 4}, d: {conv: 2}}, r: {}}}}",
            128,
            id="a residual",
        ),
        pytest.param(
            "{a: {conv: 2}, b: {concat: {l: {}, r: {from: input}}}}",
            32 + 16 + 48,
            id="the image is used late",
        ),
        pytest.param(
            "{a: {conv: 2}, b: {activation: relu}, c: global_avg_pool}",
            32 + 32,
            id="nothing in place",
        ),
        pytest.param("{a: {conv: 2}, b: {conv: 4}, c: {conv: 1}}", 96, id="freed"),
        pytest.param(
            "{a: {conv: 2}, b: {conv: 4}, c: {conv: 1}}\noutputs: {a: a, c: c}",
            32 + 64 + 16,
            id="an output is kept to the end",
        ),
        pytest.param("{a: identity}", 16 + 16, id="one layer"),
    ],
)
def test_as_written_by_hand(small, layers: str, expected: int):
    assert numbers(small(f"layers: {layers}"))[0] == expected


@pytest.mark.parametrize(
    ("layers", "expected", "at"),
    [
        pytest.param(
            "{a: {conv_bn_act: 2}, b: {conv: 1}}", 16 + 32, "a.conv", id="one buffer"
        ),
        pytest.param(
            "{a: {conv: 2}, b: {activation: relu}}\noutputs: {a: a, b: b}",
            32 + 32,
            "b",
            id="not over an output",
        ),
        pytest.param(
            "{a: {conv: 2}, b: {activation: relu}, c: {concat: {l: {}, r: {from: a}}}}",
            32 + 32 + 64,
            "c",
            id="not over what is read again",
        ),
        pytest.param("{a: {activation: relu}, b: {conv: 1}}", 32, "a", id="the image"),
        pytest.param(
            "{a: {conv: 2}, b: flatten, c: {dense: 40}}", 32 + 40, "c", id="a view"
        ),
        pytest.param(
            "{a: {conv: 2}, b: {layer_norm: {epsilon: 1e-6}}}", 64, "b", id="layer norm"
        ),
    ],
)
def test_fused_by_hand(small, layers: str, expected: int, at: str):
    _, fused, *_ = forms(small(f"layers: {layers}"))
    assert (fused.activations, fused.layer) == (4 * expected, at)


def test_sums_are_written_over_what_nothing_reads_later(small):
    branches = "{l: {c: {conv: 2}}, r: {}}"
    found = forms(
        small(f"layers: {{a: {{conv: 2}}, s: {{add: {branches}}}, t: {{conv: 1}}}}")
    )
    assert [form.activations // 4 for form in found] == [96, 96, 64, 64]
    assert [form.in_place for form in found] == [(), (), ("s",), ("s",)]


@pytest.mark.parametrize(
    ("attributes", "scores", "others"),
    [
        ("heads: 2", 2 * 16 * 16, 96 + 32),
        ("heads: 2, window: 2", 2 * 16 * 4, 96 + 32),
        ("query: {q: {conv: 6}}, dilation: 2", 16 * 4, 96 + 96 + 96),
        ("key: {k: {max_pool: 2}}, value: {v: {max_pool: 2}}", 16 * 4, 96 + 48 + 96),
    ],
)
def test_scores_of_attention(small, attributes, scores, others):
    found = small(f"layers: {{a: {{conv: 6}}, b: {{attention: {{{attributes}}}}}}}")
    assert found.layers[-1].scratch == scores
    assert numbers(found) == [scores + others] * 3 + [others]


@pytest.mark.parametrize(
    "spec", ["mobilenetv2", "resnet18", "repvgg_a0", "convnext_tiny", "swin_tiny"]
)
def test_fused_weights_are_those_of_the_folded_network(spec):
    network = archspec.load(spec)
    _, fused, *_ = forms(network)
    assert fused.weights == 4 * network.fold_batch_norm().parameters


def test_types_of_numbers(small):
    found = small(
        "layers: {a: {conv_bn: 2}, p: global_avg_pool, c: {dense: 3}, d: {dense: 4}}"
    )
    # 2 * 1 and 2 biases; 3 * 2 and 3; 4 * 3 and 4: 20 weights, 9 biases
    weights = {form: [f.weights for f in forms(found, form)][1] for form in FORMS}
    assert weights == {"float32": 4 * 29, "float16": 2 * 29, "int8": 20 + 4 * 9}
    activations = {form: forms(found, form)[1].activations for form in FORMS}
    assert activations == {"float32": 4 * 48, "float16": 2 * 48, "int8": 48}


FORMS = "float32", "float16", "int8"


@pytest.mark.parametrize(
    ("spec", "changes", "expected"),
    [
        ("mobilenetv2", "multipliers.width=0.35 input.size=96 classes=10", 138_240),
        ("mobilenetv1", "multipliers.width=0.25 input.size=96 classes=2", 73_728),
        ("mnasnet_small", "input.size=64 classes=10", 34_816),
        ("efficientnet_lite", "input.size=64 classes=10", 122_880),
        ("mobilenetv4_conv_small", "input.size=96 classes=10", 101_376),
        ("mobilenetv3_small", "input.size=96 classes=10", 73_728),
        ("shufflenetv2", "input.size=96 classes=10", 115_296),
        ("resnet18", "input.size=64 classes=10", 139_520),
    ],
)
def test_the_arena_is_that_of_litert_micro(spec, changes, expected):
    """As `print_allocations` of tflite-micro 0.dev20261023182759 says of int8 models.

    TensorFlow 2.21 converted them, see benchmarks/memory.py.
    """
    assert litert_arena(archspec.load(spec, set=changes.split()), "int8") == expected


def test_places_by_hand():
    """From step 2 there is room where the 48 were until step 1."""
    long = [Buffer(64, 0, 9), Buffer(48, 0, 1), Buffer(32, 0, 9)]
    assert arena(long) == 64 + 48 + 32
    assert arena([*long, Buffer(33, 2, 3)]) == 64 + 48 + 32  # of 48, aligned
    assert arena([*long, Buffer(48, 1, 3)]) == 64 + 48 + 32 + 48
    assert arena([]) == 0


@pytest.mark.parametrize("spec", ["googlenet", "hrnet_w18_small", "unet"])
def test_an_arena_holds_what_is_alive(spec):
    network = archspec.load(spec)
    _, fused, *_ = forms(network)
    assert litert_arena(network, "float32") >= fused.activations


def kept(network: Network) -> int:
    return training_memory(network).activations // 4


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        # What convolutions read, but the image; what batch norm reads, and of each
        # channel its mean and deviation; what ReLU gave.
        pytest.param("{a: {conv: 2}, b: {conv: 4}}", 32, id="inputs"),
        pytest.param("{a: {conv_bn_act: 2}, b: {conv: 4}}", 32 + 4 + 32, id="in place"),
        pytest.param(
            "{a: {conv_bn: 2}, b: {activation: swish}, c: {conv: 4}}",
            32 + 4 + 32 + 32,
            id="swish keeps its input",
        ),
        pytest.param(
            "{a: {conv_bn: 2}, b: {activation: relu6}, c: {conv: 4}}",
            32 + 4 + 32 + 32,
            id="and so does relu6",
        ),
        pytest.param(
            "{a: {conv: 2}, s: {add: {l: {c: {conv: 2}}, r: {}}}}", 32, id="sums"
        ),
        pytest.param(
            "{a: {conv: 2}, s: {multiply: {l: {c: {conv: 2}}, r: {}}}}",
            32 + 32,
            id="products",
        ),
        pytest.param("{a: {conv: 2}, b: {max_pool: 2}}", 32 + 2 * 8, id="positions"),
        pytest.param(
            "{a: {conv: {filters: 2, kernel: 3, stride: 2}}}", 25, id="padded apart"
        ),
    ],
)
def test_what_training_keeps_by_hand(small, layers: str, expected: int):
    assert kept(small(f"layers: {layers}")) == expected


def test_an_input_among_the_outputs_has_no_gradient(small):
    layers = "layers: {a: {conv: 2}, b: {conv: 4}}"
    alone = training_memory(small(f"{layers}\noutputs: {{b: b}}"))
    assert training_memory(small(f"{layers}\noutputs: {{b: b, i: input}}")) == alone


def test_a_step_of_training_by_hand(small):
    found = small("layers: {a: {conv: 2}, b: {conv: 4}}")
    step = training_memory(found, 3, "adam")
    weights, image = 2 + 8, 16
    assert step.weights == step.gradients == 4 * weights
    assert step.states == 2 * step.weights
    assert step.activations == 4 * 3 * 32
    # while `b` is run backwards: what it read, and the gradients of both sides
    alive = 3 * (image + 32 + 64 + 32)
    assert step.peak == 4 * (3 * weights + alive + 8)
    assert step.layer == "b"


def test_usage_is_checked(small):
    found = archspec.load("mobilenetv2")
    for usage in ({"dtype": "int4"}, {"optimizer": "adamw"}, {"batch": 0}):
        with pytest.raises(InvalidArgument):
            found.costs(**usage)
    assert found.costs()["training"] is None
    assert found.costs(optimizer="sgd", batch=2)["training"]["state_bytes"] == 0
