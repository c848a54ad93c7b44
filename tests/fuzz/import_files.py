"""Small files of models as frameworks write them, and the same with something wrong."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import onnx
from mutations import at, changed, paths
from oddities import any_text
from onnx import numpy_helper, parser
from weights_files import HUGE, other_hdf5, spoilt_bytes
from weights_formats import hdf5

from archspec.importing.keras.layers import LAYERS
from archspec.importing.onnx.operations import OPERATIONS as ONNX
from archspec.importing.torch.operations import OPERATIONS as TORCH

Tree = Any
KEYS = [f"{name}{end}.default" for name in TORCH for end in ("", "_")]
WORDS = [*KEYS, *ONNX, *LAYERS, "zeros", "full", "arange", "expand", "repeat", "index"]
"""What may stand where another operation was."""


# -- torch.export ----------------------------------------------------------------

CALLS = [
    ("conv2d", "c", (2, 8, 4, 4), "a.conv", ["x", "conv.weight", "conv.bias"]),
    ("relu_", "r", (2, 8, 4, 4), "a.act", ["c"]),
    ("view", "v", (2, 2, 4, 4, 4), "a", ["r", [2, 2, 4, 4, 4]]),
    ("transpose", "t", (2, 4, 2, 4, 4), "a", ["v", 1, 2]),
    ("reshape", "s", (2, 8, 4, 4), "a", ["t", [2, 8, 4, 4]]),
    ("slice", "p", (2, 4, 4, 4), "b", ["s", 1, 0, 4]),
    ("slice", "q", (2, 4, 4, 4), "b", ["s", 1, 4, 8]),
    ("cat", "j", (2, 8, 4, 4), "b", [["q", "p"], 1]),
    ("add", "k", (2, 8, 4, 4), "b", ["j", "s"]),
    ("zeros", "z", (16, 8), "", [[16, 8]]),
    ("select", "z0", (8,), "", ["z", 0, 1]),
    ("fill_", "z1", (8,), "", ["z0", 1]),
    ("flatten", "f", (2, 8, 16), "", ["k", 2]),
    ("permute", "o", (2, 16, 8), "", ["f", [0, 2, 1]]),
    ("mul", "o1", (16, 8), "", ["z", "place"]),
    ("add", "o2", (2, 16, 8), "", ["o", "o1"]),
    ("linear", "u", (2, 16, 24), "qkv", ["o2", "qkv.weight"]),
    ("view", "u1", (2, 16, 3, 2, 4), "", ["u", [2, 16, 3, 2, 4]]),
    ("permute", "u2", (3, 2, 2, 16, 4), "", ["u1", [2, 0, 3, 1, 4]]),
    ("unbind", ["qq", "kk", "vv"], (2, 2, 16, 4), "", ["u2"]),
    ("scaled_dot_product_attention", "w", (2, 2, 16, 4), "", ["qq", "kk", "vv"]),
    ("transpose", "w1", (2, 16, 2, 4), "", ["w", 1, 2]),
    ("flatten", "w2", (2, 16, 8), "", ["w1", 2]),
    ("mean", "m", (2, 8), "pool", ["w2", [1], False]),
    ("linear", "y", (2, 5), "head", ["m", "head.weight", "head.bias"]),
]
NAMES = {
    "conv2d": "input weight bias stride padding",
    "cat": "tensors dim",
    "slice": "self dim start end",
    "select": "self dim index",
    "add": "self other",
    "mul": "self other",
    "flatten": "self start_dim end_dim",
    "permute": "self dims",
    "view": "self size",
    "reshape": "self shape",
    "transpose": "self dim0 dim1",
    "linear": "input weight bias",
    "mean": "self dim keepdim",
    "zeros": "size",
    "scaled_dot_product_attention": "query key value",
    "fill_": "self value",
}
WEIGHTS = {
    "conv.weight": (8, 3, 3, 3),
    "conv.bias": (8,),
    "place": (1, 8),
    "qkv.weight": (24, 8),
    "head.weight": (5, 8),
    "head.bias": (5,),
}


def argument(given: Any) -> Tree:
    match given:
        case str():
            return {"as_tensor": {"name": given}}
        case bool():
            return {"as_bool": given}
        case int():
            return {"as_int": given}
        case [str(), *_]:
            return {"as_tensors": [{"name": name} for name in given]}
        case _:
            return {"as_ints": list(given)}


def node(operation: str, outputs: Any, path: str, given: list[Any]) -> Tree:
    names = NAMES.get(operation, "self").split()
    inputs = [
        {"name": name, "arg": argument(each), "kind": 1}
        for name, each in zip(names, given, strict=False)
    ]
    if operation == "conv2d":
        inputs += [
            {"name": "stride", "arg": argument([2, 2]), "kind": 1},
            {"name": "padding", "arg": argument([1, 1]), "kind": 1},
        ]
    scopes = [",,Net", *([f"k,{path},torch.nn.{path}"] if path else [])]
    return {
        "target": f"torch.ops.aten.{operation}.default",
        "inputs": inputs,
        "outputs": [argument(outputs)],
        "metadata": {"nn_module_stack": ";".join(scopes)},
    }


def ints(numbers: Any) -> Tree:
    return [{"as_int": int(number)} for number in numbers]


def exported() -> bytes:
    """As `torch.export.save` writes it."""
    random = np.random.default_rng(0)
    parts: dict[str, Any] = {}
    config: Tree = {}
    for number, (name, shape) in enumerate(WEIGHTS.items()):
        array = random.normal(size=shape).astype(np.float32)
        parts[f"data/weights/weight_{number}"] = array.tobytes()
        meta = {
            "dtype": 7,
            "sizes": ints(shape),
            "strides": ints(n // 4 for n in array.strides),
            "storage_offset": {"as_int": 0},
        }
        about = {"path_name": f"weight_{number}", "use_pickle": False}
        config[name] = about | {"tensor_meta": meta}
    values: Tree = {"x": {"sizes": ints((2, 3, 8, 8))}}
    values |= {name: {"sizes": ints(shape)} for name, shape in WEIGHTS.items()}
    for _, outputs, shape, *_ in CALLS:
        for name in [outputs] if isinstance(outputs, str) else outputs:
            values[name] = {"sizes": ints(shape)}
    inputs = [
        {"parameter": {"arg": {"name": name}, "parameter_name": name}}
        for name in WEIGHTS
    ]
    nodes = [
        node(operation, outputs, path, given)
        for operation, outputs, _, path, given in CALLS
    ]
    graph = {"nodes": nodes, "tensor_values": values}
    signature = {
        "input_specs": [*inputs, {"user_input": {"arg": argument("x")}}],
        "output_specs": [{"user_output": {"arg": argument("y")}}],
    }
    leaf: Tree = {"type": None, "context": None, "children_spec": []}
    out = {"type": "builtins.dict", "context": '["y"]', "children_spec": [leaf]}
    called: Tree = {"signature": {"out_spec": json.dumps([1, out])}}
    module = {"graph": graph, "signature": signature, "module_call_graph": [called]}
    model = {"graph_module": module}
    parts["data/weights/model_weights_config.json"] = json.dumps({"config": config})
    parts["data/constants/model_constants_config.json"] = json.dumps({"config": {}})
    parts["models/model.json"] = json.dumps(model)
    return zipped({f"net/{name}": part for name, part in parts.items()})


def zipped(parts: dict[str, Any], method: int = zipfile.ZIP_STORED) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", method) as file:
        for name, part in parts.items():
            file.writestr(name, part)
    return data.getvalue()


# -- ONNX ------------------------------------------------------------------------

TEXT = """
<ir_version: 9, opset_import: ["" : 20, "local" : 1]>
net (float[N, 3, 8, 8] x) => (float[N, 5] y)
{
  c = Conv<pads = [1, 1, 1, 1], strides = [2, 2]>(x, k, b)
  d = local.act(c)
  e1, e2 = Split<axis = 1, num_outputs = 2>(d)
  e = Concat<axis = 1>(e2, e1)
  f = Add(e, d)
  g = Reshape(f, tokens)
  g1 = Transpose<perm = [0, 2, 1]>(g)
  u = MatMul(g1, wt)
  u1 = Reshape(u, split)
  u2 = Transpose<perm = [2, 0, 3, 1, 4]>(u1)
  q = Gather<axis = 0>(u2, zero)
  k1 = Gather<axis = 0>(u2, one)
  v = Gather<axis = 0>(u2, two)
  k2 = Transpose<perm = [0, 1, 3, 2]>(k1)
  s = MatMul(q, k2)
  s1 = Mul(s, half)
  s2 = Softmax<axis = -1>(s1)
  o = MatMul(s2, v)
  o1 = Transpose<perm = [0, 2, 1, 3]>(o)
  shape = Shape(g1)
  o2 = Reshape(o1, shape)
  m = ReduceMean<keepdims = 0>(o2, axes)
  y = Gemm<transB = 1>(m, h)
}
<domain: "local", opset_import: ["" : 20]>
act (x) => (y)
{
  a = Sigmoid(x)
  y = Mul(x, a)
}
"""


def written() -> bytes:
    """As an exporter to ONNX writes it."""
    model = parser.parse_model(
        TEXT.replace(
            "\n<float[8, 3, 3, 3] k, float[8] b, float[24, 8] w, float[5, 8] h>", ""
        )
    )
    random = np.random.default_rng(0)
    shapes = {"k": (8, 3, 3, 3), "b": (8,), "wt": (8, 24), "h": (5, 8)}
    arrays: dict[str, Any] = {
        name: random.normal(size=shape).astype(np.float32)
        for name, shape in shapes.items()
    }
    arrays |= {"tokens": [0, 8, -1], "split": [0, 0, 3, 2, 4], "axes": [1]}
    arrays |= {"zero": 0, "one": 1, "two": 2, "half": np.float32(0.5)}
    for name, value in arrays.items():
        model.graph.initializer.append(numpy_helper.from_array(np.array(value), name))
    return model.SerializeToString()


CHANGES = (
    "kind kind input input input output attribute attribute dims type drop function"
).split()


def other_onnx(random: Random, content: bytes) -> bytes:
    """A field of a node, attribute or tensor is another one."""
    model = onnx.ModelProto.FromString(content)
    graph = model.graph
    for _ in range(random.choice((1, 1, 2, 4))):
        place = random.randrange(len(graph.node))
        each, before = graph.node[place], graph.node[:place]
        names = ["x", *(held.name for held in graph.initializer)]
        names += [name for other in before for name in other.output] * 3
        held: Any = random.choice(graph.initializer)
        match random.choice(CHANGES):
            case "kind":
                each.op_type = random.choice([*ONNX, "If", "Loop", "Range", "Expand"])
            case "input" if each.input:
                chosen = random.choice([*names, "", any_text(random, 4)])
                each.input[random.randrange(len(each.input))] = chosen
            case "output" if each.output:
                each.output[0] = random.choice([*names, ""])
            case "attribute" if each.attribute:
                found = random.choice(each.attribute)
                number = random.choice([*HUGE, -1, 2, 3]) % 2**63
                found.i = number
                found.ints[:] = [number, *found.ints][: random.randint(0, 5)]
                found.type = random.choice([found.type, found.type, 1, 2, 3, 4, 5, 7])
            case "dims":
                number = random.choice([*HUGE, -1, 2, 3]) % 2**63
                held.dims[:] = random.choice(([number], [number, 2], [*held.dims, 2]))
            case "type":
                held.data_type = random.randrange(24)
            case "drop":
                graph.node.remove(each)
            case _:
                model.functions[0].node[0].CopyFrom(each)
                model.functions[0].node[0].domain = random.choice(("", "local"))
    return model.SerializeToString()


# -- Keras -----------------------------------------------------------------------

LAYER = {"name": "in", "batch_shape": [None, 8, 8, 3]}


def layer(kind: str, name: str, *sources: str, **config: Any) -> Tree:
    histories = [
        {
            "class_name": "__keras_tensor__",
            "config": {"shape": [None, 8, 8, 3], "keras_history": [source, 0, 0]},
        }
        for source in sources
    ]
    args = [histories] if len(histories) > 1 else histories
    return {
        "module": "keras.layers",
        "class_name": kind,
        "config": {"name": name, **config},
        "inbound_nodes": [{"args": args, "kwargs": {}}] if args else [],
    }


def saved() -> bytes:
    """As Keras's `model.save` writes it."""
    spatial: Any = {"padding": "same", "data_format": "channels_last"}
    conv = {"strides": [2, 2], "dilation_rate": [1, 1], "groups": 1, **spatial}
    layers = [
        layer("InputLayer", "input", batch_shape=[None, 8, 8, 3]),
        layer("Rescaling", "scale", "input", scale=0.5, offset=-1.0),
        layer("Conv2D", "conv", "scale", use_bias=True, activation="relu", **conv),
        layer(
            "BatchNormalization", "norm", "conv",
            axis=-1, momentum=0.9, epsilon=1e-3, center=True, scale=True,
        ),
        layer("ReLU", "act", "norm", max_value=6.0, negative_slope=0.0, threshold=0.0),
        layer("Add", "add", "act", "conv"),
        layer("Concatenate", "join", "add", "act", axis=-1),
        layer("MaxPooling2D", "max", "join", pool_size=[2, 2], strides=None, **spatial),
        layer("GlobalAveragePooling2D", "pool", "max", keepdims=False, **spatial),
        layer("Dropout", "drop", "pool", rate=0.2, noise_shape=None),
        layer("Dense", "classifier", "drop", use_bias=True, activation="softmax"),
    ]  # fmt: skip
    config = {
        "class_name": "Functional",
        "config": {
            "name": "net",
            "layers": layers,
            "input_layers": [["input", 0, 0]],
            "output_layers": [["classifier", 0, 0]],
        },
    }
    random = np.random.default_rng(0)
    shapes = {"conv": [(3, 3, 3, 4), (4,)], "norm": [(4,)] * 4}
    shapes["classifier"] = [(8, 3), (3,)]
    arrays = {
        f"{name}/{number}": random.normal(size=shape).astype(np.float32)
        for name, several in shapes.items()
        for number, shape in enumerate(several)
    }
    text = json.dumps(config)
    return zipped({"config.json": text, "model.weights.h5": hdf5(arrays)})


