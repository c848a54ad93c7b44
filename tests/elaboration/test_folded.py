"""Which batch norms can be folded, and what else changes with them."""

from __future__ import annotations

import pytest
from pieces import HEAD

from archspec.elaboration import elaborate, folded, with_classes
from archspec.language.blocks import standard_blocks

DEFAULTS = """
defaults:
  conv: {padding: same, bias: false}
  batch_norm: {epsilon: 1e-4, decay: 0.9}
  activation: relu
"""
# What is left of each: its layers, those with a bias starred.
CASES = {
    "each linear op": (
        """
        layers:
          conv: {conv: {filters: 6, kernel: 3}}
          n1: batch_norm
          wide: {depthwise_conv: {multiplier: 2}}
          n2: batch_norm
          up: {transposed_conv: 4}
          n3: batch_norm
          mix: {dense: {units: 5, bias: false}}
          n4: batch_norm
        """,
        "conv* wide* up* mix*",
    ),
    "a bias that was there": (
        "layers: {conv: {conv: {bias: true}}, norm: batch_norm}",
        "conv*",
    ),
    "not behind a linear layer": (
        """
        layers:
          first: batch_norm
          conv: conv
          act: activation
          norm: batch_norm
        """,
        "first conv act norm",
    ),
    "the second of two": (
        "layers: {conv: conv, norm: batch_norm, again: batch_norm}",
        "conv* again",
    ),
    "the first of a block": (
        """
        blocks:
          pre: {layers: {norm: batch_norm, act: activation, conv: conv}}
        layers: {conv: conv, a: pre, b: pre}
        """,
        "conv a.norm a.act a.conv b.norm b.act b.conv",
    ),
    "behind a block": (
        """
        blocks: {inner: {layers: {conv: conv, act: activation}}}
        layers: {a: inner, norm: batch_norm}
        """,
        "a.conv a.act norm",
    ),
    "behind a join": (
        """
        layers:
          join: {concat: {one: {conv: conv}, same: {}}}
          norm: batch_norm
        """,
        "conv join norm",
    ),
    "in branches": (
        """
        layers:
          join:
            add:
              one: {a: conv, n1: batch_norm}
              two: {n2: batch_norm, b: conv}
              three: {from: input, c: conv, n3: batch_norm, act: activation}
        """,
        "a* n2 b c* act join",
    ),
    "in a repeated branch": (
        "layers: {join: {add: {one: {repeat: 2, a: conv, n: batch_norm}}}}",
        "a.0* a.1* join",
    ),
    "a conv that a later layer reads": (
        """
        layers:
          conv: {conv: 3}
          norm: batch_norm
          sum: {add: {one: {}, other: {from: conv}}}
        """,
        "conv norm sum",
    ),
    "a conv that a layer in a branch reads": (
        """
        layers:
          conv: {conv: 3}
          norm: batch_norm
          sum: {add: {one: {}, other: {a: {conv: 3, from: conv}, n: batch_norm}}}
        """,
        "conv norm a* sum",
    ),
    "a conv that is an output": (
        "layers: {conv: conv, norm: batch_norm}\noutputs: {raw: conv, end: norm}",
        "conv norm",
    ),
    "a norm that is read twice": (
        """
        layers:
          conv: {conv: 3}
          norm: batch_norm
          act: activation
          sum: {add: {one: {}, other: {from: norm}}}
        """,
        "conv* act sum",
    ),
    "a norm that names its conv": (
        "layers: {conv: conv, norm: {batch_norm: {}, from: conv}}",
        "conv*",
    ),
    "a norm that reads another layer": (
        """
        layers:
          first: {conv: 3}
          conv: {conv: 3}
          norm: {batch_norm: {}, from: first}
          sum: {add: {one: {}, other: {from: conv}}}
        """,
        "first conv norm sum",
    ),
    "sizes": (
        """
        layers:
          one: {conv: {filters: 3, stride: 2, kernel: 3}}
          n1: batch_norm
          two: {conv: {filters: 3, stride: 2, kernel: 3}}
          n2: batch_norm
          as_conv: {resize: {like: one}}
          small: {max_pool: {kernel: 2, ceil: true}}
          as_norm: {resize: {like: n1}}
        """,
        "one* two* as_conv small as_norm",
    ),
    "repeats": (
        """
        layers:
          a: {conv: 3, repeat: 2}
          n1: batch_norm
          b: conv
          n2: {batch_norm: {}, repeat: 2}
        """,
        "a.0 a.1 n1 b n2.0 n2.1",
    ),
    "tables": (
        """
        blocks:
          unit: {arguments: {c: int}, layers: {conv: {conv: c}, norm: batch_norm}}
        layers:
          t: {columns: [c], rows: [[2], [3]], each: {conv: c}}
          n1: batch_norm
          ops:
            columns: [op]
            rows: [conv, batch_norm]
            each: {conv: {filters: 4}, batch_norm: {}}
          units:
            columns: [c, n]
            rows: {x: [5, 2], y: [6, 1]}
            each: {unit: c}
            repeat: n
        """,
        "t.0 t.1 n1 ops.0 ops.1 units.x.0.conv* units.x.1.conv* units.y.0.conv*",
    ),
    "conditions": (
        """
        multipliers: {yes: true, no: false}
        layers:
          a: {conv: 3, when: yes}
          n1: {batch_norm: {}, when: yes}
          b: {conv: 3, when: no}
          n2: {batch_norm: {}, when: no}
          c: conv
          n3: {batch_norm: {}, when: yes}
          d: {conv: 3, when: yes}
          n4: batch_norm
          e: {conv: 3, when: channels == 3}
          n5: {batch_norm: {}, when: channels == 3}
        """,
        "a* c n3 d n4 e n5",
    ),
    "conditions that differ by use": (
        """
        blocks:
          unit:
            arguments: {normed: true}
            layers:
              conv: {conv: {kernel: 3, filters: 4}}
              norm: {batch_norm: {}, when: normed}
              end: {conv: 4, when: normed}
              end_norm: {batch_norm: {}, when: normed}
        layers: {a: unit, b: {unit: {normed: false}}}
        """,
        "a.conv a.norm a.end* b.conv",
    ),
}  # fmt: skip


