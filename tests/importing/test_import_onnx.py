"""ONNX files as specs: the graph, and what it computes beside onnxruntime."""

import re

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper, parser
from onnx_session import session

from archspec.elaboration import elaborate
from archspec.errors import ImportFailed
from archspec.importing.flat import flat
from archspec.importing.graph import graph_of
from archspec.importing.matching import pairs
from archspec.importing.onnx.file import MAX_NODES
from archspec.importing.onnx.file import read as read_file
from archspec.importing.onnx.reading import read
from archspec.importing.trial import judged
from archspec.targets.onnx import model as written
from archspec.verification.reference import evaluate


def network(text, weights=None, dtype=np.float32, **constants):
    """A model of nodes in ONNX's own notation; weights are random."""
    made = parser.parse_model(f'<ir_version: 9, opset_import: ["" : 20]>\n{text}')
    random = np.random.default_rng(0)
    arrays = {n: random.uniform(0.1, 0.9, s) for n, s in (weights or {}).items()}
    for name, array in arrays.items():
        tensor = numpy_helper.from_array(array.astype(dtype), name)
        made.graph.initializer.append(tensor)
    for name, value in constants.items():
        made.graph.initializer.append(numpy_helper.from_array(np.array(value), name))
    return made


def reading(model, folder, **options):
    """What a model is read as, from a file."""
    path = folder / "model.onnx"
    onnx.save(model, path)
    return read(read_file(path, **options))


def imported(model, folder, last=False):
    """The graph and spec of a model, checked against what onnxruntime computes."""
    graph, builder = reading(model, folder)
    assert builder.gaps == []
    found = judged(flat(graph, "Net"), graph)
    weights = {name: tensor.array for name, tensor in found.tensors.items()}
    (node,) = graph.inputs.values()
    (name, shape), *_ = read_file(folder / "model.onnx").inputs.items()
    image = np.random.default_rng(1).normal(size=shape).astype(np.float32)
    (theirs,) = session(model).run(None, {name: image})
    first = np.moveaxis(image, -1, 1) if image.shape[1:] != node.shape else image
    (end,) = found.network.outputs.values()
    ours = evaluate(found.network, weights, first)[found.network.layers[end].path]
    ours = np.moveaxis(ours, 1, -1) if ours.ndim == 3 else ours
    limit = 1e-5 * np.abs(theirs).max()
    np.testing.assert_allclose(ours.reshape(theirs.shape), theirs, atol=limit)
    return graph, found


def kinds(graph):
    """The activations of a graph in order, and its other ops."""
    return [
        dict(node.op)["kind"] if node.name == "activation" else node.name
        for node in graph.nodes
    ]


CONVOLUTIONAL = """
net (float[N, 3, 16, 16] x) => (float[N, 5] y)
{
  a = Conv<auto_pad = "SAME_UPPER", strides = [2, 2]>(x, stem_weight)
  b = BatchNormalization<epsilon = 0.001>(a, scale, shift, mean, variance)
  b1 = Sigmoid(b)
  c = Mul(b1, b)
  p = GlobalAveragePool(c)
  p1 = Conv(p, squeeze, squeeze_bias)
  p2 = HardSigmoid<alpha = 0.16666667, beta = 0.5>(p1)
  d = Mul(p2, c)
  d1 = Reshape(d, groups)
  d2 = Transpose<perm = [0, 2, 1, 3, 4]>(d1)
  e = Reshape(d2, whole)
  e1, e2 = Split<axis = 1, num_outputs = 2>(e)
  f = Conv<group = 4, pads = [1, 1, 1, 1]>(e1, depthwise)
  g = Concat<axis = 1>(f, e2)
  g1 = Add(g, three)
  g2 = Clip(g1, zero, six)
  g3 = Mul(g2, g)
  h = Div(g3, six)
  i = MaxPool<kernel_shape = [2, 2], strides = [2, 2]>(h)
  j = Transpose<perm = [0, 2, 3, 1]>(i)
  j1 = MatMul(j, matrix)
  j2 = Add(bias, j1)
  k = Transpose<perm = [0, 3, 1, 2]>(j2)
  k1 = Add(k, i)
  l = ReduceMean<keepdims = 0>(k1, axes)
  y = Gemm<transB = 1>(l, head, head_bias)
}
"""


