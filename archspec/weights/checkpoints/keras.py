"""Files of Keras: `.weights.h5`, `.keras`, and the HDF5 files before Keras 3.

Keras 3 names a layer by its class and a counter, `layers/conv2d_3/vars/0`: only the
order within a class is known, unless `config.json` lists the layers. Older files list
layers and weights by name, in order. Nothing is followed out of the file.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import BytesIO
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from archspec.weights.checkpoints.hdf5 import (
    children,
    entry,
    labels,
    opened,
    reported_as_unreadable,
    tensor,
)
from archspec.weights.checkpoints.keras_config import Configuration, configuration
from archspec.weights.checkpoints.units import (
    Affine,
    Checkpoint,
    Settings,
    Tensor,
    Unit,
    unreadable,
)

_NORM = ["gamma", "beta", "moving_mean", "moving_variance"]
_PARTS = {
    ("batch", 3): _NORM[1:],
    ("batch", 2): _NORM[2:],
    ("layer", 1): ["gamma"],
    ("group", 1): ["gamma"],
    ("rms", 1): ["scale"],
}
"""What numbers mean in a norm that lacks a weight.

The usual case: a batch norm lacks its scale first, other norms their shift.
"""
_ALIASES = {"depthwise_kernel": "kernel", "pointwise_kernel": "kernel"}
NO_LAYERS = {"vars", "optimizer", "seed_generator", "metrics", "compile_metrics"}
"""Groups in which Keras keeps other things than weights of layers."""

_MAX_DEPTH = 32
_MAX_CHANNELS = 100_000
"""Of an input whose statistics are stored."""


@contextmanager
def keras_hdf5(path: Path) -> Generator[Checkpoint]:
    """A file of `save_weights`, or of an older `save`."""
    with opened(path, path) as root:
        with reported_as_unreadable(path):
            text = root.attrs.get("model_config")
            stated = configuration(text) if isinstance(text, str | bytes) else None
            found = _checkpoint(list(_of_any_age(path, root)), stated)
        yield found


@contextmanager
def keras_archive(path: Path) -> Generator[Checkpoint]:
    """A file of `model.save`: a zip, of which the configuration is read as data."""
    with unzipped(path) as archive:
        text = member(path, archive, "config.json")
        weights = BytesIO(member(path, archive, "model.weights.h5"))
    stated = configuration(text)
    if stated is None:
        raise unreadable(path, "its config.json lists no layers")
    ranks = {name: rank for rank, name in enumerate(stated.paths)}
    with opened(path, weights) as root:
        with reported_as_unreadable(path):
            found = _checkpoint(list(_counted(path, root, ranks)), stated)
        yield found


def _checkpoint(units: Sequence[Unit], stated: Configuration | None) -> Checkpoint:
    """Units with what is stated of them; those without weights are constants."""
    constants = {
        unit.name: Affine.normalization(unit.settings["mean"], unit.settings["std"])
        for unit in units
        if not unit.tensors
    }
    own = tuple(unit for unit in units if unit.tensors)
    found = Checkpoint("keras", own, constants=tuple(constants.values()))
    if stated is None:
        return found
    own = tuple(unit._replace(settings=stated.stated(unit)) for unit in own)
    return found._replace(units=own, scaling=stated.scaling(constants))


def archived_weights(path: Path) -> bytes:
    """The `.weights.h5` file in an archive; raises WeightsError (AS511)."""
    with unzipped(path) as archive:
        return member(path, archive, "model.weights.h5")


@contextmanager
def unzipped(path: Path) -> Generator[zipfile.ZipFile]:
    """An archive that Keras wrote; raises WeightsError (AS511)."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except OSError as error:
        raise unreadable(path, error.strerror or error) from None
    except (zipfile.BadZipFile, EOFError, RuntimeError, UnicodeError) as error:
        raise unreadable(path, error) from None


def member(path: Path, archive: zipfile.ZipFile, name: str) -> bytes:
    """One file of the archive; as Keras compresses none, it is as large as it looks.

    Raises WeightsError (AS511).
    """
    try:
        info = archive.getinfo(name)
    except KeyError:
        raise unreadable(path, f"it contains no {name}") from None
    if info.compress_type != zipfile.ZIP_STORED:
        raise unreadable(path, f"its {name} is compressed, which Keras never does")
    return archive.read(info)


def _of_any_age(path: Path, root: Any) -> Iterator[Unit]:
    old = entry(path, root, "model_weights") if "model_weights" in root else root
    listed = "layer_names" in old.attrs or "layer_names0" in old.attrs
    return _listed(path, old) if listed else _counted(path, root)


