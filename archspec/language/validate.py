"""Merged nodes to a validated document, every complaint with its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, cast

from pydantic import ValidationError

from archspec.errors import MAX_FAULTS, Diagnostic, raise_if_any
from archspec.language.attributes import attribute_faults
from archspec.language.blocks import reachable_blocks
from archspec.language.document import Document
from archspec.language.keys import unknown_key
from archspec.language.names import name_faults
from archspec.language.references import reference_faults
from archspec.language.scoping import scope_faults
from archspec.reading.nodes import Mapping, Scalar, describe, find, plain

SHOWN = 60
"""Characters of a text that are shown as what was found."""


def validate(tree: Mapping, known: Iterable[Diagnostic] = ()) -> Document:
    """The document of a merged tree.

    Raises SpecError (AS2xx, AS301, AS305, AS309), also for the faults that are `known`
    already: what else is wrong at their places only follows from them.
    """
    whole = tree.replaced(blocks=reachable_blocks(tree))
    document: Document | None = None
    checks = attribute_faults, name_faults, reference_faults, scope_faults
    faults = [fault for check in checks for fault in islice(check(whole), MAX_FAULTS)]
    try:
        document = Document.model_validate(plain(whole))
    except ValidationError as error:
        details = error.errors(include_url=False)
        faults += [_diagnostic(detail, whole) for detail in details]
    known = [*known]
    places = {fault.position for fault in known}
    follow = [fault for fault in faults if fault.position not in places]
    raise_if_any([*known, *_without_misspelt([*known, *follow], follow)])
    return cast(Document, document)


def _without_misspelt(
    told: list[Diagnostic], faults: list[Diagnostic]
) -> Iterator[Diagnostic]:
    """Without keys that are missing only because they are misspelt."""
    helps = {fault.help for fault in told if fault.code == "AS201"}
    for fault in faults:
        key = fault.path.rpartition(".")[2]
        if fault.code != "AS202" or f"did you mean '{key}'?" not in helps:
            yield fault


def _diagnostic(detail: Any, tree: Mapping) -> Diagnostic:
    """Pydantic's complaint in our words, at the value or the key that it is about."""
    kind, given, context = detail["type"], detail["input"], detail.get("ctx", {})
    if kind == "placed":
        return context["diagnostic"]
    steps = (*detail["loc"], *context.get("steps", ()))
    steps = tuple(step for step in steps if not str(step).startswith("<"))
    place = find(tree, (*steps, "[key]") if kind == "extra_forbidden" else steps)
    path = ".".join(map(str, steps))
    key = str(steps[-1]) if steps else ""
    if kind == "extra_forbidden":
        return unknown_key([*map(str, steps)], place)
    if kind == "missing":
        message, help = f"'{key}' is missing", _SUCH_AS.get(key, "")
        if key == "op":
            message, path = "the layer names no op", path.removesuffix(".op")
        return Diagnostic("AS202", message, place, path, help and f"such as {help}")
    if key == "branches":
        help = "such as {add: {left: {conv: {conv: 8}}, right: {}}}"
        return Diagnostic("AS203", "a join has at least one branch", place, path, help)
    message = str(detail["msg"]).removeprefix("Value error, ")
    if kind in _WANTED:
        message = "is a list or a mapping" if key == "rows" else _WANTED[kind]
        message = message.format(**context)
    if message.startswith(("is ", "has ")):
        owner = f"'{key}'"
        if key.isdigit():
            owner = f"number {int(key) + 1} of '{steps[-2]}'"
        message = f"{owner} {message}, found {_found(given)}"
    return Diagnostic("AS203", message, place, path, context.get("help", ""))


_SUCH_AS = {
    "archspec": "archspec: 1",
    "name": "name: MyNet",
    "input": "input: {channels: 3, size: 224}",
    "channels": "input: {channels: 3, size: 224}",
    "size": "input: {channels: 3, size: 224}",
    "layers": "layers: {stem: {conv: 8}, pool: global_avg_pool}",
    "op": "{conv: 8}, or just global_avg_pool",
    "columns": "columns: [c, n, s]",
    "rows": "rows: [[16, 1, 1], [24, 2, 2]]",
    "each": "each: {conv: {filters: c, stride: s}}",
}
"""Examples of keys that have to be there."""

_WANTED = {
    "model_type": "is a mapping",
    "dict_type": "is a mapping",
    "list_type": "is a list",
    "bool_type": "is true or false",
    "too_short": "has at least {min_length} of them",
    "too_long": "has at most {max_length} of them",
}


def _found(given: Any) -> str:
    if isinstance(given, dict | list):
        held = cast("list[object]", given)
        listed = "a mapping" if isinstance(given, dict) else "a list"
        return f"{listed} of {len(held)}"
    text = describe(given) if isinstance(given, Scalar) else f"'{given}'"
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}...'"
