"""The common form of every checkpoint format: the weights of each layer, in order."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from archspec.errors import Diagnostic, WeightsError, did_you_mean
from archspec.ops import Shape
from archspec.targets.templates import manifest

_PAIRS = {
    "global_response_norm": ("gamma", "beta"),
    "scalar_affine": ("scale", "bias"),
}
"""What others call the two weights of these ops."""
_FUSED = "in_proj_"
"""What the weights of queries, keys and values begin with that are no module's."""
_AROUND = {"module"}, {"params", "batch_stats"}
FLOATING = {"float16", "bfloat16", "float32", "float64"}


Settings = Mapping[str, Any]
"""Attributes of a layer as specs call them."""


class Tensor(NamedTuple):
    """A tensor of a file; its numbers are read when they are asked for, as float32.

    `values` raises WeightsError (AS514) about other numbers than floating-point ones.
    """

    name: str
    shape: Shape
    dtype: str
    values: Callable[[], np.ndarray[Any, Any]]


class Affine(NamedTuple):
    """x * scale + offset, each of them one number or one per channel."""

    scale: tuple[float, ...] = (1.0,)
    offset: tuple[float, ...] = (0.0,)

    @classmethod
    def of(cls, scale: Any, offset: Any) -> Affine:
        """From numbers, lists or arrays; raises ValueError for a scale of 0."""
        pairs = np.broadcast_arrays(np.ravel(scale), np.ravel(offset))
        found = cls(*(tuple(map(float, numbers)) for numbers in pairs))
        if not all(found.scale):
            raise ValueError("the input is multiplied by 0")
        return found

    @classmethod
    def normalization(cls, mean: Any, std: Any) -> Affine:
        """(x - mean) / std; raises ValueError if they do not fit each other."""
        scale = 1 / np.ravel(std)
        return cls.of(scale, -np.ravel(mean) * scale)

    def after(self, first: Affine) -> Affine:
        """What both do, one after the other; raises ValueError if they do not fit."""
        scale, offset = map(np.asarray, self)
        return self.of(scale * first.scale, scale * first.offset + offset)

    def equals(self, other: Affine) -> bool:
        """Whether they are equal up to single precision."""
        pairs = zip(self, other, strict=True)
        sizes = {len(self.scale), len(other.scale)} - {1}
        return len(sizes) < 2 and all(np.allclose(a, b, 1e-5, 1e-6) for a, b in pairs)

    @property
    def inverse(self) -> Affine:
        """What undoes it."""
        mean, std = self.statistics
        return self.of(std, mean)

    @property
    def statistics(self) -> tuple[list[float], list[float]]:
        """The mean and the standard deviation that it takes for those of the input."""
        scale, offset = map(np.asarray, self)
        return list(map(float, -offset / scale)), list(map(float, 1 / scale))


class Unit(NamedTuple):
    """The weights of one layer, by their names in its framework.

    The order of the file is meaningful within one `chain`. `module` is the module that
    contains it, where the file records that by more than names.
    """

    name: str
    tensors: Mapping[str, Tensor]
    chain: str = ""
    module: str = ""
    settings: Settings = MappingProxyType({})
    """What the file states of the layer: epsilon, padding, the activation after it."""

    @property
    def shapes(self) -> dict[str, Shape]:
        """The shape of each weight."""
        return {name: tensor.shape for name, tensor in self.tensors.items()}


class Checkpoint(NamedTuple):
    """The units of a file, in its order; `ordered` if this order is meaningful."""

    target: str
    units: tuple[Unit, ...]
    ordered: bool = True
    entry: str = ""
    """The entry of the file that holds them, by its path."""
    others: tuple[str, ...] = ()
    """Other entries that hold weights."""
    constants: tuple[Affine, ...] = ()
    """Of each Normalization layer among the weights."""
    scaling: Affine | None = None
    """What is done to the input first, if the file states it."""

    @property
    def is_nested(self) -> bool:
        """Whether names are paths of modules, as where a block is a class."""
        return manifest(self.target)["classes"]

    def arrays(self) -> dict[str, np.ndarray[Any, Any]]:
        """All tensors by their names; raises WeightsError (AS511, AS514)."""
        return {
            tensor.name: tensor.values()
            for unit in self.units
            for tensor in unit.tensors.values()
        }


