"""Generated text as an expert leaves it: formatted, and with no import too many."""

from __future__ import annotations

import re
import subprocess
from importlib import import_module
from typing import Any

_ARGUMENT_ALONE = re.compile(
    r"^( +(?:\w+ = |return )layers\..*[^(,\n])\)\(\n +(\w+)\n +\)", re.MULTILINE
)
"""A layer that was broken where it is applied: `x = layers.Conv2D(...)(`, `x`, `)`."""


def tidy(text: str) -> str:
    """Without unused imports, in order, and formatted, by a pinned ruff.

    A line that is too long for a layer is broken between the layer's own arguments.
    Raises RuntimeError for a name that the text does not define.
    """
    rules = "F401,F811,F821,I"
    text = _ruff("check", "--fix", "--quiet", "--select", rules, text=text)
    text = _ruff("format", text=text)
    opened = _ARGUMENT_ALONE.sub(r"\1,)(\2)", text)
    return text if opened == text else _ruff("format", text=opened)


def _ruff(*arguments: str, text: str) -> str:
    ruff: Any = import_module("ruff")
    command = [
        ruff.find_ruff_bin(),
        *arguments,
        "--isolated",
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
