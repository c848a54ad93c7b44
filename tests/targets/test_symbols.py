"""Expressions rewritten: right at every witness, and as short as a person writes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archspec.expressions import (
    BUILTINS,
    Function,
    evaluate,
    parse,
    round_channels,
    to_text,
)
from archspec.targets.code import literal, rounded
from archspec.targets.reduction import reduce
from archspec.targets.symbols import inline
from archspec.targets.unprintable import Unprintable


def reduced(text, *witnesses, variables="a b c stride hidden"):
    expression = parse(text)
    return to_text(reduce(expression, witnesses, frozenset(variables.split())))


@pytest.mark.parametrize(
    ("text", "witnesses", "expected"),
    [
        ("a * 1", [{"a": 8}, {"a": 16}], "a"),
        ("a * 1.0", [{"a": 8}], "a"),
        ("a * 0.5", [{"a": 8}, {"a": 6}], "a * 0.5"),
        ("0 + a - 0", [{"a": 3}], "a"),
        ("a + a", [{"a": 3}], "a * 2"),
        ("a // 2 * 2", [{"a": 8}, {"a": 6}], "a"),
        ("a // 2 * 2", [{"a": 8}, {"a": 7}], "a // 2 * 2"),
        ("ceil(a / 2) * 2", [{"a": 8}, {"a": 6}], "a"),
        ("ceil(a / 2) * 2", [{"a": 8}, {"a": 7}], "ceil(a / 2) * 2"),
        ("round_channels(a)", [{"a": 8}, {"a": 24}], "a"),
        ("round_channels(a)", [{"a": 8}, {"a": 25}], "round_channels(a)"),
        ("int(a / 4)", [{"a": 9}, {"a": 24}], "a // 4"),
        ("floor(a * 0.25)", [{"a": 9}, {"a": 24}], "a // 4"),
        ("int(a * 2.0)", [{"a": 9}, {"a": 24}], "a * 2"),
        ("int(a * 1.5)", [{"a": 9}, {"a": 24}], "int(a * 1.5)"),
        ("round(a / 4)", [{"a": 9}, {"a": 11}], "round(a / 4)"),
        ("max(1, a // 4)", [{"a": 8}, {"a": 16}], "a // 4"),
        ("max(1, a // 4)", [{"a": 8}, {"a": 1}], "max(1, a // 4)"),
        ("a if b == 1 else c", [{"a": 1, "b": 1, "c": 2}], "a"),
        ("a if b == 1 else a * b", [{"a": 5, "b": 1}, {"a": 5, "b": 6}], "a * b"),
        (
            "a if b == 1 else c",
            [{"a": 5, "b": 1, "c": 5}, {"a": 5, "b": 2, "c": 7}],
            "a if b == 1 else c",
        ),
        ("a > 0 and b > 0", [{"a": 1, "b": 0}, {"a": 2, "b": 1}], "b > 0"),
        ("a > 0 or b > 0", [{"a": 0, "b": 0}, {"a": 0, "b": 1}], "b > 0"),
        (
            "a > 0 and b // a > 1",
            [{"a": 0, "b": 4}, {"a": 2, "b": 4}, {"a": 4, "b": 4}],
            "a > 0 and b // a > 1",
        ),
        ("a and b", [{"a": 1, "b": 4}, {"a": 2, "b": 6}], "b"),
        ("not a == b", [{"a": 1, "b": 2}, {"a": 1, "b": 3}], "true"),
        ("a + b - a", [{"a": 3, "b": 2}, {"a": 4, "b": 2}], "b"),
        ("a + b - a", [{"a": 3, "b": 0.5}, {"a": 4, "b": 2}], "a + b - a"),
        ("a * (1 - keep)", [{"a": 3, "keep": 0.8}], "a * (1 - 0.8)"),
        (
            "a * keep",
            [{"a": 3, "keep": 1 / 12}, {"a": 4, "keep": 1 / 12}],
            "a * (1 / 12)",
        ),
        ("int(a * (1 / 3))", [{"a": 9}, {"a": 24}], "a // 3"),
        ("width * a", [{"a": 3, "width": 2}, {"a": 4, "width": 2}], "2 * a"),
    ],
)
def test_the_shortest_form_that_is_right_everywhere(text, witnesses, expected):
    assert reduced(text, *witnesses) == expected


def test_a_name_that_happens_to_be_equal_is_not_taken():
    assert reduced("a * 2", {"a": 4, "b": 8}, {"a": 5, "b": 10}) == "a * 2"


def test_what_is_neither_variable_nor_constant_cannot_be_printed():
    with pytest.raises(Unprintable, match="width"):
        reduced("width", {"width": 1}, {"width": 2})


def test_one_and_true_are_not_the_same_constant():
    with pytest.raises(Unprintable):
        reduced("flag", {"flag": 1}, {"flag": True})


def test_definitions_are_written_out():
    scale = Function("scale", ("c",), parse("round_channels(c * width)"), {})
    expression = inline(parse("scale(a + 1)"), {"scale": scale})
    assert to_text(expression) == "round_channels((a + 1) * width)"


NUMBERS = st.integers(0, 40)
TEXTS = st.recursive(
    st.sampled_from(["a", "b", "c", "1", "2", "8", "0.5"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+ - *".split()), inner).map(
            lambda t: f"({t[0]} {t[1]} {t[2]})"
        ),
        st.tuples(inner, inner).map(lambda t: f"max({t[0]}, {t[1]})"),
        inner.map(lambda t: f"round_channels({t})"),
        inner.map(lambda t: f"int({t} / 4)"),
        st.tuples(inner, inner, inner).map(
            lambda t: f"({t[0]} if {t[1]} == {t[2]} else {t[1]})"
        ),
        st.tuples(inner, inner).map(lambda t: f"({t[0]} > 3 and {t[1]} != 8)"),
    ),
    max_leaves=8,
)


@given(TEXTS, st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), min_size=1, max_size=4))
def test_a_reduced_expression_is_worth_the_same_at_every_witness(text, values):
    witnesses = [dict(zip("abc", row, strict=True)) for row in values]
    expression = parse(text)
    before = [evaluate(expression, witness) for witness in witnesses]
    after = reduce(expression, witnesses, frozenset("abc"))
    assert [evaluate(after, witness) for witness in witnesses] == before


def test_what_python_prints_is_what_the_language_means():
    assert BUILTINS["round_channels"] is round_channels
    assert [round_channels(c) for c in (1, 11, 12, 20, 33.6)] == [8, 16, 16, 24, 32]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.25, "0.25"),
        (0.001, "1e-3"),
        (1e-06, "1e-6"),
        (1 / 12, "1 / 12"),
        (-2 / 3, "-2 / 3"),
        (1 - 0.8, "0.19999999999999996"),
        ((1 / 255, 0.5), "(1 / 255, 0.5)"),
    ],
)
def test_a_number_is_printed_as_one_writes_it(value, expected):
    assert str(literal(value)) == expected


QUOTIENTS = st.tuples(st.integers(-999, 999), st.integers(1, 999))


@given(st.floats(-1e15, 1e15) | QUOTIENTS.map(lambda pair: pair[0] / pair[1]))
def test_a_printed_number_is_the_same_number(value):
    assert eval(str(literal(value)), {}) == value  # noqa: S307


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.1 + 0.2, 0.3),
        ((57.120000000000005, 0.5), (57.12, 0.5)),
        (1 / 3, 1 / 3),
        (0.3000000000001, 0.3000000000001),
    ],
)
def test_a_setting_is_rounded_by_no_more_than_its_own_roundings(value, expected):
    assert rounded(value) == expected
