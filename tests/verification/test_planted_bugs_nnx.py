"""Planted bugs in Flax NNX files are found at their layer and line, too."""

from __future__ import annotations

import pytest

pytest.importorskip("flax")

from test_planted_bugs import Bug, pointed_at, with_bug

from archspec.verification import Verifier

ADDED = "return x + y if self.has_residual else y"
BUGS = {
    "relu for relu6": Bug("nnx", "nnx.relu6(x)", "nnx.relu(x)", "stem.act", "relu("),
    "epsilon": Bug("nnx", "epsilon=1e-3", "epsilon=1e-5", "stem.norm", "BatchNorm("),
    "missing bias": Bug(
        "nnx", ", 16, rngs", ", 16, use_bias=False, rngs", "hidden", "use_bias"
    ),
    "dropped residual": Bug("nnx", ADDED, "return y", "blocks.1.residual", "return y"),
    "an axis too many": Bug(
        "nnx", "keepdims=True)", "keepdims=True)[..., None]", "blocks.0.se.reduce", "y"
    ),
    "an unknown name": Bug(
        "nnx", "in_channels * 2", "in_channels * undefined", "blocks.0.expand.conv", "*"
    ),
}


@pytest.fixture(scope="module")
def verifier():
    with Verifier(("nnx",)) as waiting:
        yield waiting


@pytest.mark.parametrize("name", BUGS)
def test_a_bug_is_caught_where_it_is(verifier, name):
    bug = BUGS[name]
    report = with_bug(verifier, bug)
    first = next(c for c in report.comparisons if not c.ok).first_difference
    assert first.layer == bug.layer
    assert first.at_fault == ("nnx",)
    assert bug.line in pointed_at(first.lines["nnx"], bug)
