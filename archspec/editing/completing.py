"""What can be written at the cursor: keys, ops, attributes, words, names, layers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Literal, NamedTuple

from archspec import resources
from archspec.api.forms import FORMS
from archspec.editing.document import Document
from archspec.editing.part import Part
from archspec.editing.positions import Span
from archspec.editing.reference import argument, attribute_of
from archspec.editing.roles import Role, columns_of, entries_at, signature
from archspec.editing.vocabulary import Ops
from archspec.expressions import BUILTINS
from archspec.language.canonical_layers import TABLE
from archspec.language.fields import TYPES
from archspec.language.parts import SUCH_AS
from archspec.ops import JOINS, PRIMITIVES
from archspec.ops.fields import OneOf
from archspec.words import CHOICES, MODIFIERS

Kind = Literal[
    "key", "op", "block", "attribute", "word", "name", "function", "layer", "file"
]

_CURSOR = "cursor__"
_BEFORE = re.compile(r"\w*\Z")
_AFTER = re.compile(r"\w*")
_OPENS = re.compile(r"\A\s*:")
_LAYER_KEYS = (*MODIFIERS, *TABLE, "again")
_IN_PATCHES = ("after", "before")


class Completion(NamedTuple):
    """A text for a part of the document; `snippet` has places to fill in: `${1:8}`."""

    label: str
    kind: Kind
    snippet: str
    detail: str = ""


class Completions(NamedTuple):
    """What can stand in place of a part of the document, the likeliest first."""

    span: Span
    items: list[Completion]


def complete(document: Document, offset: int) -> Completions:
    """The completions at an offset, in whatever state the text is."""
    text = document.text
    before = _BEFORE.search(text[:offset])
    start = before.start() if before else offset
    after = _AFTER.match(text, offset)
    end = after.end() if after else offset
    span = Span(start, offset)
    if not document.is_spec and "\n" in text[:start]:
        return Completions(span, [])
    word = f"{_CURSOR}:" if _is_alone(text, start, end) else _CURSOR
    with_word = replace(document, text=text[:start] + word + text[end:])
    role = next((r for r in with_word.roles if r.part.text == _CURSOR), None)
    role = role or next((r for r in with_word.roles if _has_cursor(r, start)), None)
    if role is None:
        return Completions(span, [])
    is_key = _OPENS.match(text[end:]) is not None
    found = _Finder(with_word, role, is_key).items()
    return Completions(span, [*dict.fromkeys(found)])


def _is_alone(text: str, start: int, end: int) -> bool:
    """Whether the word is alone on its line: it becomes a key, most likely."""
    before = text[text.rfind("\n", 0, start) + 1 : start]
    after = text[end:].partition("\n")[0]
    return not before.strip(" -") and not after.strip()


def _has_cursor(role: Role, start: int) -> bool:
    return role.part.start <= start <= role.part.end and _CURSOR in role.part.text


class _Finder:
    """The completions for the role that a word at the cursor would have."""

    def __init__(self, document: Document, role: Role, has_colon: bool):
        self.document, self.role, self.has_colon = document, role, has_colon
        self.around, self.ops = role.around, document.ops
        found = (
            part
            for part in document.outline.walk()
            if any(key is role.part for key, _ in part.entries)
        )
        self.mapping = next(found, None)

    def items(self) -> Iterator[Completion]:
        """What can stand there."""
        finders: dict[str, Callable[[], Iterator[Completion]]] = {
            "key": lambda: self.keys(self.role.keys),
            "op": self.layer_ops,
            "attribute": self.attributes,
            "branch": self.attributes,
            "layer": self.layers_of_base,
            "expression": self.values,
            "cell": self.values,
            "type": self.declarations,
            "reference": self.references,
            **dict.fromkeys(("column", "row", "name", "block"), self.known_names),
            "file": self.files,
        }
        finder = finders.get(self.role.kind)
        return finder() if finder is not None else iter(())

    def declarations(self) -> Iterator[Completion]:
        """The types of arguments, and what their defaults can name."""
        yield from (Completion(word, "word", word) for word in TYPES)
        yield from self.names()

    def given(self) -> list[str]:
        """The keys that the mapping has already."""
        return self.mapping.keys if self.mapping is not None else []

    def keyed(self, name: str, value: str) -> str:
        """A key, with a place for its value unless it has its colon."""
        return name if self.has_colon else f"{name}: {value}"

    def keys(self, known: Iterable[str]) -> Iterator[Completion]:
        for name in known:
            if name in self.given() or (
                name in _IN_PATCHES and not self.around.variant
            ):
                continue
            form = FORMS.get(name)
            detail = form.summary if form else SUCH_AS.get(name, "")
            yield Completion(name, "key", self.keyed(name, "$0"), detail)

    def layer_ops(self) -> Iterator[Completion]:
        """Ops, and beside them the modifiers of a layer."""
        is_key = self.mapping is not None
        others = [k for k in self.given() if k not in (*_LAYER_KEYS, _CURSOR)]
        in_layer = not self.around.table and "each" not in self.given()
        if not is_key or not others or not in_layer:
            yield from map(self.op, self.ops.names)
        if is_key and self.around.layer and in_layer:
            yield from self.keys(_LAYER_KEYS)

    def op(self, name: str) -> Completion:
        kind: Kind = (
            "op" if name in PRIMITIVES and name not in self.ops.own else "block"
        )
        body = _body(self.ops, name)
        if self.mapping is not None:
            return Completion(name, kind, self.keyed(name, body or "{$0}"))
        return Completion(name, kind, f"{{{name}: {body}}}" if body else name)

    def attributes(self) -> Iterator[Completion]:
        op = self.around.op
        roles = JOINS[op].roles if op in JOINS else ()
        for role in roles:
            if role not in self.given():
                yield Completion(role, "key", self.keyed(role, "{$0}"), "branch")
        for name in self.ops.attributes(op):
            if name not in self.given():
                detail = _detail(self.ops, op, name)
                yield Completion(name, "attribute", self.keyed(name, "$0"), detail)

    def layers_of_base(self) -> Iterator[Completion]:
        """The layers that a patch can change."""
        around, document = self.around, self.document
        path = ("blocks", around.block, "layers") if around.block else ("layers",)
        roots = document.outlines if around.variant else document.outlines[:-1]
        for name in dict.fromkeys(key.text for key, _ in entries_at(roots, path)):
            if name not in (*self.given(), _CURSOR):
                yield Completion(name, "layer", self.keyed(name, "{$0}"))

    def values(self) -> Iterator[Completion]:
        """The words that the attribute takes, then names and functions."""
        op, name = self.attribute()
        words = [*_words(op, name)]
        yield from (Completion(w, "word", w, f"{op}: {name}") for w in words)
        yield from self.names()

    def attribute(self) -> tuple[str, str]:
        """The attribute of an expression; of a cell, the one that gets its column."""
        around = self.around
        if self.role.kind != "cell" or around.table is None:
            return around.op, around.attribute
        each = around.table.section("each").entries
        pairs = ((op, pair) for op, given in each if given for pair in given.entries)
        for op, (key, value) in pairs:
            if value is not None and value.text == around.attribute:
                return op.text, key.text
        return "", around.attribute

    def names(self) -> Iterator[Completion]:
        signatures = map(signature, (key for key, _ in self.document.known("define")))
        functions = {parts[0].text for parts in signatures if len(parts) > 1}
        for name, symbol in self.around.scope.items():
            if _CURSOR in name:
                continue
            is_called = symbol.kind == "definition" and name in functions
            snippet = f"{name}($1)" if is_called else name
            yield Completion(name, "name", snippet, symbol.kind)
        for name in BUILTINS:
            yield Completion(name, "function", f"{name}($1)")

    def references(self) -> Iterator[Completion]:
        symbol = self.role.symbol
        if symbol is not None and symbol.kind == "row":
            rows = (s for s in self.around.tensors if s.owner == symbol.owner)
            yield from (Completion(s.name, "layer", s.name, "row") for s in rows)
            return
        for known in reversed(self.around.tensors):
            name = known.name
            if known.kind == "row":
                name = f"{known.owner.rpartition('/')[2]}.{known.name}"
            yield Completion(name, "layer", name, known.kind)

    def known_names(self) -> Iterator[Completion]:
        """Names that a patch can change: of columns, rows, multipliers, blocks."""
        around, table = self.around, self.around.table
        names: list[str] = []
        if self.role.kind in ("column", "row") and table is not None:
            names = columns_of(table) if self.role.kind == "column" else _rows(table)
        elif self.role.kind == "block":
            names = [*self.ops.own, *(n for n in self.ops.names if n not in PRIMITIVES)]
        elif self.role.symbol is not None and self.role.symbol.kind == "multiplier":
            names = [key.text for key, _ in self.document.known("multipliers")]
        if not around.variant and len(self.document.outlines) == 1:
            return
        for name in names:
            if name not in (*self.given(), _CURSOR):
                yield Completion(name, "name", self.keyed(name, "$0"))

    def files(self) -> Iterator[Completion]:
        """Specs beside this one, and bundled ones."""
        own = self.document.path
        found = (
            p for f in (own.parent, resources.SPECS) for p in sorted(f.glob("*.yaml"))
        )
        yield from (Completion(p.name, "file", p.name) for p in found if p != own)


def _rows(table: Part) -> list[str]:
    rows = table.get("rows")
    if rows is None:
        return []
    return rows.keys or [*map(str, range(len(rows.items)))]


def _words(op: str, name: str) -> Iterator[str]:
    """The words of an attribute, true and false of a flag."""
    found = attribute_of(op, name)
    if found is not None:
        field = PRIMITIVES[op].fields[name]
        is_choice = any(isinstance(known, OneOf) for known in field.metadata)
        is_word = is_choice or found.examples[:2] == ("true", "false")
        words = found.examples if is_word else ()
        yield from words or (e for e in found.examples if e.isidentifier())
    yield from CHOICES.get(name, ())


def _required(ops: Ops, name: str) -> list[str]:
    """The attributes that a layer has to give."""
    if name in PRIMITIVES and name not in ops.own:
        known = ((own, attribute_of(name, own)) for own in ops.attributes(name))
        lacking = [own for own, a in known if a is not None and a.default is None]
        main = ops.attributes(name)[:1]
        return [own for own in lacking if own in main or len(lacking) == 1]
    declared = ops.arguments(name).items()
    return [own for own, kind in declared if kind in TYPES and kind != "input"]


def _body(ops: Ops, name: str) -> str:
    """The snippet of what an op is given; empty if it needs nothing."""
    required = _required(ops, name)
    if name in JOINS and not JOINS[name].roles:
        return "{${1:main}: {$2}, ${3:skip}: {$0}}"
    if required == ops.attributes(name)[:1]:
        return "$0" if required else ""
    pairs = (f"{own}: ${number}" for number, own in enumerate(required, 1))
    return f"{{{', '.join(pairs)}}}" if required else ""


def _detail(ops: Ops, op: str, name: str) -> str:
    """The default of an attribute."""
    found = attribute_of(op, name) if op not in ops.own else None
    if found is not None:
        return "required" if found.default is None else f"{found.default} by default"
    return argument(ops.arguments(op).get(name, "~")).replace("`", "")