def by_module(tensors: Iterable[Tensor], target: str) -> Checkpoint:
    """Tensors by the modules in their names; one without a module is a unit itself.

    `gamma` and `beta` are those of a norm, as in ConvNeXt V2's own code, `scale` and
    `bias` one number each, as in timm's HGNetV2.
    """
    names, tensors = manifest(target), [*tensors]
    alone = names["weights"]["layer_scale"]["scale"]["name"]
    pairs = [
        dict(
            zip(
                pair,
                (own["name"] for own in names["weights"][op].values()),
                strict=True,
            )
        )
        for op, pair in _PAIRS.items()
    ]
    whole = {found.name for found in tensors}
    modules: dict[str, dict[str, Tensor]] = {}
    for found in tensors:
        module, _, variable = found.name.rpartition(".")
        if variable.startswith(_FUSED):  # in nn.MultiheadAttention
            module, variable = f"{module}.in_proj", variable.removeprefix(_FUSED)
        complete = (p for p in pairs if {f"{module}.{word}" for word in p} <= whole)
        if pair := next((pair for pair in complete if variable in pair), None):
            modules.setdefault(module, {})[pair[variable]] = found
        elif variable in words(target):
            modules.setdefault(module, {})[variable] = found
        elif variable != names.get("counter"):
            modules[found.name] = {alone: found}
    return Checkpoint(target, tuple(Unit(name, own) for name, own in modules.items()))


def plain_names(names: Iterable[str]) -> list[str]:
    """Names without what all of them have around the modules and the variable.

    That is `module` of DataParallel, the collections of Linen, `value` of Orbax.
    """
    whole = list(names)
    split = [re.split(r"[./]", name) for name in whole]
    if all(len(path) > 1 and path[-1] == "value" for path in split):
        split = [path[:-1] for path in split]
    for around in _AROUND:
        if all(len(path) > 1 and path[0] in around for path in split):
            split = [path[1:] for path in split]
    plain = [".".join(path) for path in split]
    return plain if len(set(plain)) == len(plain) else whole


def words(target: str) -> set[str]:
    """What a target calls weights, whatever layer they are of."""
    layers = manifest(target)["weights"].values()
    return {weight["name"] for names in layers for weight in names.values()}


def without(checkpoint: Checkpoint, patterns: Sequence[str]) -> Checkpoint:
    """A checkpoint without the tensors that are called like one of the patterns.

    Patterns are the shell's, for the whole name of a tensor or of its layer. Raises
    WeightsError (AS516) about a pattern that fits none.
    """
    found: set[str] = set()

    def passed_over(unit: Unit, tensor: Tensor) -> bool:
        names = unit.name, tensor.name
        fitting = {p for p in patterns if any(fnmatchcase(name, p) for name in names)}
        found.update(fitting)
        return bool(fitting)

    units: list[Unit] = []
    for unit in checkpoint.units:
        kept = {k: t for k, t in unit.tensors.items() if not passed_over(unit, t)}
        if kept:
            units.append(unit._replace(tensors=kept))
    if useless := [pattern for pattern in patterns if pattern not in found]:
        raise WeightsError([_useless(pattern, checkpoint) for pattern in useless])
    return checkpoint._replace(units=tuple(units))


def _useless(pattern: str, checkpoint: Checkpoint) -> Diagnostic:
    names = [unit.name for unit in checkpoint.units]
    help = did_you_mean(pattern, names) or "whole names are compared: 'aux*', '*.bias'"
    message = f"no tensor name matches '{pattern}'"
    return Diagnostic("AS516", message, help=help)


def unreadable(path: Path, reason: object, help: str = "") -> WeightsError:
    """The error for a file that cannot be read as its extension suggests."""
    first = (str(reason).splitlines() or [""])[0]
    message = f"cannot read {path}" + (f": {first}" if first else "")
    return WeightsError.single("AS511", message, help=help)


def check_floating(name: str, dtype: str) -> None:
    """Raise WeightsError (AS514) unless these are numbers that weights can be."""
    if dtype not in FLOATING:
        message = f"'{name}' holds {dtype}, but weights are floating-point"
        raise WeightsError.single("AS514", message)


def flat(data: bytes, dtype: str) -> np.ndarray[Any, Any]:
    """Numbers that are stored one after the other; bfloat16 as float32."""
    if dtype != "bfloat16":
        return np.frombuffer(data, np.dtype(dtype).newbyteorder("<"))
    upper = np.frombuffer(data, "<u2").astype(np.uint32)  # half of each float32
    return (upper << 16).view(np.float32)


def single(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """As float32; too large numbers become infinite, which is refused later."""
    with np.errstate(over="ignore"):
        return array.astype(np.float32)
