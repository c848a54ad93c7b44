"""Layers as JSON Schemas, for each kind of document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from archspec.language.blocks import standard_blocks
from archspec.language.canonical_layers import TABLE
from archspec.language.layers import MAX_ROWS, AgainLayer, Branch, OpLayer, Table
from archspec.language.names import RESERVED_LAYERS
from archspec.ops import JOINS, OPS
from archspec.schemas.calls import (
    ANY_CALL,
    attributes_of,
    call,
    called,
    choice,
    primitive,
    standard_block,
)
from archspec.schemas.values import (
    ANY,
    COUNT,
    NAME,
    REFERENCE_TO_LAYER,
    VALUE,
    Schema,
    described,
    of_key,
    ref,
)
from archspec.words import MODIFIERS

_RESERVED = "|".join(sorted(RESERVED_LAYERS))
LAYER_NAME = NAME | {"pattern": NAME["pattern"].replace("^", f"^(?!({_RESERVED})$)", 1)}


@dataclass(frozen=True)
class Kind:
    """The kind of a document.

    `patch`: it changes another one, as a variant does. `open`: it may name blocks that
    are not standard, its own or those of a file that it extends.
    """

    patch: bool
    open: bool

    @property
    def suffix(self) -> str:
        """What the names of its definitions end in."""
        return "_of_patch" * self.patch + "_with_blocks" * self.open

    def ref(self, name: str) -> Schema:
        """A definition for documents of this kind."""
        return ref(name + self.suffix)


KINDS = tuple(Kind(p, o) for p in (False, True) for o in (False, True))


def call_definitions() -> dict[str, Schema]:
    """What a layer gives each op and standard block."""
    own = {f"op.{name}": primitive(kind) for name, kind in OPS.items()}
    sized = {name: kind for name, kind in OPS.items() if kind.like}
    own |= {f"like.{n}": primitive(kind, sized=True) for n, kind in sized.items()}
    roled = {name: kind for name, kind in JOINS.items() if kind.roles}
    own |= {f"attributes.{name}": primitive(kind) for name, kind in roled.items()}
    for name in sorted(standard_blocks().entries):
        own[f"block.{name}"] = standard_block(name, replaceable=False)
        own[f"block.{name}_replaceable"] = standard_block(name, replaceable=True)
    of_row = [*OPS, *sorted(standard_blocks().entries)]
    own |= {"op_of_row": choice(of_row), "op_of_layer": choice([*of_row, *JOINS])}
    return own | {f"alone.{name}": _alone(name) for name in (*of_row, *JOINS)}


def layer_definitions(kind: Kind) -> dict[str, Schema]:
    """Layers, branches and tables in documents of a kind."""
    own: dict[str, Schema] = {
        "layers": _layers(kind),
        "layer": _layer(kind),
        "branch": _branch(kind),
        "each": _calls(kind, "each"),
        "defaults": _calls(kind, "defaults"),
    }
    for name in JOINS:
        own[f"join.{name}"] = _join(kind, name)
    return {name + kind.suffix: schema for name, schema in own.items()}


def _layers(kind: Kind) -> Schema:
    return {
        "type": "object",
        "propertyNames": LAYER_NAME,
        "additionalProperties": kind.ref("layer"),
    }


def _ops(kind: Kind) -> dict[str, Schema]:
    """The ops of one input, and standard blocks, each with what it is given."""
    suffix = "_replaceable" if kind.open else ""
    blocks = sorted(standard_blocks().entries)
    calls = {name: ref(f"op.{name}") for name in OPS}
    return calls | {name: ref(f"block.{name}{suffix}") for name in blocks}


def _layer(kind: Kind) -> Schema:
    ops = _ops(kind)
    ops |= {name: ref(f"like.{name}") for name in OPS if OPS[name].like}
    ops |= {name: kind.ref(f"join.{name}") for name in JOINS}
    modifiers = {name: _MODIFIER[name] for name in MODIFIERS}
    if not kind.patch:
        modifiers |= dict.fromkeys(("after", "before"), _NO_PLACE)
    names: list[Schema] = [ref("op_of_layer")]
    other: Schema | bool = False
    if kind.open:
        names, other = [*names, {"type": "string", "allOf": [ref("name")]}], ANY_CALL
    again = of_key(AgainLayer, "again", _AGAIN)
    schema: Schema = {
        "type": ["object", "string", *(["null"] if kind.patch else [])],
        "anyOf": [{"type": ["object", "null"]}, *names],
        "properties": {**ops, **modifiers, **_table(kind), "again": again},
        "additionalProperties": other,
    }
    dependencies: dict[str, Any] = {name: ref(f"alone.{name}") for name in ops}
    if not kind.patch:
        dependencies |= {key: [k for k in TABLE if k != key] for key in TABLE}
        dependencies |= {"then": ["repeat"]}
    return schema | {"dependencies": dependencies}


def _alone(op: str) -> Schema:
    """The keys beside an op: a layer has no other."""
    message = f"A layer has one op: beside {op} stand only {', '.join(_BESIDE)}."
    beside = {"enum": [op, *MODIFIERS, *TABLE], "errorMessage": message}
    return {"propertyNames": beside}


_BESIDE = MODIFIERS[:4]
"""The modifiers of any document."""


_GIVEN: Schema = {"type": ["object", "null"], "additionalProperties": VALUE}
_PLACE = described(REFERENCE_TO_LAYER, "In a patch: the layer next to a new one.")
_NO_PLACE: Schema = {
    "type": "null",
    "doNotSuggest": True,
    "description": "Only in a patch, such as a variant.",
}
_MODIFIER: dict[str, Schema] = {
    "when": of_key(OpLayer, "when", VALUE),
    "repeat": of_key(OpLayer, "repeat", COUNT),
    "then": of_key(OpLayer, "then", _GIVEN),
    "from": of_key(OpLayer, "from", REFERENCE_TO_LAYER),
    "after": _PLACE,
    "before": _PLACE,
}
_AGAIN: Schema = REFERENCE_TO_LAYER | {
    "type": ["string", "object", "null"],
    "minProperties": 1,
    "maxProperties": 1,
    "additionalProperties": {
        "type": ["object", "null"],
        "additionalProperties": REFERENCE_TO_LAYER,
    },
}


def _table(kind: Kind) -> dict[str, Schema]:
    names: Schema = {"type": "string", "allOf": [ref("value_name")]}
    columns: Schema = {"type": ["array", "null"], "minItems": 1, "items": names}
    row = ANY | {"items": {"anyOf": [ref("item"), {"type": "null"}]}}
    changed = row
    if kind.patch:
        columns |= {"type": ["array", "object", "null"], "additionalProperties": VALUE}
        changed = row | {"type": ["object", *row["type"]]}
        changed |= {"additionalProperties": VALUE}
    rows: Schema = {
        "type": ["array", "object", "null"],
        "items": row,
        "maxItems": MAX_ROWS,
        "additionalProperties": changed,
    }
    if not kind.patch:
        rows |= {"minItems": 1, "minProperties": 1}
    keys = {"columns": columns, "rows": rows, "each": kind.ref("each")}
    return {key: of_key(Table, key, schema) for key, schema in keys.items()}


def _branch(kind: Kind) -> Schema:
    keys = {"from": REFERENCE_TO_LAYER, "when": VALUE, "repeat": COUNT, "series": COUNT}
    own = {key: of_key(Branch, key, schema) for key, schema in keys.items()}
    names = NAME | {"pattern": NAME["pattern"].replace("(?!(", "(?!(?!from$)(", 1)}
    return {
        "type": ["object", "null"],
        "properties": own,
        "propertyNames": names,
        "additionalProperties": kind.ref("layer"),
    }


def _join(kind: Kind, name: str) -> Schema:
    op, branch = JOINS[name], kind.ref("branch")
    if op.roles:
        schema = call(attributes_of(op))
        schema["properties"] |= dict.fromkeys(op.roles, branch)
        return called(op, schema)
    schema: Schema = {
        "type": ["object"],
        "additionalProperties": branch,
        "propertyNames": ref("name"),
    }
    return called(op, schema if kind.patch else schema | {"minProperties": 1})


def _calls(kind: Kind, key: str) -> Schema:
    """Ops with their attributes: `each` of a table, or `defaults`."""
    ops = _ops(kind)
    if key == "defaults":
        ops |= {n: ref(f"attributes.{n}") for n in JOINS if JOINS[n].roles}
    names: list[Schema] = [ref("op_of_row")]
    other: Schema | bool = False
    if kind.open:
        names, other = [*names, {"type": "string", "allOf": [ref("name")]}], ANY_CALL
    scalars: Schema = {"anyOf": [{"type": ["object", "null"]}, *names]}
    return {
        "type": ["object", "string", "null"] if key == "each" else ["object", "null"],
        **(scalars if key == "each" else {}),
        "properties": ops,
        "additionalProperties": other,
    }
