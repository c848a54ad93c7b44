"""A `.onnx` file, read as data: its operations, and its weights as arrays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import onnx
import onnx.inliner
from google.protobuf.message import DecodeError
from onnx import helper

from archspec.errors import ImportFailed
from archspec.importing.building import Constant
from archspec.importing.graph import Scope
from archspec.importing.onnx.scopes import scopes_of
from archspec.importing.onnx.shapes import Shape, input_shape, written
from archspec.importing.onnx.tensors import Outside, array
from archspec.importing.parts import End, Step, chosen, ends, needed

MAX_NODES = 100_000
MAX_BYTES = 2**31
"""The largest protocol buffer; larger weights are in other files."""

_KNOWN = {"", "ai.onnx", "com.microsoft"}
"""Domains whose operations have a known meaning."""


class Call(NamedTuple):
    """One operation; `inputs` and `outputs` are names, empty where left out."""

    operation: str
    inputs: tuple[str, ...]
    attributes: Mapping[str, Any]
    outputs: tuple[str, ...]
    scopes: tuple[Scope, ...]
    name: str = ""

    @property
    def step(self) -> Step:
        """What it reads and writes."""
        return Step(self.inputs, self.outputs, self.scopes)


@dataclass
class Program:
    """A network as operations on tensors, in the order of computation.

    `inputs` have the batch first; `name` is the file's.
    """

    inputs: Mapping[str, Shape]
    constants: Mapping[str, Constant]
    calls: tuple[Call, ...]
    outputs: tuple[str, ...]
    model: onnx.ModelProto
    name: str
    state: Mapping[str, Any] = field(default_factory=dict[str, Any])
    end: str = ""
    """The layer that it ends with, if it is the part of a network."""
    surplus: Sequence[str] = ()

    def with_state(self, state: Mapping[str, Any], surplus: Sequence[str]) -> Program:
        """The same network, whose weights are constants of the file."""
        return replace(self, state=state, surplus=surplus)

    @cached_property
    def shapes(self) -> Mapping[str, Shape]:
        """Shapes of tensors as far as the file says them."""
        return written(self.model)

    @property
    def layers(self) -> Mapping[str, End]:
        """Where each module ends, and each node and tensor."""
        modules = ends([call.step for call in self.calls], self.outputs)
        own = {
            name: End(number, call.outputs[0])
            for number, call in enumerate(self.calls)
            for name in (call.name, *call.outputs[:1])
            if name
        }
        return modules | {n: end for n, end in own.items() if n not in modules}

    def until(self, layer: str) -> Program:
        """The part that ends with a module, node or tensor; raises InvalidArgument."""
        end = chosen(self.layers, layer)
        calls, read = needed([call.step for call in self.calls], end)
        return replace(
            self,
            inputs={n: shape for n, shape in self.inputs.items() if n in read},
            constants={n: c for n, c in self.constants.items() if n in read},
            calls=tuple(self.calls[number] for number in calls),
            outputs=(str(end.tensor),),
            end=layer,
        )


def read(path: Path, size: Sequence[int] = ()) -> Program:
    """The program in a file; raises ImportFailed (AS701).

    `size` is the shape of one image, channels first, where the file leaves it open.
    Weights in other files are read if these are in the file's own folder.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise _failed(path, f"it has more than {MAX_BYTES:,} bytes")
        model = onnx.ModelProto.FromString(path.read_bytes())
    except OSError as error:
        raise _failed(path, error.strerror or str(error)) from None
    except (DecodeError, ValueError):
        raise _failed(path, "it is damaged, or no ONNX file") from None
    try:
        return _program(model, path, size)
    except (ValueError, TypeError, KeyError, OSError, RuntimeError) as error:
        raise _failed(path, str(error)) from None


