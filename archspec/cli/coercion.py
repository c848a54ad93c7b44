"""Typer's conversion of values, without Pydantic where they need none.

Typer validates each value by Pydantic, whose import takes longer than counting a
network. A word, and a default, are taken as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from typer import core


class _Coercion:
    """Builds Typer's `RuntimeParam`, whose place it takes, only where it is needed."""

    def __init__(self, descriptor: Any, build: Callable[[Any], Any]):
        self._descriptor = descriptor
        self._build = build

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """The value as the command's function takes it."""
        several = param.multiple or param.nargs == -1
        if value is None:
            return () if several else None
        if self._descriptor.annotation is str:
            return value
        if self._descriptor.annotation == list[str]:
            return list(value)
        if ctx.get_parameter_source(param.name).name == "DEFAULT":
            return value
        return self._build(self._descriptor).coerce(value, param=param, ctx=ctx)


def install() -> None:
    """Replace the function of Typer that builds them, if it has one."""
    module: Any = core
    build = getattr(module, "build_runtime_param", None)
    if build is None:
        return

    def replacement(descriptor: Any) -> _Coercion:
        return _Coercion(descriptor, build)

    module.build_runtime_param = replacement
