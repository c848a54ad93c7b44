"""Blocks: arguments, lets, `extends`, and what they may call (rules 6, 7, 12)."""

from __future__ import annotations

import pytest

from archspec.elaboration import elaborate
from archspec.errors import SpecError

NORMS = (
    "defaults: {conv: {padding: same, bias: false}, activation: relu, "
    "batch_norm: {epsilon: 1e-3, decay: 0.9}}"
)


def outputs(network):
    return {layer.path: layer.output[0] for layer in network.layers}


@pytest.mark.parametrize(
    ("declared", "given", "value"),
    [
        ("int", "4", 4),
        ("int", "4.0", 4),
        ("float", "4", 4),
        ("float", "0.5", 0.5),
        ("bool", "true", True),
        ("word", "relu", "relu"),
        ("3", "relu", "relu"),
        ("3", "[1, 2]", (1, 2)),
        ("in_channels * 2", "~", 6),
        ("[1, 2]", "~", (1, 2)),
        ("relu", "~", "relu"),
        ("~", "~", None),
        ("~", "3", 3),
    ],
)
def test_an_argument(network, declared, given, value):
    found = network(f"""
    blocks: {{b: {{arguments: {{x: {declared}}}, layers: {{a: identity}}}}}}
    layers: {{b: {{b: {{x: {given}}}}}}}
    """)
    (step,) = found.root.steps["b"]
    assert step.attributes["x"] == value
    assert type(step.attributes["x"]) is type(value)


@pytest.mark.parametrize(
    ("declared", "given", "fault"),
    [
        ("int", "2.5", "AS302 2.5: b: 'x' must be a whole number, but is 2.5"),
        ("int", "true", "AS302 true: b: 'x' must be a whole number, but is true"),
        ("int", "relu", "AS302 relu: b: 'x' must be a whole number, but is \"relu\""),
        ("int", "[1, 2]", "AS302 1: b: 'x' must be a whole number, but is [1, 2]"),
        ("float", "false", "AS302 false: b: 'x' must be a number, but is false"),
        ("bool", "1", "AS302 1: b: 'x' must be true or false, but is 1"),
        ("word", "1", "AS302 1: b: 'x' must be a word, but is 1"),
        ("int", "~", "AS304 b: b needs 'x' (int)"),
        ("word", "~", "AS304 b: b needs 'x' (word)"),
    ],
)
def test_an_argument_of_another_type(faults, declared, given, fault):
    found = faults(f"""
    blocks: {{b: {{arguments: {{x: {declared}}}, layers: {{a: identity}}}}}}
    layers: {{a: {{b: {{x: {given}}}}}}}
    """)
    assert found == [fault]


def test_defaults_see_earlier_arguments_only(network, faults):
    text = """
    blocks:
      b:
        arguments: {x: in_channels + 1, y: x * 2}
        layers: {a: {conv: y}}
    layers: {b: b}
    """
    assert outputs(network(text)) == {"b.a": 8}
    assert faults(text.replace("in_channels + 1", "y + 1")) == [
        "AS301 y: unknown name 'y'"
    ]


def test_a_let_cannot_be_given(faults):
    found = faults("""
    blocks: {b: {arguments: {x: 1}, let: {y: x}, layers: {a: identity}}}
    layers: {b: {b: {x: 2, y: 3}}}
    """)
    assert found == ["AS204 y: 'y' is a 'let' of b, which cannot be set"]


def test_an_unknown_argument(faults):
    found = faults("layers: {a: {squeeze_excite: {hiden: 3}}}")
    assert found == ["AS204 hiden: unknown attribute 'hiden' of squeeze_excite"]


@pytest.mark.parametrize(("residual", "width"), [("in_channels == f", 3), ("true", 3)])
def test_residual(network, residual, width):
    found = network(f"""
    blocks:
      b:
        arguments: {{f: int}}
        residual: {residual}
        layers: {{a: {{conv: f}}, drop: {{dropout: 0.1, when: residual}}}}
    layers: {{b: {{b: {width}}}}}
    """)
    assert list(outputs(found)) == ["b.a", "b.drop", "b.residual"]
    assert found.layers[-1].sources == (-1, 1)


def test_a_residual_that_does_not_hold(network):
    found = network("""
    blocks:
      b:
        residual: in_channels > 3
        layers: {a: {conv: 4}, drop: {dropout: 0.1, when: residual}}
    layers: {b: b}
    """)
    assert list(outputs(found)) == ["b.a"]


def test_without_residual_its_name_is_unknown(faults):
    found = faults("""
    blocks: {b: {layers: {a: {conv: 4, when: residual}}}}
    layers: {b: b}
    """)
    assert found == ["AS301 residual: unknown name 'residual'"]


def test_a_residual_of_another_shape(network):
    with pytest.raises(SpecError) as caught:
        network("""
        blocks: {b: {residual: true, layers: {a: {conv: 4}}}}
        layers: {b: b}
        """)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.path == "layers.b, block b, residual"
    assert diagnostic.message.startswith("add needs equal shapes")


def test_an_own_block_sees_multipliers_definitions_and_classes(network):
    found = network("""
    multipliers: {width: 2}
    define: {more: 3, scale(c): c * width}
    blocks: {b: {layers: {a: {conv: scale(more) + classes + width}}}}
    layers: {b: b}
    """)
    assert outputs(found) == {"b.a": 18}


