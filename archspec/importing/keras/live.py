"""A Keras model of this process."""

from __future__ import annotations

import sys
import tempfile
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from archspec.errors import ImportFailed
from archspec.importing.draft import identifier
from archspec.importing.exporting import Export
from archspec.importing.readers import READERS
from archspec.runtime.session import Session, installed


def is_model(given: object) -> bool:
    """Whether this is a model of Keras, which then is imported already."""
    keras: Any = sys.modules.get("keras")
    return keras is not None and isinstance(given, keras.Model)


@contextmanager
def export(model: Any, seconds: float) -> Generator[tuple[Export, Session]]:
    """What Keras writes of a model, and a process that can run it.

    Raises ImportFailed (AS701, AS702) and FrameworkMissing.
    """
    reader = READERS[".keras"]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, f"{identifier(model.name)}.keras")
        _save(model, file)
        module = Path(folder, "original.py")
        export = Export(reader.program(file), reader, module, file, file)
        with Session(installed("keras"), seconds) as session:
            yield export, session


def _save(model: Any, file: Path) -> None:
    try:
        plain = import_module("archspec.runtime.keras_calls").plain
        with warnings.catch_warnings(action="ignore"), plain(model) as whole:
            whole.save(file)  # which warns of functions that are not read
    except Exception as error:
        message = f"{type(model).__name__} cannot be exported"
        help = " ".join(f"{type(error).__name__}: {error}".split())
        raise ImportFailed.single("AS702", message, help=help) from error
