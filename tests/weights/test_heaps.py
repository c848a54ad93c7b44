"""A damaged heap of HDF5, in which its library would go round for ever."""

from __future__ import annotations

import pytest

from archspec.errors import WeightsError

h5py = pytest.importorskip("h5py")

from archspec.weights.checkpoints import hdf5  # noqa: E402


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "texts.h5"
    with h5py.File(path, "w") as root:
        root.attrs["name"] = "a text of any length"
    return path


def test_a_right_one_is_read(file):
    with hdf5.opened(file, file) as root:
        assert root.attrs["name"] == "a text of any length"


@pytest.mark.parametrize("size", [0, 2**64 - 16])
def test_a_size_that_leads_nowhere(file, size):
    content = bytearray(file.read_bytes())
    first = content.index(b"GCOL") + 16
    content[first : first + 2] = bytes(2)
    content[first + 8 : first + 16] = size.to_bytes(8, "little")
    file.write_bytes(content)
    with (
        pytest.raises(WeightsError, match="its string heap is corrupted"),
        hdf5.opened(file, file),
    ):
        pass


def test_an_empty_file(tmp_path):
    path = tmp_path / "empty.h5"
    path.touch()
    with pytest.raises(WeightsError, match="AS511"), hdf5.opened(path, path):
        pass
