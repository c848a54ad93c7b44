"""A network's weights in one safetensors file, named by the spec's paths.

Its metadata say which spec, variant and digest it was made for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from archspec.errors import WeightsError, needed
from archspec.network import Network
from archspec.weights.checks import Arrays, check
from archspec.weights.output import replacing

FORMAT = "weights 1"
"""What the metadata say under `archspec`."""

_OTHERS = "for other files, use archspec weights convert --from, or weights adopt"


def origin(network: Network) -> dict[str, str]:
    """What a file says of the network it was made for."""
    spec = network.spec
    return {
        "archspec": FORMAT,
        "spec": spec.stem,
        "variant": spec.variant or "",
        "digest": spec.digest,
    }


def write(path: Path, network: Network, weights: Arrays, force: bool = False) -> None:
    """Write canonical weights as float32; raises WeightsError, FileRefused."""
    check(weights, network.weight_shapes)
    arrays = {name: _single(weights[name]) for name in network.weight_shapes}
    check(arrays, network.weight_shapes)  # again: too large for float32 is infinite
    write_tensors(path, arrays, origin(network), force)


def write_tensors(
    path: Path, arrays: Arrays, said: Mapping[str, str], force: bool = False
) -> None:
    """Write a safetensors file, the same bytes for the same content."""
    data = safetensors().save(dict(arrays), dict(said))
    size = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:size])
    # What is said of the file comes in any order.
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":")).encode().ljust(size - 8)
    with replacing(path, force) as temporary:
        temporary.write_bytes(data[:8] + text + data[size:])


def read(path: Path, network: Network) -> Arrays:
    """Canonical weights that fit the network; raises WeightsError.

    Whether they were made for this very spec, `metadata` tells.
    """
    arrays = tensors(path)
    if metadata(path).get("archspec") != FORMAT:
        message = f"{path} is not a file of canonical weights"
        raise WeightsError.single("AS511", message, help=_OTHERS)
    check(arrays, network.weight_shapes)
    for name, array in arrays.items():
        if array.dtype != np.float32:
            message = f"'{name}' holds {array.dtype}, but canonical weights are float32"
            raise WeightsError.single("AS514", message)
    return arrays


def metadata(path: Path) -> Mapping[str, str]:
    """What a safetensors file says of itself; raises WeightsError (AS511)."""
    with _opened(path) as file:
        return file.metadata() or {}


def tensors(path: Path) -> Arrays:
    """All tensors of a safetensors file, in its order; raises WeightsError (AS511)."""
    with _opened(path) as file:
        return {name: _tensor(file, path, name) for name in file.keys()}  # noqa: SIM118


def _tensor(file: Any, path: Path, name: str) -> np.ndarray[Any, Any]:
    kind: str = file.get_slice(name).get_dtype()
    try:
        return file.get_tensor(name)
    except (TypeError, AttributeError):
        message = f"{path}: '{name}' holds {kind}, which is not supported"
        raise WeightsError.single("AS514", message) from None


def _opened(path: Path) -> Any:
    library = needed("safetensors")
    try:
        return library.safe_open(path, "numpy")
    except (OSError, library.SafetensorError) as error:
        message = f"cannot read {path}: {error}"
        help = "" if path.suffix == ".safetensors" else _OTHERS
        raise WeightsError.single("AS511", message, help=help) from None


def safetensors() -> Any:
    """The library; raises FrameworkMissing without it."""
    return needed("safetensors.numpy")


def _single(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(array, np.float32)
