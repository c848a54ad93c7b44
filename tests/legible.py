"""What is wrong with a picture: parts that overlap, or texts that leave their boxes."""

from itertools import combinations, pairwise, product

import pytest

from archspec.drawing.diagram import Port
from archspec.drawing.scene import Area

CLOSE = 0.5
"""Pixels by which neighbours may touch."""


def lies_on(one, other):
    return (
        one.x < other.right - CLOSE
        and other.x < one.right - CLOSE
        and one.y < other.bottom - CLOSE
        and other.y < one.bottom - CLOSE
    )


def is_in(inner, outer):
    return (
        outer.x <= inner.x + CLOSE
        and inner.right <= outer.right + CLOSE
        and outer.y <= inner.y + CLOSE
        and inner.bottom <= outer.bottom + CLOSE
    )


def areas(scene):
    """What must not overlap: boxes, names of ports and shapes, by what they show."""
    found = [(n.node.name, n.area) for n in scene.nodes if not isinstance(n.node, Port)]
    ports = (text for n in scene.nodes if isinstance(n.node, Port) for text in n.texts)
    return [*found, *((t.text, t.area) for t in (*ports, *scene.labels))]


def segments(line):
    """The straight parts of a line, as areas without width or height."""
    for (x1, y1), (x2, y2) in pairwise(line.points):
        assert x1 == pytest.approx(x2) or y1 == pytest.approx(y2)
        yield Area(min(x1, x2), min(y1, y2), abs(x2 - x1), abs(y2 - y1))


def along(one, other):
    """Whether two straight parts run on each other."""
    if bool(one.width) != bool(other.width):
        return False
    return lies_on(widened(one), widened(other))


def widened(area):
    x, y, width, height = area
    return Area(x - CLOSE, y - CLOSE, width + 2 * CLOSE, height + 2 * CLOSE)


def overlaps(scene):
    """Boxes, names and shapes that lie on each other, or on which a wire lies."""
    named = areas(scene)
    wires = [("a wire", part) for line in scene.lines for part in segments(line)]
    pairs = [*combinations(named, 2), *product(wires, named)]
    return [(one, other) for (one, a), (other, b) in pairs if lies_on(a, b)]


def misfits(scene):
    """Texts that leave their boxes, or lie on another text there."""
    for node in scene.nodes:
        texts = () if isinstance(node.node, Port) else node.texts
        yield from (text.text for text in texts if not is_in(text.area, node.area))
        pairs = combinations(texts, 2)
        yield from (one.text for one, two in pairs if lies_on(one.area, two.area))


def merged(scene):
    """Wires that run on each other, although they have neither end in common."""
    for one, other in combinations(scene.lines, 2):
        if one.points[0] == other.points[0] or one.points[-1] == other.points[-1]:
            continue
        if any(along(*pair) for pair in product(segments(one), segments(other))):
            yield one.points[0], other.points[0]


def faults(scene):
    return [*overlaps(scene), *misfits(scene), *merged(scene)]
