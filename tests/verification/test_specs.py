"""`archspec verify` on every spec of the project, in every target."""

from __future__ import annotations

import pytest
from zoo import ALIKE, EVERY, EXAMPLES, SMALLER, label

from archspec.elaboration import elaborate
from archspec.errors import VerifyError
from archspec.targets import render
from archspec.verification import Verifier
from archspec.verification.input_sizes import sized

ALWAYS = (
    "squeezenet_1_1", "digits", "tiny_unet", "separable_convolution",
    "standard_convolution",
)  # fmt: skip


@pytest.mark.recorded
@pytest.mark.parametrize("path", [*EVERY, *EXAMPLES], ids=label)
def test_spec(every_target, unverified, path):
    if path.stem not in ALWAYS:
        unverified(label(path), sized(elaborate(path)))
    trained = path.stem not in ALIKE
    report = every_target.verify(elaborate(path), train=trained)
    faults = [comparison for comparison in report.comparisons if not comparison.ok]
    assert not faults
    counted = dict.fromkeys(
        ("torch", "keras", "nnx", "onnx"), report.network.parameters
    )
    assert report.parameters == counted
    precisions = {
        (*found.targets, found.precision)
        for found in report.comparisons
        if found.compared == "outputs"
    }
    assert precisions == {
        *(("network", name, "float64") for name in ("torch", "keras", "nnx")),
        *(("torch", name, "float64") for name in ("keras", "nnx")),
        *(("network", name, "float32") for name in ("torch", "keras", "nnx", "onnx")),
        *(("torch", name, "float32") for name in ("keras", "nnx", "onnx")),
    }  # fmt: skip
    compared = {found.compared for found in report.comparisons}
    step = {"gradients", "weights after a step"}
    has_norm = any(layer.op == "batch_norm" for layer in report.network.layers)
    step |= {"moving statistics"} if has_norm else set()
    if any(getattr(layer.primitive, "rate", 0) for layer in report.network.layers):
        step |= {"dropout"}
    assert compared == {
        "outputs",
        *(["outputs, batch norm folded"] if has_norm else []),
        *(step if trained else ()),
    }
    shapes = {found.input_shape for found in report.comparisons}
    if path.stem in SMALLER:
        assert shapes == {report.network.image}
        return
    assert len(shapes) == 2
    assert all(height != width for _, height, width in shapes)


@pytest.mark.full
def test_keras_on_other_backends():
    """In single precision, beside PyTorch."""
    targets = ("torch", "keras:jax", "keras:torch")
    with Verifier(targets) as verifier:
        report = verifier.verify(elaborate("tutorials/separable_convolution"))
    assert report.ok
    assert report.parameters == dict.fromkeys(targets, report.network.parameters)
    pairs = {(*found.targets, found.precision) for found in report.comparisons}
    assert pairs == {
        ("network", "torch", "float64"), ("network", "torch", "float32"),
        ("network", "keras:jax", "float32"), ("network", "keras:torch", "float32"),
        ("torch", "keras:jax", "float32"), ("torch", "keras:torch", "float32"),
    }  # fmt: skip


def test_a_process_that_died_is_started_again():
    dying = iter([True])

    def printer(network, target):
        return (
            "import os; os._exit(1)" if next(dying, False) else render(network, target)
        )

    with Verifier(("torch",), printer=printer) as verifier:
        spec = elaborate("tutorials/standard_convolution")
        with pytest.raises(VerifyError, match="AS603"):
            verifier.verify(spec)
        assert verifier.verify(spec).ok