@pytest.mark.parametrize("name", ["width", "more", "classes", "scale"])
def test_a_standard_block_sees_none_of_them(write, tmp_path, monkeypatch, name):
    from archspec import resources
    from archspec.language.blocks import standard_blocks

    folder = tmp_path / "specs"
    (folder / "blocks").mkdir(parents=True)
    used = "scale(1)" if name == "scale" else name
    text = f"b: {{layers: {{a: {{conv: {used}}}}}}}\n"
    (folder / "blocks" / "own.yaml").write_text(text)
    monkeypatch.setattr(resources, "SPECS", folder)
    standard_blocks.cache_clear()
    path = write("""
    multipliers: {width: 2}
    define: {more: 3, scale(c): c}
    layers: {b: b}
    """)
    with pytest.raises(SpecError, match=f"unknown (name|function) '{name}'"):
        elaborate(path)
    standard_blocks.cache_clear()


def test_a_block_does_not_see_its_caller(faults):
    text = """
    blocks: {b: {layers: {a: {conv: NAME}}}}
    layers: {t: {columns: [c], rows: [[1]], each: {b: ~}, repeat: 2}}
    """
    for name in ("c", "step", "row", "index", "count"):
        found = faults(text.replace("NAME", name))
        assert found == [f"AS301 {name}: unknown name '{name}'"]


def test_extends_merges(network):
    found = network(f"""
    {NORMS}
    blocks:
      b:
        extends: conv_bn_act
        arguments: {{more: 1, kernel: 3}}
        layers: {{norm: ~, extra: {{conv: {{filters: more}}, after: act}}}}
    layers: {{b: {{b: {{filters: 4, more: 5}}}}, c: {{b: 6}}}}
    """)
    assert outputs(found) == {
        "b.conv": 4,
        "b.act": 4,
        "b.extra": 5,
        "c.conv": 6,
        "c.act": 6,
        "c.extra": 1,
    }
    assert found.layers[0].weights["weight"].shape == (4, 3, 3, 3)


def test_the_main_argument_is_the_first_of_what_is_extended(network):
    found = network("""
    blocks:
      base: {layers: {a: identity}}
      one: {extends: base, arguments: {x: 1, y: 2}, layers: {a: {conv: x + y}}}
      two: {extends: one, arguments: {z: 1}}
    layers: {a: {one: 4}, b: {two: 5}}
    variants: {v: {blocks: {one: {arguments: {y: 3}}}, layers: {b: {one: 7}}}}
    """)
    assert outputs(found) == {"a.a": 6, "b.a": 7}


def test_a_variant_of_a_block_keeps_its_main_argument(network):
    text = """
    blocks: {one: {arguments: {x: 1, y: 2}, layers: {a: {conv: x + y}}}}
    layers: {a: {one: 4}}
    variants: {v: {blocks: {one: {arguments: {y: 3}}}, layers: {a: {one: 7}}}}
    """
    assert outputs(network(text, "v")) == {"a.a": 10}


def test_an_own_block_replaces_the_standard_one_in_standard_blocks(network):
    found = network(f"""
    {NORMS}
    blocks:
      conv_bn: {{extends: conv_bn, layers: {{norm: ~}}}}
    layers: {{b: {{basic_block: 3}}}}
    """)
    assert [path for path in outputs(found) if "norm" in path] == ["b.conv1.norm"]


def test_what_standard_blocks_give_it_it_must_take(faults):
    found = faults("""
    blocks: {conv_bn: {arguments: {filters: int}, layers: {a: {conv: filters}}}}
    layers: {b: {basic_block: 4}}
    """)
    assert found == [
        "AS204 kernel: unknown attribute 'kernel' of conv_bn",
        "AS204 stride: unknown attribute 'stride' of conv_bn",
    ]


@pytest.mark.parametrize(
    ("blocks", "fault"),
    [
        ("{b: {layers: {a: b}}}", "AS212 b: a block cannot call itself: b -> b"),
        (
            "{b: {layers: {a: c}}, c: {layers: {a: {add: {l: {x: b}}}}}}",
            "AS212 b: a block cannot call itself: c -> b -> c",
        ),
        (
            "{b: {layers: {a: {columns: [c], rows: [[1]], each: b}}}}",
            "AS212 b: a block cannot call itself: b -> b",
        ),
        (
            "{conv_bn: {extends: conv_bn_act, layers: {a: {conv_bn: 3, after: act}}}}",
            "AS212 conv_bn: a block cannot call itself: conv_bn -> conv_bn",
        ),
        ("{b: {extends: b}}", "AS211 b: circular 'extends' of block 'b'"),
        (
            "{b: {extends: c}, c: {extends: b}}",
            "AS211 c: circular 'extends' of block 'b'",
        ),
        ("{b: {extends: d}}", "AS211 d: block 'b' extends the unknown block 'd'"),
        ("{b: {summary: x}}", "AS202 b: missing key 'layers'"),
        ("{b: {layer: {}}}", "AS201 layer: unknown key 'layer' of block b"),
        (
            "{b: {name: x, layers: {a: identity}}}",
            "AS201 name: unknown key 'name' of block b",
        ),
    ],
)
def test_blocks_that_cannot_be(faults, blocks, fault):
    assert faults(f"blocks: {blocks}\nlayers: {{x: {{conv: 1}}}}") == [fault]


def test_a_long_chain_of_extends(faults):
    chain = ", ".join(f"b{n}: {{extends: b{n + 1}}}" for n in range(20))
    found = faults(f"""
    blocks: {{{chain}, b20: {{layers: {{a: identity}}}}}}
    layers: {{x: {{conv: 1}}}}
    """)
    assert [f.partition(": ")[2] for f in found] == [
        "blocks extend each other more than 8 deep"
    ]
