"""`import archspec`: its functions say what is wrong with what they are given."""

from __future__ import annotations

import re

import pytest

import archspec
from archspec.elaboration import elaborate as elaborated


def test_variants_of_a_loaded_spec():
    spec = archspec.load("mobilenetv2", ["0.5_160"])
    named = elaborated("mobilenetv2", ["0.5_160"])
    assert elaborated(spec).parameters == named.parameters
    for changes in (["1.0_128"], ()), ((), ["classes=10"]):
        with pytest.raises(TypeError, match=r"as it is loaded: archspec\.load$"):
            elaborated(spec, *changes)
        with pytest.raises(TypeError, match=r"as it is loaded: archspec\.load$"):
            archspec.generate(spec, "torch", *changes)


@pytest.mark.parametrize("changes", [("0.5_160",), ((), "classes=10")])
def test_a_text_is_no_list(changes):
    for function in archspec.load, elaborated:
        with pytest.raises(TypeError, match=r"expected a list of texts, such as \['"):
            function("mobilenetv2", *changes)


@pytest.mark.parametrize(
    ("target", "help"),
    [
        ("pytorch", "did you mean 'torch'?"),
        ("jax", "targets are torch, keras"),
        ("onnx", "the command 'archspec generate --target onnx' writes ONNX files"),
    ],
)
def test_an_unknown_target(target, help):
    message = re.escape(f"no source for the target '{target}': {help}")
    with pytest.raises(ValueError, match=f"^{message}$"):
        archspec.generate("mobilenetv2", target)


def test_a_join_has_no_attributes():
    (step,) = elaborated("googlenet").root.steps["inceptions"][0].inner.steps["views"]
    assert (step.op, step.attributes) == ("concat", {})
