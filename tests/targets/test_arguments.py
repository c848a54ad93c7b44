"""Which arguments of a call are keywords."""

import pytest

from archspec.elaboration import elaborate
from archspec.targets import render

SPEC = """\
archspec: 1
name: Branches
input: {channels: 3, size: 32}
classes: 10
defaults:
  conv: {padding: same, bias: false}
  batch_norm: {epsilon: 1e-3, decay: 0.9}
  activation: relu
layers:
"""


def printed(tmp_path, layers, target):
    path = tmp_path / "net.yaml"
    path.write_text(SPEC + layers, encoding="utf-8")
    return [line.strip() for line in render(elaborate(path), target).splitlines()]


ONCE = """\
  a: {inception: {one: 8, reduce3: 4, three: 9, reduce5: 2, five: 6, pool: 5}}
  b: {inception: {one: 9, reduce3: 5, three: 8, reduce5: 3, five: 7, pool: 6}}
"""


@pytest.mark.parametrize(
    ("target", "call"),
    [
        (
            "torch",
            "self.b = Inception(28, 9, reduce3=5, three=8, reduce5=3, five=7, pool=6)",
        ),
        (
            "keras",
            "x = inception("
            'inputs, 8, reduce3=4, three=9, reduce5=2, five=6, pool=5, name="a")',
        ),
    ],
)
def test_many_numbers_have_their_names(tmp_path, target, call):
    assert call in printed(tmp_path, ONCE, target)


ROWS = """\
  stages:
    columns: [c, e, k, s, se, n]
    rows:
      - [16, 1, 3, 1, 4, 2]
      - [24, 6, 5, 2, 0, 3]
    each:
      inverted_residual:
        filters: c
        expand: e
        kernel: k
        stride: s
        se: se
        drop_path: 0.2 * index / count
    repeat: n
"""


def test_rows_under_a_legend_still_name_how_often_and_which(tmp_path):
    lines = printed(tmp_path, ROWS, "torch")
    legend = "# in_channels, out_channels, expand, stride, kernel_size, se"
    assert legend in lines
    assert "stage(16, 24, 6, 2, 5, 0, index=2, repeats=3),  # 4 x 4" in lines


def test_rows_of_numbers_alone_have_them_in_the_legend(tmp_path):
    lines = printed(tmp_path, ROWS, "keras")
    assert "# filters, expand, stride, kernel_size, se, index, repeats" in lines
    assert "(24, 6, 2, 5, 0, 2, 3),  # (4, 4, 24)" in lines


OTHER_NAME = """\
  a: {bottleneck: {filters: 4}}
  b: {bottleneck: {filters: 8, stride: 2}}
"""


def test_a_default_that_is_another_argument_has_no_variable(tmp_path):
    """`width: filters` of the block, in which no call sets the width."""
    lines = printed(tmp_path, OTHER_NAME, "torch")
    assert "self.reduce = ConvBnAct(in_channels, filters)" in lines
    assert "width = filters" not in lines
