"""Diagnostics as text, as JSON and as workflow commands of GitHub."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from archspec.errors import NOTE, Diagnostic

Format = Literal["text", "json", "github"]


def to_text(diagnostics: Iterable[Diagnostic]) -> str:
    """As in every message."""
    return "\n".join(map(str, diagnostics))


def to_json(diagnostic: Diagnostic) -> dict[str, Any]:
    """Plain data; lines and columns count from 1, null where there is no place."""
    place = diagnostic.place
    return {
        "severity": diagnostic.severity,
        "code": diagnostic.code,
        "message": diagnostic.message,
        "file": place.file if place else None,
        "line": place.line if place else None,
        "column": place.column if place else None,
        "length": place.length if place else None,
        "source": place.source if place else None,
        "path": diagnostic.path or None,
        "help": diagnostic.help or None,
    }


def to_github(diagnostics: Iterable[Diagnostic]) -> str:
    """Workflow commands, which GitHub shows beside the lines of a change.

    https://docs.github.com/actions/reference/workflow-commands-for-github-actions
    """
    return "\n".join(map(_command, diagnostics))


def _command(diagnostic: Diagnostic) -> str:
    place, properties = diagnostic.place, dict[str, str]()
    if place is not None:
        properties |= {
            "file": place.file,
            "line": str(place.line),
            "col": str(place.column),
            "endColumn": str(place.column + place.length),
        }
    properties["title"] = diagnostic.code
    said = ",".join(f"{key}={_property(text)}" for key, text in properties.items())
    parts = diagnostic.message, f"in: {diagnostic.path}", f"help: {diagnostic.help}"
    message = "\n".join(part for part in parts if not part.endswith(": "))
    command = "notice" if diagnostic.severity == NOTE else diagnostic.severity
    return f"::{command} {said}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
