"""Attributes of ops: from the layer, else `defaults`, else the op's own default."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from math import ceil, floor, prod
from typing import NoReturn

from archspec.elaboration.frames import Call
from archspec.elaboration.settings import Defaults, Setting, Settings, base_of
from archspec.errors import Advice, Diagnostic, Fix, Place, SpecError
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
from archspec.ops import PRIMITIVES, Op, Shape
from archspec.ops.attributes import InvalidAttributes, Refused
from archspec.ops.fields import Examples, Usual

Size = tuple[int, ...] | None


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

    `said` is what the layer gives, evaluated; `shape` is that of its input, `size` that
    of its `like`; `in_block` is whether the layer belongs to a standard block.

    Raises SpecError (AS302, AS304), and Unknowable where some of it is UNKNOWN and the
    rest is right.
    """
    kind = PRIMITIVES[call.op]
    settings = {**defaults.of(call.op), **said}
    if kind.like is not None and size is not None:
        settings[kind.like] = Setting(size, call.op.place)
    values = {name: setting.value for name, setting in settings.items()}
    others = [n for n in kind.fields if n not in {**values, **kind.fallbacks}]
    lacking = [name for name in others if kind.fields[name].required]
    if lacking:
        _fail_lacking(kind, lacking, call, defaults, in_block)
    values |= {name: kind.fields[name].default for name in others}
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
    base = base_of(kind.name)
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
    found = (d for d in kind.fields[name].metadata if isinstance(d, Examples))
    value = next(found).values[0]
    if isinstance(value, bool):
        return "false"  # most flags are rarely set
    return value if isinstance(value, str) else json.dumps(value)


def _build(
    kind: type[Op], values: Mapping[str, Value], settings: Settings, place: Place
) -> Op:
    known = {name: value for name, value in values.items() if value is not UNKNOWN}
    try:
        built = kind(**known)
    except InvalidAttributes as error:
        refused = error.refused
    else:
        if len(known) < len(values):
            raise Unknowable
        return built
    wrong = [name for name in refused if name in known]
    if not wrong:
        raise Unknowable
    # Skip errors in derived values; they follow from another attribute's error.
    said = [name for name in wrong if name in settings] or wrong
    wanted = {n: settings.get(n) or Setting(values[n], place) for n in said}
    raise SpecError([_wrong(kind, n, refused[n], its) for n, its in wanted.items()])


def _wrong(kind: type[Op], name: str, why: Refused, setting: Setting) -> Diagnostic:
    help = why.help or by_name(kind.name, name, setting.value, [*kind.fields])
    if not why.whole:
        help = rounding(setting, name == kind.output_channels)
    usual = (d for d in kind.fields[name].metadata if isinstance(d, Usual))
    help = help or next((range.advice for range in usual), "")
    path = f"defaults.{setting.default_of}" if setting.default_of else ""
    message = f"{setting.named(kind.name, name)} {why.message}"
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
        help = f"for a fraction of the input channels write {share}"
        return Advice(help, Fix(share)) if is_channels else ""
    if isinstance(expression, Constant):
        return _either(str(floor(value)), " or ", str(ceil(value)))
    nearest = f"round({text})"
    if is_channels:
        multiple = f"round_channels({text})"
        return _either(multiple, " for a multiple of 8, or ", nearest)
    return Advice(f"write {nearest}", Fix(nearest))


def _either(first: str, between: str, second: str) -> Advice:
    """Help with two values to choose from."""
    return Advice(f"write {first}{between}{second}", Fix(first), Fix(second))


def by_name(op: str, name: str, value: Value, known: Sequence[str]) -> str:
    """Help for a list where one attribute is: perhaps of all attributes in order."""
    if not isinstance(value, tuple) or known[:1] != [name] or not known[1:]:
        return ""
    named = ", ".join(f"{attribute}: ..." for attribute in known[: len(value)])
    return f"name the attributes: {{{op}: {{{named}}}}}"
