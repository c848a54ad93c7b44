"""What joins compute has the shape and the signs that they say."""

import numpy as np
import pytest

from archspec.ops import JOINS
from archspec.words import STRUCTURES


def test_the_structures_of_the_language_are_the_joins():
    assert tuple(JOINS) == STRUCTURES


CASES = [
    *((join, 3) for join in JOINS),
    *((join, 1) for join in JOINS if not JOINS[join].needs_branches),
]


@pytest.mark.parametrize(("join", "count"), CASES)
def test_shapes_and_signs(join: str, count: int):
    inputs = [
        abs(np.random.default_rng(n).normal(size=(2, 6, 4, 3))) for n in range(count)
    ]
    if JOINS[join].needs_branches:
        inputs[0] = inputs[0][:, :1]  # the query
    op = JOINS[join]()
    found = op.evaluate(inputs[0], {}, *inputs[1:])
    assert found.shape == (2, *op.infer(*(x.shape[1:] for x in inputs)))
    assert found.min() >= 0 or not op.is_non_negative(True)
