"""Pictures of networks: what is drawn, where, and how it is written.

`diagram` decides what is drawn, without geometry; SVG, HTML, Mermaid and DOT are
written from it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

from archspec.drawing.diagram import Diagram, diagram
from archspec.drawing.difference import difference
from archspec.drawing.dot import dot
from archspec.drawing.html import html
from archspec.drawing.mermaid import mermaid
from archspec.drawing.page import MADE, Share
from archspec.drawing.svg import svg
from archspec.errors import one_of
from archspec.network import Network

Picture = Literal["svg", "html", "mermaid", "dot"]
"""The formats of pictures."""

__all__ = ["Picture", "Share", "draw", "is_picture"]

_WRITERS: dict[Picture, Callable[[Diagram, Share], str]] = {
    "svg": svg,
    "html": html,
    "mermaid": mermaid,
    "dot": dot,
}


def is_picture(content: bytes) -> bool:
    """Whether `archspec draw` wrote a file."""
    return MADE.encode() in content[:400]


def draw(
    network: Network,
    format: Picture = "svg",
    share: Share = "macs",
    compared_with: Network | None = None,
) -> str:
    """The picture of a network in a format, or of its differences from another.

    Raises InvalidArgument for other words.
    """
    one_of("format", format, get_args(Picture))
    one_of("share", share, get_args(Share))
    if compared_with is None:
        return _WRITERS[format](diagram(network), share)
    return _WRITERS[format](difference(compared_with, network), share)
