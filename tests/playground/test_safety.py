"""Text of a spec is inert, and nothing can leave the page or its worker."""

from __future__ import annotations

import pytest
from browser import Watched
from playwright.sync_api import Page, expect
from reader import Reader

import archspec

pytestmark = pytest.mark.full

MARKUP = "<img src=x onerror=alert(1)></title></svg><script>alert(2)</script>"


def test_markup_is_text(reader: Reader, page: Page):
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    text = archspec.spec_source("mobilenetv2").replace("Sandler et al. 2018", MARKUP)
    reader.write(text)
    expect(reader.panel).to_contain_text(MARKUP, timeout=60_000)
    reader.tab("Picture")
    expect(reader.panel.locator("svg > text").first).to_contain_text("<img")
    reader.tab("PyTorch")
    expect(reader.panel).to_contain_text("<img")
    reader.write(f"{MARKUP}: 1")
    reader.sees(MARKUP)
    assert page.locator("main img, main script").count() == 0
    assert dialogs == []


ASK = """new Promise((resolve) => {
    addEventListener("securitypolicyviolation", (event) => resolve(event.blockedURI));
    fetch("http://127.0.0.1:9/").catch(() => {});
})"""


@pytest.mark.parametrize("where", ["page", "worker"])
def test_no_requests_elsewhere(reader: Reader, where: str, watched: Watched):
    context = reader.page if where == "page" else reader.page.workers[0]
    assert context.evaluate(ASK) == "http://127.0.0.1:9/"
    reader.page.wait_for_timeout(500)
    assert all("Content Security Policy" in error for error in watched.errors)
    watched.errors.clear()
    assert not any(":9/" in url for url in watched.requests)