def listed(network):
    return " ".join(
        layer.path + "*" * ("bias" in layer.weights) for layer in network.layers
    )


@pytest.mark.parametrize(("text", "left"), CASES.values(), ids=CASES)
def test_what_is_left(network, text, left):
    full = network(text, HEAD + DEFAULTS)
    light = folded(full)
    assert listed(light) == left
    assert light.macs == full.macs
    assert light.output_shape == full.output_shape
    ends = [light.layers[end].path for end in light.outputs.values()]
    norms = {layer.path for layer in full.layers} - {p.path for p in light.layers}
    assert norms.isdisjoint(ends)


def test_references_to_a_norm_go_to_its_conv(network):
    light = folded(
        network(
            """
            layers:
              a: {conv: 3}
              norm: batch_norm
              b: {conv: 3}
              sum: {add: {one: {}, other: {from: norm}}}
            outputs: {first: norm, last: sum}
            """,
            HEAD + DEFAULTS,
        )
    )
    sources = {layer.path: layer.sources for layer in light.layers}
    assert sources == {"a": (-1,), "b": (0,), "sum": (1, 0)}
    assert light.outputs == {"first": 0, "last": 2}


NAMES = """
blocks:
  conv_bias: {arguments: {c: int}, layers: {conv: {conv: c}}}
  conv_bn: {arguments: {c: int}, layers: {conv: {conv: c}, norm: batch_norm}}
  pair_bn:
    summary: Two units with batch normalisation.
    layers: {a: {conv_bn: 4}, b: unit}
  unit:
    summary: A convolution and a batch norm.
    layers: {conv: conv, norm: batch_norm}
  pre_bn:
    summary: Batch norm, then a convolution.
    layers: {norm: batch_norm, conv: {conv_bn: 4}}
layers:
  plain: {conv_bias: 4}
  both: {columns: [op], rows: [pair_bn, unit], each: {pair_bn: {}, unit: {}}}
  pre: pre_bn
  depth: depthwise_bn_act
"""


def test_blocks_that_lost_batch_norm_say_bias(network):
    """Names by their word `bn`, unless one is taken; summaries by `batch norm`."""
    light = folded(network(NAMES, HEAD + DEFAULTS))
    summaries = {name: b.summary for name, b in light.document.blocks.items()}
    assert summaries == {
        "conv_bias": None,
        "conv_bn": None,
        "pair_bias": "Two units with bias.",
        "unit": "A convolution and a bias.",
        "pre_bn": "Batch norm, then a convolution.",
        "depthwise_bias_act": "Depthwise convolution, bias and activation.",
    }
    assert [block.name for block in light.document.blocks.values()] == list(summaries)


def test_defaults_follow_the_block(network):
    defaults = f"{DEFAULTS}  conv_bn: {{filters: 7}}\n"
    light = folded(network("layers: {a: conv_bn}", HEAD + defaults))
    assert light.output_shape == (7, 8, 6)


def test_no_standard_block_has_the_name_of_another_that_is_folded():
    names = set(standard_blocks().entries)
    assert names.isdisjoint(
        name.replace("bn", "bias") for name in names if "bn" in name.split("_")
    )


def test_the_spec_tells_that_it_is_folded():
    full = elaborate("mobilenetv2", ["torchvision"])
    light = folded(full)
    assert light.spec.module_name == "mobilenetv2_torchvision_folded"
    assert light.spec.variant == full.spec.variant
    assert light.spec.digest != full.spec.digest
    assert folded(light) is light


def test_another_number_of_classes():
    light = with_classes(folded(elaborate("mobilenetv2")), 7)
    assert light.spec.module_name == "mobilenetv2_folded"
    assert light.output_shape == (7,)
    assert all(layer.op != "batch_norm" for layer in light.layers)