# -- something wrong -------------------------------------------------------------

FILES = {"net.pt2": exported, "net.onnx": written, "net.keras": saved}


class Files:
    """Models in each format, right or spoilt."""

    def __init__(self) -> None:
        self.right = {name: make() for name, make in FILES.items()}

    def spoilt(self, random: Random) -> tuple[str, bytes]:
        """A file's name and bytes with something wrong."""
        name, content = random.choice([*self.right.items()])
        if random.random() < 0.25:
            for _ in range(random.choice((1, 1, 2, 8))):
                content = spoilt_bytes(random, content)
        elif Path(name).suffix == ".onnx":
            content = other_onnx(random, content)
        else:
            content = _other_archive(random, content)
        return name, content


def _other_archive(random: Random, content: bytes) -> bytes:
    """A member of an archive is changed, one is left out, or all are compressed."""
    with zipfile.ZipFile(io.BytesIO(content)) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    texts = [name for name in parts if name.endswith(".json")]
    chosen = random.choice([*parts, *texts * 8])
    method, kind = zipfile.ZIP_STORED, random.randrange(30)
    if kind == 0:
        del parts[chosen]
    elif kind == 1:
        method = zipfile.ZIP_DEFLATED
    elif kind == 2:
        parts[chosen] = spoilt_bytes(random, parts[chosen])
    elif chosen in texts:
        tree = json.loads(parts[chosen])
        for _ in range(random.choice((1, 1, 2, 4))):
            tree = _other_tree(random, tree)
        parts[chosen] = json.dumps(tree).encode()
    elif chosen.endswith(".h5"):
        parts[chosen] = other_hdf5(random, parts[chosen])
    return zipped(parts, method)


def _other_tree(random: Random, tree: Tree) -> Tree:
    """A leaf of JSON is another one of the same kind, mostly."""
    if random.random() < 0.2 or not isinstance(tree, dict | list):
        return changed(random, tree, tree) if isinstance(tree, dict) else tree
    leaves = [p for p in paths(tree) if p and not isinstance(at(tree, p), dict | list)]
    if not leaves:
        return tree
    path = random.choice(leaves)
    parent, old = at(tree, path[:-1]), at(tree, path)
    alike = [at(tree, p) for p in leaves if type(at(tree, p)) is type(old)]
    odd: list[Any] = [any_text(random, 6), random.choice(WORDS)]
    if isinstance(old, int | float):
        odd = [random.choice(HUGE), -1, 0, 1, 2, 3, 0.5, not old]
    elif str(old).startswith("torch.ops"):
        alike = [f"torch.ops.aten.{random.choice(WORDS)}"]
    parent[path[-1]] = random.choice([random.choice(alike), random.choice(odd)])
    return tree
