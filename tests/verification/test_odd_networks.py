"""What is unusual about a network is no difference; what is returned is compared."""

from __future__ import annotations

import copy
import re

import numpy as np
import pytest

from archspec.elaboration import elaborate
from archspec.targets import render
from archspec.targets.onnx.graph import Site

HEAD = """
archspec: 1
name: Net
input: {channels: 3, size: 40}
classes: 4
defaults:
  conv: {padding: same, bias: false}
  batch_norm: {epsilon: 1e-3, decay: 0.9}
"""
NETWORKS = {
    "several inputs, of which one is an output": """
inputs:
  self: {channels: 2, size: [24, 40]}
  x: {channels: 1, size: [12, 20]}
  input: {channels: 1, size: [12, 20]}
blocks:
  join:
    arguments: {filters: int, name: tensor}
    layers: {a: {concat: {own: {}, name: {from: name}}}, b: {conv: filters}}
layers:
  down: {conv: {filters: 4, kernel: 3, stride: 2}}
  norm: batch_norm
  both: {join: {filters: 3, name: x}}
  sum: {multiply: {both: {}, other: {from: input}}}
outputs: {sum: sum, x: both, left: self}
""",
    "no weights": "layers: {act: {activation: tanh}, pool: global_avg_pool}",
    "nothing but dropout": "layers: {none: identity, drop: {dropout: 0.5}}",
    "the image and twice one layer": """
layers: {a: {conv: 4}, b: {conv: 2}}
outputs: {image: input, x: b, y: b, z: a}
""",
    "a softmax, then dropout": """
layers:
  pool: global_avg_pool
  fc: {dense: classes}
  probabilities: {activation: softmax}
  drop: {dropout: 0.5}
""",
    "resize, then batch norm": """
layers: {a: {conv: 4}, rs: {resize: {size: [50, 70], mode: bilinear}}, bn: batch_norm}
""",
    "a convolution behind a sum, with cells on two sides": """
layers: {sum: {add: {a: {}, b: {c: {conv: 3}}}}, it: {conv: {padding: [1, 0, 1, 0]}}}
""",
    "norms that lack a scale or a shift": """
layers:
  a: {conv: 4}
  b: {group_norm: {groups: 2, epsilon: 1e-3, scale: false}}
  c: {conv: 4}
  d: {group_norm: {groups: 2, epsilon: 1e-3, shift: false}}
  e: {conv: 4}
  f: {batch_norm: {scale: false}}
  g: {conv: 4}
  h: {layer_norm: {epsilon: 1e-3, scale: false}}
outputs: {b: b, d: d, f: f, h: h}
""",
    "a cropped transposed convolution": """
layers:
  up: {transposed_conv: {filters: 4, kernel: 3, stride: 1, padding: symmetric}}
  last: {conv: 3}
""",
}
ILL = """
  a: {conv: {filters: 2, kernel: 3, stride: 2}}
  norms: {norm_conv: 2, repeat: 6}
  pool: global_avg_pool
blocks:
  norm_conv:
    summary: Two numbers less their mean, over their deviation, are always 1 and -1.
    arguments: {filters: int}
    layers: {norm: {layer_norm: {epsilon: 1e-7}}, conv: {conv: filters}}
"""
TWO = """
layers: {a: {conv: 4}, b: {conv: 2}}
outputs: {p: a, q: b}
"""
RETURNED = {
    "one too few": ('"q": ', '"p": ', "torch returns 'p', not 'p', 'q'"),
    "another name": ('"q": ', '"Q": ', "torch returns 'Q', 'p', not 'p', 'q'"),
    "no names": ('return {"p": a, "q": b}', "return b", "torch returns one tensor, "),
}


@pytest.fixture
def verify(tmp_path, verifier):
    def run(text: str, change=None, **more):
        path = tmp_path / "net.yaml"
        lines = HEAD.splitlines(keepends=True)
        if "inputs:" in text:
            lines = [line for line in lines if not line.startswith("input:")]
        path.write_text("".join(lines) + text)

        def changed(network, target: str) -> str:
            text = render(network, target)
            return change(text) if change and target == "torch" else text

        verifier.printer = changed
        try:
            return verifier.verify(elaborate(path), **more)
        finally:
            verifier.printer = render

    return run


@pytest.mark.parametrize("name", NETWORKS)
def test_no_difference(verify, name):
    report = verify(NETWORKS[name], train=True)
    assert [found for found in report.comparisons if not found.ok] == []
    assert set(report.parameters.values()) == {report.network.parameters}


def test_what_roundings_change_is_not_judged(verify):
    report = verify(f"layers:{ILL}", train=True)
    wrong = [found.compared for found in report.comparisons if not found.ok]
    assert {*wrong} <= {"outputs"}  # in single precision
    unsure = [found for found in report.comparisons if found.not_judged]
    assert unsure[0].compared == "gradients"
    assert re.fullmatch(
        r"\S+ and \d+ more; with weights perturbed by 4 units in the last place, "
        r"PyTorch differs from itself by \de-\d\d",
        unsure[0].not_judged,
    )


def test_what_roundings_do_not_explain_is_a_difference(verify):
    def change(text: str) -> str:
        assert "x = self.a(x)" in text
        twice = "x = self.a(x)\n        x = x + (x - x.detach())"
        return text.replace("x = self.a(x)", twice)

    report = verify(f"layers:{ILL}", change, train=True)
    assert "gradients" in {f.compared for f in report.comparisons if not f.ok}


@pytest.mark.parametrize("name", RETURNED)
def test_what_is_returned_counts(verify, name):
    right, wrong, fault = RETURNED[name]

    def change(text: str) -> str:
        assert right in text
        return text.replace(right, wrong)

    report = verify(TWO, change)
    assert not report.ok
    assert report.comparisons[0].fault.startswith(fault)


def test_outputs_swapped(verify):
    """Every layer is right, and what is returned is not."""
    spec = "layers: {a: {conv: 4}, b: {conv: 4}}\noutputs: {p: a, q: b}"

    def change(text: str) -> str:
        return text.replace('"p"', '"_"').replace('"q"', '"p"').replace('"_"', '"q"')

    first = verify(spec, change).comparisons[0]
    assert first.first_difference.layer == "a"
    assert first.first_difference.at_fault == ("torch",)


def test_weights_stored_twice_are_named(every_target, monkeypatch, tmp_path):
    def stored(site: Site, name: str, array: np.ndarray) -> str:
        return site.graph.tensor(f"{site.layer.path}.{name}", array)

    only = copy.copy(every_target)
    only.workers = [w for w in only.workers if w.framework == "onnx"]
    monkeypatch.setattr(Site, "stored", stored)
    path = tmp_path / "net.yaml"
    path.write_text(HEAD + "layers: {a: {conv: 3}, b: {again: a}}")
    report = only.verify(elaborate(path))
    assert not report.ok
    assert report.surplus == ("b.weight",)
    parameters = str(report).splitlines()[1]
    assert parameters == "  9 parameters, but 18 in onnx; onnx also stores b.weight"


def test_a_missing_gradient(verify):
    def change(text: str) -> str:
        assert "x = self.a(x)" in text
        return text.replace("x = self.a(x)", "x = self.a(x).detach()")

    report = verify("layers: {a: {conv: 4}, b: {conv: 2}}", change, train=True)
    wrong = [found for found in report.comparisons if not found.ok]
    assert {found.compared for found in wrong} == {"gradients"}
    fault = "in a gradient: weight 'a.weight' (4, 3, 1, 1) is missing"
    assert wrong[0].fault == fault
