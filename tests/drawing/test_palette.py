"""The palette: every text colour is legible on every colour that can lie below it."""

import re

import pytest

from archspec.resources import TEMPLATES

CSS = (TEMPLATES / "web" / "palette.css").read_text("utf-8")
COLOURS = re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\);", CSS)
SIDES = [
    pytest.param({name: pair[side] for name, *pair in COLOURS}, id=theme)
    for side, theme in enumerate(("light", "dark"))
]
ENOUGH = 4.5
"""Level AA of the Web Content Accessibility Guidelines 2.2, criterion 1.4.3."""


def luminance(colour):
    """The relative luminance of WCAG 2.2."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts
    ]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_every_colour_has_a_light_and_a_dark_value():
    named = re.findall(r"^  --([\w-]+): (?!.*serif|.*monospace)", CSS, re.MULTILINE)
    assert named == [name for name, *_ in COLOURS]


@pytest.mark.parametrize("colours", SIDES)
def test_every_text_is_legible(colours):
    grounds = {n for n in colours if n.endswith("-fill")} | {"background", "surface"}
    pairs = {
        (text, ground)
        for ground in grounds
        for text in ("ink", "muted", ground.removesuffix("-fill"))
        if text not in grounds
    }
    pairs |= {
        (text, ground)
        for text in colours.keys() - grounds - {"line"}
        for ground in ("background", "surface")
    }
    faint = {pair for pair in pairs if contrast(*map(colours.get, pair)) < ENOUGH}
    assert not faint
