"""The JSON Schema of a spec: its keys, and which of them it must have."""

from __future__ import annotations

from dataclasses import MISSING, replace
from typing import Any

from archspec.language.document import (
    COMBINING,
    INTERPOLATIONS,
    KEYS,
    Block,
    Document,
    Figures,
    Input,
    Preprocessing,
    Source,
)
from archspec.language.parts import keys_of
from archspec.schemas.layers import (
    KINDS,
    Kind,
    call_definitions,
    layer_definitions,
)
from archspec.schemas.values import (
    COUNT,
    DEFINITIONS,
    EACH_NUMBER,
    EACH_POSITIVE,
    FLAG,
    NAME,
    PAIR,
    PER_CHANNEL,
    POSITIVE,
    REFERENCE_TO_LAYER,
    SCALAR,
    TEXT,
    VALUE,
    VARIANT_NAME,
    Schema,
    described,
    of_key,
    ref,
)

_WORD: Schema = {"type": ["string", "null"]}
_QUANTITY: Schema = {
    "type": ["string", "number", "null"],
    "minimum": 0,
    "pattern": r"^[0-9]{1,15}(\.[0-9]{0,15})?\s*[kKMGB]?$",
    "patternErrorMessage": "Expected a number such as 3.4M.",
}
_PARTS: dict[type[Any], dict[str, Schema]] = {
    Source: {
        "title": TEXT,
        "url": TEXT,
        "names": {"type": ["object", "null"], "additionalProperties": TEXT},
    },
    Preprocessing: {
        "scale": POSITIVE,
        "mean": EACH_NUMBER | {"minItems": 0, "maxItems": PER_CHANNEL},
        "std": EACH_POSITIVE | {"minItems": 0, "maxItems": PER_CHANNEL},
        "resize": COUNT,
        "crop": COUNT,
        "interpolation": {"enum": [*INTERPOLATIONS, None]},
        "channels": {"enum": ["rgb", "bgr", None]},
    },
    Figures: {"parameters": _QUANTITY, "macs": _QUANTITY, "erratum": TEXT},
    Input: {"channels": COUNT, "size": PAIR},
}
"""The values of each key of a part."""

_BLOCK_VALUES: dict[str, Schema] = {
    "summary": TEXT,
    "arguments": {
        "type": ["object", "null"],
        "propertyNames": ref("value_name"),
        "additionalProperties": VALUE,
    },
    "let": {
        "type": ["object", "null"],
        "propertyNames": ref("name"),
        "additionalProperties": VALUE,
    },
    "residual": VALUE,
}


def schema() -> Schema:
    """The JSON Schema (draft-07) of a spec."""
    definitions: dict[str, Schema] = {**DEFINITIONS, **call_definitions()}
    for kind in KINDS:
        definitions |= layer_definitions(kind) | _definitions(kind)
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "archspec",
        "description": "A neural network, as archspec reads it.",
        "type": "object",
        "properties": dict.fromkeys(KEYS, True),
        "if": _MAY_NAME_OTHERS,
        "then": _one_of_both(is_open=True),
        "else": _one_of_both(is_open=False),
        "definitions": dict(sorted(definitions.items())),
    }


_MAY_NAME_OTHERS: Schema = {
    "anyOf": [
        {"required": ["extends"]},
        {"required": ["blocks"]},
        {
            "required": ["variants"],
            "properties": {
                "variants": {
                    "type": "object",
                    "not": {"additionalProperties": {"not": {"required": ["blocks"]}}},
                }
            },
        },
    ]
}
"""Whether a document may name blocks that are not standard."""

_NETWORK = ("layers", "input", "inputs", "name", "archspec", "outputs")
"""The keys of a network; a file without any of them is only there to be extended."""


def _one_of_both(*, is_open: bool) -> Schema:
    whole = Kind(patch=False, open=is_open).ref("document")
    patch = Kind(patch=True, open=is_open).ref("document")
    shared = {"not": {"anyOf": [{"required": [key]} for key in _NETWORK]}}
    is_patch = {"anyOf": [{"required": ["extends"]}, shared]}
    return {"if": is_patch, "then": patch, "else": whole}


