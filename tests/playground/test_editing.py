"""A reader opens the playground, edits, breaks and fixes the spec."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from reader import Reader

import archspec

pytestmark = pytest.mark.full


def test_costs_follow_the_text(reader: Reader):
    network = archspec.load("mobilenetv2")
    assert reader.figure("Parameters") == f"{network.parameters:,}"
    assert reader.figure("MACs") == f"{network.macs:,}"
    table = reader.page.locator("#panel table").first
    expect(table.locator("tr")).to_have_count(14)

    reader.replace("width: 1.0", "width: 0.5")
    smaller = archspec.load("mobilenetv2", set={"multipliers.width": 0.5})
    total = table.locator("tr.total")
    expect(total).to_contain_text(f"{smaller.macs:,}", timeout=20_000)
    assert reader.figure("Parameters") == f"{smaller.parameters:,}"


def test_errors_are_shown_in_place(reader: Reader):
    reader.replace("conv_bn_act: {filters", "conv_bn_act: {fliters")
    reader.sees("unknown attribute 'fliters' of conv_bn_act")
    expect(reader.results).to_have_class(re.compile("stale"))
    assert reader.figure("MACs") == "300,774,272"

    reader.problems.first.click()
    expect(reader.page.locator(".cm-lintRange-error")).to_have_text("fliters")
    assert reader.page.evaluate("getSelection().toString()") == "fliters"
    reader.replace("fliters", "filters")
    reader.sees()
    expect(reader.results).not_to_have_class(re.compile("stale"))
