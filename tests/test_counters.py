"""The figures of other counters are what the tools print for generated modules."""

from __future__ import annotations

import contextlib
import copy
import csv
import inspect
import io
import json
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

pytest.importorskip("torch")
pytest.importorskip("keras")
pytest.importorskip("fvcore")

from layers import beside, complete, layers_of
from typer.testing import CliRunner

import archspec
from archspec.cli.commands import program
from archspec.counting import COUNTERS
from archspec.counting.counters import every
from archspec.counting.quantities import Read
from archspec.errors import InvalidArgument
from archspec.ops import OPS
from archspec.ops.shapes import is_sequence
from archspec.reading import bundled_specs
from examples import sets

FULL = pytest.mark.full
SAMPLE, EXAMPLES = (6, 9, 12), 6
ATTENTION = """
input: {channels: 8, size: [4, 6]}
layers:
  qkv: {dense: 24}
  whole: {attention: {heads: 2, scale: 0.3}, from: qkv}
  windows: {attention: {heads: 4, window: 2}, from: qkv}
  biased: {attention: {heads: 4, window: 2, relative_bias: signed}, from: qkv}
  shifted: {attention: {heads: 4, window: 2, shift: 1}, from: qkv}
  both:
    attention: {heads: 4, window: 2, shift: 1, relative_bias: absolute}
    from: qkv
  grid: {attention: {heads: 2, dilation: 2}, from: qkv}
  linear: {linear_attention: 2, from: qkv}
  shared:
    attention:
      heads: 4
      query: {}
      key: {key: {dense: 2}, pool: {avg_pool: 2}}
      value: {value: {dense: 2}, smaller: {avg_pool: 2}}
    from: input
  separable:
    separable_attention: {query: {query: {dense: 1}}, key: {}, value: {}}
    from: input
  UNEVEN
outputs: {a: whole, b: windows, c: biased, d: shifted, e: both, f: grid, g: linear,
          h: shared, i: separable, j: END}
"""
UNEVEN = """uneven:
    attention: {heads: 2, dropout: 0.1, query: {}, key: {}, value: {six: {dense: 6}}}
    from: input
"""
"""Values of another size, and dropout: the Keras file has another form of attention."""
BLOCKS = """
input: {channels: 3, size: 32}
defaults:
  conv: {padding: PADDING, bias: false}
  batch_norm: {epsilon: 1e-3, decay: 0.9}
  layer_norm: {epsilon: 1e-6}
  activation: relu
blocks:
  unit:
    arguments: {filters: int, stride: 1, activation: relu}
    layers:
      expand: {conv_bn_act: {filters: 2 * filters, activation: activation}}
      depthwise: {depthwise_bn_act: {stride: stride, activation: activation}}
      pool: {avg_pool: {kernel: 3, stride: 1, padding: PADDING}}
      project: {conv_bn: filters}
    residual: stride == 1 and in_channels == filters
layers:
  stem: {conv_bn_act: {filters: 8, kernel: 3, stride: 2}}
  stages:
    columns: [c, n, s, a]
    rows: [[8, 2, 1, relu6], [16, 2, 2, hard_swish], [16, 1, 1, swish]]
    each: {unit: {filters: c, stride: s, activation: a}}
    repeat: n
    then: {stride: 1}
  last: {unit: 16}
  again: {again: last, repeat: 2}
  pools:
    concat:
      most: {pool: {max_pool: {kernel: 3, stride: 1, padding: PADDING}}}
      same: {}
  tokens: tokens
  first: {prefix_tokens: 1}
  places: position_embedding
  norm: {layer_norm: ~}
  qkv: {dense: 3 * channels}
  attend: {attention: 4}
  gelu: {activation: gelu}
  token: take
  classifier: {dense: classes}
"""
"""Blocks that share a class, loops, a second run, branches, and a transformer."""


