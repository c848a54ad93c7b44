"""`SECURITY.md`: its numbers are the code's, its tests exist, none is left out."""

from __future__ import annotations

import re
from importlib import import_module

import pytest

from archspec.cli.commands import COMMANDS


@pytest.fixture(scope="module")
def page(request) -> str:
    return (request.config.rootpath / "SECURITY.md").read_text("utf-8")


def test_numbers(page):
    rows = re.findall(r"\| ([\d,]+) \| `([\w.]+)\.([A-Z]\w+)` \|$", page, re.MULTILINE)
    for number, module, name in rows:
        constant = getattr(import_module(f"archspec.{module}"), name)
        assert int(number.replace(",", "")) == constant, name
    section = page.split("\n## Limits\n")[1].split("\n## ")[0]
    assert len(rows) == section.count("\n| ") - 2


def test_every_command_is_placed(page):
    """Either it is promised that it runs nothing, or it is said that it does."""
    for command in COMMANDS:
        assert f"`{command}`" in page


def test_tests_exist(page, root):
    named = set(re.findall(r"`(tests/[\w/]+\.py)`", page))
    assert all((root / path).is_file() for path in named)
    here = {
        path.relative_to(root).as_posix() for path in root.glob("tests/safety/test_*")
    }
    assert here - named == {"tests/safety/test_security_page.py"}
    assert all((root / path).exists() for path in re.findall(r"\]\(([\w/.-]+)", page))
