"""Random networks are what their layers say, in every target, or refused.

FUZZ_NETWORKS=500 FUZZ_SEED=7 pytest tests/fuzz/test_fuzz_networks.py: other networks.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")
pytest.importorskip("keras")
pytest.importorskip("flax")
pytest.importorskip("onnxruntime")

from checks import WAYS, check
from documents import as_text
from exchange import doubles
from hypothesis import given, note
from hypothesis import strategies as st
from networks import Drawn, networks
from smaller import smallest
from tally import NETWORKS, TALLY
from tally import drawn as drawn_cases
from walking import Walk

from archspec.elaboration import elaborate
from archspec.errors import SpecError

pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")


@pytest.fixture(autouse=True, scope="module")
def float64() -> Iterator[None]:
    with doubles():
        yield


@pytest.mark.usefixtures("part")
def test_networks(tmp_path):
    @drawn_cases(NETWORKS)
    @given(drawn=networks(), way=st.sampled_from(WAYS), number=st.integers(0, 99))
    def one(drawn: Drawn, way: str, number: int) -> None:
        check_drawn(tmp_path / "net.yaml", drawn, way, number)

    one()


def check_drawn(path: Path, drawn: Drawn, way: str, number: int) -> None:
    try:
        check_document(path, drawn.document, way, number)
    except Exception as error:
        kind = kind_of(error)

        def fails(document: dict[str, Any]) -> bool:
            return fault_of(path, document, way, number) == kind

        least = as_text(smallest(drawn.document, fails, 60))
        note(f"{way} {number}\n{drawn.text}\nof which this is enough:\n{least}")
        raise
    TALLY["networks"] += 1


def check_document(path: Path, document: dict[str, Any], way: str, number: int) -> None:
    """The language takes it, reads it as `walking` does, and it is right."""
    path.write_text(as_text(document), encoding="utf-8")
    network = elaborate(path)
    assert [(x.op, x.output) for x in network.layers] == Walk(document).layers
    check(network, way, number)


def fault_of(path: Path, document: dict[str, Any], way: str, number: int) -> str | None:
    """What is wrong with a document that fits; None if nothing is."""
    try:
        assert Walk(document).layers
    except Exception:  # what is left need not be a document at all
        return None
    try:
        check_document(path, document, way, number)
    except Exception as error:
        return kind_of(error)
    return None


def kind_of(error: Exception) -> str:
    codes = [d.code for d in error.diagnostics] if isinstance(error, SpecError) else []
    return " ".join([type(error).__name__, *codes])
