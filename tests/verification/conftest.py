"""Processes that the tests of verification share: starting them takes seconds."""

from __future__ import annotations

import copy

import pytest

pytest.importorskip("torch")
pytest.importorskip("keras")
pytest.importorskip("flax")
pytest.importorskip("onnxruntime")

from archspec.verification import Verifier


@pytest.fixture(scope="session")
def every_target():
    """PyTorch, Keras, Flax and onnxruntime, waiting for networks."""
    with Verifier() as waiting:
        yield waiting


@pytest.fixture(scope="session")
def verifier(every_target):
    """The same processes of PyTorch and Keras alone."""
    both = copy.copy(every_target)
    both.workers = [w for w in both.workers if w.framework in ("torch", "keras")]
    return both
