"""The page of a picture in Chromium."""

import pytest

import archspec

pytestmark = pytest.mark.full


@pytest.fixture
def opened(page, watched, tmp_path):
    path = tmp_path / "net.html"
    path.write_text(archspec.load("mobilenetv2").draw("html"), encoding="utf-8")
    page.goto(path.as_uri())
    yield page
    watched.check()


def titles(page):
    """The blocks that are unfolded."""
    return page.locator("section:visible h2").all_inner_texts()


def test_a_block_unfolds_where_it_is_clicked(opened):
    assert titles(opened) == []
    opened.locator("main > svg a", has_text="stages.2").click()
    assert titles(opened) == ["inverted_residual"]
    section = opened.locator("section:visible")
    assert "stages.2.0" in section.locator("nav").inner_text()
    section.locator("svg a", has_text="depthwise").click()
    assert titles(opened) == ["depthwise_bn_act"]
    opened.go_back()
    assert titles(opened) == ["inverted_residual"]


def test_runs_that_differ_are_linked(opened):
    opened.locator("main > svg a", has_text="stages.1").click()
    section = opened.locator("section:visible")
    assert section.locator("svg text", has_text="+").count() == 0
    section.get_by_text("stages.1.1").click()
    assert opened.locator("section:visible svg text", has_text="+").count() == 1


def test_it_works_by_keyboard(opened):
    opened.keyboard.press("Tab")
    opened.keyboard.press("Tab")
    opened.keyboard.press("Enter")
    assert titles(opened) == ["inverted_residual"]
    opened.locator("section:visible nav a").first.press("Enter")
    assert titles(opened) == []


def test_it_needs_no_script_and_follows_the_preference(opened):
    assert opened.locator("script").count() == 0
    light = opened.evaluate("getComputedStyle(document.body).backgroundColor")
    opened.emulate_media(color_scheme="dark")
    dark = opened.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (light, dark) == ("rgb(255, 255, 255)", "rgb(20, 23, 28)")
