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
    inputs = [
        abs(np.random.default_rng(n).normal(size=(2, 6, 4, 3))) for n in range(count)
    ]
    found = JOINS[join].evaluate(inputs)
    assert found.shape == (2, *JOINS[join].infer([(6, 4, 3)] * count))
    assert found.min() >= 0 or not JOINS[join].is_non_negative(True)
