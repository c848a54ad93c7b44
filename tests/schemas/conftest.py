"""The schema, and documents as editors hand them to it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

import archspec
from archspec.errors import ERROR, SpecError
from archspec.reading.nodes import values
from archspec.reading.reader import read


@pytest.fixture(scope="session")
def validator() -> Draft7Validator:
    return Draft7Validator(archspec.schema())


@pytest.fixture
def refused(
    validator: Draft7Validator, tmp_path: Path
) -> Callable[[str], tuple[bool, bool]]:
    """Whether the schema refuses a text, and whether `archspec check` does.

    The check is asked only about what the schema refuses.
    """

    def both(text: str) -> tuple[bool, bool]:
        try:
            document: Any = values(read(text, "net.yaml"))
        except SpecError:
            return False, True
        if validator.is_valid(document):
            return False, False
        path = tmp_path / "net.yaml"
        path.write_text(text, "utf-8")
        return True, any(found.severity == ERROR for found in archspec.check(path))

    return both
