"""What is written for ONNX is valid, and every tensor of it is what its layer gives."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from exchange import drawn
from layers import SEQUENCE, VECTOR, before, beside, image_of, layers_of
from onnx_session import assert_right, inferred, run_all, shape_of, single
from test_networks import CASES, complete
from test_primitives import LAYERS, ON_A_SEQUENCE, POOLS
from zoo import FLATTENED, KINDS, leading, sizes

from archspec.elaboration import elaborate
from archspec.errors import SpecError
from archspec.ops import JOINS, OPS
from archspec.targets.onnx import model, tensor_names
from examples import takes_vectors

MORE = {
    # the weights of a last window that sticks out of counted padding
    "avg_pool": [
        "{kernel: 3, stride: 2, padding: [1, 0, 0, 1], ceil: true, count_padding: true}"
    ],
    "resize": [
        "{size: [18, 8], mode: nearest}",
        "{size: [18, 24], mode: nearest_floor}",
        "{size: [14, 46], mode: nearest_floor}",
    ],
    "upsample": ["{factor: [1, 3], mode: bilinear}"],
}
JOINED = {
    "add of one": "{add: {a: {a1: activation}}}",
    "add of two": "{add: {a: {a1: {conv: 6}}, b: {}}}",
    "add of four": "{add: {a: {a1: {conv: 6}}, b: {}, c: {c1: batch_norm}, d: {}}}",
    "multiply of two": "{multiply: {a: {a1: {conv: 6}}, b: {}}}",
    "multiply of four": """{multiply: {
        a: {a1: {global_avg_pool: {keep_size: true}}}, b: {},
        c: {c1: {conv: 6}}, d: {d1: {global_avg_pool: {keep_size: true}}}}}""",
    "subtract of two": "{subtract: {a: {a1: {conv: 6}}, b: {}}}",
    "multiply that broadcasts": """{multiply: {
        a: {}, b: {b1: {conv: 1}},
        c: {c1: {adaptive_avg_pool: [1, 12]}}, d: {d1: {avg_pool: [1, 12]}}}}""",
    "concat of one": "{concat: {a: {a1: {conv: 2}}}}",
    "concat of three": "{concat: {a: {a1: {conv: 2}}, b: {}, c: {c1: {conv: 3}}}}",
    "attention of three": "{attention: {heads: 3, query: {a1: {conv: 6}}}}",
    "linear_attention of three": "{linear_attention: {query: {a1: {activation: relu}}, "
    "key: {b1: {activation: relu}}}}",
    "separable_attention of three": "{separable_attention: {query: {a1: {conv: 1}}}}",
}


def test_every_join_is_here():
    assert {name.split()[0] for name in JOINED} == JOINS.keys()


@pytest.mark.parametrize("op", LAYERS)
def test_on_an_image(network, op):
    """Which has negative numbers."""
    layers = layers_of(op, [*LAYERS[op], *MORE.get(op, ())])
    text = image_of(op) + beside(layers, before(op))
    assert_right(network(text).network, fold=True)


@pytest.mark.parametrize("op", LAYERS)
def test_alone(network, op):
    """A network of one layer, the first that is tried of its op."""
    first = f"{before(op)}, " if before(op) else ""
    text = f"layers: {{{first}it: {layers_of(op, LAYERS[op])[0]}}}"
    assert_right(network(image_of(op) + text).network, fold=True)


def test_a_pool_behind_a_relu(network):
    text = beside(layers_of("max_pool", POOLS), "act: activation")
    assert_right(network(text).network, fold=True)


def test_on_a_vector(network):
    both = {op: layers_of(op, LAYERS[op]) for op in OPS if takes_vectors(op)}
    layers = [layer for every in both.values() for layer in every]
    assert_right(network(beside(layers, VECTOR)).network, fold=True)


def test_on_a_sequence(network):
    text = beside([*ON_A_SEQUENCE, "{concat: {a: {}, b: {}}}"], SEQUENCE)
    assert_right(network(text).network, fold=True)


@pytest.mark.parametrize("join", ["add", "multiply", "concat"])
def test_a_join_of_vectors(network, join):
    text = f"layers: {{{VECTOR}, it: {{{join}: {{a: {{a1: {{dense: 6}}}}, b: {{}}}}}}}}"
    assert_right(network(text).network, fold=True)


@pytest.mark.parametrize("join", JOINED)
def test_a_join(network, join):
    found = network(f"layers: {{it: {JOINED[join]}}}").network
    numbers = {"one": 1, "two": 2, "three": 3, "four": 4, "broadcasts": 4}
    assert len(found.layers[-1].sources) == numbers[join.split()[-1]]
    assert_right(found, fold=True)


def test_later_runs_store_nothing_again(network):
    """Except for a constant that another number of tokens makes another one."""
    found = network("""
