"""The examples elaborate, and both targets print them."""

import ast
from pathlib import Path

import pytest

from archspec.elaboration import elaborate
from archspec.targets import TARGETS, render

FOLDER = Path(__file__).parent.parent / "examples"
EXAMPLES = sorted(FOLDER.glob("*.yaml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
@pytest.mark.parametrize("target", TARGETS)
def test_an_example_is_printed(path, target):
    network = elaborate(path)
    names = {
        node.name
        for node in ast.parse(render(network, target)).body[1:]
        if isinstance(node, (ast.ClassDef, ast.FunctionDef))
    }
    assert network.name in names


def test_squeeze_and_excitation_costs_what_its_two_convolutions_do():
    plain = elaborate("mobilenetv2")
    squeezed = elaborate(FOLDER / "mobilenetv2_se.yaml")
    extra = 0
    for layer in plain.layers:
        if layer.path.endswith("depthwise.conv"):
            hidden = layer.output[0]
            narrow = max(8, int(hidden / 4 + 4) // 8 * 8)
            narrow += 8 * (narrow < 0.9 * hidden / 4)
            extra += 2 * hidden * narrow + hidden + narrow
    assert squeezed.parameters - plain.parameters == extra
