"""Files of Keras: `.weights.h5`, `.keras`, and the HDF5 files before Keras 3.

Keras 3 names a layer by its class and a counter, `layers/conv2d_3/vars/0`: only the
order within a class is known, unless `config.json` lists the layers. Older files list
layers and weights by name, in order. Nothing is followed out of the file.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

from archspec.weights.checkpoints.hdf5 import (
    children,
    entry,
    labels,
    opened,
    reported_as_unreadable,
    tensor,
)
from archspec.weights.checkpoints.units import Checkpoint, Tensor, Unit, unreadable

_NORM = ["gamma", "beta", "moving_mean", "moving_variance"]
_ALIASES = {"depthwise_kernel": "kernel", "pointwise_kernel": "kernel"}
_NO_LAYERS = {"vars", "optimizer", "seed_generator", "metrics", "compile_metrics"}
"""Groups in which Keras keeps other things than weights of layers."""

_MAX_DEPTH = 32


@contextmanager
def keras_hdf5(path: Path) -> Generator[Checkpoint]:
    """A file of `save_weights`, or of an older `save`."""
    with opened(path, path) as root:
        with reported_as_unreadable(path):
            units = tuple(_of_any_age(path, root))
        yield Checkpoint("keras", units)


@contextmanager
def keras_archive(path: Path) -> Generator[Checkpoint]:
    """A file of `model.save`: a zip, of which only the names of layers are read."""
    with _archive(path) as archive:
        config = _member(path, archive, "config.json")
        weights = BytesIO(_member(path, archive, "model.weights.h5"))
    try:
        ranks = {name: rank for rank, name in enumerate(_ranked(json.loads(config)))}
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError):
        raise unreadable(path, "its config.json lists no layers") from None
    with opened(path, weights) as root:
        with reported_as_unreadable(path):
            units = tuple(_counted(path, root, ranks))
        yield Checkpoint("keras", units)


def archived_weights(path: Path) -> bytes:
    """The `.weights.h5` file in an archive; raises WeightsError (AS511)."""
    with _archive(path) as archive:
        return _member(path, archive, "model.weights.h5")


@contextmanager
def _archive(path: Path) -> Generator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except OSError as error:
        raise unreadable(path, error.strerror or error) from None
    except (zipfile.BadZipFile, EOFError, RuntimeError) as error:
        raise unreadable(path, error) from None


def _member(path: Path, archive: zipfile.ZipFile, name: str) -> bytes:
    """One file of the archive; as Keras compresses none, it is as large as it looks."""
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
            yield from _units(owner, _tensors(path, group, names))


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
        tensors = _tensors(path, variables, numbered)
        label = variables.attrs.get("name")
        label = label if isinstance(label, str) else name
        if known:
            yield from _units(label, tensors)
        else:
            module = name.rpartition("/layers/")[0]
            yield from _units(label, tensors, str(order(name)[0]), module)


def _tensors(path: Path, group: Any, names: list[str]) -> list[Tensor]:
    """A layer's weights; none of a Normalization, whose third one counts its data."""
    if len(names) == 3 and _is_count(entry(path, group, names[-1])):
        return []
    return [tensor(path, group, name) for name in names]


def _is_count(found: Any) -> bool:
    return getattr(found, "shape", None) == () and found.dtype.kind == "i"


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
        elif key not in _NO_LAYERS:
            yield from _groups(path, child, f"{name}/{key}" if name else key)


def _ranked(config: Any, before: str = "") -> Iterator[str]:
    """The paths that the layers of a model have in its weights, in order."""
    counts: Counter[str] = Counter()
    for layer in config["config"]["layers"]:
        name = re.sub(
            r"(?<=.)(?=[A-Z][a-z])|(?<=[a-z])(?=[A-Z])", "_", layer["class_name"]
        ).lower()
        number = counts[name]
        counts[name] += 1
        path = f"{before}layers/{name}" + (f"_{number}" if number else "")
        yield path
        if isinstance(layer["config"].get("layers"), list):
            yield from _ranked(layer, f"{path}/")


def _units(
    name: str, tensors: Iterable[Tensor], chain: str = "", module: str = ""
) -> Iterator[Unit]:
    """A layer's weights; each kernel of a separable convolution is a unit."""
    parts: list[list[Tensor]] = []
    for found in tensors:
        if len(found.shape) > 1 or not parts:
            parts.append([])
        parts[-1].append(found)
    for number, part in enumerate(parts):
        own = name if len(parts) == 1 else f"{name}/{number}"
        names = _variables(part)
        yield Unit(own, dict(zip(names, part, strict=True)), chain, module)


def _variables(part: list[Tensor]) -> list[str]:
    """Keras's names for the weights of a layer; files of Keras 3 only number them.

    A single vector is a factor for each channel, whatever its name is.
    """
    if [len(found.shape) for found in part] == [1]:
        return ["kernel"]
    names = [found.name.rpartition("/")[2].partition(":")[0] for found in part]
    if not all(name.isdecimal() for name in names):
        return [_ALIASES.get(name, name) for name in names]
    if all(len(found.shape) == 1 for found in part):
        return {2: _NORM[:2], 4: _NORM}.get(len(part), names)
    return ["kernel", "bias"] if len(part) == 2 else ["kernel", *names[1:]]
