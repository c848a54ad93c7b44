"""The picture of a network, as a part of the page."""

from __future__ import annotations

from typing import NamedTuple

from markupsafe import Markup

from archspec.drawing import draw
from archspec.network import Network


class Picture(NamedTuple):
    """An SVG element, and the rules of its colours.

    The page's policy admits one style sheet, so the rules move there.
    """

    svg: Markup
    style: str


def picture(network: Network) -> Picture:
    """The picture that `archspec draw` writes; texts in it are escaped."""
    before, _, rest = draw(network).partition("<style>")
    style, _, after = rest.partition("</style>")
    return Picture(Markup(before + after), style)