def test_a_network(tmp_path):
    weights = {
        "stem_weight": (8, 3, 3, 3),
        **dict.fromkeys(("scale", "shift", "mean", "variance", "bias"), (8,)),
        "squeeze": (8, 8, 1, 1),
        "squeeze_bias": (8,),
        "depthwise": (4, 1, 3, 3),
        "matrix": (8, 8),
        "head": (5, 8),
        "head_bias": (5,),
    }
    model = network(
        CONVOLUTIONAL,
        weights,
        groups=[0, 2, 4, 8, 8],
        whole=[0, -1, 8, 8],
        axes=[-1, -2],
        zero=np.float32(0),
        three=np.float32(3),
        six=np.float32(6),
    )
    graph, found = imported(model, tmp_path)
    assert (
        kinds(graph)
        == (
            "conv batch_norm swish global_avg_pool conv hard_sigmoid multiply "
            "channel_shuffle slice_channels slice_channels depthwise_conv concat "
            "hard_swish max_pool dense add global_avg_pool flatten dense"
        ).split()
    )
    assert found.network.parameters == 8 * 27 + 32 + 72 + 36 + 72 + 45
    assert "padding: same" in found.text


CHAINS = {
    "gelu": """
  a = Div(x, root)
  b = Erf(a)
  c = Add(b, one)
  d = Mul(x, c)
  y = Mul(half, d)""",
    "gelu_tanh": """
  a = Pow(x, three)
  b = Mul(a, small)
  c = Add(x, b)
  d = Mul(c, factor)
  e = Tanh(d)
  f = Add(e, one)
  g = Mul(x, half)
  y = Mul(g, f)""",
    "mish": """
  a = Exp(x)
  b = Add(a, one)
  c = Log(b)
  d = Tanh(c)
  y = Mul(d, x)""",
    "hard_swish": """
  a = HardSigmoid<alpha = 0.16666667, beta = 0.5>(x)
  y = Mul(x, a)""",
    "leaky_relu": """
  a = Mul(x, half)
  y = Max(x, a)""",
    "relu6": """
  a = Relu(x)
  y = Min(a, six)""",
}
NUMBERS = {
    "one": 1,
    "half": 0.5,
    "three": 3,
    "six": 6,
    "root": 2**0.5,
    "small": 0.044715,
    "factor": (2 / np.pi) ** 0.5,
}


@pytest.mark.parametrize("kind", CHAINS)
def test_activations_that_are_chains(kind, tmp_path):
    text = f"net (float[N, 4, 6, 6] x) => (float[N, 4, 6, 6] y) {{{CHAINS[kind]}\n}}"
    numbers = {name: np.float32(value) for name, value in NUMBERS.items()}
    graph, _ = imported(network(text, **numbers), tmp_path)
    assert kinds(graph)[-1] == kind
    if kind == "leaky_relu":
        assert dict(graph.nodes[-1].op)["slope"] == 0.5


@pytest.mark.parametrize("bound", [5, 1e5, 1e20])
def test_a_chain_that_is_no_activation(bound, tmp_path):
    text = "net (float[N, 4] x) => (float[N, 4] y) { y = Clip(x, low, high) }"
    bounds = {"low": np.float32(-bound), "high": np.float32(bound)}
    _, builder = reading(network(text, **bounds), tmp_path)
    assert [gap.operation for gap in builder.gaps] == ["Clip"]


ATTENTION = """
net (float[1, 8, 2, 3] image) => (float[1, 6, 8] y)
{
  x0 = Reshape(image, rows)
  x = Transpose<perm = [0, 2, 1]>(x0)
  m = ReduceMean(x, last)
  c = Sub(x, m)
  s = Mul(c, c)
  v = ReduceMean(s, last)
  v1 = Add(v, epsilon)
  r = Sqrt(v1)
  n = Div(c, r)
  n1 = Mul(n, scale)
  n2 = Add(n1, shift)
  q = MatMul(n2, qkv)
  q1 = Add(q, qkv_bias)
  q2 = Reshape(q1, parts)
  q3 = Transpose<perm = [2, 0, 3, 1, 4]>(q2)
  i, j, k = Split<axis = 0, num_outputs = 3>(q3)
  i1 = Squeeze(i, first)
  j1 = Squeeze(j, first)
  k1 = Squeeze(k, first)
  j2 = Transpose<perm = [0, 1, 3, 2]>(j1)
  a = MatMul(i1, j2)
  a1 = Mul(a, half)
  w = Softmax(a1)
  o = MatMul(w, k1)
  o1 = Transpose<perm = [0, 2, 1, 3]>(o)
  o2 = Reshape(o1, together)
  y = Add(o2, x)
}
"""


