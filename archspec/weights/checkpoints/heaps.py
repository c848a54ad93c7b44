"""HDF5's string heaps: a corrupted one makes the library loop for ever.

It steps from object to object by their sizes, and a size of 0 is no step. The
layout is in the HDF5 File Format Specification, section III.E.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from archspec.weights.checkpoints.units import unreadable

_HEAP = re.compile(rb"GCOL\x01\0\0\0")
_HEADER = 16
_LARGEST = 2**32
"""Bytes of one object; a size near 2**64 would lead back to where it stands."""

Content = mmap.mmap | memoryview


def check_heaps(path: Path, file: Path | BytesIO) -> None:
    """Raise WeightsError (AS511) for a file in which HDF5 would never end."""
    if isinstance(file, BytesIO):
        _check(path, file.getbuffer())
    elif file.stat().st_size:
        with (
            file.open("rb") as stored,
            mmap.mmap(stored.fileno(), 0, access=mmap.ACCESS_READ) as content,
        ):
            _check(path, content)


def _check(path: Path, content: Content) -> None:
    for heap in _HEAP.finditer(content):
        if not all(0 < size < _LARGEST for size in _sizes(content, heap.start())):
            raise unreadable(path, "its string heap is corrupted")


def _sizes(content: Content, heap: int) -> Iterator[int]:
    """The size of each object of a heap, and of the free space at its end."""
    end = min(len(content), heap + _number(content, heap + 8, 8))
    at = heap + _HEADER
    while at + _HEADER <= end:
        size = _number(content, at + 8, 8)
        is_object = _number(content, at, 2) > 0
        taken = _HEADER + (size + 7) // 8 * 8 if is_object else size
        yield taken
        at += taken


def _number(content: Content, at: int, width: int) -> int:
    return int.from_bytes(bytes(content[at : at + width]), "little")
