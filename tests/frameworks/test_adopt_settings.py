"""What a file states beside its weights: equal, refused, or said to be unknown."""

from __future__ import annotations

import json
import os
from pathlib import Path

import keras
import numpy as np
import pytest
import torch
from exchange import imported
from typer.testing import CliRunner

import archspec
from archspec.cli.commands import program
from archspec.errors import WeightsError
from archspec.weights.adoption import adopt

NET = """
defaults: {conv: {padding: same, bias: false}, batch_norm: {epsilon: 1e-3, decay: 0.99}}
layers:
  scale: {normalize: {mean: 0, std: 255}}
  normalize: {normalize: {mean: 0.5, std: 0.25}}
  stem: {conv: {filters: 4, kernel: 3, stride: 2}}
  norm: batch_norm
  activation: {activation: relu6}
  depthwise: {depthwise_conv: {kernel: 3}}
  pool: global_avg_pool
  classifier: {dense: classes}
variants:
  other: {defaults: {conv: {padding: symmetric}, batch_norm: {epsilon: 1e-5}}}
"""


def build(**changes):
    """A model of Keras that computes what the spec says, but for the changes."""
    keras.backend.clear_session()
    known = {"mean": 0.5, "std": 0.25, "epsilon": 1e-3, "momentum": 0.99,
             "padding": None, "activation": "relu6", "classes": 5,
             "softmax": None} | changes  # fmt: skip
    with keras.device("cpu"):
        inputs = keras.Input((9, 12, 6))
        x = keras.layers.Rescaling(1 / 255)(inputs)
        normalization = keras.layers.Normalization()
        x = normalization(x)
        if known["padding"]:
            x = keras.layers.ZeroPadding2D(known["padding"])(x)
        padding = "valid" if known["padding"] else "same"
        x = keras.layers.Conv2D(4, 3, 2, padding=padding, use_bias=False)(x)
        x = keras.layers.BatchNormalization(
            epsilon=known["epsilon"], momentum=known["momentum"]
        )(x)
        x = keras.layers.Activation(known["activation"])(x)
        x = keras.layers.DepthwiseConv2D(3, padding="same", use_bias=False)(x)
        x = keras.layers.GlobalAveragePooling2D()(x)
        x = keras.layers.Dense(known["classes"], activation=known["softmax"])(x)
        model = keras.Model(inputs, x)
    random = np.random.default_rng(0)
    for variable in model.weights:
        if "int" not in variable.dtype:
            least = -0.5 if len(variable.shape) > 1 else 0.5
            variable.assign(random.uniform(least, 1, variable.shape) / 4)
    normalization.adapt_mean.assign(np.full(6, known["mean"]))
    normalization.adapt_variance.assign(np.full(6, known["std"] ** 2))
    normalization.finalize_state()
    return model


@pytest.fixture
def net(network):
    return network(NET).network


def refused(net, path, accept=()) -> tuple[list[str], str]:
    with pytest.raises(WeightsError) as caught:
        adopt(net, path, accept=accept)
    diagnostics = caught.value.diagnostics
    assert {diagnostic.code for diagnostic in diagnostics} == {"AS518"}
    return [diagnostic.message for diagnostic in diagnostics], diagnostics[-1].help


SAME = [{}, {"padding": ((1, 1), (0, 1))}, {"softmax": "softmax"}]


@pytest.mark.parametrize("file", ["a.keras", "a.h5", "a.weights.h5"])
@pytest.mark.parametrize("changes", SAME)
def test_the_same_settings(net, tmp_path, file, changes):
    """Padding that is the same at this size, a softmax at the end."""
    path = tmp_path / file
    model = build(**changes)
    model.save_weights(path) if "weights" in file else model.save(path)
    found = adopt(net, path)
    assert ("the file does not state" in "".join(found.notes)) == ("weights" in file)


@pytest.mark.parametrize("file", ["a.keras", "a.h5"])
def test_a_hard_sigmoid_of_sums_and_products(network, tmp_path, file):
    """As keras.applications writes that of MobileNetV3."""
    gate = "gate: {conv: {filters: 4, bias: true}}, act: {activation: hard_sigmoid}"
    text = f"input: {{channels: 3, size: 8}}\nlayers: {{{gate}, last: {{conv: 2}}}}"
    x = image = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(4, 1, name="gate")(x)
    x = keras.layers.ReLU(6.0)(x + 3.0) * (1 / 6)
    x = keras.layers.Conv2D(2, 1, use_bias=False, name="last")(x)
    keras.Model(image, x).save(tmp_path / file)
    net = network(text).network
    assert adopt(net, tmp_path / file).weights.keys() == net.weight_shapes.keys()