def test_attention_and_a_norm_in_pieces_for_one_image(tmp_path):
    weights = {"scale": (8,), "shift": (8,), "qkv": (8, 24), "qkv_bias": (24,)}
    model = network(
        ATTENTION,
        weights,
        last=[-1],
        first=[0],
        rows=[1, 8, 6],
        parts=[1, 6, 3, 2, 4],
        together=[1, 6, 8],
        epsilon=np.float32(1e-6),
        half=np.float32(0.5),
    )
    graph, _ = imported(model, tmp_path)
    assert kinds(graph) == ["layer_norm", "dense", "attention", "add", "tokens"]
    assert dict(graph.nodes[0].op)["epsilon"] == 1e-6
    assert [*graph.nodes[0].weights] == ["scale", "shift"]


STACKED = """
net (float[N, 3, 4, 4] x) => (float[N, 3] y)
{
  a = Unsqueeze(x, at)
  b = Relu(x)
  c = Unsqueeze(b, at)
  d = Concat<axis = 1>(a, c)
  e = ReduceSum<keepdims = 0>(d, at)
  f = ReduceMean<keepdims = 0>(e, positions)
  y = Gemm(f, head)
}
"""


def test_stacks_that_are_added_up(tmp_path):
    constants = {"at": [1], "positions": [2, 3]}
    graph, _ = imported(network(STACKED, {"head": (3, 3)}, **constants), tmp_path)
    assert kinds(graph) == ["relu", "add", "global_avg_pool", "flatten", "dense"]


TWICE = """
net (float[N, 3, 4, 4] x) => (float[N, 3, 4, 4] y)
{
  a = Conv(x, kernel, bias)
  b = Relu(a)
  c = Conv(b, kernel, bias)
  y = Conv(c, other, bias)
}
"""


def test_a_layer_that_is_called_twice_runs_again(tmp_path):
    weights = {"kernel": (3, 3, 1, 1), "other": (3, 3, 1, 1), "bias": (3,)}
    _, found = imported(network(TWICE, weights), tmp_path)
    assert found.network.parameters == 2 * 12
    assert found.text.count("{again: ") == 1


def test_channels_last(tmp_path):
    text = """
net (float[N, 8, 8, 3] image) => (float[N, 4, 4, 4] y)
{
  a = Transpose<perm = [0, 3, 1, 2]>(image)
  b = Conv<strides = [2, 2], auto_pad = "SAME_UPPER">(a, weight)
  c = Relu(b)
  y = Transpose<perm = [0, 2, 3, 1]>(c)
}
"""
    graph, builder = reading(network(text, {"weight": (4, 3, 3, 3)}), tmp_path)
    assert builder.gaps == []
    assert graph.inputs["image"].shape == (3, 8, 8)
    assert kinds(graph) == ["conv", "relu"]


SPEC = """\
archspec: 1
name: Own
input: {channels: 3, size: 16}
classes: 4
defaults:
  conv: {padding: same, bias: false}
  batch_norm: {epsilon: 1e-3, decay: 0.9}
  layer_norm: 1e-6
  activation: swish
layers:
  stem: {conv_bn_act: {filters: 8, kernel: 3, stride: 2}}
  gate: {squeeze_excite: {hidden: 2}}
  group: {group_norm: {groups: 2, epsilon: 1e-5}}
  root: {rms_norm: 1e-6}
  mixed: {layer_norm: 1e-6}
  scaled: {layer_scale: 0.1}
  gained: global_response_norm
  shuffled: {channel_shuffle: 2}
  folded: {space_to_depth: 2}
  upper: {upsample: 2}
  pool: global_avg_pool
  classifier: {dense: classes}
"""