blocks:
  turn: {layers: {rotary: {rotary: {heads: 1, size: 3}}, dense: {dense: 4}}}
  tower:
    layers:
      qkv: {dense: 12}
      attend: {attention: {heads: 2, window: 2, shift: 1, relative_bias: signed}}
      grid: {position_embedding: ~}
      tokens: tokens
      positions: {position_embedding: ~}
      to_map: {to_map: [4, 6]}
      dense: {dense: 6}
layers:
  a: tower
  b: {again: a}
  tokens: tokens
  four: {dense: 4}
  c: turn
  d: {again: c}
  registers: {prefix_tokens: 1}
  e: {again: c}
input: {channels: 6, size: [4, 6]}""").network
    made = assert_right(found, fold=False)
    stored = {tensor.name for tensor in made.graph.initializer}
    assert {name for name in stored if "/" not in name} == found.weight_shapes.keys()
    assert {name for name in stored if name[:2] in ("b.", "d.", "e.")} == {
        "e.rotary/cos",
        "e.rotary/sin",
    }
    assert {"a.attend/offsets", "a.attend/mask", "c.rotary/cos"} <= stored


@pytest.mark.parametrize("value", [0, 2.5])
@pytest.mark.parametrize(
    "layer",
    [
        "{max_pool: 2}", "{max_pool: {kernel: 3, stride: 2, padding: symmetric}}",
        *(f"{{avg_pool: {{kernel: 3, stride: 2, padding: {padding}, {more}}}}}"
          for padding in ("valid", "symmetric")
          for more in ("count_padding: true", "ceil: true")),
        "{conv: {filters: 4, kernel: 3, bias: true}}",
    ],
)  # fmt: skip
def test_cells_added_before_a_window_count(network, layer, value):
    """Not all in onnxruntime, which likes to make them the window's own padding."""
    pad = f"{{pad: {{amounts: [1, 1, 0, 1], value: {value}}}}}"
    text = f"layers: {{cells: {pad}, idle: {{dropout: 0.1}}, it: {layer}}}"
    assert_right(network(text).network, fold=True)


MANY_WEIGHTS = {"resnet50", "resnet50_fpn", FLATTENED}
"""They take long to write and to read."""
BUNDLED = [
    pytest.param(
        path,
        id=path.stem,
        marks=[pytest.mark.full] if path.stem in MANY_WEIGHTS else [],
    )
    for path in KINDS
]


LEADERS = leading(KINDS, "mobilenetv2", "mobilevit_xxs", "shufflenetv2", "unet")


@pytest.mark.parametrize("path", LEADERS)
def test_a_bundled_spec(path):
    """With batch norms folded at the even size, and as they are at the odd one."""
    for size, fold in zip(sizes(path), (True, False), strict=True):
        network = elaborate(path, overrides=size)
        assert_right(network, fold)


