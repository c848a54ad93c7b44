"""Each primitive with each of its attributes gives the same in both frameworks.

All layers of an op are one network: they read the image, and each is an output.
"""

from __future__ import annotations

import pytest
from exchange import assert_equal
from layers import SEQUENCE, VECTOR, before, beside, image_of, layers_of

from archspec.ops import OPS
from archspec.targets.templates import manifest
from examples import built, is_precise, needed, sets, takes_vectors

pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")

EXACT, SINGLE = 1e-9, 1e-5
"""What Keras computes in double precision, and what only in single on TensorFlow."""

POOLS = [
    "{kernel: 2}",
    "{kernel: 3, stride: 2}",
    "{kernel: 3, stride: 2, ceil: true}",
    "{kernel: 2, stride: 2, padding: same}",
    "{kernel: 3, stride: 1, padding: same}",
    "{kernel: 2, stride: 1, padding: same}",
    "{kernel: 3, stride: 2, padding: same}",
    "{kernel: [3, 2], stride: [2, 3], padding: same}",
    "{kernel: 3, stride: 2, padding: symmetric}",
    "{kernel: 3, stride: 2, padding: symmetric, ceil: true}",
    "{kernel: 3, stride: 1, padding: symmetric}",
    "{kernel: [3, 5], stride: 2, padding: symmetric}",
    "{kernel: 3, stride: 2, padding: [1, 1, 0, 0]}",
    "{kernel: 3, stride: 2, padding: [0, 1, 1, 0]}",
    "{kernel: 4, stride: 2, padding: [2, 2, 2, 2]}",
    "{kernel: 4, stride: 3, padding: [0, 1, 2, 1], ceil: true}",
]
COUNTED = [pool.replace("}", ", count_padding: true}") for pool in POOLS]

PADDINGS = ["same", "symmetric", "valid", "[1, 1, 2, 2]", "[0, 1, 2, 0]"]
MORE = {
    "conv": [
        "{filters: 12, kernel: 3, groups: 6, stride: 2}",
        *(f"{{kernel: 3, dilation: {d}, padding: {p}}}"
          for d in ("2", "[1, 3]") for p in PADDINGS),
        "{kernel: [2, 3], dilation: 2}",
    ],
    "depthwise_conv": [
        "{kernel: 3, multiplier: 2, bias: true}",
        "{kernel: 3, multiplier: 3, stride: 2}",
        *(f"{{kernel: 3, stride: {s}, dilation: 2, padding: {p}}}"
          for s in ("1", "2") for p in PADDINGS),
    ],
    "transposed_conv": [
        "{filters: 4, kernel: 4, stride: 2, padding: symmetric}",
        "{filters: 4, kernel: 3, stride: 2, padding: [1, 1, 0, 0], bias: true}",
        "{filters: 4, kernel: 4, stride: 2, padding: [0, 1, 2, 1]}",
        "{filters: 4, kernel: 3, stride: 2, padding: [1, 0, 1, 0]}",
        "{filters: 4, kernel: 2, stride: 3, padding: same, bias: true}",
        "{filters: 4, kernel: [1, 4], stride: [3, 2], padding: same, bias: true}",
    ],
    "batch_norm": ["{epsilon: 1e-3, decay: 0.99}", "{scale: false, shift: false}"],
    "layer_norm": ["{scale: false, shift: false}"],
    "group_norm": ["{groups: 3, epsilon: 1e-3, scale: false, shift: false}"],
    "activation": ["{kind: leaky_relu, slope: 0.2}"],
    "max_pool": POOLS,
    "avg_pool": [*POOLS, *COUNTED],
    "upsample": ["{factor: [2, 3], mode: bilinear}", "{factor: 1}"],
    "resize": ["{size: [13, 30], mode: nearest}", "{size: 17, mode: nearest}"],
    "pad": [
        "{amounts: [1, 0, 2, 1], value: 2.5}", "{amounts: [1, 1, 1, 1], value: -1}",
    ],
    "normalize": [
        "{mean: [1, 2, 3, 4, 5, 6], std: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]}",
        "{mean: [1, 2, 3, 4, 5, 6], std: 2}",
    ],
}  # fmt: skip
"""What goes wrong together, besides the examples of each attribute."""

LAYERS = {op: [*sets(op), *MORE.get(op, ())] for op in OPS}
PRECISE = {op: [a for a in every if is_precise(op, a)] for op, every in LAYERS.items()}
IN_SINGLE_PRECISION = {
    op: rest for op in OPS if (rest := [a for a in LAYERS[op] if a not in PRECISE[op]])
}
ON_A_VECTOR = [
    layer for op in filter(takes_vectors, OPS) for layer in layers_of(op, PRECISE[op])
]
ON_A_SEQUENCE = [
    layers_of(op, PRECISE[op])[0]
    for op in OPS
    if built(op, needed(op), (6, 108)) and not before(op)
]


@pytest.mark.parametrize("op", PRECISE)
def test_on_an_image(network, op):
    """Which has negative numbers."""
    layers = beside(layers_of(op, PRECISE[op]), before(op))
    assert_equal(network(image_of(op) + layers), EXACT)


