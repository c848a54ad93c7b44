"""Ops and standard blocks as JSON Schemas of what a layer gives them."""

from __future__ import annotations

from collections.abc import Iterator
from inspect import cleandoc
from typing import Any, cast

from archspec.language.blocks import standard_blocks
from archspec.language.fields import TENSORS
from archspec.ops import Op
from archspec.ops.attributes import Field
from archspec.ops.fields import Examples
from archspec.reading.nodes import Mapping, Node, expect_mapping, is_null, text_of
from archspec.schemas.values import (
    ANY,
    COUNT,
    NUMBER,
    REFERENCE_TO_LAYER,
    VALUE,
    Schema,
    given,
    of_field,
    suggested,
)
from archspec.words import CHOICES

_TYPES: dict[str | None, Schema] = {
    "int": {k: v for k, v in COUNT.items() if k != "minimum"},
    "float": NUMBER,
    "bool": given("boolean"),
    "word": given(),
    **dict.fromkeys(TENSORS, REFERENCE_TO_LAYER),
}
"""The values of a block's argument by its declaration."""


def described(schema: Schema, text: str) -> Schema:
    """The schema with a description, which editors show as Markdown."""
    if not text:
        return schema
    if "$ref" in schema:  # which hides what is beside it
        schema = {"allOf": [schema]}
    return schema | {"description": text.replace("`", ""), "markdownDescription": text}


def primitive(kind: type[Op], *, sized: bool = False) -> Schema:
    """What a layer gives a primitive: attributes by name, or the main one.

    `sized`: `like` may name the layer whose size it takes.
    """
    attributes = {name: _attribute(kind, name) for name in kind.fields}
    if sized and kind.like:
        text = f"The layer whose height and width are `{kind.like}`."
        attributes["like"] = described(REFERENCE_TO_LAYER, text)
    return described(call(attributes), _summary(kind))


def standard_block(name: str, *, replaceable: bool) -> Schema:
    """The same for a standard block.

    `replaceable`: a block of the document may have its name and other arguments.
    """
    block = expect_mapping(standard_blocks().entries[name], name)
    arguments = dict(_arguments(block, typed=not replaceable))
    schema = call(arguments)
    if replaceable:
        schema = ANY_CALL | {"properties": arguments}
    return described(schema, _block_summary(block))


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


_ABOUT = ("$ref", "description", "markdownDescription", "default", "examples")


def _attribute(kind: type[Op], name: str) -> Schema:
    field = kind.fields[name]
    schema = described(of_field(field), _about(kind, name, field))
    if name in kind.fallbacks:
        return schema
    return schema if field.required else schema | {"default": _plain(field.default)}


def _about(kind: type[Op], name: str, field: Field) -> str:
    if name in kind.fallbacks:
        return f"Default: `{kind.fallbacks[name]}`."
    examples = [data.values for data in field.metadata if isinstance(data, Examples)]
    shown = ", ".join(f"`{_written(value)}`" for value in (examples or [()])[-1][:4])
    if field.required:
        return f"Required, here or in `defaults`. Examples: {shown}."
    return f"Default: `{_written(field.default)}`."


def _summary(kind: type[Op]) -> str:
    return cleandoc(kind.__doc__ or "")


def _block_summary(block: Mapping) -> str:
    summary = text_of(block.get("summary")) or ""
    title = text_of(block.section("source").get("title"))
    return f"{summary}\n\n{title}." if title else summary


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


def _written(value: Any) -> str:
    plain = _plain(value)
    if isinstance(plain, list):
        parts = cast("list[Any]", plain)
        return f"[{', '.join(map(_written, parts))}]"
    return "~" if plain is None else str(plain).lower()
