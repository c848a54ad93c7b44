"""What joins compute has the shape and the signs that they say."""

import numpy as np
import pytest

from archspec.ops import JOINS
from archspec.words import STRUCTURES


def test_the_structures_of_the_language_are_the_joins():
    assert tuple(JOINS) == STRUCTURES


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("join", JOINS)
def test_shapes_and_signs(join: str, count: int):
    kind = JOINS[join]
    if count == 1 and join == "separable_attention":
        pytest.skip("its query has one channel")
    inputs = [
        abs(np.random.default_rng(n).normal(size=(2, 6, 4, 3))) for n in range(count)
    ]
    if join == "separable_attention":
        inputs[0] = inputs[0][:, :1]
    found = kind().evaluate(inputs[0], {}, *inputs[1:])
    assert found.shape == (2, *kind().infer(*(x.shape[1:] for x in inputs)))
    assert found.min() >= 0 or not kind().is_non_negative(True)
