"""Files of models that are spoilt: a spec that checks, or an ImportFailed."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from tally import CASES, each, tried
from test_fuzz_documents import check_told

pytest.importorskip("torch")
pytest.importorskip("onnx")
pytest.importorskip("h5py")

from import_files import Files

import archspec
from archspec.errors import Diagnosed
from archspec.importing.models import Model
from archspec.importing.pipeline import Imported, Wish, import_source


@pytest.fixture(scope="module")
def files() -> Files:
    return Files()


def read(path: Path) -> Imported:
    return import_source(Model.of(str(path)), Wish())


def check_spec(found: Imported, folder: Path) -> None:
    """The spec says what the graph did, and its weights fit."""
    path = folder / "found.yaml"
    path.write_text(found.text)
    network = archspec.load(path)
    assert network.parameters == found.network.parameters
    shapes = {name: np.shape(array) for name, array in found.weights.items()}
    assert shapes == network.weight_shapes


def test_right_files_are_read(files, tmp_path):
    for name, content in files.right.items():
        path = tmp_path / name
        path.write_bytes(content)
        found = read(path)
        check_spec(found, tmp_path)
        assert found.network.parameters > 100


@pytest.mark.usefixtures("part")
def test_spoilt_files(files, tmp_path):
    def check(case: tuple[str, bytes]) -> None:
        name, content = case
        path = tmp_path / name
        path.write_bytes(content)
        found: Any = tried(f"import {path.suffix}", lambda: read(path))
        if isinstance(found, Diagnosed):
            check_told(found)
            codes = {diagnostic.code for diagnostic in found.diagnostics}
            assert codes <= {"AS701", "AS703"}, found
        else:
            check_spec(found, tmp_path)

    def draw(random: Random) -> tuple[str, bytes]:
        return files.spoilt(random)

    each("imports", CASES, draw, check)
