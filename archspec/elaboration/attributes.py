"""Attributes of ops: from the layer, else `defaults`, else the op's own default."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from math import ceil, floor, prod
from types import MappingProxyType
from typing import Any, NamedTuple, NoReturn

from pydantic import ValidationError

from archspec.elaboration.frames import Call, Given, Written, written_as
from archspec.elaboration.scopes import is_given, value_if_known
from archspec.errors import Diagnostic, Place, SpecError
from archspec.expressions import (
    UNKNOWN,
    Constant,
    Expression,
    Scope,
    Unknowable,
    Value,
    evaluate,
    parse,
    to_text,
)
from archspec.language import Block, Document, Formula
from archspec.language.fields import INPUT
from archspec.ops import OPS, PRIMITIVES, Op, Shape
from archspec.ops.fields import NOT_WHOLE, Examples, Usual, shown
from archspec.reading.nodes import Word, fail


class Setting(NamedTuple):
    """An evaluated attribute, its place and expression, and whose default it is."""

    value: Value
    place: Place
    expression: Expression | None = None
    default_of: str = ""


Settings = Mapping[str, Setting]
Size = tuple[int, ...] | None


class Defaults:
    """The `defaults` of a document, evaluated."""

    def __init__(self, document: Document, scope: Scope):
        self._settings = {
            op: {
                name: setting._replace(default_of=op)
                for name, setting in evaluated(attributes, scope).items()
            }
            for op, attributes in document.defaults.items()
        }
        keys = [op for op in document.defaults if isinstance(op, Word)]
        self._places = {str(op): op.place for op in keys}

    def of(self, op: str) -> Settings:
        """The `defaults` of an op; `depthwise_conv` inherits those of conv."""
        own = self._settings.get(op, {})
        inherited = _base(op)
        if inherited == op:
            return own
        fields = OPS[op].model_fields
        base = self._settings.get(inherited, {})
        return {name: value for name, value in base.items() if name in fields} | own

    def place(self, op: str) -> Place | None:
        """Where a default of the op belongs, if there are others."""
        return self._places.get(op) or self._places.get(_base(op))


def _base(op: str) -> str:
    """The op whose defaults it has as well, or itself."""
    return (OPS[op].inherits if op in OPS else None) or op


def evaluated(
    given: Given, scope: Scope, written: Written = MappingProxyType({})
) -> dict[str, Setting]:
    """What is given; nulls and names of things not given are not."""
    settings: dict[str, Setting] = {}
    for name, formula in given.items():
        if formula is not None and is_given(formula, scope):
            origin = written_as(formula, written)
            value = value_if_known(formula, scope)
            settings[name] = Setting(value, origin.place, origin.expression)
    return settings


def primitive(
    call: Call,
    said: Settings,
    shape: Shape,
    defaults: Defaults,
    size: Size = None,
    *,
    in_block: bool = False,
) -> tuple[Op, dict[str, Value], frozenset[str]]:
    """The primitive, all its attributes with fallbacks, and the names that were said.

    `said` is what the layer gives, evaluated; `shape` is that of its input, and `size`
    that of the layer that it shall be `like`; `in_block` says that a standard block has
    the layer. Raises SpecError (AS302, AS304), and Unknowable where some of it is
    UNKNOWN and the rest is right.
    """
    kind = PRIMITIVES[call.op]
    settings = {**defaults.of(call.op), **said}
    if kind.like is not None and size is not None:
        settings[kind.like] = Setting(size, call.op.place)
    values = {name: setting.value for name, setting in settings.items()}
    others = [n for n in kind.model_fields if n not in {**values, **kind.fallbacks}]
    lacking = [name for name in others if kind.model_fields[name].is_required()]
    if lacking:
        _fail_lacking(kind, lacking, call, defaults, in_block)
    values |= {name: kind.model_fields[name].default for name in others}
    for name, fallback in kind.fallbacks.items():
        if name not in values:
            values[name] = _fallback(fallback, {**_sizes(shape), **values})
    built = _build(kind, values, settings, call.op.place)
    typed = {
        name: _as_held(value, getattr(built, name)) for name, value in values.items()
    }
    return built, typed, frozenset(said)


def _sizes(shape: Shape) -> dict[str, Value]:
    """What fallbacks may read of the input, whose shape may be lost."""
    if not shape:
        return {"channels": UNKNOWN, "positions": UNKNOWN}
    return {"channels": shape[0], "positions": prod(shape[1:])}


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


def _fail_lacking(
    kind: type[Op],
    names: Sequence[str],
    call: Call,
    defaults: Defaults,
    in_block: bool,
) -> NoReturn:
    """Raise SpecError (AS304) where `defaults` has the op, else at the layer."""
    base = _base(kind.name)
    usual = {"": {name: _usual(kind, name) for name in names}}
    ways = [
        (", ".join(f"{name}: {values[name]}" for name in names), whose)
        for whose, values in (kind.customs or usual).items()
    ]
    place = defaults.place(kind.name)
    (first, whose), *others = ways
    help = f"add {first}{whose}"
    if place is None:
        where = "for all layers" if in_block else "here, or for all layers"
        help = f"set it {where}: defaults: {{{base}: {{{first}}}}}{whose}"
    help += "".join(f", or {{{other}}}{whose}" for other, whose in others)
    message = f"{kind.name} needs {' and '.join(map(repr, names))}"
    path = f"defaults.{base}" if place else ""
    where = place or call.op.place
    raise SpecError.single("AS304", message, where, path=path, help=help)


def _usual(kind: type[Op], name: str) -> str:
    """A value of an attribute, as an example."""
    found = (d for d in kind.model_fields[name].metadata if isinstance(d, Examples))
    value = next(found).values[0]
    if isinstance(value, bool):
        return "false"  # most flags are rarely set
    return value if isinstance(value, str) else json.dumps(value)


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
    name, problem = str(detail["loc"][0]), detail["msg"]
    setting = settings.get(name) or Setting(values[name], place)
    help = detail["ctx"]["help"] or _by_name(
        kind.name, name, values[name], [*kind.model_fields]
    )
    if detail["type"] == NOT_WHOLE:
        help = rounding(setting, name == kind.output_channels)
    usual = (d for d in kind.model_fields[name].metadata if isinstance(d, Usual))
    help = help or next((range.advice for range in usual), "")
    path = f"defaults.{setting.default_of}" if setting.default_of else ""
    message = f"{setting.default_of or kind.name}: '{name}' {problem}"
    return Diagnostic("AS302", message, setting.place, path, help)


def rounding(setting: Setting, is_channels: bool = False) -> str:
    """Help on a number of things that is not whole."""
    value, expression = setting.value, setting.expression
    if expression is None or not isinstance(value, float):
        return ""
    text = to_text(expression)
    if 0 < value < 1:
        parts = 1 / value
        share = f"round_channels(channels * {text})"
        share = f"channels // {parts:.0f}" if parts.is_integer() else share
        fraction = "for a fraction of the input channels"
        return f"{fraction} write {share}" if is_channels else ""
    if isinstance(expression, Constant):
        return f"write {floor(value)} or {ceil(value)}"
    multiple = f"round_channels({text}) for a multiple of 8, or " if is_channels else ""
    return f"write {multiple}round({text})"


def _by_name(op: str, name: str, value: Value, known: Sequence[str]) -> str:
    """Help for a list where one attribute is: perhaps of all attributes in order."""
    if not isinstance(value, tuple) or known[:1] != [name] or not known[1:]:
        return ""
    named = ", ".join(f"{attribute}: ..." for attribute in known[: len(value)])
    return f"name the attributes: {{{op}: {{{named}}}}}"


def arguments(
    block: Block, call: Call, said: Settings, defaults: Defaults, inner: Scope
) -> tuple[dict[str, Value], frozenset[str]]:
    """The values of a block's arguments, and the names that the caller gave.

    `inner` is the scope of the block without its arguments. An unset argument without
    a default is None: it falls back to `defaults`. Raises SpecError (AS302, AS304).
    """
    settings = {**defaults.of(block.name), **said}
    lacking = {
        name: declared
        for name, declared in block.arguments.items()
        if isinstance(declared, str) and declared != INPUT
        if name not in settings and name not in call.tensors
    }
    if lacking:
        names = [n for n in block.arguments if n in {*lacking, *said, *call.tensors}]
        given = ", ".join(f"{name}: ..." for name in names)
        help = f"write {{{block.name}: {{{given}}}}}"
        needed = " and ".join(f"'{name}' ({kind})" for name, kind in lacking.items())
        fail("AS304", f"{block.name} needs {needed}", call.op.place, help)
    values: dict[str, Value] = {}
    for name, declared in block.values.items():
        if name in settings:
            values[name] = _typed(block, name, declared, settings[name])
        elif isinstance(declared, Formula):
            values[name] = value_if_known(declared, {**inner, **values})
        else:
            values[name] = None
    return values, frozenset(said)


_TYPES: Mapping[str, tuple[str, tuple[type, ...]]] = {
    "int": ("a whole number", (int,)),
    "float": ("a number", (int, float)),
    "bool": ("true or false", (bool,)),
    "word": ("a word", (str,)),
}


def _typed(
    block: Block, name: str, declared: Formula | str | None, setting: Setting
) -> Value:
    value = setting.value
    if not isinstance(declared, str) or value is UNKNOWN:
        return value
    if declared == "int" and isinstance(value, float) and value.is_integer():
        return int(value)
    wanted, types = _TYPES[declared]
    if isinstance(value, types) and isinstance(value, bool) is (declared == "bool"):
        return value
    message = f"{block.name}: '{name}' must be {wanted}, but is {shown(value)}"
    by_name = _by_name(block.name, name, value, [*block.arguments])
    help = by_name or (rounding(setting, is_channels=True) if declared == "int" else "")
    path = f"defaults.{block.name}" if setting.default_of else ""
    raise SpecError.single("AS302", message, setting.place, path=path, help=help)
