"""A reader opens the playground, edits, breaks and fixes the spec."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from reader import Reader

import archspec

pytestmark = pytest.mark.full


def test_costs_follow_the_text(reader: Reader):
    network = archspec.load("mobilenetv2")
    assert reader.figure("Parameters") == f"{network.parameters:,}"
    assert reader.figure("MACs") == f"{network.macs:,}"
    rows = reader.panel.locator("table").first.locator("tr")
    expect(rows).to_have_count(14)

    reader.replace("width: 1.0", "width: 0.5")
    smaller = archspec.load("mobilenetv2", set={"multipliers.width": 0.5})
    expect(rows.last).to_contain_text(f"{smaller.macs:,}", timeout=20_000)
    assert reader.figure("Parameters") == f"{smaller.parameters:,}"

    reader.page.get_by_role("button", name="Undo all edits").click()
    expect(rows.last).to_contain_text(f"{network.macs:,}", timeout=20_000)


def test_errors_are_shown_in_place(reader: Reader):
    reader.replace("conv_bn_act: {filters", "conv_bn_act: {fliters")
    reader.sees("unknown attribute 'fliters' of conv_bn_act")
    expect(reader.problems.first).to_contain_text("did you mean 'filters'?")
    assert reader.is_stale
    assert reader.figure("MACs") == "300,774,272"

    reader.problems.first.click()
    expect(reader.page.locator(".cm-lintRange-error")).to_have_text("fliters")
    assert reader.page.evaluate("getSelection().toString()") == "fliters"
    reader.replace("fliters", "filters")
    reader.sees()
    reader.wait()


def test_warnings_do_not_hide_results(reader: Reader):
    reader.replace("scale: 1/255", "scale: 255")
    reader.sees("preprocessing: scale 255.0 is unusual")
    reader.wait()


def test_variants(reader: Reader):
    variant = archspec.load("mobilenetv2", variant="0.5_160")
    reader.choose("variant", "0.5_160")
    assert reader.figure("MACs") == f"{variant.macs:,}"
    own = "archspec: 1\nname: Own\ninput: {channels: 3, size: 8}\n"
    reader.write(own + "layers: {a: {activation: relu}}\n")
    reader.sees("AS209")
    reader.choose("variant", "")
    reader.sees()
    assert reader.figure("MACs") == "0"


def test_picture(reader: Reader):
    reader.tab("Picture")
    expected = archspec.load("mobilenetv2").draw("svg")
    assert reader.saved() == expected
    expect(reader.panel.locator("svg text").first).to_contain_text("MobileNetV2")


def test_a_run_that_takes_too_long_is_stopped(reader: Reader):
    page = reader.page
    page.workers[0].evaluate("void setTimeout(() => { for (;;) {} })")
    reader.replace("classes: 1000", "classes: 10")
    expect(page.get_by_role("status")).to_contain_text("Stopped", timeout=60_000)
    assert reader.is_stale
    assert reader.figure("MACs") == "300,774,272"

    reader.replace("classes: 10", "classes: 100")
    reader.wait()
    changed = archspec.load("mobilenetv2", set={"classes": 100})
    assert reader.figure("MACs") == f"{changed.macs:,}"


LATE = """
const post = Worker.prototype.postMessage;
Worker.prototype.postMessage = function (message) {
  const isLate = message.args?.[1]?.includes("classes: 10 ");
  window.asked ||= isLate;
  setTimeout(() => post.call(this, message), isLate ? 3000 : 0);
};
"""


def test_a_late_answer_is_not_shown(page: Page, address: str):
    """The text has changed since it was asked for."""
    page.add_init_script(LATE)
    reader = Reader(page)
    reader.open(address)
    reader.replace("classes: 1000", "classes: 10 ")
    while not page.evaluate("window.asked"):
        page.wait_for_timeout(10)
    reader.replace("classes: 10 ", "classes: 20")
    page.evaluate("""() => {
        window.seen = new Set();
        const note = () => window.seen.add(document.querySelector("#totals").innerText);
        new MutationObserver(note).observe(
            document.querySelector("#totals"), {childList: true, subtree: true});
    }""")
    reader.wait()
    assert reader.figure("Parameters") == f"{3_538_984 - 980 * 1281:,}"
    assert len(page.evaluate("[...window.seen]")) == 1


def test_a_refused_clipboard_is_said(reader: Reader, page: Page):
    refused = "() => Promise.reject(new Error('refused'))"
    page.evaluate(f"() => {{ navigator.clipboard.writeText = {refused}; }}")
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name="Not allowed to copy")).to_be_visible()
