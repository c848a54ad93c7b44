"""PyTorch modules as specs: the graph is equal, and so is what it computes."""

import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from typer.testing import CliRunner

import archspec
from archspec.cli.commands import program
from archspec.importing.flat import flat
from archspec.importing.torch import live
from archspec.importing.torch.archive import read as read_archive
from archspec.importing.torch.reading import read
from archspec.importing.trial import judged
from archspec.verification.reference import evaluate


def imported(module, *shapes):
    """The spec of a module, checked against what the module computes."""
    torch.manual_seed(0)
    for name, weight in module.state_dict().items():
        if weight.is_floating_point():
            low = 0.5 if name.endswith("var") else -0.5
            weight.uniform_(low, 0.9)
    images = [torch.rand(2, *shape) for shape in shapes]
    graph, builder = read(live.export(module, tuple(images)))
    assert builder.gaps == []
    found = judged(flat(graph, "Net"), graph)
    weights = {name: tensor.array for name, tensor in found.tensors.items()}
    arrays = [image.numpy() for image in images]
    own = evaluate(found.network, weights, arrays if len(arrays) > 1 else arrays[0])
    with torch.no_grad():
        theirs = module.double().eval()(*(image.double() for image in images))
    (last,) = found.network.outputs.values()
    ours = own[found.network.layers[last].path]
    ours = np.moveaxis(ours, 1, -1) if ours.ndim == 3 else ours
    np.testing.assert_allclose(ours.reshape(theirs.shape), theirs.numpy(), atol=1e-6)
    return found.text


class Odd(nn.Module):
    """Functional calls, operations in place, views, a shuffle by hand, slices."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, 2, 1, bias=False)
        self.norm = nn.BatchNorm2d(8)
        self.deep = nn.Conv2d(8, 16, 3, padding=2, dilation=2, groups=8)
        self.wide = nn.Conv2d(8, 8, (1, 3), padding="same")
        self.kernel = nn.Parameter(torch.zeros(8, 8, 1, 1))
        self.reduce = nn.Linear(8, 4)
        self.restore = nn.Linear(4, 8)
        self.drop = nn.Dropout(0.3)
        self.head = nn.Linear(8 * 4 * 4, 5)

    def forward(self, x):
        x = F.relu_(self.norm(self.stem(x)))
        kept = x
        x = F.pad(x, (0, 1, 0, 1))
        x = F.max_pool2d(x, 3, 2)
        x += self.wide(x).clamp_(0, 6)
        batch, channels, height, width = x.shape
        x = x.view(batch, 2, channels // 2, height, width)
        x = x.transpose(1, 2).reshape(batch, channels, height, width)
        x = self.deep(x)
        x = torch.cat([x[:, :4], x[:, -4:]], 1)
        gate = self.restore(F.silu(self.reduce(x.mean((2, 3))))).sigmoid()
        x = x * gate.view(batch, -1, 1, 1) + F.avg_pool2d(kept, 2)
        x = F.conv2d(x, self.kernel)
        x = self.drop(F.adaptive_avg_pool2d(x, 4))
        return self.head(x.flatten(1))


def test_odd_structure():
    assert imported(Odd(), (3, 24, 24)) == (
        Path(__file__).parent / "odd.yaml"
    ).read_text("utf-8")


class Tokens(nn.Module):
    """Attention written out, and torch's own; channels last; a class token."""

    def __init__(self):
        super().__init__()
        self.patch = nn.Conv2d(3, 16, 4, 4)
        self.token = nn.Parameter(torch.zeros(1, 1, 16))
        self.place = nn.Parameter(torch.zeros(1, 17, 16))
        self.norm = nn.LayerNorm(16)
        self.qkv = nn.Linear(16, 48)
        self.project = nn.Linear(16, 16)
        self.attend = nn.MultiheadAttention(16, 2, batch_first=True)
        self.head = nn.Linear(16, 3)

    def forward(self, x):
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(len(x), -1, -1), x], 1) + self.place
        y = self.norm(x)
        q, k, v = self.qkv(y).reshape(-1, 17, 3, 4, 4).permute(2, 0, 3, 1, 4).unbind(0)
        y = F.scaled_dot_product_attention(q, k, v)
        x = x + self.project(y.transpose(1, 2).reshape(-1, 17, 16))
        x = x + self.attend(x, x, x, need_weights=False)[0]
        return self.head(x[:, 0])


