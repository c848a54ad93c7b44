"""What a layer has to say of its op, and what `defaults` say for all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from math import prod
from typing import Any

from archspec.expressions import evaluate, parse
from archspec.importing.draft import Said
from archspec.importing.graph import Node
from archspec.ops import PRIMITIVES, Op
from archspec.ops.fields import items
from archspec.ops.window import Windowed

Defaults = dict[str, dict[str, Said]]

_WORDS = "symmetric", "same", "valid"
_UNKNOWN = "initializer", "initial"
"""What a finished model does not tell, and an op does not need."""
_SWITCHES = "scale", "shift"
"""Whether a norm has them."""


def defaults_of(nodes: Iterable[Node], words: tuple[str, ...] = _WORDS) -> Defaults:
    """The settings that most layers share, unless they are what an op has anyway."""
    votes: dict[tuple[str, str], Counter[Any]] = {}
    for node in nodes:
        for name, value in _votes(node, words):
            votes.setdefault(name, Counter())[value] += 1
    found: Defaults = {}
    for (op, name), counter in sorted(votes.items()):
        ((most, _),) = counter.most_common(1)
        if most != PRIMITIVES[op].fields[name].default:
            found.setdefault(op, {})[name] = most
    order = [name for name in PRIMITIVES if name in found]
    return {op: _main_first(op, found[op]) for op in order}


def _votes(node: Node, words: tuple[str, ...]) -> Iterable[tuple[tuple[str, str], Any]]:
    """What a node would like `defaults` to say."""
    op = node.op
    if op is None or _is_gate(node):
        return
    base = op.inherits or op.name
    for name in ("bias", "epsilon", "decay", "kind"):
        field = type(op).fields.get(name)
        if field is not None and field.required:
            yield (base, name), getattr(op, name)
    for name in _SWITCHES:
        if isinstance(switch := getattr(op, name, None), bool):
            yield (base, name), switch
    if isinstance(op, Windowed) and type(op).fields["padding"].required:
        fitting = padding_words(node, words)
        is_padded = any(op.window.amounts(node.size))
        # each word that fits has a vote: where strides differ, one of them is left
        yield from [((base, "padding"), word) for word in fitting if is_padded]


def _is_gate(node: Node) -> bool:
    """Whether it works on channels alone, as squeeze-and-excitation does."""
    return node.shape[1:] == (1, 1)


def padding_words(node: Node, words: tuple[str, ...] = _WORDS) -> list[str]:
    """The words for a node's padding at its size."""
    assert isinstance(node.op, Windowed)
    window, size = node.op.window, node.size
    wanted = window.amounts(size)
    return [
        word
        for word in words
        if window._replace(padding=word).amounts(size) == wanted  # pyright: ignore
    ]


def said(node: Node, defaults: Defaults) -> dict[str, Said]:
    """The attributes that a layer must give, the main one first."""
    op = node.op
    assert op is not None
    given = {**defaults.get(op.inherits or "", {}), **defaults.get(op.name, {})}
    found: dict[str, Said] = {}
    for name, held in op:
        if name in _UNKNOWN and not type(op).fields[name].required:
            continue
        is_padding = name == "padding" and isinstance(op, Windowed)
        value = _padding(node, given) if is_padding else held
        if value is not None and value != usual(op, name, node, given):
            found[name] = short(value)
    return _main_first(op.name, found)


def _padding(node: Node, given: Mapping[str, Said]) -> Said:
    """A padding in words where there is one, the default's if that fits."""
    assert isinstance(node.op, Windowed)
    words = _WORDS if node.name != "transposed_conv" else ("valid", "symmetric")
    fitting = (
        _crop_words(node)
        if node.name == "transposed_conv"
        else padding_words(node, words)
    )
    default = given.get("padding", type(node.op).fields["padding"].default)
    if default in fitting or not fitting:
        return default if fitting else node.op.window.padding
    return "valid" if "valid" in fitting else fitting[0]


def _crop_words(node: Node) -> list[str]:
    assert isinstance(node.op, Windowed)
    window = node.op.window
    words = "valid", "symmetric", "same"
    return [w for w in words if window._replace(padding=w).crop == window.crop]  # pyright: ignore


def usual(op: Op, name: str, node: Node, given: Mapping[str, Said]) -> Said:
    """What an attribute is when the layer does not give it."""
    if name in given:
        return given[name]
    if name in op.fallbacks:
        shape = node.sources[0].shape
        scope = {**dict(op), "channels": shape[0], "positions": prod(shape[1:])}
        return evaluate(parse(op.fallbacks[name]), scope)
    field = type(op).fields[name]
    return None if field.required else field.default


def short(value: Said) -> Said:
    """One number for two equal ones."""
    numbers = items(value)
    if len(numbers) == 2 and numbers[0] == numbers[1]:
        return numbers[0]
    return list(numbers) if numbers else value


def _main_first(op: str, values: dict[str, Said]) -> dict[str, Said]:
    order = list(PRIMITIVES[op].fields)
    return {name: values[name] for name in order if name in values}
