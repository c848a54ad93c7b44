"""Files of weights, spoilt at random: their bytes, their headers, what they hold."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import h5py
import numpy as np
from mutations import changed, paths
from oddities import any_text, anything
from safetensors.numpy import save
from weights_formats import CONFIG, Arrays, archive, hdf5, listed_hdf5, pickled

from archspec.elaboration import elaborate
from archspec.network import Network
from archspec.targets.templates import manifest
from archspec.weights import canonical
from archspec.weights.initial import fresh
from archspec.weights.moves import to_target

SPEC = """
archspec: 1
name: Small
input: {channels: 2, size: 4}
classes: 3
defaults: {conv: {padding: same, bias: false}, batch_norm: {epsilon: 1e-3, decay: 0.9}}
layers:
  conv: {conv: {filters: 4, kernel: 3}}
  norm: batch_norm
  again: {conv: {filters: 4, kernel: 3, bias: true}}
  pool: global_avg_pool
  classifier: {dense: classes}
"""
HUGE = [0, 1, 127, 255, 2**15, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 10**10, 2**63 - 1]


def small(folder: Path) -> Network:
    path = folder / "small.yaml"
    path.write_text(SPEC)
    return elaborate(path)


class Files:
    """The weights of a network in every format, right or spoilt."""

    def __init__(self, network: Network):
        self.network = network
        weights = dict(fresh(network))
        self.weights = {
            "canonical": weights,
            "torch": dict(to_target(network, manifest("torch"), weights)),
            "keras": dict(to_target(network, manifest("keras"), weights)),
        }
        self.formats: dict[str, Callable[[Arrays], bytes]] = {
            "canonical.safetensors": lambda a: save(a, canonical.origin(network)),
            "torch.safetensors": lambda a: save(a, {"format": "pt"}),
            "torch.pt": lambda a: pickled(a, new=True),
            "torch.pth": lambda a: pickled(a, new=False),
            "keras.weights.h5": hdf5,
            "keras.h5": listed_hdf5,
            "keras.keras": archive,
        }

    def content(self, name: str, arrays: Arrays | None = None) -> bytes:
        usual = self.weights[name.partition(".")[0]]
        return self.formats[name](usual if arrays is None else arrays)

    def spoilt(self, random: Random) -> tuple[str, bytes]:
        """A file's name and bytes with something wrong."""
        name = random.choice(list(self.formats))
        arrays = dict(self.weights[name.partition(".")[0]])
        kind = random.randrange(4)
        if kind == 0:
            try:
                for _ in range(random.randint(1, 3)):
                    arrays = other_arrays(random, arrays)
                return name, self.content(name, arrays)
            except Exception:  # the format cannot say it
                arrays = self.weights[name.partition(".")[0]]
        content = self.content(name, arrays)
        if kind == 1:
            return name, structured(random, name, content)
        for _ in range(random.choice((1, 1, 2, 8))):
            content = spoilt_bytes(random, content)
        return name, content


# Bytes


def spoilt_bytes(random: Random, content: bytes) -> bytes:
    """Bytes flipped, cut, doubled, or a number among them changed."""
    data = bytearray(content)
    start = random.randrange(len(data) or 1)
    if random.random() < 0.4:  # headers stand at the start, directories at the end
        start = random.choice((start % 200, max(0, len(data) - 1 - start % 200)))
    length = random.choice((1, 2, 4, 8, 64))
    match random.choice("flip number cut delete double zero random".split()):
        case "flip":
            data[start : start + 1] = bytes([random.randrange(256)])
        case "number":
            width, letter = random.choice(((2, "H"), (4, "I"), (8, "Q")))
            value = random.choice(HUGE) % 256**width
            order = random.choice("<>")
            data[start : start + width] = struct.pack(f"{order}{letter}", value)
        case "cut":
            del data[start:]
        case "delete":
            del data[start : start + length]
        case "double":
            data[start:start] = data[start : start + length]
        case "zero":
            data[start : start + length] = bytes(length)
        case _:
            data[start : start + length] = random.randbytes(length)
    return bytes(data)


# What is in a file


def other_arrays(random: Random, arrays: Arrays) -> Arrays:
    """A weight left out, renamed, of another kind or shape, or not finite."""
    arrays = dict(arrays)
    if not arrays:
        return arrays
    name = random.choice(list(arrays))
    array = arrays[name]
    kinds = "float16 float64 int64 uint8 bool complex64 float32".split()
    match random.choice("drop rename kind shape odd more object".split()):
        case "drop":
            del arrays[name]
        case "rename":
            arrays[random.choice((any_text(random, 6), name + ".x"))] = arrays.pop(name)
        case "kind":
            arrays[name] = np.asarray(array).astype(random.choice(kinds))
        case "shape":
            arrays[name] = np.zeros(
                random.choices((0, 1, 2, 3), k=random.randint(0, 5))
            )
        case "odd":
            value = random.choice((np.nan, np.inf, -np.inf, 1e38, 1e-45))
            arrays[name] = np.full(np.shape(array), value, np.float32)
        case "more":
            arrays[any_text(random, 6)] = np.zeros(3, np.float32)
        case _:
            arrays[name] = anything(random)
    return arrays


