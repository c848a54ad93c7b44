"""The weights of a network: arrays by their canonical names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archspec.api.network import Network
from archspec.errors import WeightsError, one_of, optional_packages, printable
from archspec.tables import Column, Table, counted
from archspec.targets import TARGETS
from archspec.targets.templates import manifest
from archspec.weights import adoption, canonical, files, inspection
from archspec.weights.checks import Array, Arrays, listed
from archspec.weights.fold import fold_weights
from archspec.weights.moves import to_target
from archspec.weights.output import refuse_existing

__all__ = [
    "AdoptedWeights",
    "Weights",
    "adopt",
    "check_writable",
    "inspect_document",
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
        numbers = counted(self.network.parameters, "number")
        return f"{counted(len(self), 'tensor')}, {numbers}"

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

        PyTorch: .safetensors, .pth or .pt. Keras: .weights.h5 or .safetensors. Flax:
        .safetensors or .orbax. ONNX: an .onnx model that includes the weights.

        Raises:
            InvalidArgument: the target is unknown.
            FileRefused: the file exists, and `force` is not set.
            WeightsError: the suffix is wrong or the file cannot be written (AS511).
        """
        one_of("target", target, files.WRITTEN)
        files.write(Path(path), self.network, self.arrays, target, force)


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class AdoptedWeights(Weights):
    """Weights of a checkpoint; `str()` lists the tensor of each layer.

    `network` has as many classes as the checkpoint. `notes` are texts about what was
    chosen, and what the checkpoint does not state.
    """

    found: adoption.Adoption
    difference: tuple[float, float] | None = None
    """From the outputs of `verify`: the largest, and that over the largest output."""

    @property
    def notes(self) -> tuple[str, ...]:
        return self.found.notes

    def __str__(self) -> str:
        rows = [
            (path, printable(n), listed(shape)) for path, n, shape in self.found.rows
        ]
        return Table([Column("", "text")] * 3, rows).to_text()

    @property
    def summary(self) -> str:
        """How many layers were matched, and what comparing outputs gave."""
        layers = counted(len(self.found.units), "layer")
        text = f"matched {layers}, {counted(self.network.parameters, 'number')}"
        if self.difference is None:
            return text
        absolute, relative = self.difference
        apart = f"by at most {absolute:.2g}, {relative:.2g} of the largest"
        return f"{text}\noutputs are equal: they differ {apart}"

    def document(self) -> dict[str, Any]:
        """Plain data, as in `weights adopt --format json`."""
        spec = self.network.spec
        apart = self.difference or (None, None)
        return {
            "spec": spec.stem,
            "variant": spec.variant,
            "classes": self.network.document.classes,
            "tensors": len(self),
            "numbers": self.network.parameters,
            "layers": [row._asdict() for row in self.found.rows],
            "notes": list(self.notes),
            "difference": dict(zip(("absolute", "relative"), apart, strict=True)),
        }


def check_writable(path: Path, target: str | None) -> None:
    """Raise InvalidArgument, WeightsError (AS511) for a file that cannot be written."""
    one_of("target", target, files.WRITTEN)
    files.check_suffix(path, target)


def read(network: Network, path: Path, source: str | None) -> Weights:
    """The weights in a file, with a note if it was written for another spec."""
    one_of("target", source, files.READ)
    note = "" if source else _note(path, network)
    try:
        return Weights(network, files.read(path, network, source), note)
    except WeightsError as error:
        if found := _with_own_classes(network, path, source):
            return found
        if note:
            error.add_note(note)
        raise


def _with_own_classes(
    network: Network, path: Path, source: str | None
) -> Weights | None:
    """The weights for as many classes as the file has, if that is all that differs."""
    if own := files.with_classes_of(path, network):
        note = adoption.classes_note(network, own)
        with suppress(WeightsError):
            return Weights(Network.of(own), files.read(path, own, source), note)
    return None


def inspect_weights(path: str | Path) -> str:
    """The metadata, and each tensor with its dtype, shape and range, of a weight file.

    Raises WeightsError (AS511) if it cannot be read.
    """
    with optional_packages():
        return inspection.summary(Path(path))


def inspect_document(path: str | Path) -> dict[str, Any]:
    """The same as plain data, as in `weights inspect --format json`."""
    with optional_packages():
        return inspection.document(Path(path))


def adopt(
    network: Network,
    path: Path,
    ignore: Sequence[str],
    *,
    key: str,
    accept: Sequence[str],
    qkv_by_head: bool,
    verify: str | None,
) -> AdoptedWeights:
    """The weights in a checkpoint of another library."""
    for setting in accept:
        one_of("setting", setting, adoption.SETTINGS)
    found = adoption.adopt(
        network,
        path,
        ignore,
        key=key,
        accept=accept,
        qkv_by_head=qkv_by_head,
        compared=verify is not None,
    )
    difference = None
    if verify is not None:
        from archspec.verification.originals import verify_original

        difference = verify_original(verify, found)
    return AdoptedWeights(
        Network.of(found.network), found.weights, found=found, difference=difference
    )


def _note(path: Path, network: Network) -> str:
    own = canonical.origin(network)
    try:
        found = canonical.metadata(path)
    except WeightsError:
        return ""
    if found.get("archspec") != canonical.FORMAT or found == own:
        return ""
    was, now = (f"{of.get('spec')} {of.get('variant')}".strip() for of in (found, own))
    other = f"{was} with other settings" if was == now else was
    return f"these weights were made for {other}"
