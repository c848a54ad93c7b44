"""What layers and `defaults` give for attributes, evaluated."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from archspec.elaboration.frames import Given, Written, written_as
from archspec.elaboration.scopes import is_given, value_if_known
from archspec.errors import Place
from archspec.expressions import Expression, Scope, Value
from archspec.language import Document
from archspec.ops import OPS
from archspec.reading.nodes import Word


class Setting(NamedTuple):
    """An evaluated attribute, its place and expression, and whose default it is.

    `written` is the attribute of a standard block that the user gave for it.
    """

    value: Value
    place: Place
    expression: Expression | None = None
    default_of: str = ""
    written: str = ""

    def named(self, op: str, name: str) -> str:
        """The attribute as messages call it: the one that the user wrote."""
        return self.written or f"{self.default_of or op}: '{name}'"


Settings = Mapping[str, Setting]


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

    @property
    def settings(self) -> Mapping[str, Settings]:
        """All that are given, by op."""
        return self._settings

    def of(self, op: str) -> Settings:
        """The `defaults` of an op; `depthwise_conv` inherits those of conv."""
        own = self._settings.get(op, {})
        inherited = base_of(op)
        if inherited == op:
            return own
        fields = OPS[op].fields
        base = self._settings.get(inherited, {})
        return {name: value for name, value in base.items() if name in fields} | own

    def place(self, op: str) -> Place | None:
        """Where a default of the op belongs, if there are others."""
        return self._places.get(op) or self._places.get(base_of(op))


def base_of(op: str) -> str:
    """The op whose defaults it has as well, or itself."""
    return (OPS[op].inherits if op in OPS else None) or op


def evaluated(
    given: Given, scope: Scope, written: Written = MappingProxyType({})
) -> dict[str, Setting]:
    """What is given; nulls and names of things not given are not."""
    settings: dict[str, Setting] = {}
    for name, formula in given.items():
        if formula is not None and is_given(formula, scope):
            origin, attribute = written_as(formula, written)
            settings[name] = Setting(
                value_if_known(formula, scope),
                origin.place,
                origin.expression,
                written=attribute,
            )
    return settings
