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
from layers import before, image_of
from test_initializers import canonical, check

from archspec.errors import SpecError
from archspec.ops import OPS
from archspec.targets import TARGETS
from examples import examples, makes_vectors, needed, written

pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")

VALUES = {
    op: {name: [*map(written, values)] for name, values in examples(op).items()}
    for op, primitive in OPS.items()
    if primitive.fields
}
REST = {
    "conv": {"filters": "6"},
    "activation": {"kind": "leaky_relu"},
    "max_pool": {"padding": "symmetric"},
    "avg_pool": {"padding": "symmetric"},
}
"""What makes a difference of the others visible, besides what has to be said."""
SHRINKING = {*filter(makes_vectors, OPS), "space_to_depth", "depth_to_space", "to_map"}
"""What cannot read its own output: the second use stands beside the first."""
WHERE = {
    "block": {
        "blocks": """
  unit{n}: {{arguments: {{value: {one}}}, layers: {{it: {{{op}: {attributes}}}}}}}""",
        "layers": """
  a{n}: {{unit{n}: {{}}, from: {source}}}
  b{n}: {{unit{n}: {{value: {other}}}, from: {before}}}""",
        "outputs": """
  a{n}: a{n}
  b{n}: b{n}""",
    },
    "table": {
        "layers": """
  image{n}: {{identity: ~, from: {source}}}
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
        given = {**needed(self.op), **REST.get(self.op, {}), self.name: "value"}
        attributes = ", ".join(f"{k}: {written(v)}" for k, v in given.items())
        source = before(self.op).partition(":")[0] or "input"
        fields = {
            **self._asdict(),
            "n": number,
            "attributes": f"{{{attributes}}}",
            "source": source,
            "before": source if self.op in SHRINKING else f"a{number}",
        }
        return {key: lines.format_map(fields) for key, lines in WHERE[where].items()}


def text(where: str, cases: Sequence[Varying]) -> str:
    """A network of all cases, each beside the others."""
    parts = [case.written(where, number) for number, case in enumerate(cases)]
    first = {"layers": f"\n  {before(cases[0].op)}"}
    return image_of(cases[0].op) + "\n".join(
        f"{key}:{first.get(key, '')}{''.join(part[key] for part in parts)}"
        for key in WHERE[where]
    )


def cases(op: str) -> list[Varying]:
    return [
        Varying(op, name, *pair)
        for name, values in VALUES[op].items()
        for pair in pairwise(values)
    ]


@pytest.mark.parametrize(
    ("where", "op"),
    [
        pytest.param(where, op, marks=[pytest.mark.full] if where == "table" else [])
        for where in WHERE
        for op in VALUES
        if where == "block" or op not in SHRINKING
    ],
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
        exact = target != "keras"
        assert_right(case, target, 1e-9 if exact else tolerance(case.network))


def check_fresh(case):
    """Kernels follow their `initializer`, and scales start at `initial`."""
    torch.manual_seed(0)
    set_random_seed(0)
    check(case, 100)
    for weights in canonical(case):
        for layer in case.network.layers:
            if hasattr(layer.primitive, "initial") and "scale" in layer.weights:
                found = weights[f"{layer.path}.scale"]
                assert np.allclose(found, layer.primitive.initial)