@pytest.mark.parametrize("path", BUNDLED)
def test_shapes_at_the_published_size(path):
    """Which is too large to run here."""
    network = elaborate(path)
    zeros = {n: np.zeros(s, np.float32) for n, s in network.weight_shapes.items()}
    for fold in (True, False):
        shapes = inferred(model(network, zeros, fold_batch_norm=fold))
        names = tensor_names(network, fold_batch_norm=fold)
        for layer in network.layers:
            if layer.path in names:
                assert shapes[names[layer.path]] == shape_of(layer)


@pytest.mark.parametrize("title", CASES)
def test_a_network_of_a_user(tmp_path, title):
    """Also what no source can say: a network has no blocks."""
    path = tmp_path / "net.yaml"
    path.write_text(complete(CASES[title]["spec"]), encoding="utf-8")
    try:
        network = elaborate(path)
    except SpecError:
        assert CASES[title]["refusals"].startswith("all: ")
        return
    assert_right(network, fold=True)


FOLDED = {
    "conv": "{conv: {filters: 4, kernel: 3}}",
    "conv with bias": "{conv: {filters: 4, kernel: 3, bias: true}}",
    "grouped conv": "{conv: {filters: 4, kernel: 3, groups: 2}}",
    "depthwise conv": "{depthwise_conv: {kernel: 3, multiplier: 2}}",
    "transposed conv": "{transposed_conv: {filters: 4, kernel: 3}}",
    "cropped": "{transposed_conv: {filters: 4, kernel: 3, padding: same, bias: true}}",
    "sparse": "{transposed_conv: {filters: 4, kernel: 1, stride: 2, padding: same}}",
    "dense": "{dense: 4}",
}


@pytest.mark.parametrize("layer", FOLDED)
def test_a_batch_norm_is_folded(network, layer):
    found = network(f"layers: {{it: {FOLDED[layer]}, norm: batch_norm}}").network
    made = assert_right(found, fold=True)
    assert [(node.name, *node.output) for node in made.graph.node] == [("it", "output")]
    assert tensor_names(found) == {"norm": "output"}
    assert {tensor.name for tensor in made.graph.initializer} == {
        "it.weight",
        "it.bias",
    }


def test_a_batch_norm_of_a_vector_is_folded(network):
    text = "layers: {pool: global_avg_pool, it: {dense: 4}, norm: batch_norm}"
    made = assert_right(network(text).network, fold=True)
    assert [node.op_type for node in made.graph.node] == ["ReduceMean", "Gemm"]


@pytest.mark.parametrize(
    "text",
    [
        "layers: {act: activation, norm: batch_norm}",
        "layers: {norm: batch_norm}",
        "layers: {it: {conv: 6}, idle: {dropout: 0.1}, norm: batch_norm}",
        "layers: {it: {conv: 6}, norm: batch_norm}\noutputs: {a: it, b: norm}",
        "layers: {it: {conv: 6}, sum: {add: {a: {norm: batch_norm}, b: {}}}}",
    ],
    ids=["activation", "input", "dropout between", "output", "read twice"],
)
def test_a_batch_norm_stays(network, text):
    found = network(text).network
    made = assert_right(found, fold=True)
    assert "BatchNormalization" in {node.op_type for node in made.graph.node}
    assert tensor_names(found).keys() == {layer.path for layer in found.layers}


def test_a_wrong_fold_would_show(network):
    """The statistics that the tests draw are not 0 and 1."""
    found = network("layers: {it: {conv: 6}, norm: batch_norm}").network
    weights = single(found)
    image = np.ones((1, *found.input_shape), np.float32)
    right = run_all(model(found, weights), image)["output"]
    for name in ("scale", "shift", "mean", "variance"):
        other = {**weights, f"norm.{name}": weights[f"norm.{name}"] + 0.01}
        wrong = run_all(model(found, other), image)["output"]
        assert np.abs(wrong - right).max() > 1e-3 * np.abs(right).max()


