"""Pictures of networks: what is drawn, where, and how it is written.

`diagram` decides what is drawn, without geometry; SVG, HTML, Mermaid and DOT are
written from it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

from archspec.drawing.diagram import diagram
from archspec.drawing.page import Share
from archspec.drawing.svg import svg
from archspec.network import Network

Format = Literal["svg"]
FORMATS: tuple[Format, ...] = get_args(Format)
SHARES: tuple[Share, ...] = get_args(Share)

__all__ = ["FORMATS", "SHARES", "Format", "Share", "draw"]

_WRITERS: dict[Format, Callable[..., str]] = {"svg": svg}


def draw(network: Network, format: Format = "svg", share: Share = "macs") -> str:
    """The picture of a network in a format."""
    return _WRITERS[format](diagram(network), share)
