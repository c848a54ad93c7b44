"""`archspec verify` on every spec of the project, in every target."""

from __future__ import annotations

from pathlib import Path

import pytest
from zoo import EVERY

from archspec.verification import Verifier

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))


@pytest.fixture(scope="module")
def every_target():
    with Verifier() as waiting:
        yield waiting


@pytest.mark.slow
@pytest.mark.parametrize("path", [*EVERY, *EXAMPLES], ids=lambda path: path.stem)
def test_spec(every_target, path):
    report = every_target.verify(path, train=True)
    faults = [comparison for comparison in report.comparisons if not comparison.ok]
    assert not faults
    counted = dict.fromkeys(("torch", "keras", "onnx"), report.network.parameters)
    assert report.parameters == counted
    precisions = {
        (*found.targets, found.precision)
        for found in report.comparisons
        if found.compared == "outputs"
    }
    assert precisions == {
        ("network", "torch", "float64"), ("network", "keras", "float64"),
        ("torch", "keras", "float64"), ("network", "torch", "float32"),
        ("network", "keras", "float32"), ("network", "onnx", "float32"),
        ("torch", "keras", "float32"), ("torch", "onnx", "float32"),
    }  # fmt: skip
    shapes = {found.input_shape for found in report.comparisons}
    assert len(shapes) == 2
    assert all(height != width for _, height, width in shapes)