def test_attention():
    text = imported(Tokens(), (3, 16, 16))
    assert "qkv: {dense: 48}\n  attention: {attention: 4}" in text
    assert "prefix_tokens: prefix_tokens\n  position_embedding: position" in text


class Written(Tokens):
    """Scores, softmax and sums as matrix products."""

    def forward(self, x):
        x = self.patch(x).flatten(2).transpose(1, 2)
        q, k, v = self.qkv(self.norm(x)).reshape(-1, 16, 3, 4, 4).permute(2, 0, 3, 1, 4)
        scores = (q * 0.5) @ k.transpose(-2, -1)
        y = (scores.softmax(-1) @ v).transpose(1, 2).flatten(2)
        return self.head(self.project(y).mean(1))


def test_attention_by_matrix_products():
    assert "attention: {attention: 4}" in imported(Written(), (3, 16, 16))


class Windows(nn.Module):
    """Shifted windows with a bias by offset, and patches merged column by column."""

    def __init__(self):
        super().__init__()
        self.patch = nn.Conv2d(3, 8, 2, 2)
        self.qkv, self.project = nn.Linear(8, 24), nn.Linear(8, 8)
        self.table = nn.Parameter(torch.zeros(49, 2))
        y, x = torch.meshgrid(torch.arange(4), torch.arange(4), indexing="ij")
        places = torch.stack([y.flatten(), x.flatten()])
        apart = (places[:, :, None] - places[:, None]) + 3
        self.register_buffer("index", apart[0] * 7 + apart[1])
        zone = torch.zeros(8, 8)
        zone[-2:] += 1
        zone[:, -2:] += 2
        zone = zone.view(2, 4, 2, 4).transpose(1, 2).reshape(4, 1, 16)
        self.register_buffer("mask", (zone != zone.mT) * -100.0, persistent=False)
        self.norm, self.reduce = nn.LayerNorm(32), nn.Linear(32, 5, bias=False)

    def forward(self, x):
        x = self.patch(x).permute(0, 2, 3, 1)
        y = torch.roll(x, (-2, -2), (1, 2))
        y = y.view(-1, 2, 4, 2, 4, 8).permute(0, 1, 3, 2, 4, 5).reshape(-1, 16, 8)
        q, k, v = self.qkv(y).view(-1, 16, 3, 2, 4).permute(2, 0, 3, 1, 4).unbind(0)
        scores = (q * 0.5) @ k.mT
        scores = scores + self.table[self.index.view(-1)].view(16, 16, 2).permute(
            2, 0, 1
        )
        scores = scores.view(-1, 4, 2, 16, 16) + self.mask[:, None]
        y = scores.view(-1, 2, 16, 16).softmax(-1) @ v
        y = self.project(y.transpose(1, 2).reshape(-1, 16, 8))
        y = y.view(-1, 2, 2, 4, 4, 8).permute(0, 1, 3, 2, 4, 5).reshape(-1, 8, 8, 8)
        x = x + torch.roll(y, (2, 2), (1, 2))
        x = x.view(-1, 4, 2, 4, 2, 8).permute(0, 1, 3, 4, 2, 5).flatten(3)
        return self.reduce(self.norm(x)).mean((1, 2))


def test_shifted_windows():
    """The mask is -100 in the source and minus infinity in the op."""
    text = imported(Windows(), (3, 16, 16))
    assert "{attention: {heads: 2, window: 4, shift: 2, relative_bias: signed}}" in text
    assert "space_to_depth: {space_to_depth: {order: channels_last}}" in text


class Two(nn.Module):
    def __init__(self):
        super().__init__()
        self.left, self.right = nn.Conv2d(3, 4, 1), nn.Conv2d(1, 4, 1)

    def forward(self, image, depth):
        down = F.interpolate(self.left(image), scale_factor=0.5, mode="bilinear")
        return F.pixel_shuffle(down - self.right(depth), 2)


def test_two_inputs():
    text = imported(Two(), (3, 8, 8), (1, 4, 4))
    assert (
        "inputs: {image: {channels: 3, size: 8}, depth: {channels: 1, size: 4}}" in text
    )


