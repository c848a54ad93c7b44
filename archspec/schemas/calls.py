"""Ops and standard blocks as JSON Schemas of what a layer gives them."""

from __future__ import annotations

from collections.abc import Iterator
from inspect import cleandoc
from typing import Any, cast

from archspec.language.blocks import standard_blocks
from archspec.language.fields import TENSORS
from archspec.language.layers import OpLayer
from archspec.ops import PRIMITIVES, Op
from archspec.ops.fields import written
from archspec.reading.nodes import Mapping, Node, expect_mapping, is_null, text_of
from archspec.schemas.values import (
    ANY,
    COUNT,
    NUMBER,
    REFERENCE_TO_LAYER,
    VALUE,
    Schema,
    described,
    given,
    no_word,
    of_field,
    of_key,
    suggested,
)
from archspec.words import CHOICES

_TYPES: dict[str | None, Schema] = {
    "int": {k: v for k, v in COUNT.items() if k != "minimum"},
    "float": NUMBER,
    "bool": no_word("boolean"),
    "word": given(),
    **dict.fromkeys(TENSORS, REFERENCE_TO_LAYER),
}
"""The values of a block's argument by its declaration."""


def attributes_of(kind: type[Op]) -> dict[str, Schema]:
    """The values of a primitive's attributes."""
    return {name: _attribute(kind, name) for name in kind.fields}


def primitive(kind: type[Op], *, sized: bool = False) -> Schema:
    """What a layer gives a primitive: attributes by name, or the main one.

    `sized`: `like` may name the layer whose size it takes.
    """
    attributes = attributes_of(kind)
    if sized and kind.like:
        attributes["like"] = of_key(OpLayer, "like", REFERENCE_TO_LAYER)
    return called(kind, call(attributes))


def called(kind: type[Op], schema: Schema) -> Schema:
    """What a primitive is given, with what it does."""
    return described(_wrapped(schema), about(kind.name))


def about(op: str) -> str:
    """What a primitive or standard block does, in Markdown."""
    if op in PRIMITIVES:
        return cleandoc(PRIMITIVES[op].__doc__ or "")
    block = expect_mapping(standard_blocks().entries[op], op)
    summary = text_of(block.get("summary")) or ""
    title = text_of(block.section("source").get("title"))
    return f"{summary}\n\n{title}." if title else summary


def choice(ops: list[str]) -> Schema:
    """The names of ops, each with what it does."""
    return {"anyOf": [described({"const": op}, about(op)) for op in ops]}


def _wrapped(schema: Schema) -> Schema:
    """The schema one level down, where completion of the op leaves its attributes.

    A text comes first: completion writes `conv: `, and leaves the form of the rest.
    """
    kinds = sorted(
        schema["type"], key=lambda kind: (kind != "string", kind == "object")
    )
    return {"type": kinds, "allOf": [schema]}


def standard_block(name: str, *, replaceable: bool) -> Schema:
    """The same for a standard block.

    `replaceable`: a block of the document may have its name and other arguments.
    """
    block = expect_mapping(standard_blocks().entries[name], name)
    arguments = dict(_arguments(block, typed=not replaceable))
    schema = call(arguments)
    if replaceable:
        schema = ANY_CALL | {"properties": arguments}
    return described(_wrapped(schema), about(name))


ANY_CALL: Schema = {
    **ANY,
    "type": ["object", *ANY["type"]],
    "additionalProperties": VALUE,
}
"""What a layer gives a block that only the document knows."""


def call(attributes: dict[str, Schema]) -> Schema:
    """A mapping of attributes, or the value of the first of them."""
    main = next(iter(attributes.values()), {"type": ["null"]})
    if VALUE in main.get("allOf", [main]):
        main = main | ANY
    schema = {k: v for k, v in main.items() if k not in _ABOUT}
    return schema | {
        "type": ["object", *main["type"]],
        "properties": attributes,
        "additionalProperties": False,
    }


_ABOUT = ("$ref", "title", "description", "markdownDescription", "default")


def _attribute(kind: type[Op], name: str) -> Schema:
    field = kind.fields[name]
    default = kind.fallbacks.get(name, field.default)
    if field.required and name not in kind.fallbacks:
        about = "Required, here or in `defaults`."
    else:
        about = f"Default: `{written(default)}`."
    schema = described(of_field(field), f"{field.doc} {about}")
    if field.required or field.default is None:
        return schema
    return schema | {"default": _plain(field.default)}


def _arguments(block: Mapping, *, typed: bool) -> Iterator[tuple[str, Schema]]:
    for name, declared in block.section("arguments").entries.items():
        kind = text_of(declared)
        schema = _TYPES.get(kind, VALUE) if typed else VALUE
        if name in CHOICES and kind not in _TYPES:
            schema = {"allOf": [VALUE]} | suggested(*CHOICES[name])
        yield name, described(schema, _about_argument(kind, declared))


def _about_argument(kind: str | None, declared: Node) -> str:
    if is_null(declared):
        return "By default from `defaults`."
    return f"Required: {kind}." if kind in _TYPES else f"Default: `{kind}`."


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        items = [_plain(part) for part in cast("tuple[Any, ...]", value)]
        return items[0] if items == items[:1] * 2 else items
    return int(value) if isinstance(value, float) and value.is_integer() else value
