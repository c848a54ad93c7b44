"""Reports as a reader has them: in a browser, from a file, offline."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import archspec as api

SPEC = """\
archspec: 1
name: Net
summary: {0}
source: {{title: {0}, url: {0}}}
input: {{channels: 3, size: 32}}
defaults: {{conv: {{padding: same, bias: false}}}}
blocks:
  unit:
    summary: {0}
    source: {{title: {0}, url: {0}}}
    arguments: {{filters: int}}
    layers: {{conv: {{conv: filters}}}}
layers: {{a: {{unit: 8}}, b: {{conv: 8}}}}
reported: {{parameters: 1, erratum: {0}}}
variants: {{other: {{summary: {0}, blocks: {{unit: {{summary: {0}}}}}}}}}
"""
HOSTILE = {
    "a script": "<script>owned()</script><img src=x onerror=owned()>",
    "the end of a script": "</script></style></title><script>owned()</script>",
    "an attribute": "\" onmouseover=owned() autofocus onfocus=owned() x='",
    "an address": "javascript:owned()",
    "an address with a control character": "java\tscript:owned()",
    "an address of data": "data:text/html,<script>owned()</script>",
    "an address with markup": 'https://example.org/"><script>owned()</script>',
    "entities": "&lt;script&gt;owned()&lt;/script&gt;&#60;script>&#x3c;script>",
    "a comment": "--><script>owned()</script><!--",
    "markup of SVG": "<svg><style>*{display:none}</style><script>owned()</script>",
    "style": "}</style><style>*{background:url(https://example.org/x)}",
    "a page of Jinja": "{{ owned.__class__ }}{% raw %}{# owned #}",
    "a base": '<base href="https://example.org/"><meta http-equiv=refresh content=0>',
    "bidirectional": "\u202eowned\u2066\u200f\x00",
}


@pytest.fixture(scope="module")
def reports(tmp_path_factory) -> Path:
    """A folder for the reports of a module."""
    return tmp_path_factory.mktemp("reports")


def written(folder: Path, network: api.Network, name: str) -> str:
    """The address of the report of a network."""
    path = folder / f"{name}.html"
    path.write_text(network.report(), encoding="utf-8")
    return path.as_uri()


@pytest.fixture(scope="module")
def mobilenet(reports) -> str:
    return written(reports, api.load("mobilenetv2"), "mobilenetv2")


@pytest.mark.usefixtures("watched")
class TestPage:
    def test_it_asks_for_nothing(self, page, watched, mobilenet):
        page.goto(mobilenet)
        assert page.title() == "MobileNetV2 - archspec report"
        assert watched.requests == [mobilenet]


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_text_of_a_spec_is_shown_and_inert(page, tmp_path, text):
    spec = tmp_path / "net.yaml"
    spec.write_text(SPEC.format(json.dumps(text)), encoding="utf-8")
    page.add_init_script("window.owned = () => { throw Error('owned') }")
    page.goto(written(tmp_path, api.load(spec), "net"))
    shown = "".join(c if c.isprintable() else " " for c in " ".join(text.split()))
    assert page.locator(".summary").inner_text() == shown.strip()
    assert page.locator("script").count() == 1
    addresses = page.eval_on_selector_all("a[href]", "all => all.map(a => a.protocol)")
    assert {*addresses} <= {"file:", "https:"}
