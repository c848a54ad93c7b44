"""Names and where they stand: definitions, references and what renaming changes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from archspec.editing.document import Document
from archspec.editing.edits import Edit, applied
from archspec.editing.positions import Lines, Span
from archspec.editing.roles import Role, Symbol
from archspec.errors import InvalidArgument
from archspec.language.blocks import standard_blocks
from archspec.language.names import PREDEFINED, RESERVED_LAYERS
from archspec.reading.identifiers import VARIANT, identifier_fault
from archspec.words import WORDS

WORD = re.compile(r"(?<![\w.])[A-Za-z_]\w*")
"""A name in an expression; `1e-3` has none."""

EXPRESSIONS = ("expression", "cell", "type")
"""The roles of values in which names stand."""

_OF_LANGUAGE = {
    "op": "an op", "attribute": "an attribute", "key": "a key", "branch": "a branch"
}  # fmt: skip

RENAMED = ("multiplier", "definition", "parameter", "argument", "let", "column")
"""The kinds of names that expressions see."""


class Occurrence(NamedTuple):
    """A place where a name stands, in the key or value that has this role."""

    symbol: Symbol
    span: Span
    role: Role
    defines: bool = False


class Location(NamedTuple):
    """A part of a file."""

    path: Path
    span: Span


def occurrences(document: Document) -> Iterator[Occurrence]:
    """Every name of a document, in order of its roles."""
    for role in document.roles:
        if role.symbol is not None:
            yield Occurrence(role.symbol, _name_in(role), role, role.defines)
        elif role.kind in EXPRESSIONS:
            yield from _in_expression(document, role)


def _name_in(role: Role) -> Span:
    """The name in a key or reference, without its quotes."""
    quote = 1 if role.part.quoted else 0
    return Span(role.part.start + quote, role.part.end - quote)


def _in_expression(document: Document, role: Role) -> Iterator[Occurrence]:
    for span in words_in(document, role):
        name = document.text[span.start : span.end]
        symbol = role.around.scope.get(name)
        if symbol is not None:
            yield Occurrence(symbol, span, role)


def words_in(document: Document, role: Role) -> Iterator[Span]:
    """The names in an expression, known or not."""
    text = document.text[role.part.start : role.part.end]
    for match in WORD.finditer(text):
        yield Span(role.part.start + match.start(), role.part.start + match.end())


def occurrence_at(document: Document, offset: int) -> Occurrence | None:
    """The name at, or just before, an offset."""
    if not document.is_spec:
        return None
    found = (o for o in occurrences(document) if o.span.start <= offset <= o.span.end)
    return next(found, None)


def definitions(document: Document, offset: int) -> list[Location]:
    """Where the name at an offset is defined, in this file or another."""
    role = role_at(document, offset)
    if role is not None and role.kind == "file":
        return [
            Location(path, Span(0, 0))
            for path in document.bases
            if path.name == Path(role.part.text).name
        ]
    found = occurrence_at(document, offset)
    if found is not None:
        return _defined(document, found.symbol)
    if role is not None and role.kind == "op":
        return _standard(role.part.text)
    return []


def role_at(document: Document, offset: int) -> Role | None:
    """The role of the key or scalar at, or just before, an offset."""
    if not document.is_spec:
        return None
    found = [r for r in document.roles if r.part.start <= offset <= r.part.end]
    return min(found, key=lambda role: role.part.end - role.part.start, default=None)


def _defined(document: Document, symbol: Symbol) -> list[Location]:
    for own in (document, *reversed(document.bases.values())):
        found = [o for o in occurrences(own) if o.defines and o.symbol == symbol]
        if found:
            return [Location(own.path, o.span) for o in found[:1]]
    return _row(document, symbol)


def _row(document: Document, symbol: Symbol) -> list[Location]:
    """A row without a name, by its number."""
    if symbol.kind != "row":
        return []
    cells = (
        role
        for role in document.roles
        if role.around.row == symbol.name
        and f"{role.around.block}/{role.around.layer}" == symbol.owner
    )
    return [
        Location(document.path, Span(role.part.start, role.part.end))
        for role in [*cells][:1]
    ]


def _standard(op: str) -> list[Location]:
    """A standard block in its file."""
    known = standard_blocks()
    if op not in known.entries:
        return []
    place = known.place_of(op)
    path = Path(place.file)
    return [Location(path, Lines(path.read_text("utf-8")).span(place))]


def references(document: Document, offset: int) -> list[Occurrence]:
    """Every place of the name at an offset in this document."""
    found = occurrence_at(document, offset)
    if found is None:
        return []
    return _places(document, found.symbol)


def _places(document: Document, symbol: Symbol) -> list[Occurrence]:
    once = {o.span: o for o in occurrences(document) if o.symbol == symbol}
    return sorted(once.values(), key=lambda occurrence: occurrence.span)


def renamed(document: Document, offset: int) -> Span:
    """The name at an offset; raises InvalidArgument where it cannot be renamed."""
    found = occurrence_at(document, offset)
    if found is None:
        raise InvalidArgument(_why_not(document, offset))
    symbol = found.symbol
    defined = _defined(document, symbol)
    if symbol.kind not in (*RENAMED, "layer", "block", "row", "input", "variant"):
        message = f"'{symbol.name}' is a name of the language and cannot be renamed"
        raise InvalidArgument(message)
    if symbol.kind == "block" and symbol.name in standard_blocks().entries:
        message = f"'{symbol.name}' replaces the standard block of this name"
        raise InvalidArgument(message)
    if not any(location.path == document.path for location in defined):
        where = f" in {defined[0].path.name}" if defined else ""
        raise InvalidArgument(f"'{symbol.name}' is not defined in this file{where}")
    if symbol.kind == "row" and symbol.name.isdigit():
        raise InvalidArgument("a row without a name has its number")
    return found.span


def _why_not(document: Document, offset: int) -> str:
    role = role_at(document, offset)
    if role is not None and (kind := _OF_LANGUAGE.get(role.kind)):
        return f"'{role.part.text}' is {kind} of the language and cannot be renamed"
    return "only names that the spec defines can be renamed"


def rename(
    document: Document, offset: int, name: str, others: Iterable[Document] = ()
) -> dict[Path, list[Edit]]:
    """The changes that give another name, also in `others`, which extend the document.

    Raises InvalidArgument where the name cannot be renamed, or is no name or taken.
    """
    renamed(document, offset)
    symbol = references(document, offset)[0].symbol
    if symbol.kind == "variant":
        fault = None if VARIANT.fullmatch(name) else f"'{name}' is no variant's name"
    else:
        fault = identifier_fault(name)
    fault = fault or _taken(document, symbol, name)
    if fault:
        raise InvalidArgument(fault)
    documents = [document, *others]
    edits = {
        own.path: [Edit(place.span, name) for place in _places(own, symbol)]
        for own in documents
    }
    texts = {own.path: applied(own.text, edits[own.path]) for own in documents}
    for own in documents:
        _check(own, texts, name)
    return {path: own for path, own in edits.items() if own}


def _check(document: Document, texts: Mapping[Path, str], name: str) -> None:
    """Raise InvalidArgument if the other name changes the network or its variants."""
    if document.found is None:
        *_, document = document.analysed()
    if document.good is None or document.errors:
        return

    def read(path: Path) -> str:
        return texts.get(path.resolve()) or document.read(path)

    changed = replace(document.changed(texts[document.path]), read=read)
    *_, after = changed.analysed()
    file = document.path.name
    if after.errors:
        message = f"'{name}' would break {file}: {after.errors[0].message}"
        raise InvalidArgument(message)
    if after.good is None or after.good.layers != document.good.layers:
        raise InvalidArgument(f"'{name}' would change the network of {file}")


def _taken(document: Document, symbol: Symbol, name: str) -> str | None:
    """Why the new name is not free."""
    if symbol.kind == "layer" and name in RESERVED_LAYERS:
        return f"no layer can be named '{name}'"
    if symbol.kind in RENAMED and (name in WORDS or name in PREDEFINED):
        return f"'{name}' is a word of the language"
    kinds = RENAMED if symbol.kind in RENAMED else (symbol.kind,)
    for other in occurrences(document):
        own = other.symbol
        is_near = own.owner in (symbol.owner, "")
        scope = other.role.around.scope
        sees = other.role.kind in EXPRESSIONS and scope.get(symbol.name) == symbol
        if own.name == name and own.kind in kinds and (is_near or sees):
            return f"'{name}' is already a name here"
    return None
