"""What classes say of their ops is what the ops compute, at every example."""

from typing import Any

import numpy as np
import pytest

from archspec.ops import OPS, Op, Shape
from examples import VECTOR, built, examples, needed

CASES = [(word, shape) for word in OPS for shape in (OPS[word].sample, VECTOR)]
FITTING = [(word, s) for word, s in CASES if built(word, needed(word), s) is not None]

pytestmark = pytest.mark.parametrize(("word", "shape"), FITTING)


def ops_of(word: str, shape: Shape) -> list[Op]:
    """With each example of each attribute, as far as they fit."""
    varied = [{n: value} for n, every in examples(word).items() for value in every]
    found = (built(word, needed(word) | given, shape) for given in [{}, *varied])
    return [op for op in found if op is not None]


def noise(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).normal(size=shape)


def output(op: Op, x: Any) -> Any:
    weights = op.weights(x.shape[1:]).items()
    return op.evaluate(x, {name: noise(*weight.shape) ** 2 for name, weight in weights})


def test_the_output_has_the_shape_that_is_inferred(word: str, shape: Shape):
    for op in ops_of(word, shape):
        assert output(op, noise(2, *shape)).shape == (2, *op.infer(shape)), op


def test_what_is_idle_gives_its_input(word: str, shape: Shape):
    x = noise(2, *shape)
    for op in ops_of(word, shape):
        if op.is_idle(shape):
            assert np.array_equal(output(op, x), x), op


def test_what_has_no_negative_numbers(word: str, shape: Shape):
    for x in (noise(2, *shape), abs(noise(2, *shape))):
        for op in ops_of(word, shape):
            if op.is_non_negative(bool((x >= 0).all())):
                assert output(op, x).min() >= 0, op


def test_what_is_linear_is_a_linear_map_and_a_bias(word: str, shape: Shape):
    one, other = noise(2, *shape), noise(2, *shape, seed=1)
    for op in ops_of(word, shape) if OPS[word].linear else ():
        assert op.weights(shape).keys() <= {"weight", "bias"}
        both = output(op, one) + output(op, other)
        assert np.allclose(both, output(op, one + other) + output(op, 0 * one)), op
