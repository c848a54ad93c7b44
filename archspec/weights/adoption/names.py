"""Names: those that are the network's own tell by themselves which unit is which."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence

from archspec.weights.adoption.uses import Signature

Called = tuple[str, Signature]
"""The name of a layer, and its shapes."""
Key = tuple[Sequence[str], Signature]


def own_names(ours: Sequence[Called], theirs: Sequence[Called]) -> dict[int, int]:
    """The number that each of theirs has among ours, where they are called alike.

    All of one signature have to be called as ours are, else none of them is. Words are
    compared, whatever stands between them. The last one counts only where a module has
    several of one signature: `a.bn` may be `a.norm`, beside `a.conv`.
    """
    here, there = _keys(ours), _keys(theirs)
    numbers = {key: number for number, key in enumerate(here)}
    known = _by_signature(here)
    alike = {
        signature
        for signature, keys in _by_signature(there).items()
        if keys == known[signature] and max(keys.values()) == 1
    }
    keys = enumerate(there)
    return {number: numbers[key] for number, key in keys if key[1] in alike}


def _by_signature(keys: Sequence[Key]) -> dict[Signature, Counter[Key]]:
    found: dict[Signature, Counter[Key]] = defaultdict(Counter)
    for key in keys:
        found[key[1]][key] += 1
    return found


def _keys(called: Sequence[Called]) -> list[Key]:
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