def test_own_files(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text(SPEC, encoding="utf-8")
    own = elaborate(str(path))
    random = np.random.default_rng(0)
    shapes = own.weight_shapes.items()
    weights = {n: random.uniform(0.5, 1, s).astype(np.float32) for n, s in shapes}
    model = written(own, weights, fold_batch_norm=False)
    graph, found = imported(model, tmp_path)
    assert pairs(graph, graph_of(own)) is not None
    assert found.network.parameters == own.parameters
    assert (graph.nodes[0].path, graph.nodes[-1].path) == ("stem.conv", "classifier")


def test_scopes(tmp_path):
    text = """
net (float[N, 3, 4, 4] x) => (float[N, 4, 4, 4] y)
{ a = Conv(x, one)
  b = Conv(a, two)
  y = Conv(b, three) }
"""
    weights = {"one": (4, 3, 1, 1), "two": (4, 4, 1, 1), "three": (4, 4, 1, 1)}
    model = network(text, weights)
    first, second, third = model.graph.node
    names = "['', 'stem', 'stem.conv', 'conv2d']"
    kinds = "['Net', 'lib.Stem', 'torch.nn.Conv2d', 'aten.conv2d']"
    first.metadata_props.add(key="pkg.torch.onnx.name_scopes", value=names)
    first.metadata_props.add(key="pkg.torch.onnx.class_hierarchy", value=kinds)
    second.name = "/features/features.1/conv/conv.0/Conv"
    third.name = "head.conv"
    graph, builder = reading(model, tmp_path)
    assert [[scope.path for scope in node.scopes] for node in graph.nodes] == [
        ["stem", "stem.conv"],
        ["features", "features.1", "features.1.conv", "features.1.conv.0"],
        ["head", "head.conv"],
    ]
    assert graph.nodes[0].scopes[1].kind == "torch.nn.Conv2d"
    assert builder.notes == []


def test_a_folded_batch_norm(tmp_path):
    text = "net (float[N, 3, 4, 4] x) => (float[N, 4, 4, 4] y) { y = Conv(x, w, b) }"
    model = network(text, {"w": (4, 3, 1, 1), "b": (4,)}, dtype=np.float16)
    (node,) = model.graph.node
    node.input[1] = model.graph.initializer[0].name = "stem.conv.weight"
    names, kinds = "['', 'stem', 'stem.bn', 'x']", "['Net', 'A', 'x.BatchNorm2d', 'y']"
    node.metadata_props.add(key="pkg.torch.onnx.name_scopes", value=names)
    node.metadata_props.add(key="pkg.torch.onnx.class_hierarchy", value=kinds)
    graph, builder = reading(model, tmp_path)
    (conv,) = graph.nodes
    assert conv.path == "stem.conv"
    assert conv.weights["weight"].array.dtype == np.float32
    (note,) = builder.notes
    assert note.startswith("the file has no batch norms: if the network had any")


def test_all_gaps_at_once(tmp_path):
    text = """
net (float[N, 3, 4, 4] x) => (float[N, 3, 4, 4] y)
{ a = Sin(x)
  b = Relu(a)
  c = CumSum(b, axis)
  d = Erf(c)
  y = Floor(d) }
"""
    _, builder = reading(network(text, axis=1), tmp_path)
    found = [gap.operation for gap in builder.gaps]
    assert found == ["Sin", "CumSum", "Erf"]


def function(name, body):
    nodes = [helper.make_node(body, ["x"], ["y"], domain="own" if "f" in body else "")]
    opsets = [helper.make_opsetid("", 20), helper.make_opsetid("own", 1)]
    return helper.make_function("own", name, ["x"], ["y"], nodes, opsets)


def calling(*functions):
    text = "net (float[N, 3] x) => (float[N, 3] y) { y = Relu(x) }"
    model = network(text)
    model.graph.node[0].op_type, model.graph.node[0].domain = "f0", "own"
    model.opset_import.append(helper.make_opsetid("own", 1))
    model.functions.extend(functions)
    return model


def test_functions_are_expanded(tmp_path):
    graph, builder = reading(
        calling(function("f0", "f1"), function("f1", "Relu")), tmp_path
    )
    assert (kinds(graph), builder.gaps) == (["relu", "flatten"], [])


def refusal(model, folder, **options):
    with pytest.raises(ImportFailed) as caught:
        reading(model, folder, **options)
    (found,) = caught.value.diagnostics
    assert found.code == "AS701"
    return found.message.partition(": ")[2]


def branching():
    text = "net (float[N, 3] x) => (float[N, 3] y) { y = Relu(x) }"
    model = network(text)
    branch = helper.make_graph([], "branch", [], [])
    node = helper.make_node("If", ["x"], ["y"], then_branch=branch, else_branch=branch)
    del model.graph.node[:]
    model.graph.node.append(node)
    return model


def test_branches_are_gaps(tmp_path):
    _, builder = reading(branching(), tmp_path)
    assert [gap.operation for gap in builder.gaps] == ["If"]


def test_hostile_graphs(tmp_path):
    text = "net (float[N, 3] x) => (float[N, 3] y) {{ {} }}"
    circle = calling(function("f0", "f1"), function("f1", "f0"))
    assert refusal(circle, tmp_path) == "its functions call each other in a circle"
    doubled = [f"f{n + 1}" for n in range(40)]
    bombs = [function(f"f{n}", name) for n, name in enumerate(doubled)]
    for bomb in bombs:
        bomb.node.append(
            helper.make_node(bomb.node[0].op_type, ["y"], ["z"], domain="own")
        )
    message = f"it has more than {MAX_NODES:,} nodes"
    assert refusal(calling(*bombs, function("f40", "Relu")), tmp_path) == message
    unsorted = network(text.format("y = Relu(a)  a = Relu(x)"))
    assert refusal(unsorted, tmp_path) == "Relu reads 'a' before it is computed"
    twice = network(text.format("y = Relu(x)  y = Tanh(x)"))
    assert refusal(twice, tmp_path) == "'y' is computed twice"
    many = network(text.format("y = Relu(x)"))
    many.graph.node.extend([many.graph.node[0]] * MAX_NODES)
    assert refusal(many, tmp_path) == message


def test_hostile_weights(tmp_path):
    text = "net (float[N, 3] x) => (float[N, 3] y) { y = MatMul(x, w) }"
    model = network(text, {"w": (3, 3)})
    tensor = model.graph.initializer[0]
    tensor.dims[0] = 2**40
    assert refusal(model, tmp_path).startswith("'w' has fewer numbers than its shape")
    tensor.dims[0] = 4
    assert "reshape" in refusal(model, tmp_path)
    tensor.dims[0] = 3
    (tmp_path / "w.bin").write_bytes(tensor.raw_data)
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="w.bin")
    tensor.ClearField("raw_data")
    graph, _ = reading(model, tmp_path)
    assert kinds(graph) == ["flatten", "dense"]
    tensor.external_data[0].value = "../secret.bin"
    assert "which is no file beside it" in refusal(model, tmp_path)
    (tmp_path / "link.bin").symlink_to("/etc/hostname")
    tensor.external_data[0].value = "link.bin"
    assert "which is no file beside it" in refusal(model, tmp_path)
    tensor.external_data[0].value = "w.bin"
    tensor.external_data.add(key="offset", value="8")
    assert refusal(model, tmp_path) == "'w' is longer than w.bin"


