"""Where the time of a network goes: every layer has one, and what bounds it."""

from __future__ import annotations

import csv
import io
import json

import pytest
from typer.testing import CliRunner

import archspec
from archspec.analysis.roofline import Roof, Work, work
from archspec.benching.report import Benchmark, Seconds, groups
from archspec.cli.commands import program
from archspec.errors import InvalidArgument

SPEC = """
archspec: 1
name: Net
input: {channels: 3, size: 32}
classes: 5
defaults:
  conv: {padding: same, bias: false}
  batch_norm: {epsilon: 1e-3, decay: 0.9}
  activation: relu
blocks:
  unit:
    arguments: {c: int}
    layers:
      conv: {conv: {filters: c, kernel: 3}}
      norm: batch_norm
      sum: {add: {one: {}, two: {from: input}}}
      act: activation
layers:
  stem: {conv: {filters: 8, kernel: 3, stride: 2}}
  body: {unit: 8, repeat: 2}
  drop: {dropout: 0.5}
  pool: global_avg_pool
  head: {dense: classes}
"""


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("bench") / "net.yaml"
    path.write_text(SPEC)
    return str(path)


@pytest.fixture(scope="module")
def found(spec: str) -> list[Benchmark]:
    targets = ["torch", "onnx"]
    return archspec.bench([archspec.load(spec)], targets, rounds=3, threads=1)


def check(found: Benchmark) -> None:
    assert found.seconds.lower <= found.seconds.median <= found.seconds.upper
    assert min(found.runs) > 0
    assert min(found.processor_runs) > 0
    assert len(found.runs) == len(found.processor_runs) == 3
    assert found.roof.macs_per_second > 1e8
    assert found.roof.bytes_per_second > 1e8


@pytest.mark.parametrize("number", range(2))
def test_every_layer_has_a_time(found: list[Benchmark], number: int):
    benchmark = found[number]
    check(benchmark)
    paths = [layer.path for layer in benchmark.network.layers]
    assert sorted(p for part in benchmark.parts for p in part.layers) == sorted(paths)
    assert all(part.seconds.median > 0 for part in benchmark.parts)
    assert {len(runs) for runs in benchmark.layer_runs.values()} == {3}
    assert sum(part.work.macs for part in benchmark.parts) == benchmark.network.macs
    # In the same round, so within the noise of a machine that does other things too.
    assert 0.1 < benchmark.layer_seconds / benchmark.seconds.median < 10


def test_layers_of_torch(found: list[Benchmark]):
    """The sum and the last activation are no modules."""
    parts = {part.path: part for part in found[0].parts}
    assert parts["body.0.conv"].op == "conv"
    assert parts["body.0.conv"].layers == ("body.0.conv",)
    assert "drop" in parts
    assert parts["body.0.norm"].work == Work(0, 2 * 4 * 8 * 16 * 16 + 4 * 4 * 8)


def test_joined_layers_of_onnx(found: list[Benchmark]):
    joined = next(part for part in found[1].parts if "body.0.norm" in part.layers)
    assert "body.0.conv" in joined.layers
    assert "conv + batch_norm" in joined.op


@pytest.mark.full
@pytest.mark.parametrize("target", ["keras", "nnx"])
def test_frameworks_that_compile_the_whole(spec: str, target: str):
    pytest.importorskip({"keras": "tensorflow", "nnx": "flax"}[target])
    found = archspec.load(spec).bench(target, rounds=3, threads=1, batch=2)
    check(found)
    assert found.parts == ()
    assert f"{target} runs the network as one function" in str(found)
    assert "ms for a batch" in str(found)


def test_formats(found: list[Benchmark]):
    text = str(found[0])
    title, measured, roofline, _, header = text.splitlines()[:5]
    assert title.startswith("net, torch: ")
    assert "ms for an image" in title
    assert measured.startswith("measured: torch ")
    assert ", threads: 1, batch: 1, 3x32x32, float32; " in measured
    assert "MACs per byte are bound by memory: " in roofline
    assert header.split()[:2] == ["layer", "op"]
    assert "| layer | op |" in found[0].to("markdown")
    assert "stem" not in found[0].to("table", summary=True)
    document = json.loads(json.dumps(found[0].document()))
    assert document["measured"]["threads"] == 1
    assert document["layers"][0]["macs_per_byte"] == pytest.approx(
        3 * 3 * 3 * 8 * 16 * 16 / (4 * (3 * 32 * 32 + 8 * 16 * 16 + 27 * 8))
    )
    assert document["layers"][0]["path"] == "stem"


def test_the_command(spec: str):
    words = ["--rounds", "1", "--threads", "1", "--batch", "2", "--fold-batch-norm"]
    arguments = ["bench", spec, *words, "--format", "csv"]
    done = CliRunner().invoke(program(arguments), arguments)
    assert done.exit_code == 0, done.output
    first, *rows = csv.DictReader(io.StringIO(done.stdout))
    assert (first["network"], first["target"], first["batch"]) == ("net", "torch", "2")
    assert float(first["median"]) > 0
    assert "batch_norm" not in {row["op"] for row in rows}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"targets": ["torhc"]}, "unknown target 'torhc'; did you mean 'torch'?"),
        ({"threads": 0}, "'threads' must be at least 1, not 0"),
        ({"rounds": 0}, "'rounds' must be at least 1, not 0"),
    ],
)
def test_wrong_arguments(spec: str, arguments: dict[str, object], message: str):
    with pytest.raises(InvalidArgument) as caught:
        archspec.bench([archspec.load(spec)], **arguments)  # pyright: ignore
    assert str(caught.value).startswith(message)


def test_targets_are_no_text(spec: str):
    with pytest.raises(TypeError, match="must be a list"):
        archspec.bench([archspec.load(spec)], "torch")


def test_what_layers_do_together(spec: str):
    network = archspec.load(spec)
    numbers = {layer.path: n for n, layer in enumerate(network.layers)}
    body = [numbers[f"body.0.{name}"] for name in ("conv", "norm", "sum", "act")]
    tensor = 8 * 16 * 16
    # It reads the stem's output once, and writes its own; what is between stays.
    together = work(network, body, 2)
    assert together.bytes == 4 * (2 * 2 * tensor + 9 * 8 * 8 + 4 * 8)
    assert together.macs == 2 * 9 * 8 * tensor
    assert work(network, [numbers["drop"]], 1) == Work(0, 0)


def test_the_roof():
    roof = Roof(macs_per_second=100.0, bytes_per_second=10.0)
    assert roof.bound(Work(99, 10)) == "memory"
    assert roof.bound(Work(100, 10)) == "compute"
    assert roof.bound(Work(0, 0)) == ""
    assert roof.seconds(Work(300, 10)) == 3.0
    assert roof.seconds(Work(300, 40)) == 4.0


def test_layers_without_a_time():
    names = ["a.conv", "a.norm", "a.act", "b.conv", "b.norm", "b.add", "c.conv", "end"]
    timed = dict.fromkeys(["a.act", "b.norm", "c.conv"])
    assert groups(names, timed) == {
        "a.act": [0, 1, 2],
        "b.norm": [3, 4, 5],
        "c.conv": [6, 7],
    }
    assert groups(names, {}) == {}


def test_quartiles():
    assert Seconds.of([2.0]) == (2.0, 2.0, 2.0)
    assert Seconds.of([5.0, 1.0, 2.0, 3.0, 4.0]) == (2.0, 3.0, 4.0)
