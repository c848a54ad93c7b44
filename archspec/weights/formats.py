"""The files that weights come in: our own, and those of each target."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from archspec.errors import WeightsError, needed
from archspec.network import Network
from archspec.weights import canonical, keras_file, torch_file
from archspec.weights.checks import Arrays
from archspec.weights.output import replacing

Reader = Callable[[Path, Network], Arrays]
Writer = Callable[[Path, Network, Arrays, bool], None]


def write_onnx(
    path: Path, network: Network, weights: Arrays, force: bool = False
) -> None:
    """A model with these weights, batch norm folded; raises FrameworkMissing."""
    if path.suffix != ".onnx":
        raise WeightsError.single("AS511", f"{path} does not end in .onnx")
    content = needed("archspec.targets.onnx").file(network, weights)
    with replacing(path, force) as temporary:
        temporary.write_bytes(content)


READERS: Mapping[str | None, Reader] = {
    None: canonical.read,
    "torch": torch_file.read,
    "keras": keras_file.read,
}
"""By the name of the target; None is the canonical file."""

WRITERS: Mapping[str | None, Writer] = {
    None: canonical.write,
    "torch": torch_file.write,
    "keras": keras_file.write,
    "onnx": write_onnx,
}
