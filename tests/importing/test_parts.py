"""The part of a model before a layer, where what follows cannot be imported."""

import runpy
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn
from typer.testing import CliRunner

import archspec
from archspec.cli.commands import program

SOURCE = '''
import torch
from torch import nn


class Late(nn.Module):
    """A block twice, channels last, one activation for all, then what is lacking."""

    def __init__(self):
        super().__init__()
        self.act = nn.ReLU(inplace=True)
        self.stem = nn.Conv2d(3, 8, 3, 2, 1)
        self.body = nn.Sequential(*(nn.Conv2d(8, 8, 1) for _ in range(2)))
        self.norm = nn.LayerNorm(8)
        self.fc = nn.Linear(8, 5)

    def forward(self, x):
        x = self.act(self.stem(x))
        for block in self.body:
            x = x + self.act(block(x))
        x = torch.fft.fft2(self.norm(x.permute(0, 2, 3, 1))).real
        return self.fc(x.mean((1, 2)))
'''


@pytest.fixture
def late(tmp_path, monkeypatch):
    """The source as a module of the current folder."""
    monkeypatch.chdir(tmp_path)
    Path("late.py").write_text(SOURCE)
    return runpy.run_path("late.py")["Late"]()


def test_the_part_before_what_is_lacking_is_named(late):
    with pytest.raises(archspec.ImportFailed) as caught:
        archspec.import_model(late, torch.rand(2, 3, 8, 8))
    text = str(caught.value)
    assert "fft_fft2: the language has no such operation" in text
    assert "; --until norm imports the part before" in text


@pytest.mark.parametrize(("layer", "weights"), [("norm", 8), ("act", 6), ("body.0", 4)])
def test_the_outputs_of_a_part_are_those_of_the_layer(late, layer, weights):
    """Those of its last run, before anything changes them in place."""
    found = archspec.import_model(late, torch.rand(2, 3, 8, 8), until=layer)
    assert len(found.names) == weights
    assert found.difference < 1e-12
    assert found.sizes == ((8, 8), (40, 40))
    assert found.unused == ()
    assert f"the network ends with '{layer}' of the model" in found.summary


def test_an_unknown_layer(late):
    with pytest.raises(archspec.InvalidArgument, match="did you mean 'norm'"):
        archspec.import_model(late, torch.rand(2, 3, 8, 8), until="nrom")


@pytest.mark.full
def test_the_part_of_a_factory(late):
    command = ["import", "late:Late", "--size", "8", "--until", "norm"]
    done = CliRunner().invoke(program(command), command)
    assert done.exit_code == 0, done.stderr
    assert "outputs are equal at 8x8 and 40x40" in done.stderr


def test_the_part_of_a_file(late, tmp_path):
    """A file is not run, and so not compared."""
    path = tmp_path / "late.pt2"
    late.eval()
    torch.export.save(torch.export.export(late, (torch.rand(2, 3, 8, 8),)), path)
    found = archspec.import_model(path, until="norm")
    assert (found.difference, len(found.names)) == (None, 8)


def test_the_part_of_an_onnx_model(tmp_path):
    weight = numpy_helper.from_array(np.ones((4, 3, 1, 1), np.float32), "kernel")
    nodes = [
        helper.make_node("Conv", ["image", "kernel"], ["filtered"], "stem"),
        helper.make_node("Relu", ["filtered"], ["bent"], "act"),
        helper.make_node("Det", ["bent"], ["end"], "last"),
    ]
    shapes = {"image": [1, 3, 8, 8], "end": [1, 4]}
    image, end = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in shapes.items()
    )
    graph = helper.make_graph(nodes, "net", [image], [end], [weight])
    path = tmp_path / "net.onnx"
    onnx.save(helper.make_model(graph), path)
    with pytest.raises(archspec.ImportFailed, match="--until act imports the part"):
        archspec.import_model(path)
    for layer in ("act", "bent"):
        assert "act" in archspec.import_model(path, until=layer).text
    assert "act" not in archspec.import_model(path, until="stem").text


def test_nothing_can_be_imported():
    """Then no layer is named."""

    class Lost(nn.Module):
        def forward(self, x):
            return torch.fft.fft2(x).real

    with pytest.raises(archspec.ImportFailed) as caught:
        archspec.import_model(Lost(), torch.rand(2, 3, 8, 8))
    assert "--until" not in str(caught.value)
