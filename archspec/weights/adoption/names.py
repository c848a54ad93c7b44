"""Names: those that are the network's own tell by themselves which unit is which."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from archspec.weights.adoption.uses import Signature

Called = tuple[str, Signature]
"""The name of a layer, and its shapes."""


def own_names(
    ours: Sequence[Called], theirs: Sequence[Called]
) -> tuple[int, ...] | None:
    """The number that each of theirs has among ours, if all are called as ours are.

    Words are compared, whatever stands between them. The last one counts only where a
    module has several of one signature: `a.bn` may be `a.norm`, beside `a.conv`.
    """
    here, there = _keys(ours), _keys(theirs)
    numbers = {key: number for number, key in enumerate(here)}
    if len(numbers) < len(here) or Counter(here) != Counter(there):
        return None
    return tuple(numbers[key] for key in there)


def _keys(called: Sequence[Called]) -> list[tuple[Sequence[str], Signature]]:
    """What names each layer: its words, or its module's where shapes tell the rest."""
    names = [(tuple(re.findall(r"[^._/]+", n)), signature) for n, signature in called]
    modules = [(words[:-1], signature) for words, signature in names]
    counts = Counter(modules)
    return [
        module if module[0] and counts[module] == 1 else name
        for name, module in zip(names, modules, strict=True)
    ]


def local(names: Sequence[str]) -> list[str]:
    """Names without the words that all of them begin with."""
    split = [re.findall(r"[^._/]+|[._/]", name) for name in names]
    first = common([words[:-1] for words in split])
    return ["".join(words[first:]) for words in split]


def common(names: Sequence[Sequence[str]]) -> int:
    """How many words all of them begin with."""
    pairs = enumerate(zip(*names, strict=False))
    shortest = min(map(len, names))
    return next((n for n, words in pairs if len(set(words)) > 1), shortest)
