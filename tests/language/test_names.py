"""What names may be (rules 3 and 14)."""

from __future__ import annotations

import pytest

from archspec.language.blocks import standard_blocks

WORD = "is a reserved word of the language"
OWN = "is predefined by the language"
NAME = "is not a valid name: use letters, digits and _, starting with a letter"
CONSTANT = "is not a valid name: it is a value of YAML"
KEYWORD = "is not a valid name: it is a keyword of Python"
LONG = "is not a valid name: it has more than 64 letters"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("relu", WORD),
        ("fan_in", WORD),
        ("true", CONSTANT),
        ("Null", CONSTANT),
        ("channels", OWN),
        ("in_channels", OWN),
        ("classes", OWN),
        ("residual", OWN),
        ("row", OWN),
        ("step", OWN),
        ("index", OWN),
        ("count", OWN),
        ("round_channels", OWN),
        ("max", OWN),
        ("lambda", KEYWORD),
        ("_x", NAME),
        ("a-b", NAME),
        ("é", NAME),
        ("x" * 65, LONG),
    ],
)
@pytest.mark.parametrize(
    "text",
    [
        "multipliers: {NAME: 1}\nlayers: {a: {conv: 1}}",
        "define: {NAME: 1}\nlayers: {a: {conv: 1}}",
        "define: {f(NAME): 1}\nlayers: {a: {conv: 1}}",
        "blocks: {b: {arguments: {NAME: 1}, layers: {a: identity}}}\nlayers: {a: b}",
        "blocks: {b: {let: {NAME: 1}, layers: {a: identity}}}\nlayers: {a: b}",
        "layers: {t: {columns: [NAME], rows: [[1]], each: {conv: 1}}}",
        "layers: {t: {columns: [c], rows: {NAME: [1]}, each: {conv: 1}}}",
    ],
)
def test_no_visible_name_can_be(faults, text, name, reason):
    (fault,) = faults(text.replace("NAME", name))
    if fault.startswith("AS206 "):
        assert fault.endswith("is neither a name nor a function such as 'scale(c)'")
    else:
        assert fault.startswith("AS207 ")
        assert fault.endswith(f": '{name}' {reason}")


@pytest.mark.parametrize("key", ["a-b", "f(x", "f(x)(y)", "1 + 2", "f(a.b)"])
def test_a_definition_is_a_name_or_a_function(faults, key):
    text = f"define: {{'{key}': 1}}\nlayers: {{a: {{conv: 1}}}}"
    (fault,) = faults(text)
    assert f"'{key}'" in fault
    assert fault.startswith(("AS206", "AS207"))


def test_a_function_cannot_be_defined_twice(faults):
    text = "define: {'f(x)': 1, 'f(x, y)': 2}\nlayers: {a: {conv: 1}}"
    assert faults(text) == ["AS106 'f(x, y)': 'f' is defined twice"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("define: {w: 1}", "AS207 w: 'w' is defined twice"),
        ("define: {f(w): 1}", "AS207 f(w): 'w' shadows the 'w' of line 6"),
        (
            "blocks: {b: {arguments: {w: 1}, layers: {x: identity}}}",
            "AS207 w: 'w' shadows the 'w' of line 6",
        ),
        (
            "blocks: {b: {arguments: {x: 1}, let: {x: 1}, layers: {y: identity}}}",
            "AS207 x: 'x' is defined twice",
        ),
        (
            "blocks: {b: {arguments: {k: 1}, layers: "
            "{t: {columns: [k], rows: [[1]], each: {conv: k}}}}}",
            "AS207 k: 'k' shadows the 'k' of line 7",
        ),
    ],
)
def test_nothing_is_shadowed(faults, text, fault):
    found = faults(f"multipliers: {{w: 1}}\n{text}\nlayers: {{a: {{conv: 1}}}}")
    assert found == [fault]


@pytest.mark.parametrize(
    "columns", ["[w, c]", "[c, c]", "[op, op]"], ids=["shadow", "twice", "two ops"]
)
def test_columns_are_names_of_their_own(faults, columns):
    text = f"""
    multipliers: {{w: 1}}
    layers: {{t: {{columns: {columns}, rows: [[conv, conv]], each: {{conv: 1}}}}}}
    """
    assert any(fault.startswith("AS207") for fault in faults(text))


def test_a_standard_block_may_use_the_name_of_a_multiplier(network):
    found = network("""
    multipliers: {filters: 8}
    defaults: {conv: {padding: same, bias: false}, batch_norm: {epsilon: 1, decay: 1/2}}
    layers: {a: {conv_bn: filters}}
    """)
    assert found.output_shape == (8, 8, 8)


