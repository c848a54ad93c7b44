"""The files that weights come in: our own, and those of generated modules."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from archspec.network import Network
from archspec.weights import canonical, keras_file, torch_file
from archspec.weights.checks import Arrays
from archspec.weights.output import refuse_existing

__all__ = ["FORMATS", "refuse_existing"]


class Format(Protocol):
    """A kind of file that holds all weights of a network."""

    def read(self, path: Path, network: Network) -> Arrays:
        """Canonical weights; raises WeightsError."""
        ...

    def write(
        self, path: Path, network: Network, weights: Arrays, force: bool = False
    ) -> None:
        """Write canonical weights; raises WeightsError, FileRefused."""
        ...


FORMATS: Mapping[str | None, Format] = {
    None: canonical,
    "torch": torch_file,
    "keras": keras_file,
}
"""By the name of the target; None is the canonical file."""