DIFFERENT = {
    "mean": (
        {"mean": 0.25},
        "normalize of 'normalize' is mean 0.25 and std 0.25 in the file, "
        "but mean 0.5 and std 0.25 in the spec",
        "--set 'layers.normalize={normalize: {mean: 0.25, std: 0.25}}'",
        "normalize",
    ),
    "std": (
        {"mean": 0, "std": 1.0},
        "normalize of 'normalize' is mean 0 and std 1 in the file, "
        "but mean 0.5 and std 0.25 in the spec",
        "--set 'layers.normalize={normalize: {mean: 0, std: 1}}'",
        "normalize",
    ),
    "epsilon": (
        {"epsilon": 1e-2},
        "epsilon of 'norm' is 0.01 in the file, but 0.001 in the spec",
        "--set 'defaults.batch_norm.epsilon=0.01'",
        "epsilon",
    ),
    "momentum": (
        {"momentum": 0.9},
        "decay of 'norm' is 0.9 in the file, but 0.99 in the spec",
        "--set 'defaults.batch_norm.decay=0.9'",
        "decay",
    ),
    "activation": (
        {"activation": "silu"},
        "activation of 'norm' is swish in the file, but relu6 in the spec",
        "",
        "activation",
    ),
    "padding": (
        {"padding": 1},
        "padding of 'stem' is (1, 1, 1, 1) in the file, but same in the spec",
        "--set 'defaults.conv.padding=symmetric'",
        "padding",
    ),
}


@pytest.mark.parametrize("name", DIFFERENT)
def test_other_settings(network, net, tmp_path, name):
    """What differs, what to write instead, and that it then fits."""
    changes, message, options, setting = DIFFERENT[name]
    path = tmp_path / "a.keras"
    build(**changes).save(path)
    kept = f"to keep those of the spec: --accept {setting}"
    help = f"to use the settings of the file: {options}; {kept}" if options else kept
    assert refused(net, path) == ([message], help)
    assert adopt(net, path, accept=[setting]).weights.keys() == net.weight_shapes.keys()
    if options:
        override = options.removeprefix("--set ").strip("'")
        assert adopt(network(NET, override).network, path).notes == ()


def test_a_variant_is_proposed(net, tmp_path):
    path = tmp_path / "a.keras"
    build(padding=1, epsilon=1e-5).save(path)
    messages, help = refused(net, path)
    assert len(messages) == 2
    assert help.startswith("to use the settings of the file: --variant other; ")
    assert len(refused(net, path, ["padding"])[0]) == 1


def test_constants_in_weights_alone(net, tmp_path):
    """Files without a configuration have those of the layer, and no others."""
    path = tmp_path / "a.weights.h5"
    build(mean=0, std=1.0, epsilon=1e-2).save_weights(path)
    assert refused(net, path)[0] == [DIFFERENT["std"][1]]
    # As in published weights, the std itself where the variance should be.
    build(std=0.25**0.5).save_weights(path)
    assert adopt(net, path).weights.keys() == net.weight_shapes.keys()


def test_a_network_that_does_not_normalize(network, tmp_path):
    lines = [line for line in NET.splitlines() if "normalize:" not in line]
    net = network("\n".join(lines)).network
    path = tmp_path / "a.keras"
    build().save(path)
    messages, help = refused(net, path)
    assert messages == [
        "normalize of the input is mean 127.5 and std 63.75 in the file, "
        "but mean 0 and std 1 in the spec"
    ]
    override = "layers.normalize={normalize: {mean: 127.5, std: 63.75}, before: stem}"
    assert override in help
    adopt(network("\n".join(lines), override).network, path)


