"""The site: built without a warning, complete without another origin."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from test_docs import DOCS, ROOT

import archspec

WEBSITE = DOCS / "website"
PAGES = ("index", "docs/tutorial", "docs/networks/mobilenetv2", "docs/zoo", "docs/api")


def test_the_reference_has_every_exported_name():
    page = (WEBSITE / "pages" / "api.md").read_text("utf-8")
    found = re.findall(r"^\.\. auto\w+:: (\w+)", page, re.MULTILINE)
    assert sorted(found) == sorted(archspec.__all__)


def test_the_navigation_has_every_page():
    navigation = (WEBSITE / "pages" / "index.md").read_text("utf-8")
    pages = [*DOCS.glob("*.md"), *DOCS.glob("howto/*.md")]
    names = [page.relative_to(ROOT).with_suffix("").as_posix() for page in pages]
    listed = re.findall(r"docs/[\w/-]+", navigation)
    assert [name for name in names if name not in listed] == []


def test_links_to_other_sites_are_encrypted():
    pages = [*ROOT.glob("*.md"), *DOCS.rglob("*.md")]
    links = [link for page in pages for link in links_of(page)]
    outside = [link for link in links if re.match(r"\w+:", link)]
    assert outside
    assert [
        link for link in outside if not re.match(r"https://[\w.-]+(/|$)", link)
    ] == []


def links_of(page):
    return re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8"))


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The address of the site, built as `make docs` builds it."""
    from browser import served

    folder = tmp_path_factory.mktemp("site")
    run(WEBSITE / "gather.py", folder / "pages")
    options = "--quiet", "--fail-on-warning", "--keep-going", "-j", "2", "-c", WEBSITE
    run("-m", "sphinx", *options, folder / "pages", folder / "html")
    with served(folder / "html") as address:
        yield address


def run(*arguments):
    command = [sys.executable, *map(str, arguments)]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.full
@pytest.mark.parametrize("width", [390, 1440])
def test_pages_fit_the_window_and_load_nothing_from_elsewhere(site, page, width):
    page.set_viewport_size({"width": width, "height": 900})
    for name in PAGES:
        page.goto(f"{site}/{name}.html")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name


@pytest.mark.full
def test_search_finds_a_page(site, page):
    page.goto(f"{site}/search.html?q=dilation")
    found = page.locator("#search-results a[href^='docs/language.html']")
    found.first.wait_for()


@pytest.mark.full
def test_the_dark_theme_has_the_colours_of_the_palette(site, page):
    page.emulate_media(color_scheme="dark")
    page.goto(f"{site}/index.html")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == (
        "rgb(20, 23, 28)"
    )
