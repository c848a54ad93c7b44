"""Random networks are drawn legibly."""

from __future__ import annotations

from typing import get_args

import pytest
from documents import as_text
from hypothesis import given
from legible import faults
from networks import Drawn, networks
from tally import NETWORKS
from tally import drawn as drawn_cases

from archspec.drawing import Picture, draw
from archspec.drawing.diagram import diagram
from archspec.drawing.page import page
from archspec.elaboration import elaborate

pytestmark = pytest.mark.full


@pytest.mark.usefixtures("part")
def test_pictures(tmp_path):
    path = tmp_path / "net.yaml"

    @drawn_cases(10 * NETWORKS)
    @given(drawn=networks())
    def one(drawn: Drawn) -> None:
        path.write_text(as_text(drawn.document), encoding="utf-8")
        network = elaborate(path)
        found = page(diagram(network))
        scenes = [found.scene, *(panel.scene for panel in found.panels)]
        assert not [fault for scene in scenes for fault in faults(scene)]
        assert all(draw(network, format) for format in get_args(Picture))

    one()
