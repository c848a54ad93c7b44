"""The JSON Schema of specs, for editors."""

from __future__ import annotations

from typing import Any


def schema() -> dict[str, Any]:
    """The JSON Schema (draft-07) of a spec, which editors validate and complete with.

    `archspec check` also refuses what it refuses, but not the reverse.
    """
    from archspec import schemas

    return schemas.schema()