def _listed(path: Path, root: Any) -> Iterator[Unit]:
    """Layers in the order of the model, each with the names of its weights."""
    for layer in labels(path, root, "layer_names"):
        group = entry(path, root, layer)
        owners: dict[str, list[str]] = {}
        for name in labels(path, group, "weight_names"):
            owners.setdefault(name.rpartition("/")[0] or layer, []).append(name)
        for owner, names in owners.items():
            yield from _units(path, group, owner, names)


def _counted(
    path: Path, root: Any, ranks: Mapping[str, int] | None = None
) -> Iterator[Unit]:
    """Layers by class and counter, in the model's order if that is known."""
    found = dict(_groups(path, root))
    known = ranks is not None and found.keys() <= ranks.keys()

    def order(name: str) -> tuple[Any, ...]:
        if ranks is not None and known:
            return (ranks[name],)
        counted = re.fullmatch(r"(.*?)(?:_(\d{1,18}))?", name, re.DOTALL)
        return (counted[1], int(counted[2] or 0)) if counted else (name,)

    for name in sorted(found, key=order):
        variables = found[name]
        numbered = sorted(variables, key=_number)
        label = variables.attrs.get("name")
        label = label if isinstance(label, str) else name
        chain, module = str(order(name)[0]), name.rpartition("/layers/")[0]
        for unit in _units(path, variables, label, numbered, kind=name):
            yield unit if known else unit._replace(chain=chain, module=module)


def _number(text: str) -> tuple[int, str]:
    return int(text) if re.fullmatch(r"\d{1,18}", text) else 0, text


def _groups(path: Path, group: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every layer's `vars` that holds something, by the layer's path."""
    if name.count("/") > _MAX_DEPTH:
        raise unreadable(path, "its groups are nested too deeply")
    for key, child in children(path, group).items():
        if not hasattr(child, "keys"):  # numbers, where a group is looked for
            continue
        if key == "vars" and len(child):
            yield name, child
        elif key not in NO_LAYERS:
            yield from _groups(path, child, f"{name}/{key}" if name else key)


def _units(
    path: Path, group: Any, name: str, names: list[str], *, kind: str = ""
) -> Iterator[Unit]:
    """A layer's weights; each kernel of a separable convolution is a unit.

    A Normalization, whose third weight counts its data, is a unit without weights.
    """
    if len(names) == 3 and _is_count(entry(path, group, names[-1])):
        yield Unit(name, {}, settings=_statistics(path, group, names[:2]))
        return
    parts: list[list[Tensor]] = []
    for found in (tensor(path, group, each) for each in names):
        if len(found.shape) > 1 or not parts:
            parts.append([])
        parts[-1].append(found)
    for number, part in enumerate(parts):
        own = name if len(parts) == 1 else f"{name}/{number}"
        yield Unit(own, dict(zip(_variables(part, kind or name), part, strict=True)))


def _is_count(found: Any) -> bool:
    return getattr(found, "shape", None) == () and found.dtype.kind == "i"


def _statistics(path: Path, group: Any, names: list[str]) -> Settings:
    mean, variance = (tensor(path, group, name) for name in names)
    if mean.shape != variance.shape or prod(mean.shape) > _MAX_CHANNELS:
        raise unreadable(path, f"'{mean.name}' has {prod(mean.shape)} channels")
    least = 1e-14  # under which Keras takes the variance for this
    return {"mean": mean.values(), "std": np.sqrt(np.maximum(variance.values(), least))}


def _variables(part: list[Tensor], kind: str) -> list[str]:
    """Keras's names for the weights of a layer; files of Keras 3 only number them.

    A single vector is a factor for each channel, whatever its name is, unless `kind`,
    the name that Keras gives to a layer by its class, is that of a norm.
    """
    norm = re.search("(batch|layer|group|rms)_normalization", kind)
    known = _PARTS.get((norm[1], len(part))) if norm else None
    if known is None and [len(found.shape) for found in part] == [1]:
        return ["kernel"]
    names = [found.name.rpartition("/")[2].partition(":")[0] for found in part]
    if not all(name.isdecimal() for name in names):
        return [_ALIASES.get(name, name) for name in names]
    if known is not None:
        return known
    if all(len(found.shape) == 1 for found in part):
        return {2: _NORM[:2], 4: _NORM}.get(len(part), names)
    return ["kernel", "bias"] if len(part) == 2 else ["kernel", *names[1:]]
