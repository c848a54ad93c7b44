"""Sums of whole numbers: the same value, and never longer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archspec.elaboration import elaborate
from archspec.expressions import (
    Binary,
    Call,
    Conditional,
    Constant,
    Unary,
    evaluate,
    parse,
    to_text,
)
from archspec.targets import render
from archspec.targets.sums import simplified


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("first + part - first", "part"),
        ("total - (total - part)", "part"),
        ("3 * width + (width * 4 - 3 * width)", "4 * width"),
        ("total + growth + growth", "total + growth * 2"),
        ("part + (total - part)", "total"),
        ("a + (b - c)", "a + b - c"),
        ("1 + a + 1", "a + 2"),
        ("-a + b", "b - a"),
        ("8 - a - a", "8 - a * 2"),
        ("-a - a", "a * -2"),
        ("a * 2 * 2", "a * 4"),
        ("2 * (3 * a)", "6 * a"),
        ("a * b - b * a", "0"),
        ("(a + b) * 2 - b * 2", "a * 2"),
        ("2 * (a + b) + 3 * (a + b)", "5 * (a + b)"),
        ("(a + b) * (a - b)", "(a + b) * (a - b)"),
        ("(a * 4 + 6) // 4", "a + 1"),
        ("(a * 4 + b) // 4", "(a * 4 + b) // 4"),
        ("a // 2 + a // 2", "a // 2 * 2"),
        ("min(a, b) + c - min(a, b)", "c"),
        ("a + (b if c else 0) + a", "a * 2 + (b if c else 0)"),
        # What is no shorter stays as it was written.
        ("4 * (step + 1)", "4 * (step + 1)"),
        ("hidden * 4", "hidden * 4"),
        ("4 * hidden", "4 * hidden"),
        ("1 + a", "1 + a"),
        ("channels // 2", "channels // 2"),
    ],
)
def test_no_more_terms_than_say_it(text, expected):
    assert to_text(simplified(parse(text))) == expected


LEAVES = st.sampled_from("abcd").map(parse) | st.integers(-9, 9).map(Constant)


def grown(inner):
    operators = st.sampled_from(["+", "-", "*"])
    divisors = st.integers(1, 4).map(Constant)
    test = st.builds(Binary, st.just(">"), inner, st.just(Constant(1)))
    return st.one_of(
        st.builds(Binary, operators, inner, inner),
        st.builds(Binary, operators, inner, inner),
        st.builds(Binary, st.sampled_from(["//", "%"]), inner, divisors),
        st.builds(Unary, st.just("-"), inner),
        st.builds(Conditional, test, inner, inner),
        inner.map(lambda found: Call("max", (Constant(2), found))),
    )


@given(
    st.recursive(LEAVES, grown, max_leaves=14),
    st.lists(st.tuples(*[st.integers(-7, 7)] * 4), min_size=1, max_size=5),
)
def test_a_simplified_sum_has_the_same_value_and_is_never_longer(expression, values):
    found = simplified(expression)
    for row in values:
        scope = dict(zip("abcd", row, strict=True))
        assert evaluate(found, scope) == evaluate(expression, scope)
    assert len(to_text(found)) <= len(to_text(expression))
    assert simplified(found) == found


def test_products_of_many_sums_are_not_multiplied_out():
    product = parse(" * ".join(["(a + b + c + d)"] * 20))
    whole = Binary("-", Binary("+", product, parse("a")), parse("a"))
    assert simplified(whole) == product


SPEC = """\
archspec: 1
name: Parts
input: {channels: 3, size: 8}
multipliers: {keep: 0.8}
defaults:
  conv: {padding: same, bias: false}
  batch_norm: {epsilon: 1e-3, decay: 0.9}
blocks:
  split:
    arguments: {part: int, ratio: float, rate: float}
    layers:
      mix:
        concat:
          left:
            first: {slice_channels: {start: 0, stop: part}}
            conv: {conv: {filters: channels, kernel: 3}}
          right: {rest: {slice_channels: {start: part, stop: in_channels}}}
      norm: batch_norm
      se: {squeeze_excite: int(channels * ratio)}
      drop: {drop_path: rate}
layers:
  stem: {conv: 24}
  stages:
    columns: [part, ratio, n]
    rows: [[8, 1/12, 2], [12, 1/6, 3]]
    each: {split: {part: part, ratio: ratio, rate: (1 - keep) * index / count}}
    repeat: n
"""


@pytest.mark.parametrize(
    ("target", "lines"),
    [
        (
            "torch",
            [
                "self.conv = nn.Conv2d(part, part, 3, padding=1, bias=False)",
                "self.norm = BatchNorm2d(in_channels)",
                "self.se = SqueezeExcite(in_channels, int(in_channels * ratio))",
                "blocks = [Split(in_channels, part, ratio, (1 - 0.8) * index / 5)]",
                "stage(24, 8, ratio=1 / 12, index=0, repeats=2),  # 8 x 8",
                "stage(24, 12, ratio=1 / 6, index=2, repeats=3),  # 8 x 8",
            ],
        ),
        (
            "keras",
            [
                'x = squeeze_excite(x, int(in_channels * ratio), name=f"{name}-se")',
                'x = split(x, part, ratio, (1 - 0.8) * index / 5, name=f"{name}-0")',
                'x, 12, ratio=1 / 6, index=2, repeats=3, name="stages-1"',
            ],
        ),
    ],
)
def test_printed_arithmetic_says_what_the_spec_says(tmp_path, target, lines):
    path = tmp_path / "split.yaml"
    path.write_text(SPEC, encoding="utf-8")
    text = render(elaborate(path), target)
    printed = [line.strip() for line in text.splitlines()]
    for line in lines:
        assert line in printed


LONG = """\
archspec: 1
name: Long
input: {channels: 3, size: 8}
defaults:
  conv: {padding: same, bias: false}
  batch_norm: {epsilon: 1e-3, decay: 0.9}
blocks:
  wider:
    arguments: {part: 4}
    let: {rest: in_channels - part}
    layers:
      widen: {conv: round_channels(channels * 1.5)}
      again: {conv: round_channels(channels * 1.5)}
      norm: batch_norm
      kept: {conv: rest + part}
      cut: {slice_channels: {start: rest, stop: rest + part}}
      back: {conv: in_channels}
      both: {concat: {all: {}, new: {narrow: {conv: channels // 2 + part}}}}
      last: {concat: {old: {}, more: {same: {conv: channels // 2}}}}
      end: batch_norm
layers:
  a: {wider: 3}
  b: {wider: 4}
"""


def test_long_widths_have_names(tmp_path):
    path = tmp_path / "long.yaml"
    path.write_text(LONG, encoding="utf-8")
    text = render(elaborate(path), "torch")
    assert (
        """\
        widen_width = round_channels(in_channels * 1.5)
        again_width = round_channels(widen_width * 1.5)
        both_width = in_channels + in_channels // 2 + part
        self.rest = rest
        self.widen = nn.Conv2d(in_channels, widen_width, 1, bias=False)
        self.again = nn.Conv2d(widen_width, again_width, 1, bias=False)
        self.norm = BatchNorm2d(again_width)
        self.kept = nn.Conv2d(again_width, in_channels, 1, bias=False)
        self.back = nn.Conv2d(part, in_channels, 1, bias=False)
        self.narrow = nn.Conv2d(in_channels, in_channels // 2 + part, 1, bias=False)
        self.same = nn.Conv2d(both_width, both_width // 2, 1, bias=False)
        self.end = BatchNorm2d(both_width + both_width // 2)
"""
        in text
    ), text
