"""Every attribute that takes two values in one network is right, or refused."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

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
SHRINKING = {"flatten", "global_avg_pool"}
"""From a feature map to a vector: the second use stands beside the first."""
WHERE = {
    "block": {
        "blocks": """
  unit{n}: {{arguments: {{value: {one}}}, layers: {{it: {{{op}: {attributes}}}}}}}""",
        "layers": """
  a{n}: {{unit{n}: {{}}, from: input}}
  b{n}: {{unit{n}: {{value: {other}}}, from: {before}}}""",
        "outputs": """
  a{n}: a{n}
  b{n}: b{n}""",
    },
    "table": {
        "layers": """
  image{n}: {{identity: ~, from: input}}
  t{n}:
    columns: [value]
    rows: [[{one}], [{other}]]
    each: {{{op}: {attributes}}}""",
        "outputs": """
  t{n}: t{n}""",
    },
}


class Varying(NamedTuple):
    """An attribute of an op, and two values that it takes in one network."""

    op: str
    name: str
    one: str
    other: str

    def written(self, where: str, number: int) -> dict[str, str]:
        """The lines of a network's blocks, layers and outputs."""
        given = {**REST.get(self.op, {}), self.name: "value"}
        fields = {
            **self._asdict(),
            "n": number,
            "attributes": f"{{{', '.join(f'{k}: {v}' for k, v in given.items())}}}",
            "before": "input" if self.op in SHRINKING else f"a{number}",
        }
        return {key: lines.format_map(fields) for key, lines in WHERE[where].items()}


def text(where: str, cases: Sequence[Varying]) -> str:
    """A network of all cases, each beside the others."""
    parts = [case.written(where, number) for number, case in enumerate(cases)]
    return "\n".join(
        f"{key}:{''.join(part[key] for part in parts)}" for key in WHERE[where]
    )


def cases(op: str) -> list[Varying]:
    return [
        Varying(op, name, *pair)
        for name, values in VALUES[op].items()
        for pair in pairwise(values)
    ]


@pytest.mark.parametrize(
    ("where", "op"),
    [(w, op) for w in WHERE for op in VALUES if w == "block" or op not in SHRINKING],
)
def test_right_or_refused(network, where, op):
    check_cases(network, where, cases(op))


def check_cases(network, where: str, found: Sequence[Varying]) -> None:
    """All in one network; in smaller ones where a target refuses it."""
    case, right = network(text(where, found)), []
    for target in TARGETS:
        try:
            getattr(case, f"{target}_text")
        except SpecError as error:
            (diagnostic,) = error.diagnostics
            assert diagnostic.code in {"AS401", "AS402"}
            assert diagnostic.place is not None
            continue
        right.append(target)
    middle = len(found) // 2
    if middle and len(right) < len(TARGETS):
        check_cases(network, where, found[:middle])
        check_cases(network, where, found[middle:])
        return
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
