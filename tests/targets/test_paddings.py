"""Paddings of convolutions as one would write them by hand."""

from __future__ import annotations

import pytest

from archspec.elaboration import elaborate
from archspec.targets import render

SPEC = """\
archspec: 1
name: Net
input: {channels: 3, size: 32}
defaults: {conv: {padding: symmetric, bias: false}, activation: relu}
"""


@pytest.fixture
def spec_file(tmp_path):
    def write(text):
        path = tmp_path / "net.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def printed(spec_file, layers, target):
    """The lines of the generated file, without what is before each."""
    text = render(elaborate(spec_file(SPEC + layers)), target)
    return [line.strip() for line in text.splitlines()]


ONE_VALID = """\
blocks:
  unit:
    arguments: {kernel: 1, stride: 1, padding: null}
    layers: {c: {conv: {filters: 8, kernel: kernel, stride: stride, padding: padding}}}
layers:
  a: {unit: {kernel: 3, stride: 2, padding: valid}}
  b: {unit: {kernel: 3}}
  c: unit
  d: {unit: {kernel: [1, 7]}}
"""


def test_a_class_for_each_way_to_pad(spec_file):
    lines = printed(spec_file, ONE_VALID, "torch")
    at = lines.index("class UnitSymmetric(nn.Module):")
    assert lines[at + 1 : at + 6] == [
        "def __init__(self, in_channels: int, kernel_size: int | tuple[int, int]):",
        "super().__init__()",
        "self.c = nn.Conv2d(",
        "in_channels, 8, kernel_size, padding=half_kernel(kernel_size), bias=False",
        ")",
    ]
    assert lines[lines.index("self.a = Unit(3, kernel_size=3, stride=2)") :][:4] == [
        "self.a = Unit(3, kernel_size=3, stride=2)",
        "self.b = UnitSymmetric(8, kernel_size=3)",
        "self.c = Unit(8)",
        "self.d = UnitSymmetric(8, kernel_size=(1, 7))",
    ]


def test_in_keras_same_where_that_is_symmetric(spec_file):
    lines = printed(spec_file, ONE_VALID, "keras")
    same = '8, kernel_size, padding="same", use_bias=False, name=f"{name}-c"'
    assert lines.count(same) == 1
    assert 'x = unit_symmetric(x, kernel_size=3, name="b")  # (15, 15, 8)' in lines


def test_four_numbers_that_are_not_alike(spec_file):
    layers = ONE_VALID + "  e: {unit: {kernel: 3, padding: [0, 1, 2, 1]}}\n"
    lines = printed(spec_file, layers, "torch")
    padded = "self.c = PaddedConv2d((2, 1, 0, 1), in_channels, 8, 3, bias=False)"
    assert padded in lines
    assert "self.e = UnitPadded(8)" in lines


def test_a_caller_calls_the_class_that_fits(spec_file):
    layers = """\
blocks:
  inner:
    arguments: {kernel: int, padding: null}
    layers: {c: {conv: {filters: 8, kernel: kernel, padding: padding}}}
  outer:
    arguments: {size: int, padding: null}
    layers: {inner: {inner: {kernel: size, padding: padding}}}
layers: {a: {outer: 3}, b: {outer: 5}, c: {outer: {size: 3, padding: valid}}}
"""
    lines = printed(spec_file, layers, "torch")
    assert "self.inner = Inner(in_channels, size)" in lines
    assert "self.inner = InnerValid(in_channels, size)" in lines
    assert "self.c = OuterValid(8, 3)" in lines


@pytest.mark.parametrize(
    ("target", "padding"),
    [
        ("torch", "padding=half_kernel(size),"),
        ("keras", 'ZeroPadding2D(half_kernel(size), name=f"{name}-filter-pad")(x)'),
    ],
)
def test_half_of_kernels_that_are_numbers_and_pairs(spec_file, target, padding):
    layers = """\
blocks:
  unit:
    arguments: {size: 3, stride: 1}
    layers: {filter: {depthwise_conv: {kernel: size, stride: stride}}}
layers: {a: {unit: {stride: 2}}, b: {unit: {size: [1, 5]}}}
"""
    lines = printed(spec_file, layers, target)
    assert padding in "\n".join(lines)
    assert "size: int | tuple[int, int] = 3" in "\n".join(lines)


def test_copies_of_a_branch_by_step(spec_file):
    layers = """\
layers:
  parts:
    concat:
      part:
        repeat: 3
        own: {slice_channels: {start: step, stop: step + 1}}
        filter: {conv: {filters: 4, kernel: 2 * step + 1}}
"""
    lines = printed(spec_file, layers, "torch")
    own = "nn.ModuleList([SliceChannels(step, step + 1) for step in range(3)])"
    assert f"self.own = {own}" in lines
    assert "2 * step + 1, padding=step" in " ".join(lines)