@pytest.fixture(scope="module", autouse=True)
def imported(torchvision: ModuleType) -> None:
    """The tools, whose imports warn of what they read; ptflops asks for torchvision."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for tool in ("fvcore.nn", "ptflops", "thop", "torchinfo"):
            __import__(tool)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of thop and of tracing
        yield


def torch_prints(model: Any, images: tuple[Any, ...]) -> int:
    """On the meta device: on CPU, it does not see fused attention."""
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        copy.deepcopy(model).to("meta")(*(image.to("meta") for image in images))
    return counter.get_total_flops()


def fvcore_prints(model: Any, images: tuple[Any, ...]) -> int:
    from fvcore.nn import FlopCountAnalysis

    analysis = FlopCountAnalysis(model, images)
    analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
    return analysis.total()


def ptflops_prints(model: Any, images: tuple[Any, ...]) -> int:
    import ptflops

    names = inspect.signature(model.forward).parameters
    named = dict(zip(names, images, strict=True))
    with contextlib.redirect_stdout(io.StringIO()):  # it misses positional inputs
        macs, _ = ptflops.get_model_complexity_info(
            model,
            tuple(images[0].shape[1:]),
            print_per_layer_stat=False,
            as_strings=False,
            input_constructor=lambda _: named,
        )
    return macs


def thop_prints(model: Any, images: tuple[Any, ...]) -> int:
    import thop

    macs, _ = thop.profile(copy.deepcopy(model), images, verbose=False)
    return macs


def torchinfo_prints(model: Any, images: tuple[Any, ...]) -> int:
    import torchinfo

    summary = torchinfo.summary(model, input_data=[*images], verbose=0)
    return summary.total_mult_adds


TOOLS: dict[str, Callable[[Any, tuple[Any, ...]], int]] = {
    "torch": torch_prints,
    "fvcore": fvcore_prints,
    "ptflops": ptflops_prints,
    "thop": thop_prints,
    "torchinfo": torchinfo_prints,
}


def tensorflow_prints(model: Any) -> int:
    """Of the graph that a Keras model runs for one image."""
    import tensorflow as tf

    def run(*images: Any) -> Any:
        return model(images if len(images) > 1 else images[0], training=False)

    read = [tf.TensorSpec((1, *image.shape[1:]), image.dtype) for image in model.inputs]
    graph = tf.function(run).get_concrete_function(*read).graph
    profiler = tf.compat.v1.profiler
    options = profiler.ProfileOptionBuilder.float_operation() | {"output": "none"}
    return profiler.profile(graph, options=options).total_float_ops


@pytest.fixture
def loaded(tmp_path: Path) -> Callable[[str], archspec.Network]:
    def load(text: str) -> archspec.Network:
        path = tmp_path / "net.yaml"
        path.write_text(complete(text), encoding="utf-8")
        return archspec.load(path)

    return load


def check(network: archspec.Network) -> None:
    torch = pytest.importorskip("torch")
    images = tuple(
        torch.rand(1, *(shape[::-1] if is_sequence(shape) else shape))
        for shape in network.inputs.values()
    )
    model = network.build("torch").eval()
    printed = {name: tool(model, images) for name, tool in TOOLS.items()}
    printed["keras"] = tensorflow_prints(network.build("keras"))
    assert {name: network.count(name).total for name in printed} == printed


def layers_reading(kind: str, line: str) -> str:
    """A network of all ops that read such tensors, each with some of its examples."""
    found = [
        layer
        for op in OPS
        if kind in OPS[op].kinds and OPS[op].sample == SAMPLE
        for layer in layers_of(op, sets(op)[:EXAMPLES])
        # of a single image, PyTorch refuses to normalise groups of one number
        if (kind, op) != ("vector", "group_norm")
    ]
    return f"input: {{channels: 6, size: [9, 12]}}\n{beside(found, line)}"


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("feature map", ""),
        ("sequence", "sequence: tokens"),
        ("vector", "pooled: global_avg_pool"),
    ],
)
def test_every_op(loaded, kind, line):
    check(loaded(layers_reading(kind, line)))


@pytest.mark.parametrize("padding", ["same", pytest.param("symmetric", marks=FULL)])
def test_blocks_loops_and_second_runs(loaded, padding):
    check(loaded(BLOCKS.replace("PADDING", padding)))


@pytest.mark.parametrize(
    ("layer", "end"), [("", "qkv"), pytest.param(UNEVEN, "uneven", marks=FULL)]
)
def test_attention(loaded, layer, end):
    check(loaded(ATTENTION.replace("UNEVEN", layer).replace("END", end)))


@pytest.mark.full
@pytest.mark.parametrize("path", bundled_specs(), ids=lambda path: path.stem)
def test_bundled(path):
    check(archspec.load(path))


def test_the_default_counter_counts_macs():
    network = archspec.load("vit_tiny_patch16_224")
    assert network.count("archspec").total == network.macs
    rules = every()["archspec"]
    assert (
        sum(rules.figure(Read(each, None)) for each in network.layers) == network.macs
    )


def flops(*arguments: str) -> str:
    done = CliRunner().invoke(program([]), ["flops", *arguments])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_table_has_the_figures_of_the_counter():
    lines = flops("resnet18", "--counter", "fvcore").splitlines()
    assert [line.split()[-2:] for line in (lines[3], lines[5], lines[13])] == [
        ["flops", "share"],
        ["119,619,584", "6.6%"],  # 118,013,952 MACs, and 2 for each of 802,816
        ["1,819,040,768", "100.0%"],
    ]
    assert "FLOPs" not in "\n".join(lines)
    assert (
        "Counted as fvcore.nn.FlopCountAnalysis counts the generated module"
        in lines[-3]
    )


def test_other_formats_have_them_too():
    counts = archspec.load("resnet18").count("thop")
    given = "resnet18", "--counter", "thop", "--format"
    document = json.loads(flops(*given, "json"))
    described = {"name": "thop", "tool": "thop.profile", "unit": "MACs"}
    assert document["counter"] == {**described, "total": 1_824_008_192}
    assert tuple(layer["count"] for layer in document["layers"]) == counts.layers
    rows = csv.DictReader(io.StringIO(flops(*given, "csv")))
    assert tuple(int(row["count"]) for row in rows) == counts.layers
    assert "| total |  |  | 11,699,112 | 100.0% | 1,824,008,192 |" in flops(
        *given, "markdown"
    )


def test_a_line_for_each_network():
    given = "resnet18", "squeezenet_1_0", "--summary", "--counter", "torchinfo"
    lines = flops(*given).splitlines()
    assert lines[0].endswith("mult-adds (torchinfo)")
    assert lines[2].endswith("1,814,083,944")
    first, _ = json.loads(flops(*given, "--format", "json"))
    assert first["counter"]["total"] == 1_814_083_944


def test_a_counter_that_is_none():
    with pytest.raises(InvalidArgument, match="unknown counter 'flop'"):
        archspec.load("resnet18").count("flop")  # pyright: ignore[reportArgumentType]
    done = CliRunner().invoke(program([]), ["flops", "resnet18", "--counter", "flop"])
    assert done.exit_code == 2
    assert all(f"'{counter}'" in done.stderr for counter in COUNTERS)


def test_neither_tool_nor_framework_is_imported():
    """Nor what other counters need, where none is asked for."""
    code = """if True:
        import sys
        from archspec.api.specs import load
        network = load("mobilenetv2")
        network.table()
        assert not {"archspec.counting", "archspec.targets"} & {*sys.modules}
        network.table(counter="thop")
        assert not {"torch", "numpy", "thop"} & {*sys.modules}
    """
    subprocess.run([sys.executable, "-c", code], check=True)
