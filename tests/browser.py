"""Pages in headless Chromium, which reach nothing but this machine."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Page, Route, sync_playwright

# Without these, Chromium asks Google's hosts at every start.
QUIET = (
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass
class Watched:
    """What a page complained of, and the addresses that it asked for."""

    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    @property
    def foreign(self) -> list[str]:
        """Requests that left the machine."""
        return [url for url in self.requests if not _is_ours(url)]

    def check(self) -> None:
        """Assert that nothing was wrong and nothing left the machine."""
        assert not self.errors
        assert not self.foreign


@contextmanager
def chromium() -> Generator[Browser]:
    """Debian's Chromium, which `make test` installs."""
    found = shutil.which("chromium")
    assert found, "no chromium: run make .venv/all, or install the package chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found, args=QUIET, chromium_sandbox=False
        )
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def opened(browser: Browser, watched: Watched) -> Generator[Page]:
    """A page with a profile of its own."""
    context = browser.new_context()
    context.route("**/*", partial(_pass, watched))
    page = context.new_page()

    def listen(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            watched.errors.append(message.text)

    page.on("console", listen)
    page.on("pageerror", lambda error: watched.errors.append(str(error)))
    try:
        yield page
    finally:
        context.close()


@contextmanager
def served(folder: Path) -> Generator[str]:
    """The address of a plain file server for a folder."""
    handler = partial(_Handler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class _Handler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""


def _pass(watched: Watched, route: Route) -> None:
    url = route.request.url
    watched.requests.append(url)
    if _is_ours(url):
        route.continue_()
    else:
        route.abort()


def _is_ours(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in {"file", "data", "blob"} or parts.hostname == "127.0.0.1"
