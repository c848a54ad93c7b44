"""Small specs, written to a folder of their own."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from archspec.elaboration import elaborate
from archspec.errors import Place, SpecError

HEAD = """\
archspec: 1
name: Net
input: {channels: 3, size: 8}
classes: 10
defaults: {conv: {padding: same, bias: false}, activation: relu}
"""

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file, after the head lines whose keys the text does not have itself."""

    def write(text: str, name: str = "spec.yaml", head: str = HEAD) -> Path:
        text = textwrap.dedent(text).lstrip("\n")
        keys = {line.partition(":")[0] for line in text.splitlines()}
        lines = [x for x in head.splitlines() if x.partition(":")[0] not in keys]
        path = tmp_path / name
        path.write_text("\n".join([*lines, text]), encoding="utf-8")
        return path

    return write


@pytest.fixture
def network(write: Write):
    """The network of a text."""

    def network(text: str, *variants: str, overrides: tuple[str, ...] = ()):
        return elaborate(write(text), variants, overrides)

    return network


@pytest.fixture
def faults(write: Write):
    """What is wrong with a text: code, what the caret marks, and message of each."""

    def faults(text: str, *variants: str, overrides: tuple[str, ...] = ()):
        with pytest.raises(SpecError) as caught:
            elaborate(write(text), variants, overrides)
        return [
            f"{d.code} {marked(d.place)}: {d.message}" for d in caught.value.diagnostics
        ]

    return faults


def marked(place: Place | None) -> str:
    if place is None:
        return "-"
    start = place.column - 1
    return place.source[start : start + place.length]
