"""The expression language (rules 3 and 4)."""

from __future__ import annotations

import ast
import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archspec.expressions import (
    Binary,
    Call,
    Conditional,
    Constant,
    ExpressionError,
    Function,
    Logic,
    Name,
    Unary,
    check,
    evaluate,
    parse,
    round_channels,
    to_text,
)
from archspec.words import WORDS

NAMES = ("a", "b", "width")
SCOPE = {"a": 3, "b": 0.25, "width": 1.4}

numbers = st.integers(-(10**6), 10**6) | st.floats(-1e6, 1e6).map(lambda x: round(x, 6))
leaves = st.one_of(
    numbers.map(Constant),
    st.booleans().map(Constant),
    st.sampled_from(sorted(WORDS)).map(Constant),
    st.sampled_from(NAMES).map(Name),
)


def is_number(expression):
    value = getattr(expression, "value", None)
    return type(value) in (int, float)


def branches(inner):
    arithmetic = st.sampled_from("+ - * / // %".split())
    comparison = st.sampled_from("== != < <= > >=".split())
    names = st.sampled_from("round_channels round ceil floor int min max f".split())
    keywords = st.lists(
        st.tuples(st.sampled_from(["divisor", "keep"]), inner),
        max_size=2,
        unique_by=lambda pair: pair[0],
    ).map(tuple)
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(
        st.builds(Unary, st.just("not"), inner),
        # a negative number is a number
        st.builds(Unary, st.just("-"), inner.filter(lambda e: not is_number(e))),
        st.builds(Binary, arithmetic | comparison, inner, inner),
        st.builds(Logic, st.sampled_from(["and", "or"]), several),
        st.builds(Conditional, inner, inner, inner),
        st.builds(Call, names, st.lists(inner, max_size=3).map(tuple), keywords),
    )


def nested(leaves, branches, depth=3):
    """Trees of at most this depth."""
    return (
        leaves if depth == 0 else leaves | branches(nested(leaves, branches, depth - 1))
    )


trees = nested(leaves, branches).filter(lambda tree: len(to_text(tree)) <= 500)


@given(trees)
@settings(max_examples=300)
def test_a_printed_tree_is_read_back(tree):
    assert parse(to_text(tree)) == tree


@given(trees)
def test_what_is_printed_is_python(tree):
    ast.parse(to_text(tree, constant=repr), mode="eval")


def arithmetic(inner):
    operators = st.sampled_from("+ - * / // % == != < <= > >=".split())
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    functions = st.sampled_from(["min", "max"])
    return st.one_of(
        st.builds(Unary, st.sampled_from(["-", "not"]), inner),
        st.builds(Binary, operators, inner, inner),
        st.builds(Logic, st.sampled_from(["and", "or"]), several),
        st.builds(Conditional, inner, inner, inner),
        st.builds(Call, functions, several),
        st.builds(
            Call, st.sampled_from(["int", "round", "floor", "ceil"]), st.tuples(inner)
        ),
    )


sums = nested(numbers.map(Constant) | st.sampled_from(NAMES).map(Name), arithmetic)


@given(sums)
@settings(max_examples=300)
def test_values_are_those_of_python(tree):
    names = {**SCOPE, "floor": math.floor, "ceil": math.ceil}
    try:
        expected = eval(to_text(tree, constant=repr), {}, names)  # noqa: S307
    except ZeroDivisionError:
        expected = None
    found = worth(tree)
    if isinstance(found, ExpressionError):
        assert expected is None or found.message == "a number beyond 10^15"
    else:
        assert found == expected
        assert type(found) is type(expected)


def worth(tree):
    try:
        return evaluate(tree, SCOPE)
    except ExpressionError as error:
        return error


