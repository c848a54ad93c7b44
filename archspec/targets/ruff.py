"""ruff: a process, or a module of the host where Python can start no process."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from typing import Any, Protocol

HOST_MODULE = "archspec_ruff"
"""The module with the functions of `Ruff` that a browser provides."""


class Ruff(Protocol):
    """The two uses of ruff, both without any configuration of the user's."""

    def fix(self, text: str, rules: str) -> str:
        """Fix what breaks these rules, separated by commas.

        Raises an exception for anything that cannot be fixed.
        """
        ...

    def format(self, text: str) -> str:
        """Format a module."""
        ...


def ruff() -> Ruff:
    """The ruff of this platform."""
    if sys.platform == "emscripten":
        host: Any = import_module(HOST_MODULE)
        return host
    return _Process()


class _Process:
    """The executable that is installed with archspec."""

    def fix(self, text: str, rules: str) -> str:
        return self._run("check", "--fix", "--quiet", "--select", rules, text=text)

    def format(self, text: str) -> str:
        return self._run("format", text=text)

    def _run(self, *arguments: str, text: str) -> str:
        package: Any = import_module("ruff")
        command = [
            package.find_ruff_bin(),
            *arguments,
            "--isolated",
            "--config",
            "src = []",  # a folder `torch` here would make `import torch` our own
            "--stdin-filename",
            "module.py",
            "-",
        ]
        done = subprocess.run(
            command,
            input=text,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"ruff refused generated code: {done.stderr}\n{text}")
        return done.stdout