def _failed(path: Path, why: str) -> ImportFailed:
    help = "write it again, by torch.onnx.export for example"
    if "open size" in why:
        help = "give the size of an image, such as --size 224"
    return ImportFailed.single("AS701", f"cannot read {path}: {why}", help=help)


def _program(model: onnx.ModelProto, path: Path, size: Sequence[int]) -> Program:
    outside = Outside(path.parent)
    if _expanded(model) > MAX_NODES:
        raise ValueError(f"it has more than {MAX_NODES:,} nodes")
    if model.functions:
        model = _inlined(model)
    graph = model.graph
    if graph.sparse_initializer:
        raise ValueError("it has sparse weights")
    constants = {
        tensor.name: Constant(tensor.name, array(tensor, outside))
        for tensor in graph.initializer
    }
    if "" in constants:
        raise ValueError("a weight has no name")
    inputs = {
        given.name: input_shape(given, size)
        for given in graph.input
        if given.name not in constants
    }
    if not inputs or not graph.output:
        raise ValueError("it has no input or no output")
    calls = tuple(_calls(graph.node, outside, model.producer_name == "archspec"))
    outputs = tuple(output.name for output in graph.output)
    _check_order({*constants, *inputs}, calls, outputs)
    return Program(inputs, constants, calls, outputs, model, path.stem)


def _inlined(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with its functions expanded; raises ValueError."""
    try:
        return onnx.inliner.inline_local_functions(model)
    except Exception as error:  # of ONNX's own, which say what is wrong
        raise ValueError(f"its functions cannot be expanded: {error}") from None


def _expanded(model: onnx.ModelProto) -> int:
    """The number of nodes once functions are expanded; raises ValueError."""
    functions = {(each.domain, each.name): each for each in model.functions}
    counts: dict[tuple[str, str], int] = {}

    def of(nodes: Iterable[onnx.NodeProto], depth: int) -> int:
        if depth > len(functions) or depth > 100:
            raise ValueError("its functions call each other in a circle")
        uses = Counter((node.domain, node.op_type) for node in nodes)
        for key in uses.keys() & functions.keys() - counts.keys():
            counts[key] = of(functions[key].node, depth + 1)
        return sum(times * counts.get(key, 1) for key, times in uses.items())

    if len(model.graph.node) > MAX_NODES:
        return len(model.graph.node)
    return of(model.graph.node, 0)


def _check_order(known: set[str], calls: Iterable[Call], ends: Iterable[str]) -> None:
    """Raise ValueError unless every tensor is computed once, before it is read."""
    for call in calls:
        unknown = next((each for each in call.inputs if each and each not in known), "")
        if unknown:
            message = f"{call.operation} reads '{unknown}' before it is computed"
            raise ValueError(message)
        again = known.intersection(call.outputs) - {""}
        if again:
            raise ValueError(f"'{again.pop()}' is computed twice")
        known.update(call.outputs)
    missing = set(ends) - known
    if missing:
        raise ValueError(f"the output '{missing.pop()}' is never computed")


def _calls(
    nodes: Iterable[onnx.NodeProto], outside: Outside, own: bool
) -> Iterator[Call]:
    for node in nodes:
        is_known = node.domain in _KNOWN
        operation = node.op_type if is_known else f"{node.domain}.{node.op_type}"
        attributes = {each.name: _attribute(each, outside) for each in node.attribute}
        if operation == "Split":
            attributes.setdefault("num_outputs", len(node.output))
        inputs, outputs = tuple(node.input), tuple(node.output)
        scopes = scopes_of(node, own=own)
        yield Call(operation, inputs, attributes, outputs, scopes, node.name)


def _attribute(given: onnx.AttributeProto, outside: Outside) -> Any:
    if given.type == onnx.AttributeProto.TENSOR:
        return array(given.t, outside)
    value: Any = helper.get_attribute_value(given)
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    is_list = given.type in (onnx.AttributeProto.INTS, onnx.AttributeProto.FLOATS)
    return tuple(value) if is_list else value
