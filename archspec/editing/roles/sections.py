"""The sections of a document and of its variants."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from archspec.editing.part import Part
from archspec.editing.roles.blocks import blocks
from archspec.editing.roles.calls import calls, reference
from archspec.editing.roles.known import Known, Symbol, signature
from archspec.editing.roles.layers import layers
from archspec.editing.roles.role import Around, Role, keyed, scalars
from archspec.editing.vocabulary import Ops
from archspec.language.canonical import MULTIPLIER
from archspec.language.document import KEYS, PARTS
from archspec.language.parts import keys_of


def roles(documents: tuple[Part, ...], ops: Ops) -> Iterator[Role]:
    """Every key and scalar of the last document with its role, in order."""
    yield from _document(documents[-1], Around(Known(documents, ops)))


def _document(root: Part, around: Around) -> Iterator[Role]:
    around = around.sees(around.known.outermost())
    for key, value in root.entries:
        yield Role(key, "key", around, keys=KEYS, value=value)
        if value is None:
            continue
        if key.text in _SECTIONS:
            yield from _SECTIONS[key.text](value, around)
        elif key.text in PARTS:
            yield from keyed(value, tuple(keys_of(PARTS[key.text])), around)
        else:
            kind = "text" if key.text in KEYS else "unknown"
            yield from scalars(value, kind, around)


def _multipliers(value: Part, around: Around) -> Iterator[Role]:
    alone = replace(around, scope={})
    for key, inner in value.entries:
        symbol = Symbol("multiplier", key.text)
        is_new = around.is_new(key, "multipliers")
        yield Role(key, "name", around, symbol, is_new, value=inner)
        if inner is not None:
            yield from keyed(inner, MULTIPLIER, alone, "expression")


def _define(value: Part, around: Around) -> Iterator[Role]:
    changed = (signature(key)[:1] for key in around.changed("define"))
    known = {name.text for names in changed for name in names}
    for key, body in value.entries:
        name, *parameters = signature(key) or (None,)
        if name is None:
            yield from scalars(body, "expression", around)
            continue
        symbols = [Symbol("parameter", part.text, name.text) for part in parameters]
        for part, symbol in zip(parameters, symbols, strict=True):
            yield Role(part, "name", around, symbol, defines=True)
        symbol, is_new = Symbol("definition", name.text), name.text not in known
        yield Role(name, "name", around, symbol, is_new, value=body)
        yield from scalars(body, "expression", around.sees(symbols))


def _input(value: Part, around: Around) -> Iterator[Role]:
    yield from keyed(value, tuple(keys_of(PARTS["input"])), around, "expression")


def _inputs(value: Part, around: Around) -> Iterator[Role]:
    for key, inner in value.entries:
        symbol = Symbol("input", key.text)
        yield Role(key, "name", around, symbol, defines=True, value=inner)
        if inner is not None:
            yield from _input(inner, around)


def _layers(value: Part, around: Around) -> Iterator[Role]:
    inside = around.predefined("channels", "classes")
    yield from layers(value, replace(inside, tensors=around.known.inputs()))


def _outputs(value: Part, around: Around) -> Iterator[Role]:
    known = around.known
    around = around.names(*known.inputs(), *known.tensors(""))
    for key, inner in value.entries:
        yield Role(key, "output", around, value=inner)
        yield from reference(inner, around)


def _search(value: Part, around: Around) -> Iterator[Role]:
    for key, inner in value.entries:
        yield Role(key, "path", around, value=inner)
        yield from scalars(inner, "text", around)


def _extends(value: Part, around: Around) -> Iterator[Role]:
    yield from scalars(value, "file", around)


def _variants(value: Part, around: Around) -> Iterator[Role]:
    for key, patch in value.entries:
        symbol = Symbol("variant", key.text)
        yield Role(key, "variant", around, symbol, defines=True, value=patch)
        if patch is not None:
            yield from _document(patch, replace(around, variant=key.text))


_SECTIONS: Mapping[str, Callable[[Part, Around], Iterator[Role]]] = {
    "multipliers": _multipliers,
    "define": _define,
    "input": _input,
    "inputs": _inputs,
    "defaults": calls,
    "blocks": blocks,
    "layers": _layers,
    "outputs": _outputs,
    "search": _search,
    "extends": _extends,
    "variants": _variants,
}
