"""Commands as processes of their own, which must end soon and stay small."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from forking import Done, Server
from limited import limited
from processes import PATIENCE

SECONDS = 5
BYTES = 400 * 2**20
"""Of address space: about ten times what counting a bundled network takes."""


@pytest.fixture
def start(tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    """Start `archspec ARGUMENT...` in an empty folder, with variables of its own."""

    def started(
        *arguments: str, limits=None, own_group: bool = False, **variables: str
    ):
        command = [sys.executable, "-m", "archspec", *arguments]
        return subprocess.Popen(
            limited(command, **(limits or {})),
            cwd=tmp_path,
            env={**os.environ, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            process_group=0 if own_group else None,
        )

    return started


@pytest.fixture
def run(start) -> Callable[..., Done]:
    """Run `archspec ARGUMENT...` to its end."""

    def done(*arguments: str, **options):
        return ended(start(*arguments, **options))

    return done


@pytest.fixture(scope="session")
def server() -> Generator[Server]:
    server = Server()
    yield server
    server.close()


@pytest.fixture
def forked(server: Server, tmp_path: Path) -> Callable[..., Done]:
    """Run `archspec ARGUMENT...` in an empty folder, in less time."""
    return lambda *arguments: server.run(arguments, str(tmp_path), {})


@pytest.fixture
def bounded(server: Server, tmp_path: Path) -> Callable[..., Done]:
    """The same, within limits of time and memory."""
    limits = {"RLIMIT_CPU": SECONDS, "RLIMIT_AS": BYTES}
    return lambda *arguments: server.run(arguments, str(tmp_path), limits)


def ended(process: subprocess.Popen[str]) -> Done:
    """The process when it is over."""
    output, errors = process.communicate(timeout=PATIENCE)
    return Done(process.args, process.returncode, output, errors)
