"""`extends`, variants and `--set` (rule 12)."""

from __future__ import annotations

import pytest

from archspec.elaboration import elaborate
from archspec.errors import SpecError
from archspec.language import load, variant_names
from archspec.language.document import Preprocessing

BASE = """
multipliers: {width: 1}
define: {scale(c): c * width, twice(c): 2 * c}
source: {title: Base, url: "https://example.org"}
preprocessing: {scale: 1/255, crop: 224}
layers:
  stem: {conv: scale(4)}
  stages:
    columns: [c, n]
    rows: {one: [8, 1], two: [16, 2]}
    each: {conv: {filters: c, stride: 2}}
    repeat: n
    then: {stride: 1}
  skip: {add: {left: {}, right: {inner: {conv: {filters: channels, kernel: 3}}}}}
  head: {conv: twice(4)}
reported: {parameters: 1, macs: 1}
"""


def outputs(network):
    return {layer.path: layer.output[0] for layer in network.layers}


@pytest.fixture
def patched(network):
    """The network of BASE with a patch over it."""

    def patched(patch: str):
        body = "\n".join(f"    {line}" for line in patch.strip("\n").splitlines())
        return network(f"{BASE}\nvariants:\n  patch:\n{body}", "patch")

    return patched


def test_the_base(network):
    assert outputs(network(BASE)) == {
        "stem": 4,
        "stages.one.0": 8,
        "stages.two.0": 16,
        "stages.two.1": 16,
        "inner": 16,
        "skip": 16,
        "head": 8,
    }


@pytest.mark.parametrize(
    ("patch", "changed"),
    [
        ("multipliers: {width: 2}", {"stem": 8}),
        ("define: {scale(c): c + 1}", {"stem": 5}),
        ("define: {twice(x): 3 * x}", {"head": 12}),
        ("define: {more: 3}\nlayers: {head: {conv: more}}", {"head": 3}),
        ("layers: {stem: {conv: 5}}", {"stem": 5}),
        ("layers: {stem: conv}", {}),
        ("layers: {stem: {conv: {kernel: 3}}}", {}),
        ("layers: {stem: {conv: {filters: ~}}}", {"stem": 3}),
        ("layers: {stem: {dense: 7}}", {"stem": 7}),
        ("layers: {stem: {when: false}}", {"stem": None}),
        ("layers: {stem: ~}", {"stem": None}),
        ("layers: {stages: {rows: {one: [9, 1]}}}", {"stages.one.0": 9}),
        ("layers: {stages: {rows: {one: ~}}}", {"stages.one.0": None}),
        (
            "layers: {stages: {repeat: ~, then: ~}}",
            {
                "stages.one.0": None,
                "stages.two.0": None,
                "stages.two.1": None,
                "stages.one": 8,
                "stages.two": 16,
            },
        ),
        ("layers: {stages: {each: {dense: c}, then: ~}}", {}),
        ("layers: {skip: {concat: {left: {}, right: {from: stem}}}}", None),
        ("layers: {skip: {add: {right: ~}}}", {"inner": None}),
        ("layers: {skip: {add: {right: {inner: ~}}}}", {"inner": None}),
        (
            "layers: {skip: {add: {right: {new: {conv: 16, after: inner}}}}}",
            {"new": 16},
        ),
        ("layers: {skip: {add: {third: {new: {conv: 16}}}}}", {"new": 16}),
        ("defaults: {conv: {stride: 2}}", {}),
    ],
)
def test_a_patch(network, patched, patch, changed):
    if changed is None:
        with pytest.raises(SpecError, match="concat needs feature maps of equal size"):
            patched(patch)
        return
    expected = {**outputs(network(BASE)), **changed}
    kept = {path: width for path, width in expected.items() if width is not None}
    assert outputs(patched(patch)) == kept


def test_mappings_merge_and_lists_replace(patched):
    found = patched("""
source: {title: Patch}
preprocessing: {crop: 160}
input: {size: [4, 6]}
""")
    document = found.document
    assert (document.source.title, document.source.url) == (
        "Patch",
        "https://example.org",
    )
    preprocessing = document.preprocessing
    assert preprocessing == Preprocessing(scale=1 / 255, crop=160)
    assert found.input_shape == (3, 4, 6)


