"""A tall network is folded into columns, and stays the same picture."""

from collections import Counter

import pytest
from legible import faults

from archspec.api.specs import bundled_specs
from archspec.drawing import folding
from archspec.drawing.diagram import diagram
from archspec.drawing.folding import folded
from archspec.drawing.layout import layout
from archspec.drawing.page import page
from archspec.elaboration import elaborate


def scene_of(spec):
    return layout(diagram(elaborate(spec)).graph, is_network=True)


def test_a_long_network_has_three_columns():
    scene = page(diagram(elaborate("mobilenetv4_hybrid_medium"))).scene
    columns = Counter(node.area.middle[0] for node in scene.nodes)
    assert len(columns) == 3
    assert max(columns.values()) - min(columns.values()) <= 2
    assert scene.height < 900


@pytest.mark.parametrize("spec", ["mobilenetv2", "vgg16", "hrnet_w18_small"])
def test_others_stay_as_they_are(spec):
    scene = scene_of(spec)
    assert folded(scene) is scene


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param(spec, marks=() if spec == "mobilenetv2" else pytest.mark.full)
        for spec in bundled_specs()
    ],
)
def test_low_columns(monkeypatch, spec):
    """Wires end at the nodes at which they ended, and nothing lies on anything else."""
    monkeypatch.setattr(folding, "MOST", 250)
    scene = scene_of(spec)
    found = folded(scene)
    assert not faults(found)
    assert ends(found) == ends(scene)
    assert texts(found) == texts(scene)


def ends(scene):
    """The nodes of each wire, by their names."""
    areas = {node.node.name: node.area for node in scene.nodes}

    def at(x, y):
        return [
            name
            for name, (left, top, width, height) in areas.items()
            if left - 1 <= x <= left + width + 1 and top - 1 <= y <= top + height + 1
        ]

    return Counter(
        str([at(*line.points[0]), at(*line.points[-1])]) for line in scene.lines
    )


def texts(scene):
    shown = [text.text for node in scene.nodes for text in node.texts]
    return Counter([*shown, *(text.text for text in scene.labels)])
