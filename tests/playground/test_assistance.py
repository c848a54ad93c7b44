"""The editor knows the network: hovers, and completions."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from reader import Reader

pytestmark = pytest.mark.full


def test_hover(reader: Reader):
    reader.editor.get_by_text("stem", exact=True).hover()
    tooltip = reader.page.locator(".cm-tooltip .hover")
    expect(tooltip).to_contain_text("3x224x224 → 32x112x112", timeout=20_000)
    expect(tooltip).to_contain_text("10,838,016 MACs (3.6%)")


def test_completion(reader: Reader):
    reader.replace("stride: 2}}", "stride: 2, }}")
    reader.sees()
    reader.page.keyboard.press("ControlOrMeta+Home")
    place = reader.page.locator(".cm-line").filter(has_text="stride: 2, }}")
    place.click()
    reader.page.keyboard.press("End")
    for _ in range(2):
        reader.page.keyboard.press("ArrowLeft")
    reader.page.keyboard.type("gr")
    options = reader.page.locator(".cm-tooltip-autocomplete li")
    expect(options.first).to_contain_text("groups", timeout=20_000)
    expect(options.first).to_contain_text("1 by default")
    reader.page.keyboard.press("Enter")
    reader.page.keyboard.type("2")
    reader.sees("groups")
    assert "stride: 2, groups: 2}}" in reader.text