def test_other_channels_have_other_means():
    kept = elaborate("resnet50", overrides=["input.channels=3"])
    assert kept.document.preprocessing.mean == [0.485, 0.456, 0.406]
    found = elaborate("resnet50", overrides=["input.channels=1"]).document.preprocessing
    assert (found.scale, found.mean, found.std) == (1 / 255, None, None)


def test_another_op_takes_the_modifiers_with_it(network):
    text = """
    layers: {a: {conv: 4, repeat: 2, then: {filters: 5}, from: input}}
    variants: {v: {layers: {a: {dense: 6}}}}
    """
    assert outputs(network(text)) == {"a.0": 4, "a.1": 5}
    assert outputs(network(text, "v")) == {"a": 6}


def test_null_in_then_is_not_given_from_the_second_repeat_on(network):
    text = """
    layers: {a: {conv: {filters: 4, kernel: 3}, repeat: 2, then: {kernel: ~}}}
    variants:
      v: {layers: {a: {then: {kernel: 5}}}}
      w: {layers: {a: {then: {filters: 6, kernel: ~}}}}
    """

    def kernels(*variants: str):
        layers = network(text, *variants).layers
        return [layer.weights["weight"].shape[2] for layer in layers]

    assert kernels() == [3, 1]
    assert kernels("v") == [3, 5]
    assert kernels("v", "w") == [3, 3]


@pytest.mark.parametrize(
    ("layers", "order"),
    [
        ("{x: {conv: 1, after: a}}", "a x b"),
        ("{x: {conv: 1, before: a}}", "x a b"),
        ("{x: {conv: 1, after: b}, y: {conv: 1, after: x}}", "a b x y"),
        ("{x: {conv: 1, after: a}, y: {conv: 1, before: x}}", "a y x b"),
    ],
)
def test_a_new_layer_says_where_it_goes(network, layers, order):
    text = f"layers: {{a: conv, b: conv}}\nvariants: {{v: {{layers: {layers}}}}}"
    assert list(outputs(network(text, "v"))) == order.split()


def test_a_layer_of_an_empty_branch_needs_no_place(network):
    text = """
    layers: {a: conv, s: {add: {l: {}, r: {from: input}}}}
    variants: {v: {layers: {s: {add: {l: {x: conv, y: {conv: 3, after: x}}}}}}}
    """
    assert list(outputs(network(text, "v"))) == ["a", "x", "y", "s"]


@pytest.mark.parametrize(
    ("layers", "fault"),
    [
        ("{x: {conv: 1}}", "AS210 x: there is no layer 'x' to change"),
        ("{x: ~}", "AS210 x: there is no layer 'x' to remove"),
        ("{x: {when: true}}", "AS210 x: there is no layer 'x' to change"),
        ("{x: {conv: 1, after: c}}", "AS210 c: unknown layer 'c'"),
        (
            "{x: {conv: 1, after: a, before: b}}",
            "AS210 before: layer 'x' has both 'after' and 'before'",
        ),
        (
            "{b: {conv: 1, after: a}}",
            "AS210 after: layer 'b' exists already, and 'after' cannot move it",
        ),
    ],
)
def test_a_typing_mistake_is_no_new_layer(faults, layers, fault):
    text = f"layers: {{a: conv, b: conv}}\nvariants: {{v: {{layers: {layers}}}}}"
    assert faults(text, "v") == [fault]


def test_help_for_a_typing_mistake(network):
    text = "layers: {stem: conv}\nvariants: {v: {layers: {stm: {conv: 1}}}}"
    with pytest.raises(SpecError, match=r"help: did you mean 'stem'\?"):
        network(text, "v")


def test_after_stands_in_a_patch_only(faults):
    found = faults("layers: {a: conv, b: {conv: 1, after: a}}")
    assert found == ["AS201 after: unknown key 'after'"]


def test_reported_is_never_inherited(write):
    base = BASE.replace(
        "reported:", "variants: {v: {reported: {macs: 2}}, w: {}}\nreported:"
    )
    path = write(base, name="base.yaml")
    assert load(path).document.reported.macs.value == 1
    assert load(path, ["v"]).document.reported.macs.value == 2
    assert load(path, ["w"]).document.reported is None
    assert load(path, ["w", "v"]).document.reported.macs.value == 2
    assert load(path, ["v", "w"]).document.reported is None
    assert load(path, ["v"], ["classes=3"]).document.reported is None
    child = write("extends: base.yaml\nname: Child", name="child.yaml", head="")
    assert load(child).document.reported is None
    assert load(child, ["v"]).document.reported is None


