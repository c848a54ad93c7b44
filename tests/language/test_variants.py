"""Variants that a spec inherits, and those that no longer apply."""

from __future__ import annotations

import pytest

from archspec.api.checking import check
from archspec.elaboration import elaborate
from archspec.errors import NOTE, SpecError
from archspec.language import load, variant_names
from archspec.language.family import keeping

BASE = """
layers: {stem: {conv: 4}, head: {conv: 5}, pool: {avg_pool: 1}, last: {dense: 6}}
variants:
  wide: {layers: {stem: {conv: 8}}}
  headed: {layers: {head: {conv: 7}}}
  longer: {layers: {extra: {conv: 7, after: head}}}
  tiny: {input: {size: 1}}
"""


@pytest.fixture
def child(write):
    """A spec that extends BASE."""
    write(BASE, name="base.yaml")
    head = "extends: base.yaml\nname: Child\n"
    return lambda text: write(f"{head}{text}", name="child.yaml", head="")


def test_null_removes_all_inherited_variants(child):
    assert variant_names(child("variants: ~")) == []
    with pytest.raises(SpecError, match="unknown variant 'wide'"):
        elaborate(child("variants: ~"), ["wide"])


def test_a_variant_of_a_removed_layer_is_not_offered(child):
    path = child("layers: {pool: ~, head: ~}\nvariants: {own: {classes: 3}}")
    assert variant_names(path) == ["wide", "tiny", "own"]
    found = check(path, targets=["torch"])
    assert (found.errors, found.warnings, found.notes) == (0, 0, 1)
    assert found.variants == ["wide", "tiny", "own"]
    (note,) = found
    assert (note.severity, note.code, note.place.text) == (NOTE, "AS209", "head")
    assert note.message == (
        "layer 'head' is removed, so these inherited variants do not apply: "
        "headed, longer"
    )
    assert note.help == "to remove them, write variants: {headed: ~, longer: ~}"
    silent = child("layers: {head: ~}\nvariants: {headed: ~, longer: ~, tiny: ~}")
    assert check(silent, targets=["torch"]) == []


@pytest.mark.parametrize("name", ["headed", "longer"])
def test_asking_for_it_explains_why(child, name):
    path = child("layers: {head: ~}")
    with pytest.raises(SpecError) as caught:
        elaborate(path, [name])
    (found,) = caught.value.diagnostics
    assert found.message == f"variant '{name}' does not apply: layer 'head' is removed"
    assert (found.code, found.place.file) == ("AS209", str(path))
    assert found.place.text == "head"


def test_an_inherited_variant_that_fails_later_is_a_note(child):
    """At the own line that it breaks on, else at `extends`."""
    found = check(child("layers: {stem: {conv: {kernel: 3, padding: valid}}}"))
    (note,) = found
    assert note.message == (
        "a 3x3 window does not fit the 1x1 feature map: (1 + 0 + 0 - 3) // 1 + 1 = -1 "
        "rows, so these inherited variants do not apply: tiny"
    )
    assert note.place.text == "conv"
    assert elaborate(child("input: {size: 5}"), ["tiny"]).input_shape == (3, 1, 1)


def test_a_variant_that_the_spec_changes_itself_must_apply(child):
    path = child("layers: {head: ~}\nvariants: {headed: {classes: 3}}")
    found = check(path, targets=["torch"])
    assert [fault.message for fault in found if fault.severity == "error"] == [
        "there is no layer 'head' to change"
    ]


def test_variants_of_several_files_apply_one_after_the_other(write, child):
    middle = child("variants: {longer: {layers: {extra: {conv: 9}}}}")
    text = "variants: {longer: {layers: {extra: {conv: {kernel: 3}}, stem: ~}}}"
    last = write(f"extends: {middle.name}\n{text}", name="last.yaml", head="")
    layers = elaborate(last, ["longer"]).layers
    assert [layer.path for layer in layers] == ["head", "extra", "pool", "last"]
    assert layers[1].weights["weight"].shape == (9, 5, 3, 3)


def test_a_family_leaves_them_out(write):
    write(f"multipliers: {{width: 1}}\n{BASE}", name="base.yaml")
    variants = "{half: {multipliers: {width: 0.5}}}"
    text = f"extends: base.yaml\nlayers: {{head: ~}}\nvariants: {variants}"
    family = keeping(load(write(text, name="child.yaml", head="")), ["width"]).family
    assert (list(family.variants), family.others) == (["half"], ("wide", "tiny"))
