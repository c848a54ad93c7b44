"""Two networks as one picture."""

from xml.etree import ElementTree

import pytest

import archspec
from archspec.drawing.diagram import Box
from archspec.drawing.difference import difference
from archspec.drawing.page import page

BEFORE = """
archspec: 1
name: Before
input: {channels: 3, size: 32}
classes: 10
defaults: {conv: {padding: same, bias: false}, activation: relu}
layers:
  stem: {conv: {filters: 8, kernel: 3, stride: 2}}
  wide: {conv: 16}
  pool: global_avg_pool
  classifier: {dense: classes}
"""
AFTER = BEFORE.replace("filters: 8", "filters: 12").replace(
    "  pool:", "  act: activation\n  pool:"
)


@pytest.fixture
def networks(tmp_path):
    paths = tmp_path / "before.yaml", tmp_path / "after.yaml"
    for path, text in zip(paths, (BEFORE, AFTER), strict=True):
        path.write_text(text, encoding="utf-8")
    return [archspec.load(path) for path in paths]


def marks(graph):
    return {n.name: n.mark for n in graph.nodes if isinstance(n, Box)}


def test_rows_are_changed_added_and_removed(networks):
    assert marks(difference(*networks).graph) == {
        "stem": "changed",
        "wide": "changed",  # it reads more channels
        "act": "added",
        "pool": "",
        "classifier": "",
    }
    assert marks(difference(*reversed(networks)).graph)["act"] == "removed"


def test_wires_go_as_in_one_network_or_the_other(networks):
    graph = difference(*networks).graph
    names = [node.name for node in graph.nodes]
    wires = {(names[w.source], names[w.target]): w for w in graph.wires}
    assert wires["wide", "act"].mark == wires["act", "pool"].mark == "added"
    assert wires["wide", "pool"].mark == "removed"
    assert wires["stem", "wide"][3:] == ("", (8, 16, 16))
    assert wires["stem", "wide"].shape == (12, 16, 16)


def test_the_picture_has_both_shapes_and_the_change(networks):
    before, after = networks
    root = ElementTree.fromstring(after.draw(compared_with=before))
    texts = [
        "".join(text.itertext())
        for text in root.iter("{http://www.w3.org/2000/svg}text")
    ]
    assert texts[0] == "before \N{RIGHTWARDS ARROW} after"
    times = "\N{MULTIPLICATION SIGN}"
    shapes = f"8{times}16{times}16", f"12{times}16{times}16"
    assert " \N{RIGHTWARDS ARROW} ".join(shapes) in texts
    assert texts.count("+50.0%") == 2
    assert {"added", "changed", "removed"} <= {*texts}


def test_a_network_does_not_differ_from_itself(networks):
    found = difference(networks[0], networks[0])
    assert {*marks(found.graph).values()} == {""}
    assert {wire.mark for wire in found.graph.wires} == {""}


@pytest.mark.full
@pytest.mark.parametrize(
    "pair",
    [
        ("mobilenetv2", "mobilenetv3_large"),
        ("resnet50", "resnet50_fpn"),
        ("unet", "hrnet_w18_small"),
        ("vit_tiny_patch16_224", "deit_small_distilled"),
        ("yolov8n", "segformer_b0"),
    ],
)
def test_unlike_networks_are_drawn(pair):
    found = page(difference(*map(archspec.load, pair)))
    assert found.height > 0
