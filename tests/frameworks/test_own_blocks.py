"""Blocks and structures that a user writes agree in both frameworks."""

from __future__ import annotations

import pytest
from exchange import assert_equal, assert_right

BLOCKS = {
    "nested": """
blocks:
  inner:
    arguments: {filters: int, kernel: 3, stride: 1}
    layers:
      conv: {conv: {filters: filters, kernel: kernel, stride: stride}}
      norm: batch_norm
      act: {activation: hard_swish}
  outer:
    arguments: {wide: int, stride: 1}
    let: {half: wide // 2}
    layers:
      first: {inner: {filters: half, kernel: 1}}
      second: {inner: {filters: wide, stride: stride}}
layers:
  a: {outer: {wide: 8, stride: 2}}
  b: {outer: {wide: 12}}
""",
    "when": """
blocks:
  maybe:
    arguments: {filters: int, squeeze: false, stride: 1, act: relu}
    residual: stride == 1 and in_channels == filters
    layers:
      expand: {conv: {filters: in_channels * 2}, when: squeeze}
      norm: {batch_norm: {}, when: squeeze}
      gate:
        multiply:
          self: {}
          weight: {pool: {global_avg_pool: {keep_size: true}},
                   reduce: {conv: {filters: 4, bias: true}}, bend: {activation: act},
                   restore: {conv: {filters: in_channels * 2, bias: true}}}
        when: squeeze
      shrink: {max_pool: {kernel: 2, stride: 2}, when: stride == 2}
      project: {conv: {filters: filters, kernel: 3}}
layers:
  a: {maybe: {filters: 8}}
  b: {maybe: {filters: 8, squeeze: true}}
  c: {maybe: {filters: 10, squeeze: true, stride: 2, act: hard_swish}}
""",
    "joins": """
blocks:
  mix:
    arguments: {filters: int}
    layers:
      reduce: {conv: {filters: filters}}
      join:
        concat:
          left: {conv_l: {conv: {filters: filters, kernel: 3}}, act_l: activation}
          right: {conv_r: {depthwise_conv: {kernel: [1, 3]}}}
          image: {from: input}
          same: {}
      merge: {conv: {filters: filters}}
      total:
        add:
          main: {}
          early: {from: reduce}
          bent: {from: merge, bend: {activation: tanh}}
      weighed:
        multiply: {one: {}, other: {from: reduce, squash: {activation: sigmoid}}}
layers:
  a: {mix: 4}
  b: {mix: 6}
""",
    "optional_branches": """
blocks:
  parallel:
    arguments: {filters: int, kernel: 3, stride: 1, copies: int}
    layers:
      sum:
        add:
          main:
            repeat: copies
            conv: {conv: {filters: filters, kernel: kernel, stride: stride}}
            norm: batch_norm
          point:
            when: kernel > 1
            scale: {conv: {filters: filters, stride: stride}}
          skip:
            when: stride == 1 and in_channels == filters
            unchanged: batch_norm
      act: activation
layers:
  a: {parallel: {filters: 6, copies: 2}}
  b: {parallel: {filters: 8, stride: 2, copies: 3}}
  c: {parallel: {filters: 8, kernel: 1, copies: 1}}
""",
    "repeats": """
blocks:
  unit:
    arguments: {filters: int, stride: 1}
    layers:
      conv: {conv: {filters: filters, kernel: 3, stride: stride}}
      act: activation
  column:
    arguments: {filters: int, depth: int}
    layers:
      units:
        unit: {filters: filters, stride: 2}
        repeat: depth
        then: {stride: 1}
layers:
  convs: {conv: {filters: 8, kernel: 3}, repeat: 3}
  pools: {avg_pool: {kernel: 3, stride: 1, padding: symmetric}, repeat: 2}
  a: {column: {filters: 4, depth: 2}}
  b: {column: {filters: 6, depth: 3}}
  once: {unit: 4, repeat: 1}
""",
    "input for every run": """
blocks:
  merge:
    arguments: {filters: int, other: input}
    layers:
      both: {add: {own: {}, fitted: {from: other, fit: {conv: in_channels}}}}
      mix: {conv: filters}
  outer:
    residual: true
    layers: {runs: {merge: {filters: in_channels, other: input}, repeat: 2}}
layers:
  table: {columns: [c], rows: [[6], [4]], each: {merge: {filters: c, other: input}}}
  twice: {merge: {filters: 8, other: input}, repeat: 2}
  inner: outer
""",
    "tensors": """
blocks:
  merge:
    arguments: {filters: int, skip: tensor, gated: false, memory: input}
    let: {hidden: skip_channels // 2}
    residual: in_channels == filters
    layers:
      lower: {conv: hidden, from: skip}
      act: activation
      gate:
        multiply:
          main: {}
          weights:
            pool: {global_avg_pool: {keep_size: true}, from: memory}
            squash: {conv: hidden}
        when: gated
      both: {concat: {skip: {from: skip}, own: {}, memory: {from: memory}}}
      mix: {conv: {filters: filters, kernel: 3}}
  twice:
    arguments: {filters: int, x: tensor, name: tensor, layers: input}
    layers:
      first: {merge: {filters: filters, skip: x}}
      again:
        merge: {filters: filters, skip: name, memory: layers, gated: true}
        repeat: 2
      last: {merge: {skip: x, filters: filters}, when: in_channels > filters}
  outer:
    arguments: {y: tensor, wide: 4}
    layers: {inner: {twice: {filters: wide, x: y, name: input}}}
layers:
  stem: {conv: 8}
  side: {conv: {filters: 4, kernel: 3}}
  deep: {conv: 6}
  a: {merge: {filters: 6, skip: stem}}
  b: {twice: {filters: 4, x: side, name: stem}}
  c: {twice: {filters: 4, x: side, name: stem, layers: input}}
  table:
    columns: [c, n, skip, memory]
    rows:
      d1: [4, 2, side, ~]
      d2: [6, 1, stem, stem]
      d3: [6, ~, deep, input]
    each: {merge: {filters: c, skip: skip, memory: memory, gated: c > 4}}
    repeat: n
    from: c
  e: {merge: {filters: 6, skip: table.d1}, repeat: 3}
  f:
    add:
      one: {g: {outer: {y: input}}}
      two: {h: {conv: 4}}
      three: {when: classes > 2, k: {merge: {filters: 4, skip: table.d2}}}
""",
    "growing": """
blocks:
  dense_unit:
    arguments: {growth: int}
    layers:
      join: {concat: {old: {}, new: {conv: {conv: {filters: growth, kernel: 3}}}}}
layers:
  stages:
    columns: [g, n]
    rows: [[2, 3], [4, 2]]
    each: {dense_unit: g}
    repeat: n
""",
    "tables": """
blocks:
  unit:
    arguments: {filters: int, kernel: 3, stride: 1, rate: 0.0}
    residual: stride == 1 and in_channels == filters
    layers:
      conv: {conv: {filters: filters, kernel: kernel, stride: stride}}
      norm: batch_norm
      drop: {drop_path: rate, when: rate > 0}
layers:
  stem: {conv: 8}
  stages:
    columns: [k, c, n, s]
    rows: {low: [3, 8, 2, 1], high: [5, 12, 3, 2], point: [1, 12, 1, 1]}
    each: {unit: {filters: c, kernel: k, stride: s, rate: 0.2 * index / count}}
    repeat: n
    then: {stride: 1}
  tail:
    columns: [op, c, k]
    rows:
      - [conv, 6, 3]
      - [unit, 6, 1]
      - [conv, 4, 1]
    each: {conv: {filters: c, kernel: k}, unit: {filters: c, kernel: k}}
""",
    "taps": """
layers:
  stem: {conv: {filters: 8, kernel: 3}}
  stages:
    columns: [c, s]
    rows: {c1: [8, 1], c2: [12, 2], c3: [16, 2]}
    each: {conv: {filters: c, kernel: 3, stride: s}}
  lateral: {conv: 8, from: stages.c2}
  top: {conv: 8, from: stages.c3}
  up: {resize: {like: lateral, mode: nearest}}
  merged: {add: {one: {}, other: {from: lateral}}}
  image: {conv: {filters: 3, kernel: 3}, from: input}
outputs: {deep: stages.c3, merged: merged, raw: image}
""",
    "one_output": """
layers: {a: {conv: 4}, b: {activation: tanh}}
outputs: {features: b}
""",
    "classes_inside": """
blocks:
  head:
    arguments: {hidden: int}
    layers:
      pool: global_avg_pool
      hidden: {dense: hidden}
      act: {activation: hard_swish}
      drop: {dropout: 0.2}
      classify: {dense: classes}
layers: {conv: {conv: 8}, head: {head: 10}}
""",
    "own_numbers": """
multipliers: {width: 0.5}
define: {scale(c): round_channels(c * width), WIDE: 32}
blocks:
  unit:
    arguments: {c: int}
    let: {inner: round_channels(in_channels * 1.5 * width)}
    layers: {a: {conv: inner}, b: {conv: scale(c)}, c: {conv: "max(WIDE, c)"}}
layers: {stem: {unit: 24}, next: {unit: 40}}
""",
    "kernels": """
blocks:
  asymmetric:
    arguments: {kernel: 3, stride: 1, dilation: 1}
    layers:
      conv: {conv: {filters: 6, kernel: kernel, stride: stride}}
      wide: {conv: {filters: 6, kernel: [1, 7]}}
      tall: {conv: {filters: 6, kernel: [7, 1], dilation: dilation}}
layers:
  a: {asymmetric: {kernel: [3, 1], stride: [2, 1]}}
  b: {asymmetric: {kernel: [1, 3], dilation: 2}}
  c: {asymmetric: {kernel: [3, 3]}}
""",
    "varying_kernels": """
blocks:
  unit:
    arguments: {kernel: int, stride: 1, multiplier: 1, groups: 1}
    layers:
      filter: {depthwise_conv: {kernel: kernel, stride: stride, multiplier: multiplier}}
      mix: {conv: {filters: 12, kernel: kernel, groups: groups}}
      pool: {max_pool: {kernel: kernel, stride: 1, padding: symmetric}}
layers:
  a: {unit: {kernel: 3, stride: 2, multiplier: 2}}
  b: {unit: {kernel: 1, groups: 3}}
  c: {unit: {kernel: 5, groups: 2}}
""",
    "varying_strides_symmetric": """
defaults:
  conv: {padding: symmetric, bias: true}
  batch_norm: {epsilon: 1e-3, decay: 0.99}
blocks:
  unit:
    arguments: {kernel: int, stride: 1}
    layers:
      filter: {depthwise_conv: {kernel: kernel, stride: stride}}
      mix: {conv: {filters: 12, kernel: kernel, stride: stride}}
      norm: batch_norm
layers:
  a: {unit: {kernel: 3, stride: 2}}
  b: {unit: {kernel: 1}}
  c: {unit: {kernel: 5}}
""",
    "paddings": """
blocks:
  unit:
    arguments: {padding: [0, 1, 0, 1]}
    layers:
      conv: {conv: {filters: 6, kernel: 3, stride: 2, padding: padding}}
      even: {pad: {amounts: [1, 2, 3, 4], value: 0.5}}
      back: {conv: {filters: 6, kernel: 3, padding: valid}}
layers:
  a: unit
  b: {unit: {padding: [1, 1, 1, 1]}}
  c: {unit: {padding: [2, 1, 1, 0]}}
""",
    "activations": """
blocks:
  unit:
    arguments: {act: relu}
    layers: {conv: {conv: {filters: 6, kernel: 3}}, bend: {activation: act}}
layers:
  a: unit
  b: {unit: {act: sigmoid}}
  c: {unit: {act: hard_swish}}
  d: {unit: {act: identity}}
  e: {unit: {act: softmax}}
  f: {unit: {act: relu6}}
""",
    "activations_passed_on": """
blocks:
  inner:
    arguments: {act: word}
    layers: {conv: {conv: {filters: 6, kernel: 3}}, bend: {activation: act}}
  outer:
    arguments: {hard: false}
    layers:
      first: {inner: {act: hard_swish if hard else relu}}
      second: {inner: {act: relu6}}
layers: {a: outer, b: {outer: {hard: true}}}
""",
    "shapes": """
blocks:
  unit:
    arguments: {groups: int}
    let: {half: in_channels // 2}
    layers:
      split:
        concat:
          left: {keep: {slice_channels: {stop: half}}}
          right: {rest: {slice_channels: {start: half}}, conv: {conv: half}}
      shuffle: {channel_shuffle: groups}
      up: {upsample: {factor: 2}}
      down: {avg_pool: 2}
layers: {a: {unit: 2}, b: {unit: 3}}
""",
    "regularised": """
blocks:
  unit:
    arguments: {rate: float, initial: 1e-6}
    residual: true
    layers:
      filter: {depthwise_conv: {kernel: 5, bias: true}}
      norm: layer_norm
      wide: {dense: in_channels * 4}
      act: {activation: swish}
      narrow: {dense: in_channels}
      scale: {layer_scale: initial}
      drop: {drop_path: rate}
      forget: {dropout: rate}
layers: {a: {unit: 0.1}, b: {unit: {rate: 0.2, initial: 0.5}}}
""",
    "flattened": """
layers:
  conv: {conv: {filters: 3, kernel: 3}}
  flatten: {flatten: {order: channels_last}}
  dense: {dense: 7}
  norm: batch_norm
  out: {dense: classes}
""",
    "flattened_in_a_block": """
blocks:
  head:
    layers:
      flat: {flatten: {order: channels_first}}
      one: {dense: 4}
      two: {dense: classes}
layers: {conv: {conv: {filters: 3, kernel: 3, stride: 2}}, head: head}
""",
    "decoder": """
layers:
  one: {conv: {filters: 4, kernel: 3}}
  smaller: {max_pool: {kernel: 2, ceil: true}}
  two: {conv: {filters: 8, kernel: 3, stride: 2}}
  up: {transposed_conv: {filters: 6, kernel: 3, stride: 2, padding: same}}
  fit: {resize: {like: one, mode: nearest}}
  join: {concat: {up: {}, skip: {from: one}}}
  last: {transposed_conv: {filters: 3, kernel: 2, stride: 2, bias: true}}
""",
    "conditional_sum_with_the_input": """
blocks:
  unit:
    arguments: {filters: int, flag: bool}
    layers:
      conv: {conv: {filters: filters, kernel: 3}}
      join: {when: flag, add: {main: {}, shortcut: {from: input}}}
layers:
  a: {unit: {filters: 6, flag: true}}
  b: {unit: {filters: 8, flag: false}}
""",
    "conditional_sum_with_a_named_layer": """
blocks:
  unit:
    arguments: {filters: int, flag: bool}
    layers:
      conv: {conv: {filters: filters, kernel: 3}}
      join: {when: flag, add: {main: {}, again: {from: conv}, shortcut: {from: input}}}
layers:
  a: {unit: {filters: 6, flag: true}}
  b: {unit: {filters: 8, flag: false}}
""",
    "conditional_resize_like_the_input": """
blocks:
  unit:
    arguments: {filters: int, flag: bool}
    layers:
      conv: {conv: {filters: filters, kernel: 3, stride: 2}}
      up: {resize: {like: input, mode: nearest}, when: flag}
layers:
  a: {unit: {filters: 6, flag: true}}
  b: {unit: {filters: 8, flag: false}}
""",
    "conditions_inside_conditions": """
blocks:
  unit:
    arguments: {deep: false, wide: false, stride: 1}
    layers:
      start: {conv: {filters: 6, kernel: 3}}
      join:
        add:
          plain: {}
          extra:
            when: deep
            one: {conv: {filters: 6, kernel: 3}, when: wide}
            two: {depthwise_conv: {kernel: 3, padding: [0, 2, 1, 1]}}
        when: stride == 1
      end: {avg_pool: {kernel: 3, stride: 2, padding: [0, 1, 1, 0]}, when: stride == 2}
layers:
  a: {unit: {deep: true, wide: true}}
  b: {unit: {wide: true}}
  c: {unit: {deep: true}}
  d: {unit: {stride: 2}}
""",
    "read_again": """
layers:
  conv: {conv: {filters: 6, kernel: 3}}
  act: activation
  norm: batch_norm
  bend: {activation: hard_swish}
  sum: {add: {now: {}, raw: {from: conv}, normal: {from: norm}, image: {from: input}}}
  again: {activation: relu6}
  twice: {concat: {one: {from: again}, two: {from: sum}}}
""",
    "several_norms": """
layers:
  a: {batch_norm: {epsilon: 1e-3, decay: 0.99}}
  b: {batch_norm: {epsilon: 1e-5, decay: 0.9}}
  c: {batch_norm: {epsilon: 1e-2, decay: 0.5}}
  pool: global_avg_pool
  d: {batch_norm: {epsilon: 1e-3, decay: 0.9}}
""",
    "frame_around_tables": """
layers:
  first: {columns: [c], rows: [[4], [6]], each: {conv: {filters: c, kernel: 3}}}
  norms: {columns: [e], rows: [[1e-3], [1e-2]], each: {batch_norm: {epsilon: e}}}
  acts:
    columns: [op, k]
    rows: [[activation, relu], [activation, tanh]]
    each: {activation: k}
  last: {conv: {filters: 4, kernel: 3, stride: 2}, repeat: 2}
""",
}  # fmt: skip


@pytest.mark.parametrize("text", BLOCKS.values(), ids=BLOCKS)
@pytest.mark.parametrize("size", ["[9, 12]", "[16, 10]"])
def test_agrees(network, text, size):
    assert_equal(network(text, f"input.size={size}"))


def test_a_class_for_each_size_of_a_relative_bias(network):
    """A table is as large as the map, so uses on maps of one size have one class."""
    case = network("""
blocks:
  unit:
    arguments: {filters: int, stride: 1}
    layers:
      shrink: {max_pool: stride, when: stride > 1}
      qkv: {conv: 3 * filters}
      attend: {attention: {heads: 2, relative_bias: signed}}
layers:
  stages:
    columns: [c, s]
    rows: [[4, 2], [6, 2]]
    each: {unit: {filters: c, stride: s}}
    repeat: 3
    then: {stride: 1}
""")
    classes = [line for line in case.torch_text.splitlines() if "class Unit" in line]
    assert classes == ["class Unit(nn.Module):", "class Unit2(nn.Module):"]
    assert_right(case, "torch")
    for target in ("keras", "nnx"):  # in single precision: decision 28
        assert_right(case, target, 1e-5)
