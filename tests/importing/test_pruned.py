"""Checkpoints whose layers have other widths than the spec's, as after pruning."""

from functools import reduce

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from typer.testing import CliRunner

import archspec
from archspec.cli.commands import program

SPEC = """
archspec: 1
name: Small
preprocessing: {scale: 1/255, mean: 0.5, std: 0.5}
input: {channels: 3, size: 32}
classes: 6
defaults:
  conv: {padding: symmetric, bias: false}
  batch_norm: {epsilon: 1e-5, decay: 0.9}
  activation: relu
layers:
  stem: {conv_bn_act: {filters: 16, kernel: 3, stride: 2}}
  stages:
    columns: [c, n, s]
    rows: [[16, 2, 1], [24, 2, 2]]
    each: {inverted_residual: {expand: 4, filters: c, stride: s}}
    repeat: n
    then: {stride: 1}
  grouped: {conv: {filters: 32, kernel: 3, groups: 4}}
  wide:
    concat:
      fine: {fine: {conv_bn_act: 8}}
      coarse: {coarse: {conv_bn_act: 12}}
  pool: global_avg_pool
  classifier: {dense: classes}
variants:
  twice: {layers: {stages: {each: {inverted_residual: {expand: 2}}}}}
"""


@pytest.fixture
def spec(tmp_path):
    path = tmp_path / "small.yaml"
    path.write_text(SPEC)
    return path


def cut(layer, kept, dim):
    """Keep some channels that a layer makes (0) or reads (1)."""
    for name, tensor in layer.state_dict().items():
        if tensor.ndim and (name == "weight" or not dim):
            chosen = tensor.index_select(dim, kept)
            is_weight = isinstance(getattr(layer, name), nn.Parameter)
            setattr(layer, name, nn.Parameter(chosen) if is_weight else chosen)
    if getattr(layer, "groups", 1) > 1:
        layer.groups = len(layer.weight)


def scattered(module):
    torch.manual_seed(0)
    for name, tensor in module.state_dict().items():
        if tensor.is_floating_point():
            tensor.uniform_(0.5 if name.endswith("var") else -0.5, 0.9)
    return module.eval()


