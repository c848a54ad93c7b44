"""Processes that the tests of verification share: starting them takes seconds."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")
pytest.importorskip("keras")
pytest.importorskip("onnxruntime")

from archspec.verification import Verifier


@pytest.fixture(scope="session")
def verifier():
    """PyTorch and Keras, waiting for networks."""
    with Verifier(("torch", "keras")) as waiting:
        yield waiting