@pytest.fixture
def run(net, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(
        program([]), ["weights", "adopt", *arguments]
    )


@pytest.mark.full
def test_verify_runs_the_file(run):
    """The whole model beside the network; a softmax at its end does not matter."""
    build(softmax="softmax", classes=7).save("a.keras")
    done = run("a.keras", "net.yaml", "--verify", "a.keras", "--format", "json")
    found = json.loads(done.stdout)
    assert found["notes"] == ["the file has 7 classes; using --set classes=7"]
    assert found["difference"]["relative"] < 1e-5
    build(mean=0.25).save("a.keras")
    done = run("a.keras", "net.yaml", "--verify", "a.keras", "--accept", "normalize",
               "-o", "w.safetensors")  # fmt: skip
    assert done.exit_code == 2
    assert done.stderr.startswith(
        "error[AS519]: a.keras computes something else with these weights"
    )
    assert not Path("w.safetensors").exists()


@pytest.mark.full
def test_verify_on_images_of_the_size_of_the_file(run):
    build().save("a.keras")
    done = run("a.keras", "net.yaml", "--set", "input.size=[40, 48]", "--verify",
               "a.keras")  # fmt: skip
    assert done.exit_code == 2
    size = archspec.load("net.yaml").input_shape[1:]
    assert done.stderr == (
        f"error[AS519]: a.keras takes {size[0]}x{size[1]} images only\n"
        f"   help: --set input.size=[{size[0]},{size[1]}]\n"
    )


def test_one_command_to_another_framework(run):
    """The weights, and the module that loads them, with the classes of the file."""
    model = build(classes=7)
    model.save("a.keras")
    done = run("a.keras", "net.yaml", "--to", "torch", "-o", "w.pth", "--module",
               "net.py")  # fmt: skip
    assert done.exit_code == 0, done.stderr
    assert "wrote net.py\n" in done.stderr
    with_state = imported(Path("net.py").read_text()).Net().float().eval()
    with_state.load_state_dict(torch.load("w.pth", weights_only=True))
    image = np.random.default_rng(0).normal(0, 300, (2, 9, 12, 6)).astype("float32")
    ours = with_state(torch.from_numpy(np.moveaxis(image, -1, 1)))
    expected = keras.ops.convert_to_numpy(model(image))
    assert np.allclose(ours.detach(), expected, rtol=1e-4, atol=1e-4)
    done = run("a.keras", "net.yaml", "--to", "torch", "-o", "w.pth")
    assert done.exit_code == 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--to", "torch"], "--to needs -o"),
        (["--module", "net.py"], "--module needs --to"),
        (
            ["--accept", "paddings"],
            "unknown setting 'paddings'; did you mean 'padding'",
        ),
        (["--verify", "tv:resnet18"], "unknown original 'tv:resnet18'; expected torch"),
        (["--verify", "timm:a;b"], "'timm:a;b' has no plain name of a model"),
        (["--verify", "timm:a:b"], "'b' in 'timm:a:b' is not of the form name=value"),
        (["--to", "tf", "-o", "x"], "unknown target 'tf'; did you mean 'keras'?"),
    ],
)
def test_options_that_make_no_sense(run, options, message):
    build().save("a.keras")
    done = run("a.keras", "net.yaml", *options)
    assert done.exit_code == 2
    assert message in " ".join(done.stderr.replace("│", "").split())


TORCHVISION = """
import sys
if "torch" in sys.orig_argv:
    import torch
    for name in ("nms", "qnms"):
        try:
            torch.library.define(
                f"torchvision::{name}",
                "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
            )
        except RuntimeError:
            pass
"""
"""Operators that torchvision may not find in its process, either."""


@pytest.mark.full
def test_verify_runs_torchvision(run, torchvision, tmp_path, monkeypatch):
    """With the wrong variant outputs differ, and the right one is named."""
    (tmp_path / "sitecustomize.py").write_text(TORCHVISION)
    path = f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}"
    monkeypatch.setenv("PYTHONPATH", path)
    state = torchvision.models.squeezenet1_1(num_classes=3).float().state_dict()
    torch.save({"model": {f"net.{name}": x for name, x in state.items()}}, "s.ckpt")
    size = ("--set", "input.size=64")
    verify = ("--verify", "torchvision:squeezenet1_1")
    done = run("s.ckpt", "squeezenet_1_1", *size, *verify)
    assert "outputs are equal: they differ by at most" in done.stdout, done.stderr
    done = run(
        "s.ckpt", "squeezenet_1_1", *size, "--verify", "torchvision:squeezenet1_0"
    )
    assert done.stderr.startswith("error[AS519]: torchvision:squeezenet1_0 ")
