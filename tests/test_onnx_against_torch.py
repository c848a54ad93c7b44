"""Our ONNX models beside torch.onnx's of torchvision's networks, by the benchmark."""

from __future__ import annotations

import importlib

import numpy as np
import pytest

pytest.importorskip("onnxruntime")


@pytest.mark.full
@pytest.mark.parametrize(
    "name",
    [
        "mobilenet_v2",
        "resnet50",
        "mobilenet_v3_large",
        "shufflenet_v2_x1_0",
        "squeezenet1_1",
    ],
)
def test_the_same_outputs_from_no_more_nodes(monkeypatch, root, torchvision, name):
    monkeypatch.syspath_prepend(root / "benchmarks")
    benchmark = importlib.import_module("onnx_against_torch")
    importlib.import_module("torch").manual_seed(0)
    theirs = benchmark.exported(torchvision, name)
    ours = benchmark.written(name, theirs)
    assert len(ours.graph.node) <= len(theirs.graph.node)
    image = np.random.default_rng(0).normal(size=(1, 3, 224, 224)).astype(np.float32)
    sessions = map(benchmark.session, (ours, theirs))
    benchmark.check_equal(*sessions, image)
    rectifier = next(n for n in ours.graph.node if n.op_type in {"Relu", "Clip"})
    rectifier.op_type = "Identity"
    del rectifier.input[1:]
    altered, right = map(benchmark.session, (ours, theirs))
    with pytest.raises(ValueError, match=r"^the models do not compute the same$"):
        benchmark.check_equal(altered, right, image)
