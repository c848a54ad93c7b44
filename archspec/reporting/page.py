"""The page: one file, which asks for nothing and runs no text of the spec."""

from __future__ import annotations

import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from typing import NamedTuple

import jinja2
from markupsafe import Markup, escape

from archspec import resources
from archspec.analysis.table import COUNTED
from archspec.errors import SpecError, printable
from archspec.frameworks import SOURCES
from archspec.language.written import written
from archspec.network import Network
from archspec.reporting import variants as others
from archspec.reporting.code import highlighted
from archspec.reporting.depth import HEIGHT, depth
from archspec.reporting.facts import facts
from archspec.reporting.picture import picture
from archspec.reporting.tables import cost_tables, layer_table, variant_table
from archspec.reporting.weights import commands, is_of_its_file, target_title
from archspec.targets import digest, render

_STYLES = ("web/palette.css", "report/style.css")
_SCRIPT = "report/script.js"


class Source(NamedTuple):
    """The code of a target, or why there is none."""

    target: str
    title: str
    code: Markup
    refusal: str


def report(network: Network) -> str:
    """The page as HTML, whose last line has a digest as generated code has it."""
    compared = others.variants(network)
    drawn = picture(network)
    style = Markup("\n".join([*map(_bundled, _STYLES), drawn.style]))
    script = Markup(_bundled(_SCRIPT))
    layers, tables = cost_tables(network)
    figures = depth(network)
    page = _environment().get_template("page.jinja")
    text = page.render(
        style=style,
        script=script,
        policy=_policy(style, script),
        facts=facts(network),
        picture=drawn,
        layers=layers,
        tables=tables,
        counted=_with_code(COUNTED),
        depth=figures,
        layer_table=layer_table(figures.layers),
        variant_table=variant_table(compared.counted),
        panel_height=HEIGHT,
        compared=compared,
        plot=others.plot(compared.counted),
        plot_height=others.HEIGHT,
        sources=[_source(network, target) for target in SOURCES],
        spec=highlighted(_yaml(network), "yaml"),
        commands=commands(network),
        origin=printable(network.spec.stem),
        unsigned=digest.UNSIGNED,
        highlighted=highlighted,
    )
    return digest.sign(text, network.spec.digest)


def _yaml(network: Network) -> str:
    """As `archspec show` prints it; with variants or changes, it stands alone."""
    spec = network.spec
    is_base = spec.variant is None and is_of_its_file(spec)
    return spec.source.text if is_base else written(spec)


def _with_code(text: str) -> Markup:
    """Our own text, with options of the command line as code."""
    return Markup(re.sub(r"--[a-z-]+", r"<code>\g<0></code>", str(escape(text))))


def _source(network: Network, target: str) -> Source:
    title = target_title(target)
    try:
        text = render(network, target)
    except SpecError as error:
        # Without places: the page states no path.
        told = [str(found._replace(place=None)) for found in error.diagnostics]
        return Source(target, title, Markup(), "\n".join(told))
    return Source(target, title, highlighted(text, "python"), "")


def _policy(style: str, script: str) -> str:
    """A Content Security Policy under which the page's own style and script work."""
    return "; ".join(
        [
            "default-src 'none'",
            f"style-src '{_hash(style)}'",
            f"script-src '{_hash(script)}'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def _bundled(name: str) -> str:
    return (resources.TEMPLATES / name).read_text("utf-8")


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(resources.TEMPLATES / "report"),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