def structured(random: Random, name: str, content: bytes) -> bytes:
    """The header, directory or pickle changed, and all else fitting it."""
    if name.endswith(".safetensors"):
        return other_header(random, content)
    if name.endswith((".keras", ".pt")):
        return other_archive(random, content)
    if name.endswith(".pth"):
        return content.replace(*random.choice(GLOBALS))
    return other_hdf5(random, content)


def other_header(random: Random, content: bytes) -> bytes:
    size = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:size])
    for _ in range(random.randint(1, 3)):
        header = _changed_json(random, header)
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + content[size:]


def _changed_json(random: Random, tree: Any) -> Any:
    """A change with words of ours, or of a number."""
    numbers = [path for path in paths(tree) if path]
    if random.random() < 0.5 or not numbers:
        return changed(random, tree, CONFIG) if isinstance(tree, dict) else tree
    *above, last = random.choice(numbers)
    node = tree
    for step in above:
        node = node[step]
    kinds = ["F32", "F64", "BF16", "I64", "F8_E4M3", "BOOL", "C64", "F4", "F6_E2M3"]
    node[last] = random.choice([random.choice(HUGE), -1, 0.5, random.choice(kinds), []])
    return tree


GLOBALS = [
    (b"torch._utils", b"os"),
    (b"_rebuild_tensor_v2", b"_rebuild_tensor"),
    (b"_rebuild_tensor_v2", b"_rebuild_sparse_tensor"),
    (b"_rebuild_tensor_v2", b"_rebuild_parameter"),
    (b"FloatStorage", b"LongStorage"),
    (b"FloatStorage", b"ComplexDoubleStorage"),
    (b"torch\nFloatStorage", b"os\nsystem"),
    (b"collections\nOrderedDict", b"builtins\neval"),
    (b"storage", b"meta"),
    (b"cpu", b"cuda"),
    (b"cpu", b"meta"),
    (b"K\x04", b"M\xff\xff"),
    (b"K\x03", b"J\xff\xff\xff\x7f"),
    (b"K\x00", b"J\xff\xff\xff\xff"),
]
"""Parts of a pickle, and what may stand there instead."""


def other_archive(random: Random, content: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    chosen = random.choice(list(parts))
    part = parts[chosen]
    match random.choice("drop bytes inner rename pack".split()):
        case "drop":
            del parts[chosen]
        case "bytes":
            parts[chosen] = spoilt_bytes(random, part)
        case "rename":
            parts[f"x{random.randrange(99)}/.."] = parts.pop(chosen)
        case "inner":
            for key, inner in parts.items():
                parts[key] = _other_member(random, key, inner)
        case _:
            pass
    data = io.BytesIO()
    method = zipfile.ZIP_DEFLATED if random.random() < 0.2 else zipfile.ZIP_STORED
    with zipfile.ZipFile(data, "w", method) as new:
        for name, inner in parts.items():
            new.writestr(name, inner)
    return data.getvalue()


def _other_member(random: Random, name: str, content: bytes) -> bytes:
    if name.endswith(".json"):
        return json.dumps(_changed_json(random, json.loads(content))).encode()
    if name.endswith(".pkl"):
        return content.replace(*random.choice(GLOBALS))
    return other_hdf5(random, content) if name.endswith(".h5") else content


def other_hdf5(random: Random, content: bytes) -> bytes:
    """Something else in the place of a dataset or attribute."""
    data = io.BytesIO(content)
    with h5py.File(data, "r+") as file:
        names: list[str] = []
        file.visit(names.append)
        name = random.choice(names)
        attributes = file[name].attrs if random.random() < 0.5 else file.attrs
        match random.choice("drop huge zipped link soft kind empty attribute".split()):
            case "drop":
                del file[name]
            case "huge":
                del file[name]
                shape = random.choice(((10**6, 10**6), (2**40,), (4, 2, 3, 10**9)))
                file.create_dataset(name, shape, "f4", chunks=(1,) * len(shape))
            case "zipped":
                del file[name]
                zeros = np.zeros((random.choice((4, 2**20)), 3), "f4")
                file.create_dataset(name, data=zeros, compression="gzip")
            case "link":
                del file[name]
                file[name] = h5py.ExternalLink("/etc/passwd", "/x")
            case "soft":
                del file[name]
                file[name] = h5py.SoftLink(random.choice(("/", "/layers", f"/{name}")))
            case "kind":
                del file[name]
                kinds = ["i8", "S4", h5py.string_dtype(), h5py.ref_dtype, "f2", "c8"]
                kinds += [np.dtype([("a", "f4"), ("b", "i2")]), "?", ">f4"]
                file.create_dataset(name, (3,), random.choice(kinds))
            case "empty":
                del file[name]
                file[name] = h5py.Empty("f4")
            case _:
                key = random.choice(
                    [*attributes, "layer_names", "weight_names", "name"]
                )
                values = [1, "x", b"\xff", [1, 2], ["a", "b"], np.zeros((2, 2)), [b"/"]]
                attributes[key] = random.choice([*values, h5py.Empty("f4"), [b"a"] * 3])
    return data.getvalue()
