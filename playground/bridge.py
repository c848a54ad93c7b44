"""What the playground asks archspec: texts in, plain data out, all as JSON.

Everything is a function of its arguments; answers are kept only to save time.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import archspec

if TYPE_CHECKING:
    from archspec.editing.document import Document

FOLDER = Path("/documents")


def examine(name: str, text: str, variant: str) -> str:
    """The problems of a document, and its costs if it has no errors."""
    return _answer(lambda: _examined(_network(name, text, variant)))


def picture(name: str, text: str, variant: str) -> str:
    """The network as a file of SVG, as `archspec draw` writes it."""
    return _answer(lambda: _picture(_network(name, text, variant)))


def code(name: str, text: str, variant: str, target: str) -> str:
    """The file of a target, as `archspec generate` writes it."""
    return _answer(lambda: _code(_network(name, text, variant), target))


def hover(name: str, text: str, offset: int, good: str, variant: str) -> str:
    """What is known about the name at an offset, in Markdown.

    `good` is the last text without errors, whose network has the figures.
    """
    from archspec.editing import hovering

    found = hovering.hover(_document(name, text, good, variant), offset)
    return json.dumps(found and {**found.span._asdict(), "markdown": found.text})


def complete(name: str, text: str, offset: int, good: str, variant: str) -> str:
    """What can be written at an offset."""
    from archspec.editing import completing

    found = completing.complete(_document(name, text, good, variant), offset)
    items = [item._asdict() for item in found.items]
    return json.dumps({**found.span._asdict(), "items": items})


def _examined(network: archspec.Network) -> dict[str, Any]:
    return {
        "problems": [_problem(found) for found in network.warnings()],
        "name": network.name,
        "variants": network.variants,
        "totals": network.totals(),
        "table": network.table("html"),
    }


def _picture(network: archspec.Network) -> dict[str, Any]:
    file = network.path("torch").with_suffix(".svg").name
    return {"problems": [], "file": file, "text": network.draw("svg")}


def _code(network: archspec.Network, target: str) -> dict[str, Any]:
    path = network.path(target)
    return {"problems": [], "file": path.name, "text": network.source(target)}


@lru_cache(maxsize=2)
def _document(name: str, text: str, good: str, variant: str) -> Document:
    from archspec.editing.document import Document
    from archspec.editing.figures import Figures

    try:
        figures = Figures(_network(name, good, variant), {})
    except archspec.Diagnosed:
        figures = None
    return Document(_path(name), text, good=figures)


@lru_cache(maxsize=4)
def _network(name: str, text: str, variant: str) -> archspec.Network:
    """The network of a document, which is a file for as long as it is read."""
    FOLDER.mkdir(exist_ok=True)
    path = _path(name)
    path.write_text(text, "utf-8")
    try:
        return archspec.load(path, variant=variant.split("+") if variant else ())
    finally:
        path.unlink()


def _path(name: str) -> Path:
    return FOLDER / f"{Path(name).name}.yaml"


def _answer(asked: Callable[[], dict[str, Any]]) -> str:
    try:
        found = asked()
    except archspec.Diagnosed as error:
        found = {"problems": [_problem(one) for one in error.diagnostics]}
    return json.dumps(found)


def _problem(found: archspec.Diagnostic) -> dict[str, Any]:
    """A diagnostic; its line and columns count from 1, and are 0 without a place."""
    place = found.place
    own = place is not None and Path(place.file).parent == FOLDER
    return {
        "severity": found.severity,
        "code": found.code,
        "message": found.message,
        "path": found.path,
        "help": found.help,
        "file": Path(place.file).name if place and not own else "",
        "line": place.line if place else 0,
        "column": place.column if place else 0,
        "length": place.length if place else 0,
    }
