"""Values of paths, and limits of figures."""

from __future__ import annotations

from decimal import Decimal

import pytest

from archspec.errors import InvalidArgument
from archspec.exploring.grid import Grid
from archspec.exploring.limits import quantity
from archspec.language.ranges import values


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2,3,4", "2 3 4"),
        ("0.25:0.4:0.05", "0.25 0.3 0.35 0.4"),
        ("0.1:1:0.3", "0.1 0.4 0.7 1"),
        ("8:32:8,1, 5:6", "8 16 24 32 1 5 6"),
        ("1:2:.5,2,1.0", "1 1.5 2 1.0"),
        ("relu,relu6", "relu relu6"),
    ],
)
def test_values(text: str, expected: str):
    assert list(values(text)) == expected.split()


def test_brackets_hold_one_value():
    assert values("[160, 128],96") == ("[160, 128]", "96")


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["width"], "'width' is not of the form a.b=values"),
        (["w=1,,2"], "w: a value is missing in '1,,2'"),
        (["w=2:1"], "w: the range 2:1 is empty"),
        (["w=1:2:0"], "w: the range 1:2:0 is empty"),
        (["w=0:1:0.000001"], "has 1,000,001 values; at most 1,000"),
        (["w=1", "w=2"], "the grid has the path w twice"),
        ([], "there is nothing to choose from: no path has values"),
    ],
)
def test_refused(texts: list[str], message: str):
    with pytest.raises(InvalidArgument) as error:
        Grid.of(texts)
    assert message in str(error.value)


def test_points_in_order():
    grid = Grid.of(["a=1,2", "b=x,y"])
    assert [*grid.points()] == [("1", "x"), ("1", "y"), ("2", "x"), ("2", "y")]
    assert grid.size == 4


@pytest.mark.parametrize(
    ("text", "number"),
    [("300M", 300e6), ("256KiB", 2**18), ("256 kB", 256_000), ("3.4M", 3.4e6)],
)
def test_quantity(text: str, number: float):
    assert quantity(text) == Decimal(str(number))


def test_no_quantity():
    with pytest.raises(InvalidArgument, match="'many' is no quantity such as 300M"):
        quantity("many")


def test_too_many_points():
    grid = Grid.of(["a=1:999", "b=1:999", "c=1:999"])
    with pytest.raises(InvalidArgument, match="the grid has 997,002,999 points; at"):
        grid.points()


def test_given_values_take_the_place_of_declared_ones():
    grid = Grid.of(["b=1", "c=2"], {"a": ("1", "2"), "b": ("5",)})
    assert [*grid.points()] == [("1", "1", "2"), ("2", "1", "2")]