@given(
    st.floats(0, 1e6) | st.integers(0, 10**6),
    st.integers(1, 64),
    st.sampled_from([0, 0.5, 0.9, 0.95, 1]),
)
def test_round_channels(x, divisor, keep):
    """The nearest multiple, half up; the next one where that loses too much."""
    exact = Fraction(x)
    if isinstance(x, float) and (exact / divisor + Fraction(1, 2)).denominator > 2**30:
        return  # where x + divisor / 2 itself is rounded
    nearest = math.floor(exact / divisor + Fraction(1, 2)) * divisor
    nearest = max(nearest, divisor)
    expected = nearest if nearest >= keep * x else nearest + divisor
    assert round_channels(x, divisor, keep) == expected
    assert expected >= keep * x


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("round_channels(32 * 0.35)", 16),
        ("round_channels(24 * 0.75)", 24),
        ("round_channels(12)", 16),
        ("round_channels(11.9)", 16),
        ("round_channels(90, keep=0)", 88),
        ("round_channels(92, keep=0)", 96),
        ("round_channels(10, divisor=4)", 12),
        ("round_channels(10, 4, 0)", 12),
        ("round_channels(9.9, divisor=4, keep=0)", 8),
        ("round_channels(0)", 8),
        ("round(0.5)", 0),
        ("round(1.5)", 2),
        ("round(2.5)", 2),
        ("round(224 * (160 / 224))", 160),
        ("int(-1.5)", -1),
        ("floor(-1.5)", -2),
        ("ceil(-1.5)", -1),
        ("7 // 2 * 2", 6),
        ("-7 // 2", -4),
        ("-7 % 3", 2),
        ("1 < 2 < 3", True),
        ("1 < 3 < 2", False),
        ("not 0 and 3", 3),
        ("0 or relu", "relu"),
        ("relu == relu", True),
        ("relu != relu6", True),
        ("1 if true else 1 / 0", 1),
        ("false and 1 / 0", False),
        ("a * 2", 6),
    ],
)
def test_values(text, value):
    expression = parse(text)
    check(expression, SCOPE)
    assert evaluate(expression, SCOPE) == value


