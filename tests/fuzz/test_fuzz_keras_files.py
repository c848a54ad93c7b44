"""Spoilt files for the generated Keras model itself, which runs in a process."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from random import Random
from typing import Any

import pytest
from tally import CASES, each, tried
from test_fuzz_documents import check_told
from test_fuzz_weights import check_weights

pytest.importorskip("keras")
pytest.importorskip("torch")

from weights_files import Files, small

from archspec.errors import WeightsError
from archspec.runtime.session import Session, installed
from archspec.weights import files as target_files
from archspec.weights import keras_file

pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def session():
    with Session(installed("keras")) as session:
        yield session


@pytest.mark.usefixtures("part")
def test_spoilt_files(session, tmp_path, monkeypatch):
    """`convert --from keras`: one process for all cases, which none may end."""
    monkeypatch.setattr(keras_file, "Session", lambda _: nullcontext(session))
    network = small(tmp_path)
    right = tmp_path / "right.weights.h5"
    files = Files(network)
    target_files.write(right, network, files.weights["canonical"], "keras")
    files.formats = {"keras.weights.h5": lambda _: right.read_bytes()}
    assert (
        target_files.read(right, network, "keras").keys()
        == network.weight_shapes.keys()
    )

    def check(case: tuple[str, bytes]) -> None:
        name, content = case
        path: Path = tmp_path / name
        path.write_bytes(content)

        def read() -> Any:
            return target_files.read(path, network, "keras")

        found = tried("weights convert --from keras", read, children=True)
        if isinstance(found, WeightsError):
            check_told(found)
        else:
            check_weights(network, found)

    def draw(random: Random) -> tuple[str, bytes]:
        return files.spoilt(random)

    each("keras files", CASES / 3, draw, check)
