"""The user's own function that a search asks how good a network is."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from archspec.api.specs import load
from archspec.errors import InvalidArgument
from archspec.reading import Source
from archspec.reading.nodes import values
from archspec.reading.reader import read

Function = Callable[[Path, dict[str, Any]], float]
"""Of the path of a generated module, and of the values by paths that it has."""


def name_of(function: str | Function) -> str:
    """The name of a function, which `FILE:FUNCTION` ends with."""
    if isinstance(function, str):
        return function.rpartition(":")[2]
    return function.__name__


@dataclass(frozen=True)
class Objective:
    """A function and the networks that it is asked of; it can be pickled."""

    function: str | Function
    source: Source
    variants: Sequence[str]
    overrides: Sequence[str]
    target: str

    def __call__(self, assignment: Mapping[str, str]) -> float:
        """What the function returns for the network with these values.

        Whatever it raises is raised, with a note of the values.
        """
        changes = [f"{path}={value}" for path, value in assignment.items()]
        network = load(
            self.source, variant=self.variants, set=[*self.overrides, *changes]
        )
        given = {path: values(read(text, path)) for path, text in assignment.items()}
        with TemporaryDirectory() as folder:
            module = Path(folder, network.path(self.target).name)
            module.write_text(network.source(self.target), encoding="utf-8")
            try:
                return float(self._callable(module, given))
            except Exception as error:
                error.add_note(f"raised for the variant {given}")
                raise

    @property
    def _callable(self) -> Function:
        return self.function if callable(self.function) else loaded(self.function)


@lru_cache(maxsize=1)
def loaded(function: str) -> Function:
    """The function `FILE:FUNCTION`, of a file that is run for it.

    Raises InvalidArgument if there is none.
    """
    file, _, name = function.rpartition(":")
    path = Path(file)
    found = spec_from_file_location(path.stem, path)
    if not path.is_file() or found is None or found.loader is None:
        message = f"there is no Python file '{file}' with the objective"
        raise InvalidArgument(f"{message}; write FILE:FUNCTION, such as train.py:score")
    module = module_from_spec(found)
    sys.path.insert(0, str(path.resolve().parent))  # as for a script
    found.loader.exec_module(module)
    known: Any = getattr(module, name, None)
    if not callable(known):
        raise InvalidArgument(f"'{file}' has no function '{name}'")
    return cast("Function", known)
