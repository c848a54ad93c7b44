"""Arguments of blocks: from the call, else `defaults`, else the block's own default."""

from __future__ import annotations

from collections.abc import Mapping

from archspec.elaboration.attributes import by_name, rounding
from archspec.elaboration.frames import Call, Frame, Names, Tensor
from archspec.elaboration.scopes import value_if_known
from archspec.elaboration.settings import Defaults, Setting, Settings, evaluated
from archspec.errors import SpecError
from archspec.expressions import UNKNOWN, Scope, Value
from archspec.language import Block, Formula
from archspec.language.fields import INPUT
from archspec.ops.fields import shown
from archspec.reading.nodes import fail


def scope_within(
    block: Block,
    call: Call,
    frame: Frame,
    read: Mapping[str, Tensor],
    defaults: Defaults,
    *,
    outer: Names,
) -> tuple[Names, dict[str, Value], frozenset[str]]:
    """The names in a block's layers, its arguments, and those that the call gives.

    `read` are its input and its tensor arguments; `outer` are the names of the
    document, which standard blocks do not see. Raises SpecError (AS302, AS304).
    """
    tensor = read[INPUT]
    scope: Names = {} if block.standard else dict(outer)
    scope["in_channels"] = tensor.channels
    scope |= {f"{name}_channels": read[name].channels for name in block.tensors}
    given = evaluated(call.given, frame.sees(tensor), frame.written)
    values, said = arguments(block, call, given, defaults, scope)
    scope |= values
    for name, formula in block.let.items():
        scope[name] = value_if_known(formula, scope)
    if block.residual is not None:
        residual = value_if_known(block.residual, scope)
        scope["residual"] = residual if residual is UNKNOWN else bool(residual)
    return scope, values, said


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
    attribute = setting.named(block.name, name)
    message = f"{attribute} must be {wanted}, but is {shown(value)}"
    help = by_name(block.name, name, value, [*block.arguments])
    if not help and declared == "int":
        help = rounding(setting, is_channels=True)
    path = f"defaults.{block.name}" if setting.default_of else ""
    raise SpecError.single("AS302", message, setting.place, path=path, help=help)
