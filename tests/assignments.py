"""Paths of a spec and values that they might take, most of them valid."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

SECTIONS = ("multipliers", "input", "inputs", "classes", "layers", "defaults", "define")


def paths(tree: dict[str, Any]) -> dict[str, Any]:
    """Each number, flag and word of a spec, by the path that sets it."""
    found = {key: tree[key] for key in SECTIONS if key in tree}
    return dict(_leaves(found))


def _leaves(node: Any, path: str = "", columns: Any = ()) -> Iterator[tuple[str, Any]]:
    if isinstance(node, dict):
        titles = node.get("columns", ())
        for key, value in node.items():
            below = f"{path}.{key}" if path else str(key)
            if key == "rows":
                yield from _rows(value, below, titles)
            elif key not in ("columns", "from"):
                yield from _leaves(value, below)
    elif not isinstance(node, list) or path.endswith("size"):
        yield path, node


def _rows(rows: Any, path: str, titles: list[str]) -> Iterator[tuple[str, Any]]:
    named = rows.items() if isinstance(rows, dict) else enumerate(rows)
    for name, row in named:
        cells = row if isinstance(row, list) else [row]
        for title, cell in zip(titles, cells, strict=False):
            yield f"{path}.{name}.{title}", cell


def assignment(random: Random, found: dict[str, Any]) -> dict[str, str]:
    """Values for a few of the paths, usually multipliers and cells of tables."""
    usual = [p for p in found if p.startswith("multipliers") or ".rows." in p]
    usual += [p for p in found if p == "classes" or p.endswith(("size", "repeat"))]
    chosen: dict[str, str] = {}
    for _ in range(random.randint(1, 4)):
        path = random.choice(usual if usual and random.random() < 0.75 else [*found])
        chosen[path] = _value(random, found[path])
    return chosen


def _value(random: Random, old: Any) -> str:
    if isinstance(old, list):
        return str([max(1, int(x) * random.choice((1, 2)) // 2) for x in old])
    if random.random() < 0.05:
        return random.choice(["~", "0", "true", "-1", "relu", "channels", "1.0", "2.5"])
    if isinstance(old, bool):
        return random.choice(["true", "false"])
    if isinstance(old, int):
        return str(random.choice([old + 1, old * 2, max(1, old - 1), old // 2, old]))
    if isinstance(old, float):
        return str(random.choice([old / 2, old * 0.75, old + 0.25, 1, old]))
    return str(old)
