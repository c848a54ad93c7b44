"""What each key and each value of a document is, be the document complete or not.

`roles` walks an outline as the language reads it, and yields every key and scalar with
its meaning: a layer's name, an op, an attribute, an expression and the names that it
sees. Hovers, completion, definitions and renaming ask it for the role at the cursor.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import NamedTuple

from archspec.editing.outline import Part
from archspec.editing.vocabulary import Ops
from archspec.language.canonical import BLOCK, MULTIPLIER
from archspec.language.canonical_layers import BRANCH, TABLE
from archspec.language.document import KEYS, PARTS
from archspec.language.fields import INPUT
from archspec.language.parts import keys_of
from archspec.ops import JOINS, OPS
from archspec.reading.identifiers import definition
from archspec.words import MODIFIERS

_TEXTS = ("summary", "name", "archspec", "classes")
_PREDEFINED = ("channels", "classes")
_NAME = re.compile(r"[A-Za-z_]\w*")


NULLS = ("~", "null")
"""What takes a layer of the base away."""


class Symbol(NamedTuple):
    """Something with a name; `owner` is the block, table or function that it is of."""

    kind: str
    name: str
    owner: str = ""


@dataclass(frozen=True)
class Around:
    """What surrounds a key or value: its block, layer, op, and the names it can use."""

    scope: Mapping[str, Symbol] = field(default_factory=dict[str, Symbol])
    tensors: tuple[Symbol, ...] = ()
    block: str = ""
    layer: str = ""
    row: str = ""
    op: str = ""
    attribute: str = ""
    variant: str = ""
    table: Part | None = None

    def sees(self, symbols: Iterable[Symbol]) -> Around:
        """With further names in expressions."""
        return replace(self, scope={**self.scope, **{s.name: s for s in symbols}})

    def predefined(self, *names: str) -> Around:
        """With names of the language."""
        return self.sees(Symbol("predefined", name) for name in names)


class Role(NamedTuple):
    """A key or scalar and what it is; `keys` are those that its mapping could have."""

    part: Part
    kind: str
    around: Around
    symbol: Symbol | None = None
    defines: bool = False
    keys: tuple[str, ...] = ()
    value: Part | None = None


class Known(NamedTuple):
    """The documents that a document builds on, and the ops that it can name."""

    bases: tuple[Part, ...]
    ops: Ops

    def section(self, *path: str) -> Iterator[tuple[Part, Part | None]]:
        """The entries of a mapping in each of the documents."""
        return entries_at(self.bases, path)

    def layer(self, block: str, name: str) -> Part | None:
        """A layer of the document or of an own block, as its base has it."""
        path = ("blocks", block, "layers") if block else ("layers",)
        found = [v for k, v in self.section(*path) if k.text == name and v is not None]
        return found[-1] if found else None


def roles(root: Part, bases: tuple[Part, ...] = ()) -> Iterator[Role]:
    """Every key and scalar of a document with its role, in order."""
    known = Known((*bases, root), Ops((*bases, root)))
    yield from _Walk(known).document(root, Around())


def entries_at(
    roots: Iterable[Part], path: tuple[str, ...]
) -> Iterator[tuple[Part, Part | None]]:
    """The entries of the mappings at a path in some documents."""
    for root in roots:
        yield from reduce(Part.section, path, root).entries


def names_of(part: Part | None) -> list[str]:
    """The scalars of a list."""
    return [item.text for item in part.items] if part is not None else []


def columns_of(table: Part) -> list[str]:
    """The columns of a table; a patch of one has them as keys."""
    columns = table.get("columns")
    if columns is None:
        return []
    return columns.keys if columns.kind == "mapping" else names_of(columns)


class _Walk:
    """The walk over one document."""

    def __init__(self, known: Known):
        self.known = known
        self.ops = known.ops

    def document(self, root: Part, around: Around) -> Iterator[Role]:
        around = self.outermost(around)
        for key, value in root.entries:
            yield Role(key, "key", around, keys=KEYS, value=value)
            read = getattr(self, f"_{key.text}", None) if key.text in KEYS else None
            if value is not None and read is not None:
                yield from read(value, around)
            elif value is not None and key.text in PARTS:
                yield from self.keyed(value, tuple(keys_of(PARTS[key.text])), around)
            elif value is not None:
                kind = "text" if key.text in (*_TEXTS, *KEYS) else "unknown"
                yield from self.plain(value, kind, around)

    def outermost(self, around: Around) -> Around:
        """With the names that the whole document defines."""
        symbols = [
            *(Symbol("multiplier", key.text) for key in self.names("multipliers")),
            *(Symbol("definition", name.text) for name in self.defined()),
        ]
        return around.sees(symbols)

    def names(self, *path: str) -> Iterator[Part]:
        return (key for key, _ in self.known.section(*path))

    def defined(self) -> Iterator[Part]:
        for key in self.names("define"):
            yield from signature(key)[:1]

    def is_new(self, key: Part, around: Around, *path: str) -> bool:
        """Whether a key defines a name, and changes nothing that exists."""
        roots = self.known.bases if around.variant else self.known.bases[:-1]
        return all(own.text != key.text for own, _ in entries_at(roots, path))

    def is_new_definition(self, name: Part, around: Around) -> bool:
        roots = self.known.bases if around.variant else self.known.bases[:-1]
        keys = (key for key, _ in entries_at(roots, ("define",)))
        return all(own.text != name.text for key in keys for own in signature(key)[:1])

    def argument(self, block: str, name: str, kind: str = "argument") -> Symbol:
        """An argument or `let`, of the block that has it first."""
        section = "arguments" if kind == "argument" else kind
        return Symbol(kind, name, self.ops.origin(block, section, name))

    def plain(self, value: Part, kind: str, around: Around) -> Iterator[Role]:
        """All scalars in a value are of one kind; keys are unknown."""
        for part in value.walk():
            if part.kind == "scalar":
                yield Role(part, kind, around)

    def keyed(
        self, value: Part, keys: tuple[str, ...], around: Around, kind: str = "text"
    ) -> Iterator[Role]:
        """A mapping with keys of the language."""
        if value.kind != "mapping":
            yield from self.plain(value, kind, around)
            return
        for key, inner in value.entries:
            yield Role(key, "key", around, keys=keys, value=inner)
            if inner is not None:
                yield from self.plain(inner, kind, around)

    def _multipliers(self, value: Part, around: Around) -> Iterator[Role]:
        alone = replace(around, scope={})
        for key, inner in value.entries:
            symbol = Symbol("multiplier", key.text)
            is_new = self.is_new(key, around, "multipliers")
            yield Role(key, "name", around, symbol, is_new, value=inner)
            if inner is not None:
                yield from self.keyed(inner, MULTIPLIER, alone, "expression")

    def _define(self, value: Part, around: Around) -> Iterator[Role]:
        for key, body in value.entries:
            parts = signature(key)
            symbols = [
                Symbol("parameter", part.text, parts[0].text) for part in parts[1:]
            ]
            for part, symbol in zip(parts[1:], symbols, strict=True):
                yield Role(part, "name", around, symbol, defines=True)
            for part in parts[:1]:
                symbol = Symbol("definition", part.text)
                is_new = self.is_new_definition(part, around)
                yield Role(part, "name", around, symbol, is_new, value=body)
            if body is not None:
                yield from self.plain(body, "expression", around.sees(symbols))

    def _input(self, value: Part, around: Around) -> Iterator[Role]:
        yield from self.keyed(
            value, tuple(keys_of(PARTS["input"])), around, "expression"
        )

    def _inputs(self, value: Part, around: Around) -> Iterator[Role]:
        for key, inner in value.entries:
            symbol = Symbol("input", key.text)
            yield Role(key, "name", around, symbol, defines=True, value=inner)
            if inner is not None:
                yield from self._input(inner, around)

    def _defaults(self, value: Part, around: Around) -> Iterator[Role]:
        yield from self.each(value, around)

    def each(self, value: Part, around: Around) -> Iterator[Role]:
        """Ops with their attributes: `defaults`, and `each` of a table."""
        if value.kind == "scalar":
            yield self.op(value, around)
        for key, inner in value.entries:
            yield self.op(key, around, inner)
            yield from self.attributes(key.text, inner, around)

    def op(self, part: Part, around: Around, value: Part | None = None) -> Role:
        """The name of a primitive or block."""
        symbol = Symbol("block", part.text) if part.text in self.ops.own else None
        around = replace(around, op=part.text)
        return Role(part, "op", around, symbol, value=value)

    def _outputs(self, value: Part, around: Around) -> Iterator[Role]:
        around = replace(around, tensors=self.all_tensors())
        for key, inner in value.entries:
            yield Role(key, "output", around, value=inner)
            if inner is not None:
                yield from self.reference(inner, around)

    def all_tensors(self) -> tuple[Symbol, ...]:
        """What outputs can name."""
        found = self.inputs()
        for key, layer in self.known.section("layers"):
            found += self.tensors_of(key.text, layer, "")
        return tuple(dict.fromkeys(found))

    def inputs(self) -> tuple[Symbol, ...]:
        names = [key.text for key in self.names("inputs")] or [INPUT]
        return tuple(Symbol("input", name) for name in names)

    def tensors_of(
        self, name: str, layer: Part | None, block: str
    ) -> tuple[Symbol, ...]:
        """A layer and the rows of a table, as later layers can name them."""
        rows = layer.get("rows") if layer is not None else None
        names = [] if rows is None else rows.keys or map(str, range(len(rows.items)))
        own = Symbol("layer", name, block)
        return (own, *(Symbol("row", row, f"{block}/{name}") for row in names))

    def _extends(self, value: Part, around: Around) -> Iterator[Role]:
        yield from self.plain(value, "file", around)

    def _variants(self, value: Part, around: Around) -> Iterator[Role]:
        for key, patch in value.entries:
            symbol = Symbol("variant", key.text)
            yield Role(key, "variant", around, symbol, defines=True, value=patch)
            if patch is not None:
                yield from self.document(patch, replace(around, variant=key.text))

    def _search(self, value: Part, around: Around) -> Iterator[Role]:
        for key, inner in value.entries:
            yield Role(key, "path", around, value=inner)
            if inner is not None:
                yield from self.plain(inner, "text", around)

    def _blocks(self, value: Part, around: Around) -> Iterator[Role]:
        for key, inner in value.entries:
            symbol = Symbol("block", key.text)
            is_new = self.is_new(key, around, "blocks")
            yield Role(key, "block", around, symbol, is_new, value=inner)
            if inner is not None:
                yield from self.block(inner, replace(around, block=key.text))

    def block(self, value: Part, around: Around) -> Iterator[Role]:
        name = around.block
        inner = around.predefined("classes", "in_channels")
        tensors = self.ops.tensors(name)
        inner = inner.predefined(*(f"{tensor}_channels" for tensor in tensors))
        inner = inner.sees(
            self.argument(name, own)
            for own in self.ops.arguments(name)
            if own not in tensors
        ).sees(self.argument(name, own, "let") for own in self.ops.lets(name))
        for key, part in value.entries:
            yield Role(key, "key", around, keys=BLOCK, value=part)
            if part is None:
                continue
            if key.text in ("arguments", "let"):
                yield from self.own_names(part, key.text.removesuffix("s"), inner)
            elif key.text == "residual":
                yield from self.plain(part, "expression", inner)
            elif key.text == "extends":
                yield self.op(part, inner)
            elif key.text == "layers":
                known = (Symbol("input", INPUT),)
                known += tuple(self.argument(name, tensor) for tensor in tensors)
                inside = inner.predefined("channels", "residual")
                yield from self.layers(part, replace(inside, tensors=known))
            else:
                yield from self.plain(part, "text", around)

    def own_names(self, part: Part, kind: str, around: Around) -> Iterator[Role]:
        """The arguments of a block, or what it computes from them."""
        expression = "type" if kind == "argument" else "expression"
        for key, value in part.entries:
            symbol = self.argument(around.block, key.text, kind)
            is_new = symbol.owner == around.block
            yield Role(key, "name", around, symbol, is_new, value=value)
            if value is not None:
                yield from self.plain(value, expression, around)

    def _layers(self, value: Part, around: Around) -> Iterator[Role]:
        inside = around.predefined(*_PREDEFINED)
        yield from self.layers(value, replace(inside, tensors=self.inputs()))

    def layers(self, value: Part, around: Around) -> Iterator[Role]:
        """Layers in order, each of which can name those before it."""
        if around.variant or len(self.known.bases) > 1:
            before = (
                self.tensors_of(key.text, layer, around.block)
                for key, layer in self.known.section(*self.path(around))
            )
            merged = (*around.tensors, *(s for found in before for s in found))
            around = replace(around, tensors=tuple(dict.fromkeys(merged)))
        for key, layer in value.entries:
            symbol = Symbol("layer", key.text, around.block)
            below = replace(around, layer=key.text)
            is_new = self.is_new(key, around, *self.path(around))
            if layer is None or {"after", "before"}.isdisjoint(layer.keys):
                is_new &= not self.ops.extends(around.block)
            yield Role(key, "layer", below, symbol, is_new, value=layer)
            if layer is not None:
                yield from self.layer(layer, below)
            own = self.tensors_of(key.text, layer, around.block)
            tensors = dict.fromkeys((*around.tensors, *own))
            around = replace(around, tensors=tuple(tensors))

    def path(self, around: Around) -> tuple[str, ...]:
        return ("blocks", around.block, "layers") if around.block else ("layers",)

    def layer(self, layer: Part, around: Around) -> Iterator[Role]:
        if layer.kind != "mapping":
            is_null = layer.text in NULLS and not layer.quoted
            yield Role(layer, "text", around) if is_null else self.op(layer, around)
            return
        before = self.known.layer(around.block, around.layer)
        table = self.table_of(layer, before)
        if "repeat" in layer.keys or table is not None:
            around = around.predefined("step")
        if table is not None:
            around = replace(around, table=table)
            yield from self.table(layer, around)
            return
        op = next(iter(self.named_ops(layer)), "")
        op = op or next(iter(self.named_ops(before)), "")
        for key, value in layer.entries:
            if key.text in (*MODIFIERS, *TABLE):
                yield from self.modifier(key, value, replace(around, op=op))
            elif key.text == "again":
                yield from self.again(key, value, around)
            else:
                yield self.op(key, around, value)
                yield from self.attributes(key.text, value, around)

    def named_ops(self, layer: Part | None) -> list[str]:
        if layer is None:
            return []
        if layer.kind == "scalar":
            return [layer.text]
        return [key for key in layer.keys if key not in (*MODIFIERS, *TABLE)]

    def table_of(self, layer: Part, before: Part | None) -> Part | None:
        """The table that it is, or patches."""
        if not {*TABLE}.isdisjoint(layer.keys):
            return before if before is not None and "columns" in before.keys else layer
        patches = before is not None and "columns" in before.keys
        return before if patches and not self.named_ops(layer) else None

    def modifier(self, key: Part, value: Part | None, around: Around) -> Iterator[Role]:
        known = (*MODIFIERS, *TABLE)
        yield Role(key, "key", around, keys=known, value=value)
        if value is None:
            return
        if key.text in ("from", "after", "before"):
            yield from self.reference(value, around)
        elif key.text == "then":
            yield from self.attributes(around.op, value, around)
        else:
            yield from self.plain(value, "expression", around)

    def again(self, key: Part, value: Part | None, around: Around) -> Iterator[Role]:
        yield Role(key, "key", around, keys=("again",), value=value)
        if value is None or value.kind != "mapping":
            yield from self.reference(value, around)
            return
        for first, given in value.entries:
            yield from self.reference(first, around)
            yield from self.given_again(given, around)

    def given_again(self, given: Part | None, around: Around) -> Iterator[Role]:
        """The tensors that a later run reads instead of those of the first."""
        for name, reference in given.entries if given is not None else ():
            yield Role(name, "attribute", around, value=reference)
            yield from self.reference(reference, around)

    def reference(self, value: Part | None, around: Around) -> Iterator[Role]:
        """The name of a layer, input or row: `stages.2` is of both."""
        if value is None:
            return
        if value.kind != "scalar" or value.text in NULLS:
            yield from self.plain(value, "unknown", around)
            return
        name, dot, row = value.text.partition(".")
        known = (s for s in around.tensors if s.name == name and s.kind != "row")
        symbol = next(known, Symbol("layer", name, around.block))
        start = value.start + (1 if value.quoted else 0)
        part = Part("scalar", start, start + len(name), name) if dot else value
        yield Role(part, "reference", around, symbol)
        if dot:
            inner = part.end + 1
            part = Part("scalar", inner, inner + len(row), row)
            symbol = Symbol("row", row, f"{symbol.owner}/{name}")
            yield Role(part, "reference", around, symbol)

    def attributes(self, op: str, value: Part | None, around: Around) -> Iterator[Role]:
        """What an op or block is given: by its main attribute, or by names."""
        if value is None:
            return
        around = replace(around, op=op)
        names = self.ops.attributes(op)
        if value.kind != "mapping":
            main = next(iter(names), "")
            yield from self.given(op, main, value, around)
            return
        roles = JOINS[op].roles if op in JOINS else ()
        for key, inner in value.entries:
            if op in JOINS and (key.text in roles or not roles):
                yield Role(key, "branch", around, keys=roles, value=inner)
                yield from self.branch(inner, around)
                continue
            own = self.argument(op, key.text) if op in self.ops.own else None
            yield Role(
                key, "attribute", replace(around, attribute=key.text), own, value=inner
            )
            if inner is not None:
                yield from self.given(op, key.text, inner, around)

    def given(self, op: str, name: str, value: Part, around: Around) -> Iterator[Role]:
        """The value of an attribute, or the tensor that a block reads."""
        around = replace(around, attribute=name)
        is_like = op in OPS and OPS[op].like is not None and name == "like"
        if is_like or name in self.ops.tensors(op):
            yield from self.tensor(value, around)
            return
        yield from self.plain(value, "expression", around)

    def tensor(self, value: Part, around: Around) -> Iterator[Role]:
        """A reference, or a column that has some."""
        symbol = around.scope.get(value.text)
        if symbol is not None and symbol.kind == "column":
            yield Role(value, "expression", around)
        else:
            yield from self.reference(value, around)

    def branch(self, value: Part | None, around: Around) -> Iterator[Role]:
        if value is None:
            return
        if value.kind != "mapping":
            yield from self.plain(value, "unknown", around)
            return
        if not {"repeat", "series"}.isdisjoint(value.keys):
            around = around.predefined("step")
        own = [(k, v) for k, v in value.entries if k.text in BRANCH]
        for key, inner in own:
            yield Role(key, "key", around, keys=BRANCH, value=inner)
            if inner is not None and key.text == "from":
                yield from self.reference(inner, around)
            elif inner is not None:
                yield from self.plain(inner, "expression", around)
        rest = [(k, v) for k, v in value.entries if k.text not in BRANCH]
        layers = Part("mapping", value.start, value.end, flow=value.flow, entries=rest)
        yield from self.layers(layers, replace(around, layer="", op="", attribute=""))

    def table(self, layer: Part, around: Around) -> Iterator[Role]:
        """The columns, rows and attributes of a table, or of a patch of one."""
        assert around.table is not None  # as `layer` has set it
        owner = f"{around.block}/{around.layer}"
        columns = dict.fromkeys((*columns_of(around.table), *columns_of(layer)))
        rows = around.predefined("row")
        inside = rows.sees(Symbol("column", c, owner) for c in columns if c != "op")
        inside = inside.predefined("index", "count")
        ops = around.table.section("each").keys
        inside = replace(inside, op=ops[0] if ops else "")
        for key, value in layer.entries:
            if value is None or key.text not in TABLE:
                yield from self.modifier(key, value, inside)
                continue
            yield Role(key, "key", around, keys=(*TABLE, *MODIFIERS), value=value)
            if key.text == "columns":
                yield from self.columns(value, rows, owner)
            elif key.text == "rows":
                yield from self.rows(value, rows, owner, [*columns])
            else:
                yield from self.each(value, inside)

    def columns(self, value: Part, around: Around, owner: str) -> Iterator[Role]:
        for item in value.items:
            symbol = None if item.text == "op" else Symbol("column", item.text, owner)
            yield Role(item, "column", around, symbol, defines=True)
        for key, inner in value.entries:
            symbol = Symbol("column", key.text, owner)
            yield Role(key, "column", around, symbol, value=inner)
            if inner is not None:
                yield from self.plain(inner, "expression", around)

    def rows(
        self, value: Part, around: Around, owner: str, columns: list[str]
    ) -> Iterator[Role]:
        rows = [(str(n), item) for n, item in enumerate(value.items)]
        for key, inner in value.entries:
            symbol = Symbol("row", key.text, owner)
            defines = not around.variant and not key.text.isdigit()
            yield Role(key, "row", replace(around, row=key.text), symbol, defines)
            rows += [(key.text, inner)] if inner is not None else []
        for name, row in rows:
            yield from self.row(row, replace(around, row=name), owner, columns)

    def row(
        self, row: Part, around: Around, owner: str, columns: list[str]
    ) -> Iterator[Role]:
        cells = row.items if row.kind == "list" else [row]
        pairs = [*zip([*columns, *[""] * len(cells)], cells, strict=False)]
        if row.kind == "mapping":
            pairs = [(k.text, v) for k, v in row.entries if v is not None]
        for key, _ in row.entries:
            symbol = Symbol("column", key.text, owner)
            yield Role(key, "column", around, symbol)
        for column, cell in pairs:
            below = replace(around, attribute=column)
            if column == "op":
                yield self.op(cell, around)
            elif self.is_reference(column, around) and cell.kind == "scalar":
                yield from self.reference(cell, below)
            else:
                yield from self.plain(cell, "cell", below)

    def is_reference(self, column: str, around: Around) -> bool:
        """Whether `each` gives the column to a tensor argument."""
        each = around.table.section("each") if around.table else None
        for op, given in each.entries if each else ():
            tensors = self.ops.tensors(op.text)
            pairs = given.entries if given and given.kind == "mapping" else ()
            if any(k.text in tensors and v and v.text == column for k, v in pairs):
                return True
        return False


def signature(key: Part) -> list[Part]:
    """The name of a definition and its parameters, each with its place."""
    if definition(key.text) is None:
        return []
    start = key.start + (1 if key.quoted else 0)
    return [
        Part("scalar", start + match.start(), start + match.end(), match[0])
        for match in _NAME.finditer(key.text)
    ]
