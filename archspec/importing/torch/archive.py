"""The file that `torch.export.save` writes, read as data: nothing in it is run.

It is an archive with the graph as JSON and each tensor as plain bytes. Examples of
inputs are pickled, and never opened.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

from archspec.errors import ImportFailed
from archspec.importing.arrays import FAULTS
from archspec.importing.building import Constant
from archspec.importing.draft import Names
from archspec.importing.graph import Scope
from archspec.importing.parts import End, chosen, ends, needed
from archspec.importing.readers import MAX_BATCH, MAX_SIZE
from archspec.importing.torch.aliases import Aliases, Call, Ref
from archspec.importing.torch.members import Archive, ints, whole

MAX_CALLS = 100_000
_DICTS = "builtins.dict", "collections.OrderedDict"


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
    names: tuple[str, ...]
    """What the network calls its outputs."""
    shapes: Mapping[str, tuple[int, ...]]
    end: str = ""
    """The module that it ends with, if it is the part of a network."""
    surplus: Sequence[str] = ()
    """Names in a checkpoint that the model does not have."""

    def with_state(self, state: Mapping[str, Any], surplus: Sequence[str]) -> Program:
        """The same network with the weights of a checkpoint."""
        constants = {
            name: constant._replace(array=state.get(constant.name, constant.array))
            for name, constant in self.constants.items()
        }
        return self._replace(state=state, constants=constants, surplus=surplus)

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
            names=("output",),
            end=layer,
        )


def read(path: Path) -> Program:
    """The program in a `.pt2` file; raises ImportFailed (AS701)."""
    try:
        with zipfile.ZipFile(path) as archive:
            return _program(Archive(archive))
    except OSError as error:
        why = error.strerror or str(error)
    except zipfile.BadZipFile as error:
        why = str(error)
    except _MALFORMED as error:
        is_ours = type(error) is ValueError
        why = str(error) if is_ours else f"it is malformed: {error!r:.300}"
    message = f"cannot read {path} as a file of torch.export: {why}"
    help = "write it by torch.export.save, PyTorch 2.9 or newer"
    raise ImportFailed.single("AS701", message, help=help)


_MALFORMED = (*FAULTS, EOFError, RuntimeError)
"""What reading a file raises that PyTorch did not write."""


def _shape(sizes: Sequence[int], name: str) -> tuple[int, ...]:
    """The shape of an input; raises ValueError for one that no image has."""
    batch, *others = sizes
    if min(sizes) < 1 or prod(others) > MAX_SIZE or batch > MAX_BATCH:
        raise ValueError(f"the input '{name}' has the shape {sizes}")
    return tuple(sizes)


def _program(archive: Archive) -> Program:
    module = archive.json("models/model.json")["graph_module"]
    graph, signature = module["graph"], module["signature"]
    weights = dict(archive.tensors("weights", "model_weights_config.json"))
    tensors = weights | dict(
        archive.tensors("constants", "model_constants_config.json")
    )
    shapes = {
        name: ints(about["sizes"]) for name, about in graph["tensor_values"].items()
    }
    inputs, targets = _given(signature["input_specs"], shapes)
    constants = {n: Constant(target, tensors[target]) for n, target in targets.items()}
    buffers = (each.get("buffer") for each in signature["input_specs"])
    passing = {
        each["buffer_name"] for each in buffers if each and not each["persistent"]
    }
    given = [spec.get("user_output") for spec in signature["output_specs"]]
    outputs = _outputs(module, [each["arg"] for each in given if each])
    if not inputs or len(graph["nodes"]) > MAX_CALLS:
        raise ValueError(f"it has no input, or more than {MAX_CALLS:,} operations")
    aliases = Aliases()
    calls = tuple(aliases.resolved(map(_call, graph["nodes"])))
    state = {name: array for name, array in weights.items() if name not in passing}
    return Program(
        _class(graph["nodes"]),
        inputs,
        state,
        constants,
        calls,
        tuple(map(aliases.name, outputs.values())),
        tuple(outputs),
        shapes,
    )


def _given(
    specs: Sequence[Mapping[str, Any]], shapes: Mapping[str, Sequence[int]]
) -> tuple[dict[str, tuple[int, ...]], dict[str, str]]:
    """The shapes of inputs, and the names of weights, by those of tensors."""
    inputs: dict[str, tuple[int, ...]] = {}
    targets: dict[str, str] = {}
    for spec in specs:
        ((kind, about),) = spec.items()
        if kind == "user_input":
            name = about["arg"]["as_tensor"]["name"]
            inputs[name] = _shape(shapes[name], name)
            continue
        keys = "parameter_name", "buffer_name", "tensor_constant_name"
        targets[about["arg"]["name"]] = next(filter(None, map(about.get, keys)))
    return inputs, targets


def _outputs(module: Mapping[str, Any], given: Sequence[Any]) -> dict[str, str]:
    """The tensors that the network gives, by its own names for them."""
    spec = module["module_call_graph"][0]["signature"]["out_spec"]
    _, tree = json.loads(spec)
    paths = list(_leaves(tree))
    names = Names()
    return {
        names.name("_".join(path) if path else "output"): about["as_tensor"]["name"]
        for path, about in zip(paths, given, strict=True)
        if "as_tensor" in about
    }


def _leaves(tree: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[Any]:
    """The keys that lead to each tensor: of dicts their own, of lists numbers."""
    if tree["type"] is None:
        yield path
        return
    inner = tree["children_spec"]
    keys = json.loads(tree["context"]) if tree["type"] in _DICTS else None
    for number, child in enumerate(inner):
        key = str(keys[number]) if keys else str(number)
        yield from _leaves(child, (*(path or ("output",) * (not keys)), key))


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
    if kind == "as_int":
        return whole(value)
    if kind == "as_ints":
        return [whole(each) for each in value]
    if kind == "as_float":
        return float(value)  # the infinite ones are texts
    if kind == "as_optional_tensors":
        return [_value(each) if "as_tensor" in each else None for each in value]
    return None if kind == "as_none" else value


def _scopes(stack: str) -> tuple[Scope, ...]:
    """`KEY,PATH,CLASS;...`, the network itself first, which is left out."""
    found: list[Scope] = []
    for entry in filter(None, stack.split(";")):
        key, path, kind = entry.split(",", 2)
        found.append(Scope(path.partition("@")[0], kind, key.partition("@")[2]))
    return tuple(found[1:])
