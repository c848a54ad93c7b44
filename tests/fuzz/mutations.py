"""Documents with changes: in their trees, or in the text of real ones."""

from __future__ import annotations

import copy
import functools
import re
from collections.abc import Iterator
from random import Random
from typing import Any

import yaml
from grammar import Grammar
from oddities import KEYS, NUMBERS, Tree, any_text, anything, scalar, written

from archspec.resources import SPECS

Path = tuple[Any, ...]

FILES = sorted(SPECS.rglob("*.yaml"))


def paths(tree: Tree, above: Path = ()) -> list[Path]:
    """The places of a tree, its root first."""
    found = [above]
    items = tree.items() if isinstance(tree, dict) else ()
    items = enumerate(tree) if isinstance(tree, list) else items
    for key, value in items:
        found += paths(value, (*above, key))
    return found


def at(tree: Tree, path: Path) -> Tree:
    return functools.reduce(lambda node, step: node[step], path, tree)


def _instead(random: Random, node: Tree) -> Tree:
    """What may stand where a node was."""
    return random.choice(
        (
            anything(random),
            random.choice(NUMBERS),
            Grammar(random).expression(),
            "~",
            {random.choice(KEYS): node},
        )
    )


def _swap(tree: Tree, one: Path, other: Path) -> None:
    """Two nodes change places; of two in each other the outer one is lost."""
    first, second = copy.deepcopy(at(tree, one)), copy.deepcopy(at(tree, other))
    at(tree, other[:-1])[other[-1]] = first
    if one != other[: len(one)] and other != one[: len(other)]:
        at(tree, one[:-1])[one[-1]] = second


def changed(random: Random, tree: Tree, other: Tree) -> Tree:
    """A tree with one change; a part of `other` may be put into it."""
    tree = copy.deepcopy(tree)
    places = paths(tree)[1:]
    if not places:
        return anything(random)
    path = random.choice(places)
    parent, key = at(tree, path[:-1]), path[-1]
    match random.choice("delete list key swap part other other other".split()):
        case "delete":
            del parent[key]
        case "list":
            parent[key] = [parent[key]] * random.randint(0, 3)
        case "key" if isinstance(parent, dict):
            new = random.choice((random.choice(KEYS), scalar(random)))
            parent[new] = parent.pop(key)
        case "swap":
            _swap(tree, path, random.choice(places))
        case "part":
            source = random.choice((tree, other))
            parent[key] = copy.deepcopy(at(source, random.choice(paths(source))))
        case _:
            parent[key] = _instead(random, parent[key])
    return tree


# Real documents


@functools.cache
def text_of(number: int) -> str:
    return FILES[number].read_text("utf-8")


@functools.cache
def tree_of(number: int) -> Tree:
    """A bundled spec, or a document with the blocks of a bundled file."""
    tree = yaml.load(text_of(number), yaml.BaseLoader)
    if FILES[number].parent.name != "blocks":
        return tree
    head = Grammar(Random(number)).document()
    first = next(iter(tree))
    return head | {"blocks": tree, "layers": {"a": {first: "16"}, "b": {first: "16"}}}


def mutated(random: Random) -> Tree:
    """A bundled spec or file of blocks with a few changes in its tree."""
    tree, other = (tree_of(random.randrange(len(FILES))) for _ in range(2))
    for _ in range(random.randint(1, 4)):
        tree = changed(random, tree, other)
    return tree


def near(random: Random) -> Tree:
    """A document of the grammar, with some changes or none."""
    tree, other = Grammar(random).document(), Grammar(random).document()
    for _ in range(random.choice((0, 0, 1, 2))):
        tree = changed(random, tree, other)
    return tree


_TOKENS = re.compile(r"\w+|\s+|[^\w\s]")


def garbled(random: Random) -> str:
    """The text of a bundled file with lines, tokens and characters changed."""
    text, other = (text_of(random.randrange(len(FILES))) for _ in range(2))
    for _ in range(random.randint(1, 4)):
        text = _garbled(random, text, other)
    return text


def _garbled(random: Random, text: str, other: str) -> str:
    by_line = random.random() < 0.4
    parts = text.splitlines(keepends=True) if by_line else _TOKENS.findall(text)
    others = other.splitlines(keepends=True) if by_line else _TOKENS.findall(other)
    start = random.randrange(len(parts))
    end = start + random.randint(1, 3)
    match random.choice("delete double swap other odd indent character".split()):
        case "delete":
            del parts[start:end]
        case "double":
            parts[start:start] = parts[start:end]
        case "swap":
            second = random.randrange(len(parts))
            parts[start], parts[second] = parts[second], parts[start]
        case "other":
            first = random.randrange(len(others))
            parts[start:end] = others[first : first + random.randint(1, 5)]
        case "odd":
            parts[start] = scalar(random) + "\n" * by_line
        case "indent":
            parts[start] = " " * random.randint(1, 4) + parts[start]
        case _:
            parts[start:start] = any_text(random, 3)
    return "".join(parts) or " "


def override(random: Random) -> str:
    """What may stand behind `--set`."""
    if random.random() < 0.3:
        keys = [scalar(random) for _ in range(random.randint(1, 4))]
    else:
        places = paths(tree_of(random.randrange(len(FILES))))[1:]
        keys = list(map(str, random.choice(places)))
    value = scalar(random) if random.random() < 0.6 else written(anything(random))
    return f"{'.'.join(keys)}={value}"


# Making a case smaller


def smaller(case: Any) -> Iterator[Any]:
    """Cases that are a little less than this one, the smallest first."""
    if isinstance(case, str | bytes):
        size = len(case)
        while size := size // 2:
            for start in range(0, len(case), size):
                yield case[:start] + case[start + size :]
        return
    for path in paths(case)[1:]:
        for kind in ("delete", "raise", "plain"):
            tree = copy.deepcopy(case)
            parent, key = at(tree, path[:-1]), path[-1]
            if kind == "delete":
                del parent[key]
            elif kind == "plain" and parent[key] != "1":
                parent[key] = "1"
            elif (
                kind == "raise"
                and isinstance(parent[key], dict)
                and len(parent[key]) == 1
            ):
                (parent[key],) = parent[key].values()
            else:
                continue
            yield tree