def test_a_child_brings_what_it_does_not_say_again(write):
    write(f"{BASE}\nsummary: Small.", name="base.yaml")
    child = write(
        "extends: base.yaml\nmultipliers: {width: 2}", name="child.yaml", head=""
    )
    found = elaborate(child)
    assert (found.name, found.document.summary) == ("Net", "Small.")
    assert outputs(found)["stem"] == 8
    assert found.spec.stem == "child"


@pytest.mark.parametrize(
    ("own", "summary", "title"),
    [
        ("classes: 3", "Small.", "Base"),
        ("input: {size: 9}\nmultipliers: {width: 2}", "Small.", "Base"),
        ("layers: {head: ~}", None, "Based on Base"),
        ("defaults: {conv: {bias: true}}", None, "Based on Base"),
        ("layers: {head: ~}\nsummary: Own.", "Own.", "Based on Base"),
        ("layers: {head: ~}\nsource: {title: Own}", None, "Own"),
        ("layers: {head: ~}\nsource: ~", None, None),
    ],
)
def test_a_child_that_changes_the_network_is_based_on_its_source(
    write, own, summary, title
):
    write(f"{BASE}\nsummary: Small.", name="base.yaml")
    child = write(f"extends: base.yaml\n{own}", name="child.yaml", head="")
    last = write(
        "extends: child.yaml\nlayers: {stem: {dense: 4}}", name="last.yaml", head=""
    )
    document = load(child).document
    assert document.summary == summary
    assert (document.source and document.source.title) == title
    source = load(last).document.source
    based = title and f"Based on {title.removeprefix('Based on ')}"
    assert (source and source.title) == based


@pytest.mark.parametrize(
    ("file", "own", "name"),
    [
        ("net_wide.yaml", "layers: {head: ~}", "NetWide"),
        ("net.yaml", "layers: {head: ~}", "Net"),
        ("my-small_net2.yaml", "defaults: {conv: {bias: true}}", "MySmallNet2"),
        ("child.yaml", "layers: {head: ~}\nname: Own", "Own"),
        ("child.yaml", "classes: 3\nmultipliers: {width: 2}", "Net"),
        ("exception.yaml", "layers: {head: ~}", "Net"),
        ("20.yaml", "layers: {head: ~}", "Net"),
        ("<stdin>.yaml", "layers: {head: ~}", "Net"),
    ],
)
def test_a_child_that_changes_the_network_has_the_name_of_its_file(
    write, file, own, name
):
    write(BASE, name="base.yaml")
    write("blocks: {unit: {layers: {act: activation}}}", name="shared.yaml", head="")
    child = write(f"extends: [base.yaml, shared.yaml]\n{own}", name=file, head="")
    assert load(child).document.name == name
    last = write(f"extends: {file}\nclasses: 4", name="last.yaml", head="")
    assert load(last).document.name == name


def test_variants_are_inherited_changed_and_deleted(write):
    write(
        """
        layers: {a: {conv: 1}, b: {conv: 1}}
        variants:
          kept: {layers: {a: {conv: 2}}}
          changed:
            layers: {a: {conv: {filters: 3, kernel: 3}}, c: {conv: 4, after: b}}
          other: {layers: {a: {conv: {kernel: 3}}}}
          gone: {layers: {a: ~}}
        """,
        name="base.yaml",
    )
    child = write(
        """
        extends: base.yaml
        layers: {b: {conv: 9}}
        variants:
          changed: {layers: {a: {conv: {filters: 5}}}}
          other: {layers: {a: {dense: 6}}}
          gone: ~
          new: {}
        """,
        name="child.yaml",
        head="",
    )
    assert variant_names(child) == ["kept", "changed", "other", "new"]
    assert outputs(elaborate(child, ["kept"])) == {"a": 2, "b": 9}
    changed = elaborate(child, ["changed"])
    assert outputs(changed) == {"a": 5, "b": 9, "c": 4}
    assert changed.layers[0].weights["weight"].shape == (5, 3, 3, 3)
    assert outputs(elaborate(child, ["other"])) == {"a": 6, "b": 9}


