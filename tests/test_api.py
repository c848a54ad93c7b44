"""`import archspec`: what it offers, and what it says of wrong arguments."""

from __future__ import annotations

import inspect
import pickle
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import archspec
from archspec.elaboration import elaborate

SMALL = """
archspec: 1
name: Small
source: {title: "<script>alert(1)</script>", url: https://example.org}
input: {channels: 3, size: 8}
classes: 10
defaults: {conv: {padding: same, bias: false}, batch_norm: {epsilon: 1e-3, decay: 0.9}}
layers:
  stem: {conv_bn_act: {filters: 8, kernel: 3, activation: relu}}
  pool: global_avg_pool
  classifier: {dense: classes}
"""


@pytest.fixture(scope="module")
def net(tmp_path_factory) -> archspec.Network:
    path = tmp_path_factory.mktemp("specs") / "small.yaml"
    path.write_text(SMALL)
    return archspec.load(path)


# Names


def test_every_name_is_there_documented_and_completed():
    assert {*archspec.__all__, "__version__"} <= {*dir(archspec)}
    for name in archspec.__all__:
        assert inspect.getdoc(getattr(archspec, name)), name
    with pytest.raises(AttributeError, match="'archspec' has no attribute 'elaborate'"):
        archspec.elaborate  # noqa: B018


def test_what_methods_return_and_functions_raise_is_exported():
    homes = ("catalogue", "checking", "network", "specs", "weights")
    modules = [import_module(f"archspec.api.{home}") for home in homes]
    modules.append(import_module("archspec.errors"))
    for module in modules:
        for name, value in vars(module).items():
            is_class = inspect.isclass(value) and value.__module__ == module.__name__
            if is_class and not name.startswith("_"):
                assert getattr(archspec, name) is value


