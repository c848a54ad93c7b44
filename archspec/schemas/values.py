"""Values as JSON Schemas: a number, a word or a list, or an expression that gives it.

Every schema is flat: its limits apply to the types that they suit. So editors report
which limit a value exceeds, not that no alternative matches.
"""

from __future__ import annotations

import keyword
from collections.abc import Callable, Mapping
from typing import Any, get_args

from archspec.expressions import BUILTINS
from archspec.expressions.parser import MAX_LENGTH
from archspec.language.fields import MAX_NUMBERS, MAX_TEXT
from archspec.language.names import PREDEFINED
from archspec.language.parts import keys_of
from archspec.ops import fields
from archspec.ops.attributes import Field
from archspec.ops.fields import OneOf, Optional
from archspec.reading.identifiers import CONSTANTS, IDENTIFIER, REFERENCE, VARIANT
from archspec.words import WORDS, Distribution, Fan, PaddingWord

Schema = dict[str, Any]

_KEYWORDS = "|".join([*sorted(keyword.kwlist), *CONSTANTS])

EXPRESSION: Schema = {
    "pattern": r"^(?!.*(\*\*|<<|>>))[A-Za-z0-9_+\-*/%().,<>=! \t\r\n\f]+$",
    "patternErrorMessage": (
        "Expected a number, a word or an expression such as channels // 2."
    ),
    "maxLength": MAX_LENGTH,
}
"""The characters of an expression; other types of values have none."""

NAME: Schema = {
    "pattern": f"^(?!({_KEYWORDS})$){IDENTIFIER.pattern}$",
    "patternErrorMessage": (
        "Expected a name: up to 64 letters, digits and _, starting with a letter, and "
        "no keyword of Python."
    ),
}

TEXT: Schema = {"type": ["string", "number", "boolean", "null"], "maxLength": MAX_TEXT}
FLAG: Schema = {"type": ["boolean", "null"]}
REFERENCE_TO_LAYER: Schema = {
    "type": ["string", "null"],
    "pattern": f"^({REFERENCE.pattern})$",
    "patternErrorMessage": (
        "Expected a layer, a row such as stages.2, an input or a tensor argument."
    ),
}
VARIANT_NAME: Schema = {"pattern": f"^{VARIANT.pattern}$"}


def ref(name: str) -> Schema:
    """A definition of the schema."""
    return {"$ref": f"#/definitions/{name}"}


def given(*types: str, **limits: Any) -> Schema:
    """A value of these types, the text of an expression, or null for none."""
    kinds = [*types, "string", "null"]
    return {"type": kinds, **limits, "allOf": [ref("expression")]}


def described(schema: Schema, doc: str) -> Schema:
    """The schema with a description, which editors show as Markdown.

    A title would be shown for others: yaml-language-server lends it to definitions.
    """
    if not doc:
        return schema
    if "$ref" in schema:  # which hides what is beside it
        schema = {"allOf": [schema]}
    plain = " ".join(doc.replace("`", "").split())
    return {"description": plain, "markdownDescription": doc} | schema


def of_key(kind: type[Any], key: str, schema: Schema) -> Schema:
    """The value of a key of a dataclass, described by its `doc`."""
    return described(schema, keys_of(kind)[key].metadata["doc"])


def no_word(*types: str, **limits: Any) -> Schema:
    """The same, where no word of the language fits."""
    return given(*types, **limits) | {"allOf": [ref("number_expression")]}


def item(schema: Schema) -> Schema:
    """The same in a list, which has no nulls."""
    return schema | {"type": [kind for kind in schema["type"] if kind != "null"]}


def words(*offered: str) -> Schema:
    """Words, or a name that stands for one of them."""
    return given() | suggested(*offered)


def suggested(*offered: str) -> Schema:
    """Words that editors suggest, and accept others."""
    return {"anyOf": [{"enum": [*offered]}, {}]}


COUNT = no_word("integer", minimum=1)
NUMBER = no_word("number")
POSITIVE = no_word("number", exclusiveMinimum=0)
SCALAR = given("number", "boolean")
EACH_NUMBER = no_word("number", "array", items=item(NUMBER), minItems=1)
EACH_POSITIVE = POSITIVE | {
    "type": [*EACH_NUMBER["type"]],
    "items": item(POSITIVE),
    "minItems": 1,
}
PAIR = COUNT | {
    "type": ["integer", "array", "string", "null"],
    "items": item(COUNT),
    "minItems": 2,
    "maxItems": 2,
}
NOT_NEGATIVE = no_word("integer", minimum=0)
AMOUNTS = no_word("array", items=item(NOT_NEGATIVE), minItems=4, maxItems=4)
_AMOUNTS_OR_WORD = AMOUNTS | {"allOf": [ref("expression")]}
_DISTRIBUTION = item(words(*get_args(Distribution)))
_DEVIATION = {"items": [_DISTRIBUTION, item(POSITIVE)], "maxItems": 2}
_VARIANCE = {
    "items": [_DISTRIBUTION, item(words(*get_args(Fan))), item(POSITIVE)],
    "minItems": 3,
}
DEVIATION = given("array", **_DEVIATION, minItems=2)
INITIALIZER = given("array", minItems=2, maxItems=3, anyOf=[_DEVIATION, _VARIANCE])
ANY: Schema = given("number", "boolean", "array", items=ref("item"), minItems=1)
"""A value of any type: the argument of a block, a cell of a table."""

_WORDS = "|".join(sorted(WORDS))
_NO_WORD: Schema = {
    "allOf": [ref("expression")],
    "pattern": f"^(?!({_WORDS})$)",
    "patternErrorMessage": "Expected a number or an expression, found a word.",
}

_DEFINED = "|".join(sorted({*WORDS, *PREDEFINED, *BUILTINS}))
_VALUE_NAME: Schema = {
    "allOf": [ref("name")],
    "pattern": f"^(?!({_DEFINED})$)",
    "patternErrorMessage": "Expected another name: the language defines this one.",
}
"""The name of a value, which expressions see."""

DEFINITIONS = {
    "value_name": _VALUE_NAME,
    "number_expression": _NO_WORD,
    "expression": EXPRESSION,
    "value": ANY,
    "item": item(ANY),
    "name": NAME,
}
VALUE = ref("value")
PER_CHANNEL = MAX_NUMBERS

_ATTRIBUTES: Mapping[Callable[[Any], Any], Schema] = {
    fields.count: COUNT,
    fields.not_negative: NOT_NEGATIVE,
    fields.pair: PAIR,
    fields.amounts: AMOUNTS,
    fields.padding: _AMOUNTS_OR_WORD | suggested(*get_args(PaddingWord)),
    fields.number: NUMBER,
    fields.positive: POSITIVE,
    fields.share: no_word("number", minimum=0, exclusiveMaximum=1),
    fields.flag: no_word("boolean"),
    fields.initializer: INITIALIZER,
    fields.deviation: DEVIATION,
    fields.each_number: EACH_NUMBER,
    fields.each_positive: EACH_POSITIVE,
}
"""What each validator of `archspec.ops.fields` accepts."""


def of_field(field: Field) -> Schema:
    """The values of a primitive's attribute."""
    for known in field.metadata:
        if isinstance(known, OneOf):
            return words(*known.values)
    optional = (data.inner for data in field.metadata if isinstance(data, Optional))
    read = next(optional, field.read)
    if isinstance(choice := getattr(read, "__self__", None), OneOf):
        return words(*choice.values)
    return _ATTRIBUTES[read]
