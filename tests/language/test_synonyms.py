"""Foreign words: what is advised exists, and what is said to be lacking does not."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from archspec.expressions import BUILTINS
from archspec.language.blocks import standard_blocks
from archspec.language.canonical import BLOCK
from archspec.language.canonical_layers import TABLE
from archspec.language.document import KEYS as DOCUMENT
from archspec.language.document import PARTS
from archspec.ops import JOINS, OPS, PRIMITIVES
from archspec.synonyms import (
    ATTRIBUTES,
    BESIDE,
    FUNCTIONS,
    KEYS,
    OPS_AND_BLOCKS,
    VALUES,
    plain,
)
from archspec.words import MODIFIERS, WORDS

PAGE = Path(__file__).parents[2] / "docs" / "glossary.md"
BLOCKS = standard_blocks().entries
ALL_OPS = {*OPS, *JOINS, *BLOCKS}
ATTRIBUTES_OF = {
    **{name: {*op.fields} for name, op in PRIMITIVES.items()},
    **{name: {*block.section("arguments").entries} for name, block in BLOCKS.items()},
}
IN_PARTS = {field.name for part in PARTS.values() for field in fields(part)}
KNOWN = {
    "ops": (OPS_AND_BLOCKS, ALL_OPS),
    "attributes": (
        ATTRIBUTES,
        {name for own in ATTRIBUTES_OF.values() for name in own},
    ),
    "beside": (BESIDE, {*MODIFIERS, *TABLE}),
    "keys": (KEYS, {*DOCUMENT, *BLOCK, *IN_PARTS}),
    "values": (VALUES, {*WORDS, "channels", "classes", "true", "false", "~"}),
    "functions": (FUNCTIONS, {*BUILTINS}),
}
EACH = pytest.mark.parametrize("kind", KNOWN)


@EACH
def test_what_is_advised_exists(kind):
    glossary, known = KNOWN[kind]
    assert {*glossary.same} <= known


@EACH
def test_entries_are_plain_and_in_one_place(kind):
    glossary, _ = KNOWN[kind]
    words = [word for others in glossary.same.values() for word in others.split()]
    lacking = [word for others in glossary.other for word in others.split()]
    assert [word for word in words + lacking if plain(word) != word] == []
    assert len({*lacking}) == len(lacking)
    if kind not in ("attributes", "keys", "values"):  # which differ by their owner
        assert len({*words}) == len(words)
        assert {*words}.isdisjoint(lacking)


@pytest.mark.parametrize("kind", ["ops", "values", "functions", "beside"])
def test_no_entry_is_a_word_of_the_language(kind):
    glossary, known = KNOWN[kind]
    words = " ".join([*glossary.same.values(), *glossary.other]).split()
    assert {*words}.isdisjoint(map(plain, known - {"~"}))


def test_the_ops_in_advice_exist():
    quoted = {
        name
        for advice in OPS_AND_BLOCKS.other.values()
        for name in re.findall(r"'([a-z_]+)'", advice)
    }
    assert quoted <= ALL_OPS | {"blocks"}


@pytest.mark.parametrize(
    ("op", "word", "own"),
    [
        ("conv", "out_channels", "filters"),
        ("conv", "num_filters", "filters"),
        ("conv", "kernel_size", "kernel"),
        ("conv", "strides", "stride"),
        ("conv", "use_bias", "bias"),
        ("depthwise_conv", "depth_multiplier", "multiplier"),
        ("dense", "out_features", "units"),
        ("batch_norm", "eps", "epsilon"),
        ("dropout", "p", "rate"),
        ("max_pool", "pool_size", "kernel"),
        ("upsample", "size", "factor"),
        ("activation", "negative_slope", "slope"),
        ("inverted_residual", "expand_ratio", "expand"),
    ],
)
def test_attributes_of_other_frameworks(op, word, own):
    assert ATTRIBUTES.help(word, ATTRIBUTES_OF[op]) == f"did you mean '{own}'?"


@pytest.mark.parametrize(
    ("word", "own"),
    [
        ("nn.Conv2d", "conv"),
        ("Conv2D", "conv"),
        ("Linear", "dense"),
        ("BatchNormalization", "batch_norm"),
        ("GlobalAveragePooling2D", "global_avg_pool"),
        ("MBConv", "inverted_residual"),
        ("Conv_BN_ReLU", "conv_bn_act"),
        ("cnov", "conv"),
    ],
)
def test_ops_of_other_frameworks(word, own):
    assert OPS_AND_BLOCKS.help(word, ALL_OPS) == f"did you mean '{own}'?"


OTHER_MATHEMATICS = [
    ("instance_norm", "layer_norm"),
    ("adaptive_avg_pool", "avg_pool"),
    ("adaptive_max_pool", "max_pool"),
    ("reshape", "resize"),
    ("prelu", "relu"),
    ("drop_connect", "drop_path"),
]


@pytest.mark.parametrize(("word", "alike"), OTHER_MATHEMATICS)
def test_no_spelling_leads_to_other_mathematics(word, alike):
    help = OPS_AND_BLOCKS.help(word, ALL_OPS)
    assert help
    assert f"did you mean '{alike}'" not in help
    assert "prelu" not in WORDS  # else its line of the table goes
    assert "did you mean" not in VALUES.help("prelu", WORDS)


def test_an_op_that_exists_needs_no_entry():
    assert OPS_AND_BLOCKS.help("GroupNorm", ALL_OPS) == "did you mean 'group_norm'?"


OF_SECTION = {"Layers": "ops", "Attributes": "attributes", "Activations": "values"}


def in_page():
    """The rows of docs/glossary.md: its section, a foreign word, archspec's word."""
    for section in PAGE.read_text("utf-8").split("\n## ")[1:]:
        heading = section.partition("\n")[0]
        for row in re.findall(r"^\| (.*) \|$", section, re.MULTILINE)[2:]:
            *foreign, own = row.split("|")
            for word in re.findall(r"`([\w.]+)`", "".join(foreign)):
                answers = re.findall(r"`(\w+)", own)
                if heading in OF_SECTION and answers:
                    yield OF_SECTION[heading], word, answers


@pytest.mark.parametrize(("kind", "word", "answers"), [*in_page()])
def test_errors_know_the_words_of_the_glossary(kind, word, answers):
    glossary, known = KNOWN[kind]
    assert word in known or glossary.match(word, known) in answers
