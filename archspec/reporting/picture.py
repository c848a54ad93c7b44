"""The picture of a network, as a part of the page."""

from __future__ import annotations

from typing import NamedTuple

from markupsafe import Markup

from archspec.drawing.diagram import diagram
from archspec.drawing.page import page
from archspec.drawing.svg import written
from archspec.network import Network

WIDEST = 1350
"""Pixels of a picture that the page shows whole: in a wider one, text is too small."""


class Picture(NamedTuple):
    """An SVG element, and the rules of its colours; a wide one scrolls.

    The page's policy admits one style sheet, so the rules move there.
    """

    svg: Markup
    style: str
    is_wide: bool


def picture(network: Network) -> Picture:
    """The picture that `archspec draw` writes; texts in it are escaped."""
    arranged = page(diagram(network))
    before, _, rest = written(arranged).partition("<style>")
    style, _, after = rest.partition("</style>")
    return Picture(Markup(before + after), style, arranged.width > WIDEST)