class Lacking(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.deep = nn.Conv2d(3, 4, 1), nn.Sequential(nn.Conv2d(4, 4, 1))

    def forward(self, x):
        x = torch.fft.fft2(self.conv(x)).real
        return torch.cumsum(self.deep(x), 1).sort(1)[0]


def test_all_that_is_lacking_is_said_at_once():
    with pytest.raises(archspec.ImportFailed) as caught:
        archspec.import_model(Lacking(), torch.rand(2, 3, 8, 8))
    text = str(caught.value)
    for operation in ("fft_fft2", "cumsum", "sort"):
        assert f"error[AS703]: {operation}: the language has no such operation" in text
    assert "help: in the network itself of Lacking" in text


class Auxiliary(nn.Module):
    """A head that only training uses."""

    def __init__(self):
        super().__init__()
        self.body, self.aux = nn.Linear(6, 3), nn.Linear(6, 3)

    def forward(self, x):
        x = x.flatten(1)
        return (self.body(x), self.aux(x)) if self.training else self.body(x)


def test_weights_that_inference_does_not_need_are_named():
    found = archspec.import_model(Auxiliary(), torch.rand(2, 6, 1, 1))
    assert found.unused == ("aux.weight", "aux.bias")
    assert "2 weights are not needed: aux.weight, aux.bias" in found.summary
    assert "\n  body -> classifier: dense\n" in found.summary
    assert found.document()["layers"]["classifier"]["modules"] == ["body"]


class Small(nn.Module):
    def __init__(self, classes=4):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, 2, 1)
        self.fc = nn.Linear(8, classes)

    def forward(self, x):
        return self.fc(self.conv(x).relu().mean((2, 3)))


FACTORY = """
from torch import nn

class Small(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, 2, 1)
        self.fc = nn.Linear(8, classes)

    def forward(self, x):
        return self.fc(self.conv(x).relu().mean((2, 3)))

def build(num_classes=4):
    return Small(num_classes)
"""


def test_a_module_of_this_process():
    found = archspec.import_model(Small(), torch.rand(2, 3, 16, 16))
    assert found.difference < 1e-12
    assert found.sizes == ((16, 16), (48, 48))
    assert found.network.name == "Small"
    assert set(found.names.values()) == {*Small().state_dict()}
    assert "outputs are equal at 16x16 and 48x48" in found.summary


@pytest.mark.full
def test_a_factory_with_a_checkpoint_of_other_classes(tmp_path, monkeypatch):
    """As training saves it: in an entry of its own, with a prefix."""
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text(FACTORY)
    tuned = Small(7)
    state = {f"module.{name}": x for name, x in tuned.state_dict().items()}
    torch.save({"epoch": 3, "state_dict": state}, "tuned.pth")
    found = archspec.import_model(
        "mine:build", size=(3, 16, 16), checkpoint="tuned.pth"
    )
    assert found.network.document.classes == 7
    np.testing.assert_array_equal(
        found.weights["classifier.bias"], tuned.fc.bias.detach().numpy()
    )
    assert found.difference < 1e-12


def run_script(folder):
    """What the script of an import prints, of one image."""
    command = [sys.executable, "run.py"]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.mark.full
def test_everything_in_one_go(tmp_path, monkeypatch):
    """The modules of all targets, each with its weights and a script."""
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text(FACTORY)
    targets = "torch,onnx,keras,nnx"
    command = ["import", "mine:build", "--size", "16", "--to", targets, "-o", "out"]
    done = CliRunner().invoke(program(command), command)
    assert done.exit_code == 0, done.stderr
    assert "outputs are equal at 16x16 and 48x48" in Path("out/report.txt").read_text()
    assert sorted(p.name for p in Path("out").rglob("*")) == sorted(
        "build.yaml report.txt torch onnx keras nnx run.py run.py run.py run.py "
        "build.py build.py build.py build.safetensors build.safetensors "
        "build.weights.h5 build.onnx".split()
    )
    printed = [run_script(Path("out", target)) for target in ("torch", "onnx")]
    assert all(re.search(r"\[\[ ?-?\d", text) for text in printed)
    again = CliRunner().invoke(program(command), command)
    assert again.exit_code == 3


@pytest.mark.full
@pytest.mark.parametrize("target", ["keras", "nnx"])
def test_the_script_of_a_slow_framework(tmp_path, target):
    found = archspec.import_model(Small(), torch.rand(2, 3, 16, 16))
    for path, text in found.files([target]).items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    found.save_weights(target, tmp_path)
    assert re.search(r"\[\[ ?-?\d", run_script(tmp_path / target))


@pytest.fixture
def archive(tmp_path):
    """A .pt2 file, and what it holds."""
    path = tmp_path / "small.pt2"
    program = torch.export.export(Small().eval(), (torch.rand(2, 3, 16, 16),))
    torch.export.save(program, path)
    with zipfile.ZipFile(path) as file:
        return path, {name: file.read(name) for name in file.namelist()}


