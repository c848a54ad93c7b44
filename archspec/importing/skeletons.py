"""Which nodes of two small graphs correspond if one looks at their ops alone."""

from __future__ import annotations

from collections.abc import Sequence

from archspec.importing.graph import Node
from archspec.importing.matching import Form, normal, resolved

Bones = int
"""A number for each arrangement of ops."""
_FAMILIES = {"dense": "conv"}
"""A 1x1 convolution and a dense layer are the same."""


class Skeleton:
    """The ops before a node, and what reads what."""

    def __init__(self, end: Node):
        self.end = resolved(end)
        self._known: dict[Node, Bones] = {}
        self._numbers: dict[tuple[object, ...], Bones] = {}

    def likeness(self, other: Node) -> int | None:
        """How many attributes agree, if another graph has the same ops; else None."""
        own, other = self.end, resolved(other)
        if self._bones(own) != self._bones(other):
            return None
        found, seen = 0, set[Node]()
        todo = [(own, other)]
        while todo:
            one, two = todo.pop()
            if one.op is None or one in seen:
                continue
            seen.add(one)
            forms = normal(one), normal(two)
            found += _agreeing(forms, one, two)
            sides = [self._sources(node) for node in (one, two)]
            todo += zip(*sides, strict=True)
        return found

    def _bones(self, node: Node) -> Bones:
        if node not in self._known:
            inner = sorted(self._bones(source) for source in self._sources(node))
            what = (_FAMILIES.get(node.name, node.name), *inner)
            self._known[node] = self._numbers.setdefault(what, len(self._numbers))
        return self._known[node]

    def _sources(self, node: Node) -> Sequence[Node]:
        """What a node reads, in an order that does not depend on how it was written."""
        form = normal(node) if node.op is not None else node
        if not isinstance(form, Form):
            return ()
        sources = list(map(resolved, form.sources))
        if form.name in {"add", "multiply"}:
            sources.sort(key=self._bones)
        return sources


def _agreeing(forms: Sequence[Form | Node], one: Node, two: Node) -> int:
    own, other = (dict(f.attributes) if isinstance(f, Form) else {} for f in forms)
    same = sum(name in other and other[name] == value for name, value in own.items())
    return same + (one.shape == two.shape) + (one.shape[1:] == two.shape[1:])
