"""What a network is: its title, source, input and headline figures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

from archspec.analysis.memory import forms
from archspec.analysis.table import one_line
from archspec.language.document import Preprocessing
from archspec.network import Network
from archspec.ops import Shape
from archspec.ops.shapes import by
from archspec.reporting.axes import short, short_bytes
from archspec.targets.header import expected_pixels

SCHEMES = ("http", "https")
"""Of addresses that become links; others are text."""


class Headline(NamedTuple):
    """A figure in short and in full."""

    name: str
    short: str
    exact: str


class Link(NamedTuple):
    """A text, and the address that it leads to, or ""."""

    text: str
    address: str


class Facts(NamedTuple):
    """The head of the page."""

    name: str
    variant: str
    summary: str
    source: Link | None
    erratum: str
    headlines: list[Headline]
    details: list[tuple[str, str]]


def facts(network: Network) -> Facts:
    """What the page says of a network before its tables."""
    document = network.document
    source = document.source
    return Facts(
        network.name,
        network.spec.variant or "",
        one_line(document.summary or ""),
        Link(one_line(source.title), _address(source.url or "")) if source else None,
        one_line((network.reported and network.reported.erratum) or ""),
        [*_headlines(network)],
        [*_details(network)],
    )


def _address(url: str) -> str:
    """The address if it is one of the web, else "": `javascript:` is none."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    is_web = parts.scheme in SCHEMES and parts.netloc and url.isprintable()
    return url if is_web and " " not in url else ""


def _headlines(network: Network) -> Iterator[Headline]:
    _, fused, *_ = forms(network)
    trainable = network.trainable_parameters
    yield Headline("trainable parameters", short(trainable), f"{trainable:,}")
    yield Headline("MACs", short(network.macs), f"{network.macs:,}")
    yield Headline(
        "weights, float32", short_bytes(fused.weights), f"{fused.weights:,} bytes"
    )
    yield Headline(
        "activations at their peak",
        short_bytes(fused.activations),
        f"{fused.activations:,} bytes",
    )


def _details(network: Network) -> Iterator[tuple[str, str]]:
    document = network.document
    yield "input", _shapes(network.input_shape)
    yield "output", _shapes(network.output_shape)
    if document.preprocessing:
        yield "expects", _pixels(document.preprocessing)
    yield "layers", f"{len(network.layers):,}"
    url = (document.source and document.source.url) or ""
    if url and not _address(url):
        yield "source", one_line(url)


def _shapes(shape: Shape | dict[str, Shape]) -> str:
    if isinstance(shape, dict):
        return ", ".join(f"{name} {by(part)}" for name, part in shape.items())
    return by(shape)


def _pixels(said: Preprocessing) -> str:
    parts = [expected_pixels(said)]
    if said.resize is not None:
        parts.append(f"resized to {said.resize}")
    if said.crop is not None:
        parts.append(f"cropped to {said.crop}")
    if said.interpolation is not None:
        parts.append(f"{said.interpolation} interpolation")
    return ", ".join(parts)