@pytest.mark.parametrize("op", IN_SINGLE_PRECISION)
def test_in_single_precision(network, op):
    assert_equal(
        network(image_of(op) + beside(layers_of(op, IN_SINGLE_PRECISION[op]))), SINGLE
    )


def test_on_a_vector(network):
    assert_equal(network(beside(ON_A_VECTOR, VECTOR)))


def test_on_a_sequence(network):
    """Ops on maps that also take sequences, with the joins of such."""
    joins = [f"{{{join}: {{a: {{}}, b: {{}}}}}}" for join in ("add", "concat")]
    joins += [
        "{subtract: {a: {}, b: {d: {dense: 6}}}}",
        "{multiply: {a: {}, b: {p: {global_avg_pool: {keep_size: true}}}}}",
        "{multiply: {a: {}, b: {e: {dense: 1}}}}",
    ]
    assert_equal(network(beside([*ON_A_SEQUENCE, *joins], SEQUENCE)))


@pytest.mark.parametrize("op", PRECISE)
def test_alone(network, op):
    """A network of one layer, the first that is tried of its op."""
    first = f"{before(op)}, " if before(op) else ""
    layers = f"layers: {{{first}it: {layers_of(op, PRECISE[op])[0]}}}"
    assert_equal(network(image_of(op) + layers))


def test_one_number_for_height_and_width(network):
    """In a forward pass and in a stack."""
    assert_equal(
        network("""
input: {channels: 4, size: [3, 12]}
blocks:
  stack:
    layers:
      pool: {adaptive_avg_pool: 4}
      resize: {resize: {size: 6, mode: nearest}}
  square: {layers: {row: tokens, to_map: {to_map: 6}}}
layers:
  tokens: tokens
  turned: {rotary: {heads: 1, size: 6}}
  map: {to_map: 6}
  stack: stack
  square: square
  pool: {adaptive_avg_pool: 4}
  resize: {resize: {size: 6, mode: nearest}}""")
    )


@pytest.mark.parametrize("layer", ["{flatten: ~, repeat: 2}", "flatten"])
def test_a_flatten_of_a_vector(network, layer):
    assert_equal(network(f"layers: {{{VECTOR}, it: {layer}}}"))


def test_normalize_maps_and_vectors(network):
    constants = "{normalize: {mean: [1, 2, 3, 4, 5, 6], std: 2}}"
    text = f"layers: {{a: {constants}, pool: global_avg_pool, b: {constants}}}"
    assert_equal(network(text))


def test_norms_in_both_layouts_of_pytorch(network):
    """Between dense layers channels are last, else first."""
    text = """layers:
  first: {global_response_norm: 1e-6}
  wide: {dense: 12}
  respond: {global_response_norm: 1e-3}
  root: {rms_norm: {epsilon: 1e-6, initial: 0.5}}
  narrow: {dense: 6}
  groups: {group_norm: {groups: 2, epsilon: 1e-5}}
  last: {rms_norm: 1e-6}"""
    case = network(text)
    assert "GlobalResponseNorm2d(6)" in case.torch_text
    assert "GlobalResponseNorm(12, eps=1e-3)" in case.torch_text
    assert_equal(case)


def test_norms_of_sequences_without_scale_or_shift(network):
    given = {"batch_norm": "", "layer_norm": "", "group_norm": "groups: 2, "}
    lacking = "scale: false", "shift: false", "scale: false, shift: false"
    layers = [
        f"{{{op}: {{{own}epsilon: 1e-3, {less}}}}}"
        for op, own in given.items()
        for less in lacking
    ]
    layers.append("{rms_norm: {epsilon: 1e-3, scale: false}}")
    case = network(beside(layers, SEQUENCE))
    assert 'without(SequenceGroupNorm(2, 6, eps=1e-3), "weight")' in case.torch_text
    assert "nn.LayerNorm(6, eps=1e-3, bias=False)" in case.torch_text
    assert_equal(case)


def test_gates_side_by_side(network):
    """Products of a list, whose tensors are broadcast."""
    gates = "repeat: 2, pool: {global_avg_pool: {keep_size: true}}, gate: {conv: 6}"
    spot = "when: classes > 1, narrow: {conv: 1}"
    text = (
        f"layers: {{it: {{multiply: {{x: {{}}, gates: {{{gates}}}, y: {{{spot}}}}}}}}}"
    )
    assert_equal(network(text))


def test_max_pool_behind_a_relu(network):
    """Keras may pad with zeros here."""
    assert_equal(network(beside(layers_of("max_pool", POOLS), "act: activation")))


@pytest.mark.parametrize("op", [op for op in manifest("nnx")["functions"] if op in OPS])
def test_side_by_side(network, op):
    """There are modules or functions there for what is else written in `forward`."""
    every = enumerate(layers_of(op, PRECISE[op]))
    read = before(op).partition(":")[0] or "input"
    joins = "".join(
        f"\n  it{n}: {{concat: {{a: {{repeat: 2, from: {read}, x{n}: {layer}}}}}}}"
        for n, layer in every
    )
    names = ", ".join(f"it{n}: it{n}" for n, _ in enumerate(PRECISE[op]))
    layers = f"layers:\n  {before(op)}{joins}"
    assert_equal(network(f"{image_of(op)}{layers}\noutputs: {{{names}}}"), EXACT)