def test_variants_compose_in_order(network):
    text = """
    layers: {a: {conv: 1}}
    variants: {v: {layers: {a: {conv: 2}}}, w: {layers: {a: {conv: 3}}}}
    """
    assert outputs(network(text, "v", "w")) == {"a": 3}
    assert outputs(network(text, "w", "v")) == {"a": 2}
    assert network(text, "w", "v").spec.variant == "w+v"


def test_set_is_read_as_yaml(network):
    found = network(
        BASE,
        overrides=(
            "input.size=[16,12]",
            "multipliers.width=0.5",
            "layers.head=~",
            "layers.stages.rows.two=[32, 1]",
            "define.twice(c)=c",
        ),
    )
    assert found.input_shape == (3, 16, 12)
    assert outputs(found) == {
        "stem": 2,
        "stages.one.0": 8,
        "stages.two.0": 32,
        "inner": 32,
        "skip": 32,
    }


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("layers.stem.filters=2", "'filters' is an attribute of conv"),
        ("layers.stem.fitlers=2", "conv has no attribute 'fitlers'"),
        ("multipliers.widht=2", "there is no multiplier 'widht'"),
        ("multipliers={depth: 2}", "there is no multiplier 'depth'"),
        ("classes", "'classes' is not of the form a.b=value"),
        ("=3", "'=3' is not of the form a.b=value"),
        ("a..b=3", "'a..b=3' is not of the form a.b=value"),
        ("classes=", "'classes=' is not of the form a.b=value"),
        ("classes=[1", "invalid YAML: did not find expected ',' or ']'"),
        ("clases=3", "unknown key 'clases'"),
        ("layers.new.conv=3", "there is no layer 'new' to change"),
        ("defaults.conv.pading=same", "unknown attribute 'pading' of conv"),
    ],
)
def test_refused_overrides(faults, override, message):
    (fault,) = faults(BASE, overrides=(override,))
    assert fault.partition(": ")[2] == message


@pytest.mark.parametrize(
    ("path", "message", "help"),
    [
        (
            "kernel",
            "'kernel' is an attribute of conv",
            "write layers.stages.each.conv.kernel",
        ),
        (
            "each.kernel",
            "'kernel' is an attribute of conv",
            "write layers.stages.each.conv.kernel",
        ),
        (
            "conv.kernel",
            "'conv' is the op of a table",
            "write layers.stages.each.conv.kernel",
        ),
        (
            "n",
            "'n' is a column of a table",
            "write layers.stages.rows[0].n for a row, layers.stages.columns.n for all",
        ),
        (
            "depth",
            "the table 'stages' has no 'depth'",
            "below layers.stages you can set rows[0].c, rows[0].n, each.conv.ATTRIBUTE",
        ),
    ],
)
def test_what_can_be_set_in_a_table(network, path, message, help):
    with pytest.raises(SpecError) as caught:
        network(BASE, overrides=(f"layers.stages.{path}=3",))
    (fault,) = caught.value.diagnostics
    assert (fault.code, fault.message, fault.help) == ("AS504", message, help)


def test_no_multiplier_is_created_where_there_are_none(faults):
    found = faults("layers: {a: conv}", overrides=("multipliers.w=2",))
    assert found == ["AS504 multipliers.w: there is no multiplier 'w'"]


def test_an_unknown_variant(faults):
    text = "layers: {a: conv}\nvariants: {small: {}}"
    assert faults(text, "smal") == ["AS209 -: unknown variant 'smal'"]


def test_keys_of_the_language_are_names_where_names_stand(network):
    """A block may have arguments `layers` and `then`, a join a branch `layers`."""
    text = """
    blocks:
      b:
        arguments: {layers: 2, then: 3, arguments: 4}
        layers:
          a: {conv: layers + then + arguments}
          join: {add: {left: {}, each: {}}}
    layers:
      attributes: {b: {layers: 1, then: 1, arguments: 1}}
      sum: {concat: {layers: {x: {conv: 3}}, other: {}}}
    variants:
      v:
        layers:
          attributes: {b: {layers: 5, then: ~}}
          sum: {concat: {layers: {x: {conv: {kernel: 3}}}}}
    """
    assert network(text).layers[0].output[0] == 3
    assert network(text, "v").layers[0].output[0] == 9