def rewritten(path, members):
    with zipfile.ZipFile(path, "w") as file:
        for name, data in members.items():
            file.writestr(name, data)


def test_a_file_is_read(archive):
    path, _ = archive
    found = archspec.import_model(path)
    assert found.network.parameters == 8 * 27 + 8 + 8 * 4 + 4
    assert found.difference is None
    assert "outputs were not compared: a file is not run" in found.summary


def test_an_exporter_that_decomposes(tmp_path):
    program = torch.export.export(Odd().eval(), (torch.rand(2, 3, 24, 24),))
    path = tmp_path / "odd.pt2"
    torch.export.save(program.run_decompositions({}), path)
    assert archspec.import_model(path).network.name == "Odd"


def meta(change):
    """A change of what is said of the first tensor."""

    def changed(members):
        name = next(name for name in members if name.endswith("weights_config.json"))
        about = json.loads(members[name])
        change(about["config"]["conv.weight"])
        members[name] = json.dumps(about)

    return changed


def number(key, value, index=0):
    def change(about):
        found = about["tensor_meta"][key]
        (found if key == "storage_offset" else found[index])["as_int"] = value

    return meta(change)


def repeated(about):
    about["tensor_meta"]["sizes"] = [{"as_int": 2**20}] * 4
    about["tensor_meta"]["strides"] = [{"as_int": 0}] * 4


def graph(text):
    def changed(members):
        name = next(name for name in members if name.endswith("model.json"))
        members[name] = text

    return changed


def open_size(members):
    name = next(name for name in members if name.endswith("model.json"))
    about = json.loads(members[name])
    values = about["graph_module"]["graph"]["tensor_values"]
    values["x"]["sizes"][0] = {"as_expr": {"expr_str": "s0", "hint": {"as_int": 2}}}
    members[name] = json.dumps(about)


HARM = {
    "pickled": (meta(lambda about: about.update(use_pickle=True)), "is pickled"),
    "long": (number("sizes", 9), "larger than its bytes"),
    "huge": (number("sizes", 2**60), "larger than its bytes"),
    "longer": (number("strides", 10**6), "larger than its bytes"),
    "far": (number("strides", 2**62), "larger than its bytes"),
    "no number": (number("sizes", 10**30), "is no whole number"),
    "repeated": (meta(repeated), "larger than its bytes"),
    "before": (number("storage_offset", -9), "negative"),
    "behind": (number("storage_offset", 2), "larger than its bytes"),
    "backwards": (number("strides", -1, 3), "negative"),
    "no graph": (graph("{}"), "malformed"),
    "deep": (graph("[" * 10**5), "malformed"),
    "open": (open_size, "dynamic shapes"),
}


@pytest.mark.parametrize("harm", HARM)
def test_a_hostile_archive_is_refused(archive, harm):
    """Nothing in it is unpickled, and no number in it is believed."""
    path, members = archive
    change, why = HARM[harm]
    change(members)
    rewritten(path, members)
    with pytest.raises(archspec.ImportFailed, match=why) as caught:
        read_archive(path)
    assert "error[AS701]: cannot read" in str(caught.value)


def compressed(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(name, data)


def encrypted(path, members):
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02")
    while at >= 0:
        data[at + 8] |= 1  # in the directory, and before the member
        at = data.find(b"PK\x01\x02", at + 1)
    path.write_bytes(data)


def overlapping(path, members):
    """Every tensor in the directory begins where the first one does."""
    data = bytearray(path.read_bytes())
    large = max(members.values(), key=len)
    size = len(large).to_bytes(4, "little")
    at = data.find(b"PK\x01\x02")
    while at >= 0:
        data[at + 20 : at + 28] = size + size
        at = data.find(b"PK\x01\x02", at + 1)
    path.write_bytes(data)


def truncated(path, members):
    path.write_bytes(path.read_bytes()[:-300])


def no_archive(path, members):
    path.write_bytes(b"\x80\x04.")


def no_members(path, members):
    rewritten(path, {})


@pytest.mark.parametrize(
    "harm", [compressed, encrypted, overlapping, truncated, no_archive, no_members]
)
def test_a_hostile_zip_is_refused(archive, harm):
    path, members = archive
    harm(path, members)
    with pytest.raises(archspec.ImportFailed, match=r"error\[AS701\]: cannot read"):
        read_archive(path)
