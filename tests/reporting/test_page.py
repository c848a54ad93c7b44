"""The report of a network in a browser: offline, with and without its script."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import archspec as api
from archspec.analysis.buffers import Buffers

ROWS = "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
PHONE = {"width": 360, "height": 740}
BEYOND = """all => all.filter(e => e.getBoundingClientRect().right > innerWidth + 1
    && !e.closest('.scroll, pre, nav ul, .skip')).map(e => e.outerHTML.slice(0, 80))"""


@pytest.fixture(scope="module")
def network() -> api.Network:
    return api.load("mobilenetv2")


@pytest.fixture(scope="module")
def text(network) -> str:
    return network.report()


@pytest.fixture(scope="module")
def address(text, tmp_path_factory) -> str:
    path: Path = tmp_path_factory.mktemp("reports") / "mobilenetv2.html"
    path.write_text(text, encoding="utf-8")
    return path.as_uri()


def column(page, number: int) -> list[str]:
    """The cells of a column of the first table."""
    cells = f"table.sortable >> nth=0 >> tbody tr > :nth-child({number})"
    return page.locator(cells).all_inner_texts()


def test_a_reader_at_a_desk(page, watched, network, address):
    """One page, because starting a browser takes longer than all that it does."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(address)
    assert watched.requests == [address]
    assert page.title() == "MobileNetV2 - archspec report"
    link = page.get_by_role("link", name="Sandler et al. 2018, Table 2")
    assert link.get_attribute("href") == "https://arxiv.org/abs/1801.04381"

    # Its tables have the figures of `archspec flops`.
    lines = network.table("markdown").splitlines()
    printed = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in lines
        if line.startswith("| ")
    ]
    rows = page.eval_on_selector_all("#costs tr", ROWS)
    assert rows == [row for row in printed if not {*row} <= {"---", "---:"}]
    erratum = page.get_by_text("Erratum: excludes batch norm", exact=True)
    assert erratum.is_visible()
    counted = page.locator("#counting + p").inner_text()
    assert counted == " ".join(lines[-4:]).removeprefix("\n").strip()

    check_sorting(page)
    check_tabs(page, network)
    check_theme(page)


def check_sorting(page):
    """By mouse and by keys: descending, ascending, as written."""
    header = page.locator("#costs thead th").filter(has_text="MACs")
    written = column(page, 1)
    assert written[:2] == ["stem", "stages.0"]
    header.get_by_role("button").click()
    assert header.get_attribute("aria-sort") == "descending"
    assert column(page, 6)[:3] == ["58,103,808", "54,942,720", "46,560,192"]
    page.keyboard.press("Enter")
    assert header.get_attribute("aria-sort") == "ascending"
    assert column(page, 6)[-1] == "58,103,808"
    assert page.locator("#costs tfoot th").first.inner_text() == "total"
    page.keyboard.press("Space")
    assert header.get_attribute("aria-sort") is None
    assert column(page, 1) == written


def check_tabs(page, network):
    """The code of each framework, which a button copies; arrow keys change it."""
    tabs = page.locator("#code").get_by_role("tab")
    assert tabs.all_inner_texts() == ["PyTorch", "Keras", "Flax NNX"]
    shown = page.locator("#code pre:visible")
    assert shown.inner_text().strip() == network.source("torch").strip()
    tabs.first.focus()
    page.keyboard.press("ArrowRight")
    assert shown.inner_text().strip() == network.source("keras").strip()
    page.locator("#code-keras").get_by_role("button").click()
    page.get_by_role("button", name="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == network.source("keras")
    page.locator("#spec").get_by_role("button").click()
    page.locator("#spec").get_by_role("button", name="Copied").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == api.spec_source("mobilenetv2")


def check_theme(page):
    """The reader's preference, or the one that is chosen."""
    background = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(background)
    page.emulate_media(color_scheme="dark")
    dark = page.evaluate(background)
    assert light != dark
    button = page.get_by_role("button", name="Theme: auto")
    button.click()
    assert page.evaluate(background) == light
    page.get_by_role("button", name="Theme: light").click()
    page.emulate_media(color_scheme="light")
    assert page.evaluate(background) == dark


def test_a_phone_and_paper(page, address):
    page.set_viewport_size(PHONE)
    page.goto(address)
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    assert page.eval_on_selector_all("main *", BEYOND) == []
    page.locator("summary").click()
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    page.locator("summary").click()

    page.emulate_media(media="print")
    assert page.get_by_role("button", name="Copy").count() == 0
    assert page.locator("#code pre:visible").count() == 3
    assert page.get_by_text("stages.6.0.project.norm").last.is_visible()
    assert page.locator("#depth thead th").first.is_visible()


def test_without_its_script_everything_can_be_read(chromium, address):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    assert page.locator("#code pre:visible").count() == 3
    assert page.locator("#weights pre:visible").count() == 11
    assert page.get_by_role("button").count() == 0
    page.locator("summary").click()
    assert page.get_by_text("stages.6.0.project.norm").last.is_visible()
    context.close()


def test_it_is_accessible(page, address):
    page.goto(address)
    levels = page.eval_on_selector_all("h1, h2, h3", "all => all.map(h => h.tagName)")
    assert levels[:2] == ["H1", "H2"]
    assert levels.count("H1") == 1
    for role in ("banner", "navigation", "main", "contentinfo"):
        assert page.get_by_role(role).count() == 1, role
    ids = page.eval_on_selector_all("[id]", "all => all.map(e => e.id)")
    assert len({*ids}) == len(ids)
    named = "[aria-labelledby], [aria-controls], [aria-describedby]"
    wanted = page.eval_on_selector_all(
        named,
        "all => all.flatMap(e => ['labelledby', 'controls', 'describedby']"
        ".flatMap(n => (e.getAttribute('aria-' + n) || '').split(' ')))",
    )
    assert {*wanted} - {""} <= {*ids}
    pictures = page.get_by_role("img")
    assert pictures.count() == 5
    assert all(
        picture.locator("> title").count() == picture.locator("> desc").count() == 1
        for picture in pictures.all()
    )
    scrolled = "all => all.filter(e => e.tabIndex < 0).length"
    assert page.eval_on_selector_all(".scroll, pre", scrolled) == 0


def test_the_plots_have_the_figures_of_the_network(network, text):
    macs = re.findall(r"<title>([\w.]+): ([\d,]+) MACs</title>", text)
    found = {path: int(number.replace(",", "")) for path, number in macs}
    assert found == {layer.path: layer.macs for layer in network.layers if layer.macs}
    peak = Buffers.fused(network).peak()
    assert f"peak {peak.numbers * 4 / 1e6:.2f} MB while {peak.layer} runs" in text
    assert f"{4 * peak.numbers:,} bytes" in text


@pytest.mark.full
@pytest.mark.parametrize("name", api.bundled_specs())
def test_every_bundled_spec(page, tmp_path, name):
    path = tmp_path / f"{name}.html"
    path.write_text(api.load(name).report(), encoding="utf-8")
    page.set_viewport_size(PHONE)
    page.goto(path.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    assert page.eval_on_selector_all("main *", BEYOND) == []
    assert page.locator("#code pre").count() == 3
    assert page.locator(".refusal").count() == 0
