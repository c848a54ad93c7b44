"""Pictures of every bundled network are legible: nothing lies on anything else."""

from itertools import combinations

import pytest
from legible import areas, faults, is_in, lies_on

from archspec.api.specs import bundled_specs
from archspec.drawing.diagram import diagram
from archspec.drawing.page import page
from archspec.drawing.scene import Area
from archspec.elaboration import elaborate

OFTEN = "unet", "resnet50_fpn", "hrnet_w18_small", "mobilenetv2", "segformer_b0"
"""The networks that differ most; the others take their turns."""


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param(spec, marks=() if spec in OFTEN else pytest.mark.full)
        for spec in bundled_specs()
    ],
)
def test_nothing_lies_on_anything_else(spec):
    found = page(diagram(elaborate(spec)))
    whole = Area(0, 0, found.width, found.height)
    frames = [panel.area for panel in found.panels]
    assert not faults(found.scene)
    for panel in found.panels:
        assert not faults(panel.scene), panel.inset.example
        inside = [*(t.area for t in panel.texts), *(a for _, a in areas(panel.scene))]
        assert all(is_in(area, panel.area) for area in inside), panel.inset.example
        assert not any(
            lies_on(text.area, area)
            for text in panel.texts
            for _, area in areas(panel.scene)
        )
    assert not any(lies_on(*pair) for pair in combinations(frames, 2))
    outside = [*(a for _, a in areas(found.scene)), *(t.area for t in found.texts)]
    assert not any(lies_on(area, frame) for area in outside for frame in frames)
    assert all(is_in(area, whole) for area in (*outside, *frames))