@pytest.mark.parametrize("name", ["op", "input", "extends", "residual"])
def test_reserved_layer_names(faults, name):
    text = f"layers: {{{name}: {{conv: 1}}}}"
    assert faults(text) == [f"AS207 {name}: no layer can be named '{name}'"]


def test_layer_names_are_unique_in_a_block_branches_included(faults):
    text = """
    layers:
      a: {conv: 1}
      sum: {add: {left: {a: {conv: 1}}, right: {b: {conv: 1}}}}
    """
    assert faults(text) == ["AS207 a: two layers are named 'a'"]


def test_the_same_names_in_blocks_branches_and_ops(network):
    found = network("""
    blocks:
      block:
        arguments: {expand: 2}
        layers: {expand: {conv: expand}, dropout: {dropout: 0.2}}
    layers:
      dropout: {dropout: 0.2}
      block: block
      sum: {add: {left: {}, right: {}}}
      product: {multiply: {left: {}, right: {}}}
    """)
    paths = [layer.path for layer in found.layers]
    assert paths == ["dropout", "block.expand", "block.dropout", "sum", "product"]


def test_a_branch_is_no_argument_or_let(faults):
    text = """
    blocks:
      b:
        arguments: {left: 1}
        let: {right: 1}
        layers: {sum: {add: {left: {}, right: {}, middle: {}}}}
    layers: {a: b}
    """
    assert faults(text) == [
        "AS207 left: the branch 'left' has the name of an argument or 'let'",
        "AS207 right: the branch 'right' has the name of an argument or 'let'",
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("name: list", "AS203 list: 'list' is a builtin of Python"),
        ("name: a b", f"AS203 a b: 'a b' {NAME}"),
        ("define: {sum(a): a}", "AS207 sum(a): 'sum' is a builtin of Python"),
        (
            "blocks: {map: {layers: {x: identity}}}",
            "AS207 map: 'map' is a builtin of Python",
        ),
        (
            "blocks: {conv: {layers: {x: identity}}}",
            "AS207 conv: 'conv' is a primitive",
        ),
        ("outputs: {a-b: a}", f"AS207 a-b: 'a-b' {NAME}"),
    ],
)
def test_names_that_generated_code_cannot_have(faults, text, fault):
    assert faults(f"{text}\nlayers: {{a: {{conv: 1}}}}") == [fault]


@pytest.mark.parametrize("name", ["0.5_160", "101", "a.b", "A_1"])
def test_variant_names(network, name):
    assert network(f'layers: {{a: {{conv: 1}}}}\nvariants: {{"{name}": {{}}}}', name)


@pytest.mark.parametrize("name", ["-x", "_x", "a/b", "../x", "a b", "é", "x" * 65])
def test_refused_variant_names(faults, name):
    (fault,) = faults(f'layers: {{a: {{conv: 1}}}}\nvariants: {{"{name}": {{}}}}')
    assert fault.endswith(f"'{name}' is not a variant's name")


def test_only_the_file_name_of_a_variant_is_rewritten(network):
    found = network("layers: {a: {conv: 1}}\nvariants: {0.5_160: {}}", "0.5_160")
    assert found.spec.variant == "0.5_160"
    assert found.spec.module_name == "spec_0_5_160"


@pytest.mark.parametrize("stem", ["my-net", "1net", "class"])
def test_the_stem_of_a_generated_file_is_a_name(write, stem):
    import archspec

    network = archspec.load(write("layers: {a: {conv: 1}}", name=f"{stem}.yaml"))
    with pytest.raises(archspec.SpecError, match=f"'{stem}' is not a valid name"):
        network.path("torch")


def test_at_most_so_many(faults):
    names = ", ".join(f"x{number}: 1" for number in range(101))
    found = faults(f"define: {{{names}}}\nlayers: {{a: {{conv: 1}}}}")
    assert found == ["AS208 x100: at most 100 names, found 101"]
    rows = ", ".join("[1]" for _ in range(1001))
    each = "each: {conv: c}"
    found = faults(f"layers: {{t: {{columns: [c], rows: [{rows}], {each}}}}}")
    assert [fault.rpartition(": ")[2] for fault in found] == [
        "at most 1000 rows, found 1001"
    ]


def test_the_standard_blocks_obey_the_rules_of_own_blocks(network):
    blocks = standard_blocks()
    copies = ", ".join(f"{name}: {{extends: {name}}}" for name in blocks.entries)
    assert network(f"blocks: {{{copies}}}\nlayers: {{a: {{conv: 1}}}}")
