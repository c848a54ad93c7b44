"""Text of a spec in a report: shown literally, and never markup, style or script."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import archspec as api

SPEC = """\
archspec: 1
name: Net
summary: #0#
source: {title: #1#, url: #2#}
input: {channels: 3, size: 32}
defaults: {conv: {padding: same, bias: false}}
blocks:
  unit:
    summary: #3#
    source: {title: #4#, url: #5#}
    arguments: {filters: int}
    layers: {conv: {conv: filters}}
layers: {a: {unit: 8}, b: {conv: 8}}
reported: {parameters: 1, erratum: #6#}
# #7#
variants: {other: {summary: #8#, blocks: {unit: {summary: #9#}}}}
"""
FIELDS = 10
TEXTS = {
    "a script": "<script>owned()</script><img src=x onerror=owned()>",
    "the end of a script": "</script></style></title><script>owned()</script>",
    "a scheme that is code": "javascript:owned()",
    "an attribute": "\" onmouseover=owned() autofocus onfocus=owned() x='",
    "a scheme in capitals": " JaVaScRiPt:owned()",
    "an address of data": "data:text/html,<script>owned()</script>",
    "an address with markup": 'https://example.org/"><script>owned()</script>',
    "an address with a line end": "https://example.org/\njavascript:owned()",
    "entities": "&lt;script&gt;owned()&lt;/script&gt;&#60;script>&#x3c;b>&amp;amp;",
    "a comment": "--><script>owned()</script><!-- <![CDATA[ ]]>",
    "markup of SVG": "</text></svg><svg onload=owned()><style>*{display:none}</style>",
    "a foreign object": "<foreignObject><body onload=owned()></foreignObject>",
    "a scheme with a control character": "java\tscript:owned()",
    "style": "}</style><style>*{background:url(https://example.org/x)}",
    "a page of Jinja": "{{ owned.__class__ }}{% raw %}{# owned #}{% endraw %}",
    "a base": '<base href="https://example.org/"><meta http-equiv=refresh content=0>',
    "a template of JavaScript": "${owned()} `owned()` \\u003cscript>owned()",
    "from right to left": "\u202eowned\u2066\u200f",
    "a form": "<form action=https://example.org><button autofocus>",
    "a digest": f"digest {'a' * 12}-{'b' * 12}.",
}
SCHEMES = {"file:", "http:", "https:"}


def written(folder: Path, texts: list[str]) -> str:
    """The address of the report of a spec with these texts in turn."""
    text = SPEC
    for number in range(FIELDS):
        shown = texts[number % len(texts)]
        # A comment of YAML ends with its line.
        value = repr(shown) if number == 7 else json.dumps(shown)
        text = text.replace(f"#{number}#", value)
    path = folder / "net.yaml"
    path.write_text(text, encoding="utf-8")
    page = folder / "net.html"
    page.write_text(api.load(path).report(), encoding="utf-8")
    return page.as_uri()


def one_line(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in " ".join(text.split()))


def check(page, watched, address: str, texts: list[str]) -> None:
    watched.requests.clear()
    page.goto(address)
    assert watched.requests == [address]
    summary, title, url = (texts[number % len(texts)] for number in range(3))
    shown = page.evaluate("document.querySelector('.summary').textContent")
    assert shown.strip() == one_line(summary).strip()
    source = page.evaluate("document.querySelector('.source').textContent")
    assert source.strip() == one_line(title).strip()
    if not page.locator(".source a").count():
        details = page.evaluate("document.querySelector('.details').textContent")
        assert one_line(url).strip() in one_line(details)
    assert page.locator("script").count() == page.locator("style").count() == 1
    assert page.locator("img, iframe, object, embed, form, base").count() == 0
    schemes = page.eval_on_selector_all("a[href]", "all => all.map(a => a.protocol)")
    assert {*schemes} <= SCHEMES
    assert page.locator("main, footer").count() == 2
    handlers = "all => all.flatMap(e => [...e.attributes].map(a => a.name))"
    names = {*page.eval_on_selector_all("*", handlers)}
    assert not [name for name in names if name.startswith("on") or name == "style"]
    assert page.evaluate("window.owned === undefined")


def test_several_texts_at_once(page, watched, tmp_path):
    """Each text is in some field; the addresses are those of schemes that run code."""
    texts = [*TEXTS.values()]
    for start in range(0, len(texts), FIELDS):
        some = texts[start : start + FIELDS]
        check(page, watched, written(tmp_path, some), some)


@pytest.mark.full
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_each_text_in_every_field(page, watched, tmp_path, text):
    check(page, watched, written(tmp_path, [text]), [text])


def test_what_would_run_is_stopped_by_the_policy(page, watched, tmp_path):
    """The second line of defence: even markup in the page runs nothing."""
    address = written(tmp_path, ["plain"])
    markup = (
        "<script>window.owned = 1</script><img src=https://example.org/x "
        "onerror='window.owned = 1'><p style='color: red'>x</p><main"
    )
    path = tmp_path / "net.html"
    path.write_text(path.read_text("utf-8").replace("<main", markup), "utf-8")
    page.goto(address)
    assert page.evaluate("window.owned === undefined")
    assert len(watched.errors) >= 3
    assert all("Content Security Policy" in text for text in watched.errors)
    assert watched.requests == [address]
    watched.errors.clear()
