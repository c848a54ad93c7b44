"""What the tests share. No framework is imported before a test asks for it."""

from __future__ import annotations

import gc
import importlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from textwrap import dedent
from types import ModuleType
from typing import TYPE_CHECKING
from zlib import crc32

import pytest
from hypothesis import settings

from archspec.elaboration import elaborate
from archspec.network import Network

if TYPE_CHECKING:
    from browser import Watched
    from playwright.sync_api import Browser, Page

os.environ.update(
    CUDA_VISIBLE_DEVICES="-1",
    JAX_PLATFORMS="cpu",
    KERAS_BACKEND="tensorflow",
    OMP_NUM_THREADS="1",  # the workers of xdist share the cores
    ORT_DISABLE_TELEMETRY="1",
    TF_CPP_MIN_LOG_LEVEL="3",
    TF_ENABLE_ONEDNN_OPTS="0",
    TF_NUM_INTEROP_THREADS="1",
    TF_NUM_INTRAOP_THREADS="1",
)

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # As in a job in the background, whose children would not be interrupted, either.
    signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("archspec", deadline=None, derandomize=True)
settings.load_profile("archspec")

SMALL = """
archspec: 1
name: Small
input: {channels: 1, size: 4}
defaults:
  conv: {padding: same, bias: false}
  batch_norm: {epsilon: 1e-3, decay: 0.9}
  activation: relu
"""
QUARTERS = 4
LONGEST = ("verification", "frameworks", "fuzz", "weights", "safety")
"""Folders by their longest tests, so that none is left to the end."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("archspec")
    group.addoption("--full", action="store_true", help="run every test")
    group.addoption(
        "--quarter",
        type=int,
        metavar="N",
        help=f"run a quarter of the tests that need --full; N modulo {QUARTERS}",
    )
    group.addoption(
        "--record",
        action="store_true",
        help="add what passes to tests/reference/verified.json",
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.option.record and not hasattr(config, "workerinput"):
        config.pluginmanager.register(importlib.import_module("record").Recorder())


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Leave out what was not asked for; the longest tests come first."""
    left_out = [item for item in items if not _asked_for(item, config)]
    config.hook.pytest_deselected(items=left_out)
    gone = set(left_out)
    items[:] = sorted((item for item in items if item not in gone), key=_rank)


def pytest_collection_finish() -> None:
    """What is imported by now stays: the garbage collector need not visit it again."""
    gc.freeze()


def _asked_for(item: pytest.Item, config: pytest.Config) -> bool:
    """By its name alone, a test stays in its quarter while others come and go."""
    quarter, marks = config.option.quarter, {mark.name for mark in item.iter_markers()}
    if quarter is None:
        return config.option.full or "full" not in marks
    left_out = bool(marks & {"full", "recorded"})
    return left_out and crc32(item.nodeid.encode()) % QUARTERS == quarter % QUARTERS


def _rank(item: pytest.Item) -> int:
    folder = item.path.parent.name
    return LONGEST.index(folder) if folder in LONGEST else len(LONGEST)


# Playwright runs an event loop as long as its browser lives: not longer than a module.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Headless Chromium."""
    with importlib.import_module("browser").chromium() as browser:
        yield browser


@pytest.fixture
def watched() -> Watched:
    """What `page` complains of, and the addresses that it asks for."""
    return importlib.import_module("browser").Watched()


@pytest.fixture
def page(chromium: Browser, watched: Watched) -> Iterator[Page]:
    """A new page; the test fails if it complains, or asks for what is elsewhere."""
    with importlib.import_module("browser").opened(chromium, watched) as page:
        yield page
    watched.check()


Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture
def archspec(tmp_path: Path) -> Command:
    """Run `archspec ARGUMENT...` as a user does, in an empty folder."""

    def run(*arguments: str, python: tuple[str, ...] = ()):
        command = [sys.executable, *python, "-m", "archspec", *arguments]
        return subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, check=False
        )

    return run


@pytest.fixture
def small(tmp_path: Path) -> Callable[..., Network]:
    """A network of 4x4 pixels, with what `text` adds."""

    def build(text: str, variants: tuple[str, ...] = ()) -> Network:
        path = tmp_path / "small.yaml"
        path.write_text(SMALL + dedent(text))
        return elaborate(path, variants)

    return build


@pytest.fixture
def unverified(request: pytest.FixtureRequest, record_property) -> Callable[..., None]:
    """Skip a network that was verified before just as it is, unless all tests run."""
    record, options = importlib.import_module("record"), request.config.option

    def check(name: str, networks: Iterable[Network]) -> None:
        found = record.digest(networks)
        record_property("verified", [name, found])
        if options.full or options.quarter is not None:
            return
        if record.recorded().get(name) == found:
            pytest.skip("verified before (tests/reference/verified.json)")

    return check


@pytest.fixture(scope="session")
def torchvision() -> ModuleType:
    return import_torchvision()


@pytest.fixture(scope="session")
def timm(torchvision: ModuleType) -> ModuleType:
    return importlib.import_module("timm")


def import_torchvision() -> ModuleType:
    """Import torchvision, even where its compiled operators do not fit this torch.

    Only its networks are compared with, and they need none of the operators.
    """
    try:
        return importlib.import_module("torchvision")
    except RuntimeError:
        define = importlib.import_module("torch").library.define
    schema = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
    for operator in ("nms", "qnms"):
        define(f"torchvision::{operator}", schema)
    return importlib.import_module("torchvision")
