"""The file that `torch.export.save` writes, read as data: nothing in it is run.

It is an archive with the graph as JSON and each tensor as plain bytes. Examples of
inputs are pickled, and never opened.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np

from archspec.errors import ImportFailed
from archspec.importing.building import Constant
from archspec.importing.graph import Scope
from archspec.importing.parts import End, Step, chosen, ends, needed

_DTYPES = {
    1: "uint8",
    2: "int8",
    3: "int16",
    4: "int32",
    5: "int64",
    6: "float16",
    7: "float32",
    8: "float64",
    12: "bool",
}
"""NumPy's names of the numbers by which PyTorch's schema calls types."""
_BFLOAT16 = 13


class Ref(NamedTuple):
    """A tensor among the arguments of a call, by its name in the graph."""

    name: str


class Call(NamedTuple):
    """One operation: `arguments` by the names of its schema, those left out omitted.

    `outputs` are names of tensors; of a list of tensors, the names in it.
    """

    operation: str
    arguments: Mapping[str, Any]
    outputs: tuple[str, ...]
    scopes: tuple[Scope, ...]

    @property
    def changed(self) -> str:
        """The tensor that it changes in place; "" if none."""
        given = (each for each in self.arguments.values() if isinstance(each, Ref))
        first = next(given, None) if self.operation.endswith("_") else None
        return first.name if first else ""

    @property
    def step(self) -> Step:
        """What it reads and writes."""
        writes = (*self.outputs, *filter(None, [self.changed]))
        return Step([*_refs([*self.arguments.values()])], writes, self.scopes)


class Program(NamedTuple):
    """A network as operations on tensors, in the order of computation.

    `name` is that of its class; `state` are the arrays of its state dict.
    """

    name: str
    inputs: Mapping[str, tuple[int, ...]]
    state: Mapping[str, Any]
    constants: Mapping[str, Constant]
    calls: tuple[Call, ...]
    outputs: tuple[str, ...]
    shapes: Mapping[str, tuple[int, ...]]
    end: str = ""
    """The module that it ends with, if it is the part of a network."""

    @property
    def layers(self) -> Mapping[str, End]:
        """Where each module ends."""
        return ends([call.step for call in self.calls], self.outputs)

    def until(self, layer: str) -> Program:
        """The part that ends with a module; raises InvalidArgument."""
        end = chosen(self.layers, layer)
        calls, read = needed([call.step for call in self.calls], end)
        return self._replace(
            inputs={n: shape for n, shape in self.inputs.items() if n in read},
            constants={n: c for n, c in self.constants.items() if n in read},
            calls=tuple(self.calls[number] for number in calls),
            outputs=(str(end.tensor),),
            end=layer,
        )


def read(path: Path) -> Program:
    """The program in a `.pt2` file; raises ImportFailed (AS701)."""
    try:
        with zipfile.ZipFile(path) as archive:
            return _program(_Archive(archive))
    except (OSError, zipfile.BadZipFile, KeyError, ValueError, TypeError) as error:
        message = f"cannot read {path} as a file of torch.export: {error!r}"
        help = "write it by torch.export.save, PyTorch 2.9 or newer"
        raise ImportFailed.single("AS701", message, help=help) from None


class _Archive:
    """The members of an archive, all of them in one folder."""

    def __init__(self, archive: zipfile.ZipFile):
        self._archive = archive
        self._root = archive.namelist()[0].split("/")[0]

    def bytes(self, name: str) -> bytes:
        return self._archive.read(f"{self._root}/{name}")

    def json(self, name: str) -> Any:
        return json.loads(self.bytes(name))

    def tensors(self, folder: str, config: str) -> Iterator[tuple[str, Any]]:
        """The tensors of a folder by their names in the model."""
        for name, about in self.json(f"data/{folder}/{config}")["config"].items():
            if about["use_pickle"] or about["tensor_meta"] is None:
                raise ValueError(f"'{name}' is pickled")
            data = self.bytes(f"data/{folder}/{about['path_name']}")
            yield name, _tensor(data, about["tensor_meta"])


def _tensor(data: bytes, about: Mapping[str, Any]) -> Any:
    sizes, strides = (_ints(about[key]) for key in ("sizes", "strides"))
    (offset,) = _ints([about["storage_offset"]])
    flat = _flat(data, about["dtype"])[offset:]
    steps = [stride * flat.itemsize for stride in strides]
    reach = sum((n - 1) * s for n, s in zip(sizes, strides, strict=True)) + 1
    if 0 not in sizes and reach > flat.size:
        raise ValueError("a tensor is larger than its bytes")
    return np.lib.stride_tricks.as_strided(flat, sizes, steps, writeable=False)


def _flat(data: bytes, dtype: int) -> Any:
    if dtype == _BFLOAT16:
        upper = np.frombuffer(data, np.uint16).astype(np.uint32) << 16
        return upper.view(np.float32)
    return np.frombuffer(data, _DTYPES[dtype])


def _ints(items: Any) -> tuple[int, ...]:
    return tuple(item["as_int"] for item in items)


def _program(archive: _Archive) -> Program:
    whole = archive.json("models/model.json")["graph_module"]
    graph, signature = whole["graph"], whole["signature"]
    weights = dict(archive.tensors("weights", "model_weights_config.json"))
    tensors = weights | dict(
        archive.tensors("constants", "model_constants_config.json")
    )
    shapes = {
        name: _ints(about["sizes"]) for name, about in graph["tensor_values"].items()
    }
    inputs: dict[str, tuple[int, ...]] = {}
    constants: dict[str, Constant] = {}
    for spec in signature["input_specs"]:
        ((kind, about),) = spec.items()
        if kind == "user_input":
            name = about["arg"]["as_tensor"]["name"]
            inputs[name] = shapes[name]
            continue
        target = (
            about.get("parameter_name")
            or about.get("buffer_name")
            or about.get("tensor_constant_name")
        )
        constants[about["arg"]["name"]] = Constant(target, tensors[target])
    buffers = (each.get("buffer") for each in signature["input_specs"])
    passing = {
        each["buffer_name"] for each in buffers if each and not each["persistent"]
    }
    outputs = tuple(
        spec["user_output"]["arg"]["as_tensor"]["name"]
        for spec in signature["output_specs"]
        if "user_output" in spec
    )
    calls = tuple(_call(node) for node in graph["nodes"])
    state = {name: array for name, array in weights.items() if name not in passing}
    return Program(
        _class(graph["nodes"]), inputs, state, constants, calls, outputs, shapes
    )


def _class(nodes: Sequence[Mapping[str, Any]]) -> str:
    """The class of the module that all nodes are in."""
    stacks = [str(node["metadata"].get("nn_module_stack", "")) for node in nodes]
    first = next((stack for stack in stacks if stack), ",,Network").split(";")[0]
    return first.split(",", 2)[2].rpartition(".")[2]


def _call(node: Mapping[str, Any]) -> Call:
    arguments = {given["name"]: _value(given["arg"]) for given in node["inputs"]}
    outputs: list[str] = []
    for output in node["outputs"]:
        ((kind, about),) = output.items()
        found = (
            about if kind == "as_tensors" else [about] if kind == "as_tensor" else []
        )
        outputs.extend(each["name"] for each in found)
    operation = node["target"].removeprefix("torch.ops.").removeprefix("aten.")
    scopes = _scopes(node["metadata"].get("nn_module_stack", ""))
    return Call(operation.partition(".")[0], arguments, tuple(outputs), scopes)


def _value(given: Mapping[str, Any]) -> Any:
    ((kind, value),) = given.items()
    if kind == "as_tensor":
        return Ref(value["name"])
    if kind == "as_tensors":
        return [Ref(each["name"]) for each in value]
    if kind == "as_optional_tensors":
        return [_value(each) if "as_tensor" in each else None for each in value]
    return None if kind == "as_none" else value


def _scopes(stack: str) -> tuple[Scope, ...]:
    """`KEY,PATH,CLASS;...`, the network itself first, which is left out."""
    found: list[Scope] = []
    for entry in filter(None, stack.split(";")):
        _, path, kind = entry.split(",", 2)
        found.append(Scope(path.partition("@")[0], kind))
    return tuple(found[1:])


def _refs(given: list[Any]) -> Iterator[str]:
    """The names of tensors among arguments."""
    for each in given:
        if isinstance(each, Ref):
            yield each.name
        elif isinstance(each, list):
            yield from _refs(cast("list[Any]", each))
