"""The weights of a network: arrays by their canonical names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from archspec.api.network import Network
from archspec.errors import WeightsError, one_of, optional_packages
from archspec.targets import TARGETS
from archspec.targets.templates import manifest
from archspec.weights import adoption, canonical, files
from archspec.weights.checks import Array, Arrays
from archspec.weights.fold import fold_weights
from archspec.weights.moves import to_target
from archspec.weights.output import refuse_existing

__all__ = [
    "AdoptedWeights",
    "Weights",
    "adopt",
    "inspect_weights",
    "read",
    "refuse_existing",
]


@dataclass(frozen=True, eq=False, repr=False)
class Weights(Mapping[str, Array]):
    """A network's weights by name, `stem.conv.weight`, as NumPy arrays in float32.

    Convolutions are (out, in, height, width), dense layers (out, in), in every target
    the same. `Network.init_weights`, `read_weights` and `adopt` give them.
    """

    network: Network
    arrays: Arrays
    note: str = ""
    """Which other spec they were made for, if the file says so."""

    def __getitem__(self, name: str) -> Array:
        return self.arrays[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.arrays)

    def __len__(self) -> int:
        return len(self.arrays)

    def __repr__(self) -> str:
        return f"<Weights of {self.network.name}: {self.size}>"

    @property
    def size(self) -> str:
        """For readers: 5 tensors, 1,234 numbers."""
        return f"{len(self)} tensors, {self.network.parameters:,} numbers"

    def to(self, target: str) -> dict[str, Array]:
        """The arrays by the names, and with the axes, of a target's variables.

        For PyTorch these are the keys of the state dict, for Keras the variables'
        paths. Raises InvalidArgument for a target without source.
        """
        one_of("target", target, TARGETS)
        return dict(to_target(self.network, manifest(target), self))

    def fold_batch_norm(self) -> Weights:
        """The weights of `Network.fold_batch_norm`; raises WeightsError (AS515)."""
        light = self.network.fold_batch_norm()
        return Weights(light, fold_weights(self.network, light, self.arrays))

    @optional_packages()
    def save(
        self, path: str | Path, target: str | None = None, *, force: bool = False
    ) -> None:
        """Write the canonical file, or what a target's generated module loads.

        PyTorch: .safetensors, .pth or .pt. Keras: .weights.h5. ONNX: .onnx, a model
        with the weights in it.

        Raises:
            InvalidArgument: there is no such target.
            FileRefused: there is a file already, and no `force`.
            WeightsError: the path has another suffix or cannot be written (AS511).
        """
        one_of("target", target, files.WRITTEN)
        files.write(Path(path), self.network, self.arrays, target, force)


@dataclass(frozen=True, eq=False, repr=False)
class AdoptedWeights(Weights):
    """Weights of a checkpoint; as a text, which layer has which of its tensors."""

    layers: str = ""

    def __str__(self) -> str:
        return self.layers


def read(network: Network, path: Path, source: str | None) -> Weights:
    """The weights in a file, with a note if it was made for another spec."""
    one_of("target", source, files.READ)
    note = "" if source else _note(path, network)
    try:
        return Weights(network, files.read(path, network, source), note)
    except WeightsError as error:
        if note:
            error.add_note(note)
        raise


def inspect_weights(path: str | Path) -> str:
    """What a safetensors file holds, for readers; raises WeightsError (AS511).

    For which spec it was made, and each tensor with its shape and range.
    """
    with optional_packages():
        return canonical.summary(Path(path))


def adopt(network: Network, path: Path, ignore: Sequence[str]) -> AdoptedWeights:
    """The weights in somebody else's checkpoint."""
    found = adoption.adopt(network, path, ignore)
    return AdoptedWeights(network, found.weights, layers=str(found))


def _note(path: Path, network: Network) -> str:
    found, own = canonical.metadata(path), canonical.origin(network)
    if found.get("archspec") != canonical.FORMAT or found == own:
        return ""
    was, now = (f"{of.get('spec')} {of.get('variant')}".strip() for of in (found, own))
    other = f"{was} with other settings" if was == now else was
    return f"these weights were made for {other}"
