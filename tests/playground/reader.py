"""What a reader of the playground does and sees."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Locator, Page, expect

SECONDS = 120_000
"""Milliseconds until Python must have started, on a machine with other work."""


class Reader:
    """A page of the playground."""

    def __init__(self, page: Page):
        self.page = page
        self.editor: Locator = page.get_by_label("Spec in YAML")
        self.problems: Locator = page.locator("#problems .problem")
        self.panel: Locator = page.locator("#panel")

    def open(self, address: str) -> None:
        """Open an address and wait for the results."""
        self.page.goto(address)
        self.wait()

    def wait(self) -> None:
        """Wait until the results are those of the text."""
        shown = self.page.locator("#results:not(.stale) #panel > *")
        shown.first.wait_for(timeout=SECONDS)

    @property
    def is_stale(self) -> bool:
        """Whether the results are those of an older text."""
        return self.page.locator("#results.stale").count() == 1

    def choose(self, menu: str, value: str) -> None:
        """Choose in the menu `spec` or `variant`, and wait."""
        self.page.select_option(f"#{menu}", value)
        self.wait()

    def tab(self, name: str) -> None:
        """Choose a tab, and wait."""
        self.page.get_by_role("tab", name=name).click()
        self.wait()

    def write(self, text: str) -> None:
        """Replace the whole text."""
        self.editor.focus()
        self.page.keyboard.press("ControlOrMeta+A")
        self.page.keyboard.insert_text(text)

    @property
    def text(self) -> str:
        """The whole text, which the editor holds only in part."""
        return self.saved("#save-spec")

    def replace(self, old: str, new: str) -> None:
        """Replace a part of the text."""
        text = self.text
        assert old in text
        self.write(text.replace(old, new, 1))

    def saved(self, button: str = "#save") -> str:
        """The text that a button downloads; by default, the result's."""
        with self.page.expect_download() as download:
            self.page.click(button)
        return Path(download.value.path()).read_bytes().decode()

    def figure(self, term: str) -> str:
        """A figure above the results, in full."""
        label = self.page.get_by_text(term, exact=True)
        row = self.page.locator("#totals div").filter(has=label)
        return row.locator("dd [title]").get_attribute("title") or ""

    def sees(self, *problems: str) -> None:
        """Assert that these are the problems shown."""
        expect(self.problems).to_have_count(len(problems), timeout=SECONDS)
        for row, text in zip(self.problems.all(), problems, strict=True):
            expect(row).to_contain_text(text)
