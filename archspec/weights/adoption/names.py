"""Layer names: those that both sides share identify a layer by themselves."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import takewhile

from archspec.weights.adoption.uses import Signature

Named = tuple[str, Signature]
"""The name of a layer, and its signature."""


def own_names(ours: Sequence[Named], theirs: Sequence[Named]) -> dict[int, int]:
    """For each of theirs that has a name of ours, the number of ours.

    This holds for all layers of one signature or for none of them. Words are compared,
    in any case and whatever separates them: `w_x` is `W_x`. The last word only counts
    where a module has several layers of one signature: `a.bn` may be `a.norm`, beside
    `a.conv`.
    """
    here, there = _keys(ours), _keys(theirs)
    counts, differences = Counter(here), Counter(here)
    differences.subtract(there)
    unclear = {key[1] for key, n in counts.items() if n > 1}
    unclear |= {key[1] for key, n in differences.items() if n}
    numbers = {key: number for number, key in enumerate(here)}
    return {n: numbers[key] for n, key in enumerate(there) if key[1] not in unclear}


def _keys(named: Sequence[Named]) -> list[tuple[Sequence[str], Signature]]:
    """The words that name each layer, or its module where shapes identify the rest."""
    split = [re.findall(r"[^._/]+", name.lower()) for name, _ in named]
    names = [(tuple(words), s) for words, (_, s) in zip(split, named, strict=True)]
    modules = [(words[:-1], signature) for words, signature in names]
    counts = Counter([*modules, *names])  # `head` is a layer beside `head_dist`
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
    """The number of words that all of them begin with."""
    alike = (len(set(words)) == 1 for words in zip(*names, strict=False))
    return sum(takewhile(bool, alike))


def prefixes(name: str) -> list[str]:
    """The modules that contain a module, from the outermost."""
    words = name.split(".")
    return [".".join(words[:n]) for n in range(1, len(words))]


def natural(name: str) -> list[list[tuple[int, str]]]:
    """A key that sorts `conv2` before `conv10`, and keeps modules together."""
    words = (re.findall(r"\d{1,18}|\D+", word) for word in name.split("."))
    return [
        [(int(p), "") if p.isdecimal() else (-1, p) for p in parts] for parts in words
    ]


def up_to_number(name: str) -> str:
    """The name up to its first number, such as 1 or 1a; the whole one without any."""
    found = re.match(r"(.*?)\d+[a-z]?(?=[._]|$)", name)
    return found[1] if found else name
