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


def test_a_number_for_each_axis(spec_file):
    lines = printed(spec_file, ONE_VALID, "torch")
    assert lines[lines.index("def __init__(") + 1 :][:5] == [
        "self,",
        "in_channels: int,",
        "kernel_size: int | tuple[int, int] = 1,",
        "stride: int = 1,",
        "padding: int | tuple[int, int] = 0,",
    ]
    assert lines[lines.index("self.c = nn.Conv2d(") + 1] == (
        "in_channels, 8, kernel_size, stride, padding=padding, bias=False"
    )
    assert lines[lines.index("self.a = Unit(3, kernel_size=3, stride=2)") :][:4] == [
        "self.a = Unit(3, kernel_size=3, stride=2)",
        "self.b = Unit(8, kernel_size=3, padding=1)",
        "self.c = Unit(8)",
        "self.d = Unit(8, kernel_size=(1, 7), padding=(0, 3))",
    ]


def test_in_keras_a_layer_that_pads_where_there_is_something(spec_file):
    lines = printed(spec_file, ONE_VALID, "keras")
    assert lines[lines.index("if padding:") + 1] == (
        'x = layers.ZeroPadding2D(padding, name=f"{name}-c-pad")(x)'
    )
    assert 'x = unit(x, kernel_size=3, padding=1, name="b")  # (15, 15, 8)' in lines


def test_four_numbers_that_are_not_alike_stay(spec_file):
    layers = ONE_VALID + "  e: {unit: {kernel: 3, padding: [0, 1, 0, 1]}}\n"
    lines = printed(spec_file, layers, "torch")
    assert "self.c_pad = nn.ZeroPad2d(padding)" in lines
    assert "self.b = Unit(8, padding=(1, 1, 1, 1), kernel_size=3)" in lines


def test_half_of_the_kernel_that_a_caller_gives(spec_file):
    layers = """\
blocks:
  inner:
    arguments: {kernel: int, padding: null}
    layers: {c: {conv: {filters: 8, kernel: kernel, padding: padding}}}
  outer:
    arguments: {size: int}
    layers: {inner: {inner: size}}
layers: {a: {outer: 3}, b: {outer: 5}, c: {inner: {kernel: 3, padding: valid}}}
"""
    lines = printed(spec_file, layers, "torch")
    assert "self.inner = Inner(in_channels, size, padding=size // 2)" in lines


@pytest.mark.parametrize(
    ("target", "padding"),
    [
        ("torch", "padding=(size[0] // 2, size[1] // 2),"),
        ("keras", '(size[0] // 2, size[1] // 2), name=f"{name}-filter-pad"'),
    ],
)
def test_half_of_kernels_that_are_pairs(spec_file, target, padding):
    layers = """\
blocks:
  unit:
    arguments: {size: 3, stride: 1}
    layers: {filter: {depthwise_conv: {kernel: size, stride: stride}}}
layers: {a: {unit: {stride: 2}}, b: {unit: {size: [1, 5]}}}
"""
    lines = printed(spec_file, layers, target)
    assert padding in "\n".join(lines)
    assert "size: tuple[int, int] = (3, 3)" in "\n".join(lines)


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
