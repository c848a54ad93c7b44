"""Files of weights that are spoilt: weights, or a WeightsError, and nothing is run."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from tally import CASES, each, tried
from test_fuzz_documents import check_told

pytest.importorskip("torch")
pytest.importorskip("h5py")
pytest.importorskip("safetensors")

from weights_files import Files, small

from archspec.errors import WeightsError
from archspec.network import Network
from archspec.weights import canonical
from archspec.weights import files as target_files
from archspec.weights.adoption import adopt
from archspec.weights.inspection import summary


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("weights")


@pytest.fixture(scope="module")
def files(folder) -> Files:
    return Files(small(folder))


def readings(path: Path, network: Network) -> dict[str, Any]:
    """What the commands read of a file of this name."""
    found: dict[str, Any] = {}
    if path.suffix == ".safetensors":
        found["inspect"] = lambda: summary(path)
    if path.name.startswith("canonical"):
        found["convert --to"] = lambda: canonical.read(path, network)
        return found
    found["adopt"] = lambda: adopt(network, path)
    if path.name.startswith("torch"):
        found["convert --from torch"] = lambda: target_files.read(
            path, network, "torch"
        )
    return found


def check_weights(network: Network, weights: Any) -> None:
    assert {
        name: array.shape for name, array in weights.items()
    } == network.weight_shapes
    for array in weights.values():
        assert array.dtype == np.float32
        assert np.isfinite(array).all()


def check_read(path: Path, network: Network) -> None:
    """Each reading gives weights that fit, a text that can be shown, or an error."""
    for kind, read in readings(path, network).items():
        found = tried(f"weights {kind}", read)
        if isinstance(found, WeightsError):
            check_told(found)
        elif kind in ("adopt", "inspect"):
            assert all(c.isprintable() or c == "\n" for c in str(found))
        if kind == "adopt" and not isinstance(found, WeightsError):
            check_weights(network, found.weights)
        elif kind.startswith("convert") and not isinstance(found, WeightsError):
            check_weights(network, found)


def test_right_files_are_read(files, folder):
    for name in files.formats:
        path = folder / name
        path.write_bytes(files.content(name))
        for read in readings(path, files.network).values():
            found = read()
            assert len(getattr(found, "weights", found)) >= 9


@pytest.mark.usefixtures("part")
def test_spoilt_files(files, folder):
    def check(case: tuple[str, bytes]) -> None:
        name, content = case
        path = folder / name
        path.write_bytes(content)
        check_read(path, files.network)

    def draw(random: Random) -> tuple[str, bytes]:
        return files.spoilt(random)

    each("weights", 4 * CASES, draw, check)