def test_large_constants_are_gaps(tmp_path):
    text = """
net (float[N, 3] x) => (float[N, 3] y)
{ a = ConstantOfShape(sizes)
  b = Exp(a)
  y = Add(x, b) }
"""
    _, builder = reading(network(text, sizes=[2**20, 2**20]), tmp_path)
    assert builder.gaps


def test_damaged_files(tmp_path):
    model = network("net (float[N, 3] x) => (float[N, 3] y) { y = Relu(x) }")
    data = model.SerializeToString()
    path = tmp_path / "damaged.onnx"
    for content in (data[:-9], b"", b"PK\x03\x04", data.replace(b"Relu", b"Re\xfflu")):
        path.write_bytes(content)
        with pytest.raises(ImportFailed, match=re.escape(f"cannot read {path}")):
            read_file(path)
    with pytest.raises(ImportFailed, match="No such file"):
        read_file(tmp_path / "none.onnx")


def test_open_sizes(tmp_path):
    text = "net (float[N, 3, H, W] x) => (float[N, 3, H, W] y) { y = Relu(x) }"
    model = network(text)
    assert refusal(model, tmp_path) == "the input 'x' has an open size: N, 3, H, W"
    graph, _ = reading(model, tmp_path, size=(3, 8, 4))
    assert graph.nodes[0].shape == (3, 8, 4)
    wrong = refusal(model, tmp_path, size=(4, 8, 8))
    assert wrong == "the input 'x' is of another size: N, 3, H, W"


def test_equal_vectors_that_an_exporter_writes_once(tmp_path):
    """As PyTorch's older exporter does with the biases of fresh layers."""
    model = network(
        """
        n (float[1, 3, 8, 8] x) => (float[1, 64, 4] y) {
            rows = Constant <value_ints = [1, 3, 64]> ()
            a = Reshape(x, rows)
            t = Transpose <perm = [0, 2, 1]> (a)
            m = MatMul(t, w)
            p = Add(m, b)
            r = Relu(p)
            k = MatMul(r, v)
            y = Add(k, b)
        }
        """,
        {"w": (3, 4), "v": (4, 4), "b": (4,)},
    )
    graph, builder = reading(model, tmp_path)
    assert builder.gaps == []
    found = judged(flat(graph, "Net"), graph)
    assert found.network.parameters == 3 * 4 + 4 * 4 + 2 * 4
    biases = [t for name, t in found.tensors.items() if name.endswith(".bias")]
    assert len({bias.place for bias in biases}) == 2
