"""The modules that a layer is in: models within models, and names that begin alike.

Layers of one model have flat names, `block_1_expand` and `block_1_project`: what
several have in common is the name of a module, as people mean it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from archspec.importing.graph import Scope
from archspec.importing.keras.functions import FUNCTIONS
from archspec.importing.keras.model import Layer, Model, Ref

MAX_PARTS = 12
"""Parts of a name that may be names of modules."""


def scopes_of(
    model: Model, outer: tuple[Scope, ...]
) -> Mapping[str, tuple[Scope, ...]]:
    """The modules around each layer, from the outside in; the last is the layer.

    A function or activation without a name of its own is where the layer before it is.
    """
    names = [n for n, layer in model.layers.items() if not _is_made_up(layer)]
    groups = _groups(names)
    classes, within = _Classes(groups), _within(groups)
    around: dict[str, tuple[Scope, ...]] = {}
    found: dict[str, tuple[Scope, ...]] = {}
    for name, layer in model.layers.items():
        before = "" if name in names else _before(layer)
        if before in around:
            around[name] = around[before]
            path = _below(_path(around[name]), name)
        else:
            prefixes = within.get(name, [])
            around[name], path = _around(name, prefixes, classes, outer)
        found[name] = (*around[name], Scope(path, _kind(layer), _call(outer)))
    return found


def called(scopes: Sequence[Scope], number: int) -> tuple[Scope, ...]:
    """The modules around a layer; the last one has the number of its call."""
    *outer, own = scopes
    return (*outer, own._replace(call=f"{own.call}.{number}") if number else own)


def _around(
    name: str,
    prefixes: Sequence[str],
    classes: _Classes,
    outer: tuple[Scope, ...],
) -> tuple[tuple[Scope, ...], str]:
    """The modules that a layer's name tells, and its path in them."""
    scopes, before = list(outer), ""
    for prefix in prefixes:
        path = _below(_path(scopes), prefix[len(before) :])
        scopes.append(Scope(path, classes.of(prefix), _call(outer)))
        before = prefix
    return tuple(scopes), _below(_path(scopes), name[len(before) :])


def _path(scopes: Sequence[Scope]) -> str:
    return scopes[-1].path if scopes else ""


def _call(scopes: Sequence[Scope]) -> str:
    return scopes[-1].call if scopes else ""


def _before(layer: Layer) -> str:
    """The first layer that a function or activation reads; "" for other layers."""
    if layer.kind not in (*FUNCTIONS, "Dropout") or not layer.calls:
        return ""
    first: Any = layer.calls[0][0]
    while isinstance(first, list) and first:
        first = first[0]  # pyright: ignore[reportUnknownVariableType]
    return first.layer if isinstance(first, Ref) else ""


def _kind(layer: Layer) -> str:
    """The class of a layer, with its module only where its name was meant to be one."""
    if layer.model is not None:
        return _plain(layer.name)
    return layer.kind if _is_made_up(layer) else f"keras.layers.{layer.kind}"


def _below(path: str, name: str) -> str:
    return ".".join(filter(None, (path, name.strip("_").replace(".", "_"))))


def _plain(name: str) -> str:
    """A name without numbers, as that of a class."""
    words = re.split(r"[^A-Za-z]+", name)
    return "".join(word.capitalize() for word in words) or "Block"


def _is_made_up(layer: Layer) -> bool:
    """Whether Keras gave it its name: its class, and a number."""
    bare = re.sub(r"_\d+$", "", layer.name)
    return bare.replace("_", "") == layer.kind.lower()


def _groups(names: Sequence[str]) -> dict[str, frozenset[str]]:
    """The names that begin alike, by the longest beginning; outer ones first."""
    members: dict[str, set[str]] = {}
    for name in names:
        parts = name.split("_")[:MAX_PARTS]
        for number in range(1, len(parts) + 1):
            members.setdefault("_".join(parts[:number]), set()).add(name)
    longest: dict[frozenset[str], str] = {}
    for prefix, found in members.items():
        if 1 < len(found) < len(names):
            longest[frozenset(found)] = prefix
    return dict(
        sorted(((p, f) for f, p in longest.items()), key=lambda each: len(each[0]))
    )


def _within(groups: Mapping[str, frozenset[str]]) -> dict[str, list[str]]:
    """The beginnings of each name, outer ones first."""
    found: dict[str, list[str]] = {}
    for prefix, members in groups.items():
        for name in members:
            found.setdefault(name, []).append(prefix)
    return found


class _Classes:
    """Classes of modules: those whose members are called alike are of one."""

    def __init__(self, groups: Mapping[str, frozenset[str]]):
        self._known: dict[str, list[frozenset[str]]] = {}
        self._names = {
            prefix: self._name(prefix, found) for prefix, found in groups.items()
        }

    def of(self, prefix: str) -> str:
        """The class of the module that is called so."""
        return self._names[prefix]

    def _name(self, prefix: str, members: frozenset[str]) -> str:
        ends = frozenset(name[len(prefix) :] for name in members)
        name = _plain(prefix)
        known = self._known.setdefault(name, [])
        if ends not in known:
            known.append(ends)
        number = known.index(ends)
        return f"{name}{number + 1}" if number else name
