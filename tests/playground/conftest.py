"""The playground as a reader opens it: built once, from a plain file server."""

from __future__ import annotations

import fcntl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import served
from playwright.sync_api import Page
from reader import Reader


@pytest.fixture(scope="session")
def site(root: Path) -> Path:
    """build/playground, built by the first process of the tests that needs it."""
    folder = root / "build/playground"
    folder.parent.mkdir(exist_ok=True)
    with (folder.parent / "playground.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "built").exists() or _newest(root) > _modified(
            folder / "built"
        ):
            subprocess.run(
                [sys.executable, "playground/build.py"], cwd=root, check=True
            )
    return folder


def _newest(root: Path) -> float:
    sources = ("playground", "archspec", "specs", "templates")
    return max(_modified(p) for s in sources for p in (root / s).rglob("*.*"))


def _modified(path: Path) -> float:
    return path.stat().st_mtime


@pytest.fixture
def address(site: Path) -> Iterator[str]:
    """The playground's address, in a folder of its server."""
    with served(site.parent) as url:
        yield f"{url}/{site.name}/"


@pytest.fixture
def reader(page: Page, address: str) -> Reader:
    """A reader who has just opened the playground."""
    reader = Reader(page)
    reader.open(address)
    return reader
