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
    """A network's weights as NumPy arrays by canonical name, `stem.conv.weight`.

    Kernels are (out, in, height, width) and dense weights (out, in) for every target.
    Returned by `Network.init_weights`, `read_weights` and `adopt`.
    """

    network: Network
    arrays: Arrays
    note: str = ""
    """Names the other spec that the file was written for, if any."""

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
        """Such as `5 tensors, 1,234 numbers`."""
        return f"{len(self)} tensors, {self.network.parameters:,} numbers"

    def to(self, target: str) -> dict[str, Array]:
        """The arrays with the names and axes of a target's variables.

        The names are keys of the state dict in PyTorch, paths of variables in Keras.
        Raises InvalidArgument for unknown targets.
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
        """Write the canonical file, or the file that a target's generated module loads.

        PyTorch: .safetensors, .pth or .pt. Keras: .weights.h5. ONNX: an .onnx model
        that includes the weights.

        Raises:
            InvalidArgument: the target is unknown.
            FileRefused: the file exists, and `force` is not set.
            WeightsError: the suffix is wrong or the file cannot be written (AS511).
        """
        one_of("target", target, files.WRITTEN)
        files.write(Path(path), self.network, self.arrays, target, force)


@dataclass(frozen=True, eq=False, repr=False)
class AdoptedWeights(Weights):
    """Weights of a checkpoint; `str()` lists the tensor of each layer."""

    layers: str = ""

    def __str__(self) -> str:
        return self.layers


def read(network: Network, path: Path, source: str | None) -> Weights:
    """The weights in a file, with a note if it was written for another spec."""
    one_of("target", source, files.READ)
    note = "" if source else _note(path, network)
    try:
        return Weights(network, files.read(path, network, source), note)
    except WeightsError as error:
        if note:
            error.add_note(note)
        raise


def inspect_weights(path: str | Path) -> str:
    """The spec, and each tensor with its shape and range, of a safetensors file.

    Raises WeightsError (AS511) if it cannot be read.
    """
    with optional_packages():
        return canonical.summary(Path(path))


def adopt(network: Network, path: Path, ignore: Sequence[str]) -> AdoptedWeights:
    """The weights in a checkpoint of another library."""
    found = adoption.adopt(network, path, ignore)
    return AdoptedWeights(network, found.weights, layers=str(found))


def _note(path: Path, network: Network) -> str:
    found, own = canonical.metadata(path), canonical.origin(network)
    if found.get("archspec") != canonical.FORMAT or found == own:
        return ""
    was, now = (f"{of.get('spec')} {of.get('variant')}".strip() for of in (found, own))
    other = f"{was} with other settings" if was == now else was
    return f"these weights were made for {other}"