def test_what_does_nothing_has_no_node(network):
    found = network(
        "layers: {a: {conv: 6}, b: {dropout: 0.1}, c: identity, d: {drop_path: 0.1},"
        " e: {activation: identity}, f: activation, g: {dropout: 0.2}}"
    ).network
    made = assert_right(found, fold=True)
    assert [node.name for node in made.graph.node] == ["a", "f"]
    same = dict.fromkeys("abcde", "a")
    assert tensor_names(found) == {**same, "f": "output", "g": "output"}


def test_names_of_outputs_and_paths_that_meet(network):
    """An output is called as in the spec, whatever layers are called."""
    found = network(
        "layers: {output: {conv: 6}, a: activation, b: {conv: 2}, c: {conv: 3}}\n"
        "outputs: {b: a, same: a, last: c}"
    ).network
    made = assert_right(found, fold=True)
    assert [output.name for output in made.graph.output] == ["b", "same", "last"]
    assert tensor_names(found) == {
        "output": "output",
        "a": "b",
        "b": "b/output",
        "c": "last",
    }
    assert Counter(node.op_type for node in made.graph.node)["Identity"] == 1
    found = network("layers: {output: {conv: 6}, a: activation}").network
    assert_right(found, fold=True)
    assert tensor_names(found) == {"output": "output/output", "a": "output"}


def test_a_network_that_is_its_input(network):
    found = network("layers: {it: identity}").network
    made = assert_right(found, fold=True)
    assert [node.op_type for node in made.graph.node] == ["Identity"]
    assert tensor_names(found) == {"it": "input"}


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (
            "{normalize: {mean: 0, std: 1e-60}}",
            "not supported by the ONNX target: "
            "1e-60 is out of range in single precision",
        ),
        (
            "{batch_norm: {epsilon: 1e-60}}",
            "not supported by the ONNX target: "
            "1e-60 is out of range in single precision",
        ),
        (
            "{conv: {filters: 1000000000, bias: true}}",
            "not supported by the ONNX target: 28,000,000,000 bytes of weights "
            "exceed a file's limit of 2,130,706,432",
        ),
        (
            "{adaptive_avg_pool: [1000000000, 1]}",
            "not supported by the ONNX target: "
            "9,000,000,012 numbers in constants exceed the limit of 134,217,728",
        ),
        (
            "{resize: {size: [10000000001, 1], mode: nearest_floor}}",
            "not supported by the ONNX target: "
            "10,000,000,002 numbers in constants exceed the limit of 134,217,728",
        ),
    ],
)
def test_what_cannot_be_said(network, layer, message):
    found = network(f"layers: {{it: {layer}}}").network
    weights = drawn(found) if found.parameters < 100 else {}
    with pytest.raises(SpecError) as caught:
        model(found, weights)
    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.code, diagnostic.message) == ("AS402", message)
    assert diagnostic.path == "it"
    assert diagnostic.place is not None


@pytest.mark.parametrize(
    ("size", "layers"),
    [
        (4096, "it: {attention: {window: 256, shift: 2}}"),
        (128, "it: {attention: {relative_bias: absolute}}"),
        (4096, "flat: tokens, it: {rotary: {heads: 1, size: 4096}}"),
    ],
)
def test_tables_are_refused_before_they_are_computed(network, size, layers):
    text = f"input: {{channels: 12, size: {size}}}\nlayers: {{{layers}}}"
    found = network(text).network
    with pytest.raises(SpecError, match="numbers in constants exceed the limit"):
        model(found, drawn(found))


def test_weights_that_do_not_fit(network):
    found = network("layers: {it: {conv: 2}}").network
    with pytest.raises(ValueError, match=r"^weight it\.weight is missing$"):
        model(found, {})
    with pytest.raises(
        ValueError, match=r"^it\.weight is \(2, 6\), but expected \(2, 6, 1, 1\)$"
    ):
        model(found, {"it.weight": np.ones((2, 6))})