NOT_PART = "is not part of the expression language: "


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("c ** 9", f"a power {NOT_PART}'c ** 9'"),
        ("c ** 9 ** 9", f"a power {NOT_PART}'c ** 9 ** 9'"),
        ("1 << 9", f"a shift {NOT_PART}'1 << 9'"),
        ("1 >> 9", f"a shift {NOT_PART}'1 >> 9'"),
        ("a | b", f"a bit operation {NOT_PART}'a | b'"),
        ("~a", f"a bit operation {NOT_PART}'~a'"),
        ("a @ b", f"a matrix product {NOT_PART}'a @ b'"),
        ("+a", f"a leading + {NOT_PART}'+a'"),
        ("a.b + 1", f"an attribute {NOT_PART}'a.b'"),
        ("a.__class__", f"an attribute {NOT_PART}'a.__class__'"),
        ("1 + a[0]", "expressions have no subscripts: 'a[0]'"),
        ("'x'", f"a string {NOT_PART}''x''"),
        ("b'x'", f"a string {NOT_PART}'b'x''"),
        ("f'{a}'", f"a string {NOT_PART}'f'{{a}}''"),
        ("lambda: 1", f"a lambda {NOT_PART}'lambda: 1'"),
        ("max(*a)", f"a star argument {NOT_PART}'*a'"),
        ("max(x for x in a)", f"a comprehension {NOT_PART}'(x for x in a)'"),
        ("[x for x in a]", f"a comprehension {NOT_PART}'[x for x in a]'"),
        ("[1, 2]", f"a list inside an expression {NOT_PART}'[1, 2]'"),
        ("(1, 2)", f"a list inside an expression {NOT_PART}'(1, 2)'"),
        ("{1: 2}", f"a mapping {NOT_PART}'{{1: 2}}'"),
        ("{1}", f"a set {NOT_PART}'{{1}}'"),
        ("(x := 1)", f"an assignment {NOT_PART}'x := 1'"),
        ("a is b", f"'is' {NOT_PART}'a is b'"),
        ("a in b", f"'in' {NOT_PART}'a in b'"),
        ("1j", f"a complex number {NOT_PART}'1j'"),
        ("True", "unknown name 'True'"),
        ("None", "unknown name 'None'"),
        ("...", f"this {NOT_PART}'...'"),
        ("f(1)(2)", f"a call of anything but a name {NOT_PART}'f(1)(2)'"),
        ("a.b(1)", "expressions have no method calls: 'a.b(1)'"),
        ("f(x=1)", "'x' is no keyword: only 'divisor' and 'keep' are"),
        ("f(**a)", "'**' is no keyword: only 'divisor' and 'keep' are"),
        ("f(1, keep=1, keep=2)", "'keep' is given twice"),
        ("1_000", "invalid number '1_000'"),
        ("0x10", "invalid number '0x10'"),
        ("1" * 16, f"invalid number '{'1' * 16}'"),
        ("1" * 400, f"invalid number '{'1' * 400}'"),
        ("1e300", "a number beyond 10^15"),
        ("1e999", "a number beyond 10^15"),
        ("1e-320", "a number nearer to 0 than 10^-100"),
        ("", "'' is not an expression"),
        ("a +", "'a +' is not an expression"),
        ("a b", "'a b' is not an expression"),
        ("1if a else b", "'1if a else b' is not an expression"),
        ("a; b", "'a; b' is not an expression"),
        ("a = 1", "'a = 1' is not an expression"),
        ("é", "an expression is plain ASCII, found 'é'"),
        ("a" + "+a" * 300, "an expression has at most 500 characters"),
        ("a" + "+a" * 60, "nested deeper than 40 levels"),
        ("-" * 300 + "a", "nested deeper than 40 levels"),
        ("(" * 240 + "a" + ")" * 240, None),
    ],
)
def test_refused(text, message):
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert message is None or caught.value.message == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("c", "unknown name 'c'"),
        ("a.b", f"an attribute {NOT_PART}'a.b'"),
        ("c(1)", "unknown function 'c'"),
        ("a(1)", "'a' is not a function"),
        ("f", "'f' is a function and needs its arguments"),
        ("max", "unknown name 'max'"),
        ("f(1)", "f(x, y): expected 2 arguments, found 1"),
        ("f(1, 2, keep=3)", "f(x, y): expected 2 arguments, found 3"),
        ("max(1, keep=2)", "max takes no keyword arguments"),
        ("1 if true else c", "unknown name 'c'"),
        ("a and c", "unknown name 'c'"),
        ("f(f(f(f(f(f(1, 1), 1), 1), 1), 1), 1)", None),
    ],
)
def test_names_are_checked(text, message):
    body = parse("x + x + x + y")
    scope = {**SCOPE, "f": Function("f", ("x", "y"), body, {})}
    with pytest.raises(ExpressionError) as caught:
        check(parse(text), scope)
    wanted = message or "with its definitions expanded it has more than 250 parts"
    assert caught.value.message == wanted


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 / (a - 3)", "'1 / (a - 3)' divides by zero"),
        ("1 % 0", "'1 % 0' divides by zero"),
        ("none + 1", "'none' has no value here"),
        ("none", "'none' has no value here"),
        ("relu + 1", "'relu' is not a number"),
        ("word + 1", "'word' is tanh, which is not a number"),
        ("-relu", "'relu' is not a number"),
        ("int(relu)", "'relu' is not a number"),
        ("relu < relu6", "'relu' is not a number"),
        ("max(pair)", "'pair' is (1, 2), which is not a number"),
        ("round(1, 2, 3)", None),
        ("min()", None),
        ("min(1)", None),
        (
            "round_channels(8, divisor=0)",
            "'round_channels(8, divisor=0)' has no value: "
            "divisor is a whole number above 0",
        ),
        (
            "round_channels(8, divisor=2.5)",
            "'round_channels(8, divisor=2.5)' has no value: "
            "divisor is a whole number above 0",
        ),
        (
            "round_channels(8, keep=2)",
            "'round_channels(8, keep=2)' has no value: keep is a share between 0 and 1",
        ),
        ("1e15 * 10", "a number beyond 10^15"),
        ("1e-60 * 1e-60", "a number nearer to 0 than 10^-100"),
        ("1e15 * 1e15 * 1e15", "a number beyond 10^15"),
    ],
)
def test_no_value(text, message):
    scope = {**SCOPE, "none": None, "word": "tanh", "pair": (1, 2)}
    with pytest.raises(ExpressionError) as caught:
        evaluate(parse(text), scope)
    if message is None:
        message = f"'{text}' has no value: "
        assert caught.value.message.startswith(message)
    else:
        assert caught.value.message == message


@pytest.mark.parametrize("text", ["1 +\n2", "1 + 2\n"])
def test_a_line_may_end(text):
    assert evaluate(parse(text), {}) == 3


def test_the_place_of_the_wrong_part():
    with pytest.raises(ExpressionError) as caught:
        check(parse("1 + wdth"), SCOPE)
    error = caught.value
    assert (error.offset, error.length) == (4, 4)
    assert error.help == "did you mean 'width'?"