def test_importing_loads_neither_pydantic_nor_numpy():
    code = (
        "import sys, archspec; print({'pydantic', 'numpy', 'jinja2'} & {*sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\n"


# A network


def test_variants_and_changes():
    named = elaborate("mobilenetv2", ["0.5_160"], ["classes=10"])
    changed = archspec.load("mobilenetv2", variant="0.5_160", set={"classes": 10})
    assert changed.parameters == named.parameters == 719_034
    assert changed.macs == named.macs
    assert changed.flops == 2 * changed.macs
    several = archspec.load("mobilenetv2", variant=["keras", "0.5_160"])
    assert several.spec.variant == "keras+0.5_160"


@pytest.mark.parametrize(
    ("path", "value", "shape"),
    [
        ("input.size", 160, (3, 160, 160)),
        ("input.size", (160, 128), (3, 160, 128)),
        ("input.size", "[160, 128]", (3, 160, 128)),
        ("input", {"size": [160, 128]}, (3, 160, 128)),
        ("multipliers.resolution", 0.5, (3, 112, 112)),
        ("reported", None, (3, 224, 224)),
    ],
)
def test_values_of_python(path, value, shape):
    assert archspec.load("mobilenetv2", set={path: value}).input_shape == shape


def test_a_short_repr(net):
    assert repr(net) == "<Network small: 338 parameters, 13,904 MACs>"
    variant = archspec.load("mobilenetv2", variant="0.5_160")
    assert repr(variant).startswith("<Network mobilenetv2 0.5_160: 1,987,224 ")
    for value in (net.layers[0], net.spec, net.init_weights(), net.root):
        assert len(repr(value)) < 100
        assert "\n" not in repr(value)


def test_the_table(net):
    assert net.table().startswith("Small (")
    assert net.table("markdown").startswith("# Small (")
    assert net.table("csv").count("\n") == 1 + len(net.layers)
    assert net._repr_html_() == net.table("html")
    rows = net.table("markdown").count("\n| ") - 3  # the rules below three headers
    assert net.table("html").count("<tr>") == rows
    assert net.costs()["macs"] == net.macs


def test_html_is_escaped(net):
    html = net.table("html")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "<script" not in html


@pytest.mark.parametrize("target", archspec.source_targets())
def test_source_is_what_generate_writes(root, target):
    network = archspec.load("mobilenetv2")
    path = network.path(target)
    assert path == Path(target, "mobilenetv2.py")
    assert network.source(target) == (root / "generated" / path).read_text("utf-8")


def test_building(net):
    model = net.build("torch", num_classes=7)
    assert sum(p.numel() for p in model.parameters()) < net.parameters
    assert type(net.build("torch")) is type(model)
    found = pickle.loads(pickle.dumps(model))  # noqa: S301 - our own
    assert type(found) is type(model)
    assert inspect.getsource(type(model)) in net.source("torch")
    with pytest.raises(TypeError, match="unexpected keyword argument 'classes'"):
        net.build("torch", classes=7)


def test_a_framework_that_is_missing(net, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setattr(archspec.Network, "source", lambda self, target: "import torch")
    before = {*sys.modules}
    with pytest.raises(archspec.FrameworkMissing, match=r"pip install 'archspec-nn\["):
        net.build("torch")
    assert not {name for name in {*sys.modules} - before if "torch" in name}


# Weights


def test_weights_go_to_a_framework_and_back(net, tmp_path):
    weights = net.init_weights(seed=3)
    assert {name: array.shape for name, array in weights.items()} == net.weight_shapes
    assert str(weights) == repr(weights)
    path = tmp_path / "weights.safetensors"
    weights.save(path, "torch")
    found = net.read_weights(path, "torch")
    assert all((found[name] == weights[name]).all() for name in net.weight_shapes)
    state = net.build("torch").state_dict()
    assert weights.to("torch").keys() <= state.keys()
    with pytest.raises(archspec.FileRefused, match="exists"):
        weights.save(path)
    weights.save(path, force=True)
    assert net.read_weights(path).note == ""


def test_weights_of_another_spec_have_a_note(net, tmp_path):
    path = tmp_path / "weights.safetensors"
    net.init_weights().save(path)
    (tmp_path / "small.yaml").write_text(SMALL)
    other = archspec.load(tmp_path / "small.yaml", set={"name": "Other"})
    note = "these weights were made for small with other settings"
    assert other.read_weights(path).note == note
    with pytest.raises(archspec.WeightsError) as caught:
        archspec.load("mobilenetv2").read_weights(path)
    assert caught.value.__notes__ == ["these weights were made for small"]


def test_weights_are_adopted(net, tmp_path):
    path = tmp_path / "theirs.safetensors"
    weights = net.init_weights()
    weights.save(path, "torch")
    found = net.adopt(path)
    assert all((found[name] == weights[name]).all() for name in net.weight_shapes)
    assert [line.split()[0] for line in str(found).splitlines()] == [
        layer.path for layer in net.layers if layer.weights
    ]


def test_folded_weights_are_those_of_the_folded_network():
    net = archspec.load("mobilenetv2", variant="0.35_96")
    folded = net.init_weights().fold_batch_norm()
    shapes = {name: array.shape for name, array in folded.items()}
    assert shapes == net.fold_batch_norm().weight_shapes
    assert "_folded" in str(folded.network.path("torch"))


def test_onnx(net):
    weights = net.init_weights(seed=1)
    assert net.onnx(weights) == net.onnx(seed=1) != net.onnx()
    with pytest.raises(archspec.WeightsError, match="AS512"):
        archspec.load("mobilenetv2", variant="0.35_96").onnx(weights)


# Verification and checks


def test_verify(net):
    report = net.verify(["torch"])
    assert report.ok
    assert repr(report) == "<Report of Small: equal>"
    assert str(report).startswith("small: equal\n")


def test_check(tmp_path):
    assert archspec.check("mobilenetv2", variant="0.5_160") == []
    path = tmp_path / "net.yaml"
    path.write_text(SMALL.replace("filters: 8", "filtres: 8"))
    found = archspec.check(path)
    assert [type(one) for one in found] == [archspec.Diagnostic]
    assert (found.errors, found.warnings) == (1, 0)
    assert str(found).startswith(
        "error[AS204]: unknown attribute 'filtres' of conv_bn_act\n"
    )


# Wrong arguments


def loaded(**options):
    return lambda net: archspec.load("mobilenetv2", **options)


WRONG = {
    "a target": (
        lambda net: net.source("pytorch"),
        archspec.InvalidArgument,
        "unknown target 'pytorch'; did you mean 'torch'? expected one of: torch, keras",
    ),
    "onnx": (
        lambda net: net.source("onnx"),
        archspec.InvalidArgument,
        "ONNX has no source code; Network.onnx() returns a model",
    ),
    "a target to check": (
        lambda net: archspec.check("mobilenetv2", targets=["kears"]),
        archspec.InvalidArgument,
        "unknown target 'kears'; did you mean 'keras'? expected one of: torch, keras",
    ),
    "a target to save for": (
        lambda net: net.init_weights().save("x", "jaxx"),
        archspec.InvalidArgument,
        "unknown target 'jaxx'; expected one of: torch, keras, ",
    ),
    "a target to read from": (
        lambda net: net.read_weights("x", "onnx"),
        archspec.InvalidArgument,
        "unknown target 'onnx'; ",
    ),
    "a target to verify": (
        lambda net: net.verify(["pytorch"]),
        archspec.VerifyError,
        "there is no target 'pytorch'",
    ),
    "targets as a text": (
        lambda net: net.verify("torch"),
        TypeError,
        "'targets' must be a list of names, not 'torch'",
    ),
    "a format": (
        lambda net: net.table("md"),
        archspec.InvalidArgument,
        "unknown format 'md'; expected one of: text, markdown, csv, html",
    ),
    "a network": (
        archspec.load,
        TypeError,
        "'spec' must be a path or the name of a bundled spec, not <Network ",
    ),
    "a number as a variant": (
        loaded(variant=0.5),
        TypeError,
        "'variant' must be a name or a list of names, not 0.5",
    ),
    "a variant": (loaded(variant="0.5_161"), archspec.SpecError, "'0.5_160'?"),
    "a letter of a variant": (
        loaded(variant=["0"]),
        archspec.SpecError,
        "unknown variant '0'",
    ),
    "a text to set": (
        loaded(set="classes=10"),
        TypeError,
        "'set' must be a mapping such as {'classes': 10}, not 'classes=10'",
    ),
    "a path to set": (loaded(set={"clases": 1}), archspec.SpecError, "'classes'?"),
    "an inner path to set": (
        loaded(set={"layers.stem.conv_bn_act.filtrs": 1}),
        archspec.SpecError,
        "did you mean 'filters'?",
    ),
    "an object to set": (
        loaded(set={"classes": {1}}),
        TypeError,
        "cannot write the value of 'classes' as YAML: {1}",
    ),
    "a code": (
        lambda net: archspec.explain("AS999"),
        archspec.InvalidArgument,
        "there is no code 'AS999': ",
    ),
    "a block": (
        lambda net: archspec.block_source("conv_bn_akt"),
        archspec.SpecError,
        "did you mean 'conv_bn_act'?",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_arguments(net, name):
    call, kind, message = WRONG[name]
    with pytest.raises(kind, match=re.escape(message)):
        call(net)


def test_a_join_has_no_attributes():
    (step,) = elaborate("googlenet").root.steps["inceptions"][0].inner.steps["views"]
    assert (step.op, step.attributes) == ("concat", {})
