"""Every attribute that takes two values in one network is right, or refused."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from exchange import assert_right, tolerance
from keras.utils import set_random_seed
from test_initializers import canonical, check

from archspec.errors import SpecError
from archspec.ops import OPS
from archspec.targets import TARGETS

pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")

PADDINGS = ["same", "valid", "symmetric", "[1, 0, 2, 1]", "[1, 1, 1, 1]"]
RULES = ["[normal, 0.1]", "[normal, 0.3]", "[uniform, 0.3]", "[normal, fan_in, 2]"]
FLAGS = ["true", "false"]
WINDOW = {"kernel": ["3", "1", "[3, 1]", "2"], "stride": ["1", "2", "[2, 1]"]}
CONV = WINDOW | {
    "padding": PADDINGS,
    "dilation": ["1", "2", "[1, 2]"],
    "bias": FLAGS,
    "initializer": RULES,
}
POOL = WINDOW | {
    "padding": ["same", "valid", "symmetric", "[1, 0, 1, 1]"],
    "ceil": FLAGS,
}
MODES = ["nearest", "bilinear"]
VALUES = {
    "conv": {"filters": ["4", "6"], "groups": ["1", "2", "3"], **CONV},
    "depthwise_conv": {"multiplier": ["1", "2"], **CONV},
    "transposed_conv": {
        "filters": ["4", "6"],
        **{name: CONV[name] for name in ("kernel", "stride", "bias", "initializer")},
        "padding": ["valid", "same", "symmetric", "[1, 0, 0, 1]"],
    },
    "dense": {"units": ["4", "6"], "bias": FLAGS, "initializer": RULES},
    "batch_norm": {"epsilon": ["1e-3", "1e-5", "1"], "decay": ["0.9", "0.5", "0"]},
    "layer_norm": {"epsilon": ["1e-3", "1", "0.1"]},
    "layer_scale": {"initial": ["0.1", "1", "0.5"]},
    "normalize": {
        "mean": ["0.5", "1", "[1, 2, 3, 4, 5, 6]"],
        "std": ["0.5", "2", "[1, 2, 3, 4, 5, 6]"],
    },
    "activation": {
        "kind": ["relu", "leaky_relu", "softmax", "gelu_tanh", "swish", "identity"],
        "slope": ["0.1", "1", "0.3"],
    },
    "max_pool": POOL,
    "avg_pool": POOL | {"count_padding": FLAGS},
    "global_avg_pool": {"keep_size": ["true", "false"]},
    "flatten": {"order": ["channels_last", "channels_first"]},
    "slice_channels": {"start": ["0", "1"], "stop": ["5", "3"]},
    "channel_shuffle": {"groups": ["2", "3"]},
    "upsample": {"factor": ["2", "3", "[1, 2]"], "mode": MODES},
    "resize": {"size": ["5", "7", "[7, 9]"], "mode": MODES},
    "pad": {"amounts": ["[1, 1, 1, 1]", "[0, 1, 2, 3]"], "value": ["0", "1.5", "2"]},
    "dropout": {"rate": ["0.1", "0.3", "0"]},
    "drop_path": {"rate": ["0.1", "0.3", "0"]},
}  # fmt: skip
REST = {
    "conv": {"filters": "6", "kernel": "3"},
    "transposed_conv": {"filters": "4", "kernel": "3"},
    "dense": {"units": "6"},
    "normalize": {"mean": "0", "std": "1"},
    "activation": {"kind": "leaky_relu"},
    "max_pool": {"kernel": "3"},
    "avg_pool": {"kernel": "3", "padding": "symmetric"},
    "resize": {"size": "5"},
    "pad": {"amounts": "[1, 1, 0, 1]"},
}
WHERE = {
    "block": """
blocks:
  unit: {{arguments: {{value: {one}}}, layers: {{it: {{{op}: {attributes}}}}}}}
layers: {{a: unit, b: {{unit: {{value: {other}}}}}}}
""",
    "table": """
layers:
  t: {{columns: [value], rows: [[{one}], [{other}]], each: {{{op}: {attributes}}}}}
""",
}
SHRINKING = {"flatten", "global_avg_pool"}
"""What takes a map and leaves a vector: the second use is beside the first."""

BESIDE = """
blocks:
  unit: {{arguments: {{value: {one}}}, layers: {{it: {{{op}: {attributes}}}}}}}
layers:
  image: identity
  a: unit
  b: {{unit: {{value: {other}}}, from: image}}
outputs: {{a: a, b: b}}
"""


def cases():
    for op, attributes in VALUES.items():
        for name, values in attributes.items():
            for pair in pairwise(values):
                for where in ["block"] if op in SHRINKING else WHERE:
                    label = f"{where}-{op}-{name}-{'-'.join(pair).replace(' ', '')}"
                    marks = [pytest.mark.full] if where == "table" else []
                    yield pytest.param(where, op, name, *pair, id=label, marks=marks)


@pytest.mark.parametrize(("where", "op", "name", "one", "other"), list(cases()))
def test_right_or_refused(network, where, op, name, one, other):
    rest = {k: v for k, v in REST.get(op, {}).items() if k != name}
    found = ", ".join(f"{k}: {v}" for k, v in {**rest, name: "value"}.items())
    text = BESIDE if op in SHRINKING else WHERE[where]
    text = text.format(op=op, one=one, other=other, attributes=f"{{{found}}}")
    case, right = network(text), []
    for target in TARGETS:
        try:
            getattr(case, f"{target}_text")
        except SpecError as error:
            (diagnostic,) = error.diagnostics
            assert diagnostic.code in {"AS401", "AS402"}
            assert diagnostic.place is not None
            continue
        right.append(target)
    if len(right) == len(TARGETS):
        check_fresh(case)
    for target in right:
        exact = target == "torch"
        assert_right(case, target, 1e-9 if exact else tolerance(case.network))


def check_fresh(case):
    """Kernels are drawn as they say, and layer scales start where they say."""
    torch.manual_seed(0)
    set_random_seed(0)
    check(case, 100)
    for weights in canonical(case):
        for layer in case.network.layers:
            if layer.op == "layer_scale":
                found = weights[f"{layer.path}.scale"]
                assert np.allclose(found, layer.primitive.initial)


def test_every_attribute_is_here():
    assert {op: set(VALUES.get(op, {})) for op in OPS} == {
        op: set(primitive.model_fields) for op, primitive in OPS.items()
    }
