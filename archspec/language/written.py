"""A merged document as YAML, whose unchanged parts are as they are in their files.

An entry of the document or of one of its sections is unchanged if all its values stand
where the file has them. It is copied with its comments.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from collections.abc import Mapping as AbstractMapping
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

from archspec.errors import Place
from archspec.language.load import Spec
from archspec.language.overrides import keys_of
from archspec.reading.nodes import (
    NOTHING,
    Mapping,
    Node,
    Scalar,
    Sequence,
    Word,
    is_null,
    placed,
    values,
    walk,
)
from archspec.reading.reader import read, read_file, scalar_value

_OP = ("op", "attributes", "branches", "like")
WIDTH = 96
_PLAIN = re.compile(r"[\w.(~+-][\w. ()~+*/<>=%-]*")

Copies = dict[Place, tuple[Node, str]]
"""The value of each key that begins a line of a file, and its lines."""


def written(spec: Spec) -> str:
    """The YAML of a spec without `extends` and `variants`."""
    copies: Copies = {}
    for tree in (*spec.source.bases, spec.source.tree):
        is_own = tree is spec.source.tree
        text = spec.source.text if is_own else read_file(Path(tree.place.file))
        lines = text.splitlines()
        copies |= _copies(tree, lines, 0, len(lines))
    text = "\n".join(_entries(_surface(spec.tree), copies)).strip("\n") + "\n"
    return re.sub(r"\n{3,}", "\n\n", text)


def plain(spec: Spec) -> dict[str, Any]:
    """The same as plain data; expressions are text."""
    tree = _surface(spec.tree)
    return {key: values(node) for key, node in tree.entries.items()}


def as_patch(changes: AbstractMapping[str, str]) -> str:
    """Values by paths, as `--set` takes them, as one patch on one line."""
    tree: dict[str, Any] = {}
    for path, text in changes.items():
        *above, key = keys_of(path)
        inner = tree
        for name in above:
            inner = inner.setdefault(name, {})
        inner[key] = read(text, path)
    return flow(_nested(tree))


def _nested(tree: AbstractMapping[str, Any]) -> Mapping:
    entries: dict[str, Node] = {
        key: value if isinstance(value, Scalar | Sequence) else _nested(value)
        for key, value in tree.items()
    }
    return Mapping(entries, NOTHING.place)


def _copies(node: Mapping, lines: list[str], start: int, end: int) -> Copies:
    """The entries of a mapping between two lines, and of the mappings in it."""
    found: Copies = {}
    keys = [key for key in _words(node) if _begins_line(key.place)]
    starts = [_first_line(lines, start, key.place.line - 1) for key in keys]
    ends = [*starts[1:], end] if keys else []
    for key, first, last in zip(keys, starts, ends, strict=True):
        value = node.entries[key]
        found[key.place] = value, dedent("\n".join(lines[first:last]))
        if isinstance(value, Mapping):
            found |= _copies(value, lines, key.place.line, last)
    return found


def _begins_line(place: Place) -> bool:
    return not place.source[: place.column - 1].strip()


def _first_line(lines: list[str], start: int, line: int) -> int:
    """The first line of the comment directly above a line."""
    while line > start and lines[line - 1].lstrip().startswith("#"):
        line -= 1
    return line


def _entries(node: Mapping, copies: Copies) -> Iterator[str]:
    for key, value in node.entries.items():
        place = key.place if isinstance(key, Word) else node.place
        old, text = copies.get(place, (None, ""))
        if old is not None and _is_same(old, value, place):
            yield text.rstrip("\n") if place.column > 1 else text
        else:
            yield from _entry(_key(key), value, copies)
            yield from [""] * text.endswith("\n")


def _entry(key: str, value: Node, copies: Copies) -> Iterator[str]:
    line = f"{key}: {flow(value)}"
    if isinstance(value, Mapping) and value.entries:
        kept = any(key.place in copies for key in _words(value))
        if kept or len(line) > WIDTH:
            yield f"{key}:"
            yield indent("\n".join(_entries(value, copies)), "  ")
            return
    if isinstance(value, Sequence) and len(line) > WIDTH:
        yield f"{key}:"
        yield from (f"  - {flow(item)}" for item in value.items)
        return
    yield line


def _is_same(old: Node, new: Node, key: Place) -> bool:
    """Whether both have the same values at the same places, but for nulls."""
    before, now = _values(old), _values(new)
    return before <= now and now - before <= {key, *_keys(old)}


def _values(node: Node) -> set[Place]:
    found = (n for n in walk(node) if isinstance(n, Scalar) and not is_null(n))
    return {scalar.place for scalar in found}


def _keys(node: Node) -> set[Place]:
    found = (n for n in walk(node) if isinstance(n, Mapping))
    return {key.place for n in found for key in _words(n)}


def _words(node: Mapping) -> list[Word]:
    """The keys that a file or option has."""
    return [key for key in node.entries if isinstance(key, Word)]


def flow(node: Node) -> str:
    """A node on one line."""
    match node:
        case Mapping(entries):
            inner = (f"{_key(key)}: {flow(value)}" for key, value in entries.items())
            return f"{{{', '.join(inner)}}}"
        case Sequence(items):
            return f"[{', '.join(map(flow, items))}]"
        case Scalar():
            return _scalar(node)


def _scalar(node: Scalar) -> str:
    if is_null(node):
        return "~"
    is_text = isinstance(node.value, str)
    if is_text and not (_PLAIN.fullmatch(node.text) and _is_text(node.text)):
        return json.dumps(node.text, ensure_ascii=False)
    return node.text


def _is_text(text: str) -> bool:
    return isinstance(scalar_value(text), str) and text == text.strip()


def _key(key: str) -> str:
    return key if re.fullmatch(r"[\w.]+(\([\w]*\))?", key) else json.dumps(key)


def _surface(document: Mapping) -> Mapping:
    """A canonical document with its shorthands again."""
    keep = document.section("keep").entries
    changes: dict[str, Callable[[Mapping], Mapping]] = {
        "layers": _layers,
        "blocks": lambda blocks: _each(blocks, _block),
        "define": _definitions,
        "multipliers": lambda multipliers: _multipliers(multipliers, keep),
        "input": _input,
    }
    changed = {
        key: changes[key](node)
        for key, node in document.entries.items()
        if key in changes and isinstance(node, Mapping)
    }
    return document.replaced(**changed, keep=None)


def _each(node: Mapping, change: Callable[[Mapping], Node]) -> Mapping:
    entries = {
        key: change(value) if isinstance(value, Mapping) else value
        for key, value in node.entries.items()
    }
    return Mapping(entries, node.place)


def _block(block: Mapping) -> Mapping:
    if "layers" not in block.entries:
        return block
    return block.replaced(layers=_layers(block.section("layers")))


def _layers(layers: Mapping) -> Mapping:
    return _each(layers, _layer)


def _layer(layer: Mapping) -> Node:
    op, again, tensors = map(layer.get, ("op", "again", "tensors"))
    if isinstance(again, Scalar) and tensors is not None:
        given = Mapping({Word(again.text, again.place): tensors}, again.place)
        return layer.replaced(again=given, tensors=None)
    if not isinstance(op, Scalar):
        return layer  # a table, or a change of modifiers
    others = {k: v for k, v in layer.entries.items() if k not in _OP}
    body = layer.section("attributes")
    if "branches" in layer.entries:
        branches = _each(layer.section("branches"), _branch)
        body = Mapping({**body.entries, **branches.entries}, layer.place)
    if (like := layer.get("like")) is not None:
        body = body.replaced(like=like)
    if not body.entries and not others:
        return op
    return Mapping({Word(op.text, op.place): body, **others}, layer.place)


def _branch(branch: Mapping) -> Mapping:
    layers = _layers(branch.section("layers")).entries
    own = branch.replaced(layers=None).entries
    return Mapping({**own, **layers}, branch.place)


def _definitions(define: Mapping) -> Mapping:
    entries: dict[str, Node] = {}
    for name, node in placed(define.entries):
        found = node if isinstance(node, Mapping) else Mapping({}, define.place)
        parameters, body = found.get("parameters"), found.get("body")
        items = parameters.items if isinstance(parameters, Sequence) else ()
        listed = ", ".join(item.text for item in items if isinstance(item, Scalar))
        if body is not None:
            entries[Word(f"{name}({listed})" if items else name, name.place)] = body
    return Mapping(entries, define.place)


def _multipliers(multipliers: Mapping, keep: AbstractMapping[str, Node]) -> Mapping:
    marked = {
        name: Mapping({"value": value, "keep": keep[name]}, value.place)
        for name, value in multipliers.entries.items()
        if name in keep
    }
    return Mapping({**multipliers.entries, **marked}, multipliers.place)


def _input(node: Mapping) -> Mapping:
    match node.get("size"):
        case Sequence((height, width)) if height == width:
            return node.replaced(size=height)
        case _:
            return node
