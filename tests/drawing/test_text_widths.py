"""The widths of texts are those of a browser."""

import pytest

import archspec
from archspec.drawing.diagram import diagram
from archspec.drawing.page import page as arranged
from archspec.drawing.text import fitted, width, wrapped

MEASURE = """texts => [...document.querySelectorAll('svg text')].map(
    text => [text.textContent, text.getComputedTextLength(), text.getBBox().width])"""
APART = "<style>svg text { font-kerning: none }</style>"
OVERHANG = 2
"""Pixels by which glyphs may reach beyond their advance, as a j does; boxes leave 9."""


@pytest.mark.full
@pytest.mark.parametrize("spec", ["mobilenetv2", "hrnet_w18_small", "swin_tiny"])
def test_widths_are_those_of_chromium(page, spec):
    network = archspec.load(spec)
    page.set_content(APART + network.draw())
    found = arranged(diagram(network))
    scenes = [found.scene, *(panel.scene for panel in found.panels)]
    texts = [*found.texts, *(t for p in found.panels for t in p.texts)]
    texts += [
        t for s in scenes for t in (*s.labels, *(t for n in s.nodes for t in n.texts))
    ]
    declared = sorted((text.text, text.area.width) for text in texts)
    measured = sorted(map(tuple, page.evaluate(MEASURE)))
    assert [text for text, *_ in measured] == [text for text, _ in declared]
    for (text, wide, box), (_, expected) in zip(measured, declared, strict=True):
        assert wide == pytest.approx(expected, rel=0.01, abs=0.05), text
        assert box <= expected + OVERHANG, text


@pytest.mark.full
def test_characters_that_are_not_in_the_table_are_no_wider_than_assumed(page):
    for text in (
        "Größe naïve Łódź",
        "Ωμέγα",
        "Нейросеть",
        "神经网络",
        "\N{ROCKET}\N{ROCKET}",
    ):
        page.set_content(
            f'<svg><text font-family="Arial" font-size="20">{text}</text></svg>'
        )
        ((_, wide, _),) = page.evaluate(MEASURE)
        assert wide <= width(text, 20)


def test_a_text_is_shortened_to_fit():
    assert fitted("conv_bn_act", 100, 12) == "conv_bn_act"
    short = fitted("conv_bn_act" * 9, 100, 12)
    assert short.endswith("...")
    assert 90 < width(short, 12) <= 100


def test_a_text_is_wrapped_in_few_lines():
    lines = wrapped("one two three four five six", 62, 10, 3)
    assert lines == ["one two three", "four five six"]
    assert wrapped("one two three four five six", 50, 10, 2) == [
        "one two",
        "three fou...",
    ]
