"""Attributes of ops: from the layer, else `defaults`, else the op's own default."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, NoReturn

from pydantic import ValidationError

from archspec.elaboration.frames import Call
from archspec.elaboration.scopes import is_given, value_if_known
from archspec.errors import Diagnostic, Place, SpecError
from archspec.expressions import (
    UNKNOWN,
    Expression,
    Scope,
    Unknowable,
    Value,
    evaluate,
    parse,
)
from archspec.language import Block, Document, Formula
from archspec.ops import OPS, Op
from archspec.reading.nodes import fail


class Setting(NamedTuple):
    """An evaluated attribute and its place."""

    value: Value
    place: Place


Settings = Mapping[str, Setting]


class Defaults:
    """The `defaults` of a document, evaluated."""

    def __init__(self, document: Document, scope: Scope):
        self._settings = {
            op: _evaluated(attributes, scope)
            for op, attributes in document.defaults.items()
        }

    def of(self, op: str) -> Settings:
        """The `defaults` of an op; `depthwise_conv` inherits those of conv."""
        own = self._settings.get(op, {})
        inherited = OPS[op].inherits if op in OPS else None
        if inherited is None:
            return own
        fields = OPS[op].model_fields
        base = self._settings.get(inherited, {})
        return {name: value for name, value in base.items() if name in fields} | own


def _evaluated(given: Mapping[str, Formula | None], scope: Scope) -> dict[str, Setting]:
    """What is given; nulls and names of things not given are not."""
    return {
        name: Setting(value_if_known(formula, scope), formula.place)
        for name, formula in given.items()
        if formula is not None and is_given(formula, scope)
    }


def primitive(
    call: Call, scope: Scope, defaults: Settings, size: tuple[int, ...] | None = None
) -> tuple[Op, dict[str, Value], frozenset[str]]:
    """The primitive, all its attributes with fallbacks, and the names that were said.

    `size` is that of the layer that a resize shall be `like`. Raises SpecError (AS302,
    AS304), and Unknowable where some of it is UNKNOWN and the rest is right.
    """
    kind = OPS[call.op]
    said = _evaluated(call.given, scope)
    settings = {**defaults, **said}
    if kind.like is not None and size is not None:
        settings[kind.like] = Setting(size, call.op.place)
    values = {name: setting.value for name, setting in settings.items()}
    for name, field in kind.model_fields.items():
        if name in values or name in kind.fallbacks:
            continue
        if field.is_required():
            _fail_missing(call, name)
        values[name] = field.default
    for name, fallback in kind.fallbacks.items():
        if name not in values:
            seen = {"channels": scope["channels"], **values}
            values[name] = _fallback(fallback, seen)
    built = _build(kind, values, settings, call.op.place)
    typed = {
        name: _as_held(value, getattr(built, name)) for name, value in values.items()
    }
    return built, typed, frozenset(said)


def _fallback(text: str, seen: Scope) -> Value:
    try:
        return evaluate(_parsed(text), seen)
    except Unknowable:
        return UNKNOWN


def _as_held(value: Value, held: object) -> Value:
    """A number as the op holds it: 48 for 48.0, and 2.0 for 2."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return value
    if isinstance(held, float):
        return float(value)
    return int(value) if isinstance(held, int) else value


@functools.cache
def _parsed(fallback: str) -> Expression:
    return parse(fallback)


def _fail_missing(call: Call, name: str, kind: str = "") -> NoReturn:
    op = call.op
    help = f"set it here, or for all layers: defaults: {{{op}: {{{name}: ...}}}}"
    message = f"{op} needs '{name}'{kind and f' ({kind})'}"
    fail("AS304", message, call.op.place, help)


def _build(
    kind: type[Op], values: Mapping[str, Value], settings: Settings, place: Place
) -> Op:
    known = {name: value for name, value in values.items() if value is not UNKNOWN}
    try:
        built = kind.model_validate(known)
    except ValidationError as error:
        details: list[Any] = error.errors(include_url=False)
    else:
        if len(known) < len(values):
            raise Unknowable
        return built
    wrong = [detail for detail in details if detail["loc"][0] in known]
    if not wrong:
        raise Unknowable
    # Skip errors in derived values; they follow from another attribute's error.
    said = [detail for detail in wrong if detail["loc"][0] in settings] or wrong
    raise SpecError([_wrong(kind, d, values, settings, place) for d in said])


def _wrong(
    kind: type[Op],
    detail: Any,
    values: Mapping[str, Value],
    settings: Settings,
    place: Place,
) -> Diagnostic:
    name, problem, context = str(detail["loc"][0]), detail["msg"], detail["ctx"]
    where = settings[name].place if name in settings else place
    help = context.get("help") or _by_name(
        kind.name, name, values[name], [*kind.model_fields]
    )
    return Diagnostic("AS302", f"{kind.name}: '{name}' {problem}", where, help=help)


def _shown(value: Value) -> str:
    """A value as in messages of primitives."""
    return json.dumps(value)


def _by_name(op: str, name: str, value: Value, known: Sequence[str]) -> str:
    """Help for a list where one attribute is: perhaps of all attributes in order."""
    if not isinstance(value, tuple) or known[:1] != [name] or not known[1:]:
        return ""
    named = ", ".join(f"{attribute}: ..." for attribute in known[: len(value)])
    return f"name the attributes: {{{op}: {{{named}}}}}"


def arguments(
    block: Block, call: Call, caller: Scope, defaults: Settings, inner: Scope
) -> tuple[dict[str, Value], frozenset[str]]:
    """The values of a block's arguments, and the names that the caller gave.

    `inner` is the scope of the block without its arguments. An unset argument without
    a default is None: it falls back to `defaults`.
    """
    said = _evaluated(call.given, caller)
    settings = {**defaults, **said}
    values: dict[str, Value] = {}
    for name, declared in block.arguments.items():
        if name in settings:
            values[name] = _typed(block, name, declared, settings[name])
        elif isinstance(declared, Formula):
            values[name] = value_if_known(declared, {**inner, **values})
        elif declared is None:
            values[name] = None
        else:
            _fail_missing(call, name, declared)
    return values, frozenset(said)


_TYPES: Mapping[str, tuple[type, ...]] = {
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
    "word": (str,),
}


def _typed(
    block: Block, name: str, declared: Formula | str | None, setting: Setting
) -> Value:
    value = setting.value
    if not isinstance(declared, str) or value is UNKNOWN:
        return value
    if declared == "int" and isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, _TYPES[declared]) and isinstance(value, bool) is (
        declared == "bool"
    ):
        return value
    message = (
        f"{block.name}: '{name}' must be of type {declared}, but is {_shown(value)}"
    )
    advice = declared == "int" and isinstance(value, float)
    help = "use round, floor, ceil or int" if advice else ""
    help = help or _by_name(block.name, name, value, [*block.arguments])
    raise SpecError.single("AS302", message, setting.place, help=help)