def _definitions(kind: Kind) -> dict[str, Schema]:
    own = {"document": _document(kind), "block": _block(kind)}
    return {name + kind.suffix: found for name, found in own.items()}


def _part(part: type[Any], kind: Kind) -> Schema:
    """A mapping with the keys of a part of a document."""
    keys = keys_of(part)
    schema: Schema = {
        "type": ["object", "null"],
        "properties": {key: of_key(part, key, _PARTS[part][key]) for key in keys},
        "additionalProperties": False,
    }
    needed = [key for key, field in keys.items() if field.default_factory is MISSING]
    return schema if kind.patch or not needed else schema | {"required": needed}


def _block(kind: Kind) -> Schema:
    values = {**_BLOCK_VALUES, "source": _part(Source, kind)}
    own = {key: of_key(Block, key, schema) for key, schema in values.items()}
    extends = described(_WORD, "The block that this one changes.")
    patch = replace(kind, patch=True)
    return {
        "type": ["object", "null"],
        "properties": {**own, "layers": True, "extends": extends},
        "additionalProperties": False,
        "if": {"required": ["extends"]},
        "then": {"properties": {"layers": patch.ref("layers")}},
        "else": {"properties": {"layers": kind.ref("layers")}},
    }


def _document(kind: Kind) -> Schema:
    image = _part(Input, kind)
    names = {"propertyNames": ref("name")}
    mapping: Schema = {"type": ["object", "null"]}
    values: dict[str, Schema] = {
        "archspec": {"enum": [1] if not kind.patch else [1, None]},
        "name": {"type": ["string", "null"], **NAME},
        "summary": TEXT,
        "source": _part(Source, kind),
        "preprocessing": _part(Preprocessing, kind),
        "multipliers": mapping | names | {"additionalProperties": _MULTIPLIER},
        "define": mapping
        | {"propertyNames": {"pattern": r"^\s*\w+\s*(\(\s*[\w\s,]*\)\s*)?$"}}
        | {"additionalProperties": VALUE},
        "input": image,
        "inputs": mapping | names | {"additionalProperties": image},
        "classes": {"type": ["integer", "null"], "minimum": 1},
        "defaults": kind.ref("defaults"),
        "blocks": mapping | names | {"additionalProperties": kind.ref("block")},
        "layers": kind.ref("layers"),
        "outputs": mapping | names | {"additionalProperties": REFERENCE_TO_LAYER},
        "reported": _part(Figures, kind),
        "search": mapping | {"additionalProperties": _CHOICES},
        "extends": {
            "type": ["string", "array", "null"],
            "items": {"type": ["string", "number", "boolean"]},
        },
        "variants": mapping
        | {"propertyNames": VARIANT_NAME, "additionalProperties": _variant(kind)},
    }
    schema: Schema = {
        "type": "object",
        "properties": {key: _key(key, values[key]) for key in KEYS},
        "additionalProperties": False,
    }
    if kind.patch:
        return schema
    needed = [
        key
        for key, field in keys_of(Document).items()
        if field.default_factory is MISSING
    ]
    inputs = {"anyOf": [{"required": ["input"]}, {"required": ["inputs"]}]}
    return schema | {"required": needed} | inputs


def _key(key: str, schema: Schema) -> Schema:
    """The value of a key of the document."""
    if key in COMBINING:
        return described(schema, COMBINING[key])
    return of_key(Document, key, schema)


def _variant(kind: Kind) -> Schema:
    patch = replace(kind, patch=True)
    return {"anyOf": [{"type": "null"}, patch.ref("document")]}


_MULTIPLIER: Schema = {
    **SCALAR,
    "type": ["object", *SCALAR["type"]],
    "properties": {"value": SCALAR, "keep": FLAG},
    "additionalProperties": False,
}
_CHOICES: Schema = {
    "type": ["array", "string", "number", "boolean", "null"],
    "minItems": 1,
    "items": {"type": ["string", "number", "boolean", "array"]},
}