def some(count):
    return torch.randperm(count)[: count * 3 // 4].sort()[0]


def pruned(module):
    """The module with fewer hidden channels in each block, and in the middle."""
    for block in module.modules():
        if not hasattr(block, "depthwise"):
            continue
        kept = some(block.expand.conv.out_channels - int(torch.randint(8, ())))
        for layer in (block.expand, block.depthwise):
            cut(layer.conv, kept, 0)
            cut(layer.norm, kept, 0)
        cut(block.project.conv, kept, 1)
    kept = some(12)
    cut(module.coarse.conv, kept, 0)
    cut(module.coarse.norm, kept, 0)
    cut(module.classifier, torch.cat([torch.arange(8), 8 + kept]), 1)
    return module


def run(module, image):
    with torch.no_grad():
        return module(image)


def test_a_pruned_module_of_ours(spec, tmp_path):
    """The columns are its own, all else is as in the spec; it computes the same."""
    module = pruned(scattered(archspec.load(spec).build("torch")))
    save_file(module.state_dict(), tmp_path / "pruned.safetensors")
    found = archspec.import_model(tmp_path / "pruned.safetensors", like=str(spec))
    assert "preprocessing: {scale: 1/255, mean: 0.5, std: 0.5}" in found.text
    assert "grouped: {conv: {filters: 32, kernel: 3, groups: 4}}" in found.text
    assert "coarse: {conv_bn_act: 9}" in found.text
    assert "    columns: [exp, c, s]\n" in found.text
    blocks = [m for m in module.stages.modules() if hasattr(m, "depthwise")]
    hidden = [block.expand.conv.weight.shape[0] for block in blocks]
    rows = [line for line in found.text.splitlines() if "- [" in line]
    assert [int(row.split("[")[1].split(",")[0]) for row in rows] == hidden
    own = found.network.build("torch").eval()
    found.weights.save(tmp_path / "own.safetensors", "torch")
    own.load_state_dict(load_file(tmp_path / "own.safetensors"))
    image = torch.rand(2, 3, 32, 32)
    torch.testing.assert_close(run(own, image), run(module, image))
    again = found.network.adopt(tmp_path / "pruned.safetensors")
    for name in again:
        np.testing.assert_array_equal(again[name], found.weights[name])


NAMES = {
    "stem.conv": "features.0.0", "stem.norm": "features.0.1",
    "expand.conv": "conv.0.0", "expand.norm": "conv.0.1",
    "depthwise.conv": "conv.1.0", "depthwise.norm": "conv.1.1",
    "project.conv": "conv.2", "project.norm": "conv.3",
    "fine.": "wide.0.", "coarse.": "wide.1.",
    "stages.0.0": "features.1", "stages.0.1": "features.2",
    "stages.1.0": "features.3", "stages.1.1": "features.4",
}  # fmt: skip


def renamed(name, part):
    return name.replace(part, NAMES[part])


def test_names_of_a_library_and_a_variant(spec, tmp_path):
    net = archspec.load(spec, variant="twice")
    own = pruned(scattered(net.build("torch"))).state_dict()
    state = {reduce(renamed, NAMES, name): tensor for name, tensor in own.items()}
    torch.save({"epoch": 3, "model": state}, tmp_path / "pruned.pth")
    command = ["import", str(tmp_path / "pruned.pth"), "--like", f"{spec}@twice"]
    done = CliRunner().invoke(program(command), command)
    assert done.exit_code == 0, done.stderr
    assert "exp" in done.stdout.partition("columns: ")[2].partition("]")[0]
    assert "outputs are finite" in done.stderr
    assert f"parameters {net.parameters:,} -> " in done.stderr


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ("layers.stem.conv_bn_act.kernel=5", "'stem.conv.weight' is (16, 3, 5, 5)"),
        ("layers.more={conv: 4, after: grouped}", "unexpected in the file: 'more'"),
        ("layers.grouped.conv.filters=40", ""),
        ("classes=3", ""),
    ],
)
def test_widths_are_all_that_may_differ(spec, tmp_path, changed, why):
    module = archspec.load(spec, set=[changed]).build("torch")
    path = tmp_path / "other.pth"
    torch.save(scattered(module).state_dict(), path)
    if not why:
        text = archspec.import_model(path, like=str(spec)).text
        assert "filters: 40" in text or "classes: 3" in text
        return
    with pytest.raises(archspec.ImportFailed) as caught:
        archspec.import_model(path, like=str(spec))
    text = str(caught.value)
    assert "error[AS706]" in text
    assert why in text


def test_widths_do_not_tell_how_many_heads_are_left(tmp_path):
    spec = """
archspec: 1
name: Net
input: {channels: 3, size: 8}
defaults: {layer_norm: 1e-5, activation: gelu}
layers:
  patches: {conv: {filters: 8, kernel: 4, stride: 4, padding: valid, bias: true}}
  qkv: {dense: {units: WIDE, bias: true}}
  attend: {attention: 2}
"""
    path = tmp_path / "net.yaml"
    path.write_text(spec.replace("WIDE", "12"))
    other = archspec.load(path).build("torch").state_dict()
    torch.save(other, tmp_path / "other.pth")
    path.write_text(spec.replace("WIDE", "24"))
    with pytest.raises(archspec.ImportFailed, match="how many heads") as caught:
        archspec.import_model(tmp_path / "other.pth", like=str(path))
    assert "in: attend" in str(caught.value)


@pytest.mark.full
def test_a_file_of_keras(spec, tmp_path):
    module = pruned(scattered(archspec.load(spec).build("torch")))
    torch.save(module.state_dict(), tmp_path / "pruned.pth")
    found = archspec.import_model(tmp_path / "pruned.pth", like=str(spec))
    path = tmp_path / "net.weights.h5"
    found.weights.save(path, "keras")
    assert archspec.import_model(path, like=str(spec)).text == found.text


def test_a_file_of_a_generated_flax_module(spec, tmp_path):
    """Its names are the layers', whose order it does not have."""
    net = archspec.load(spec)
    net.init_weights().save(tmp_path / "net.safetensors", "nnx")
    found = archspec.import_model(tmp_path / "net.safetensors", like=str(spec))
    assert found.network.parameters == net.parameters
