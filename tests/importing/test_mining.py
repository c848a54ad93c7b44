"""Blocks of a file that has no names: what comes several times."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest

import archspec
from archspec.importing.graph import graph_of
from archspec.importing.mining import mined


def nameless(network: archspec.Network, path: Path) -> None:
    """The ONNX file of a network, with numbers for names."""
    model = onnx.load_model_from_string(network.onnx())
    graph = model.graph
    named = [t.name for t in graph.initializer]
    named += [name for node in graph.node for name in node.output]
    kept = {each.name for each in (*graph.input, *graph.output)}
    names = {name: f"t{n}" for n, name in enumerate(named) if name not in kept}
    for tensor in graph.initializer:
        tensor.name = names.get(tensor.name, tensor.name)
    for number, node in enumerate(graph.node):
        node.name = str(number)
        for ends in (node.input, node.output):
            ends[:] = [names.get(name, name) for name in ends]
    del graph.value_info[:], model.metadata_props[:]
    model.producer_name = ""
    onnx.save(model, path)


@pytest.mark.parametrize(
    ("spec", "lines", "said"),
    [
        ("mobilenetv2", 44, "residual: stride == 1 and in_channels == filters"),
        ("resnet18", 44, "when: stride != 1 or in_channels != filters"),
        ("mobilenetv1", 36, "each: {block: {filters: c, stride: s}}"),
    ],
)
def test_a_file_without_names(tmp_path, spec, lines, said):
    network = archspec.load(spec, set={"input.size": 32})
    nameless(network.fold_batch_norm(), tmp_path / "net.onnx")
    found = archspec.import_model(tmp_path / "net.onnx")
    assert len(found.text.splitlines()) <= lines
    assert said in found.text
    assert "\n  blocks:\n    columns: [" in found.text
    assert found.network.macs == network.macs


NET = """
archspec: 1
name: Net
input: {channels: 3, size: 8}
defaults:
  conv: {padding: same, bias: true}
  activation: relu
layers:
  stem: {conv: 4}
  act: activation
"""


def modules(layers: str, tmp_path: Path) -> list[tuple[str, str]]:
    """The block that each node is in, and its class."""
    path = tmp_path / "net.yaml"
    path.write_text(NET + layers)
    found = (node.scopes[0] for node in mined(graph_of(archspec.load(path))).nodes)
    return [
        (scope.path, scope.kind) if scope.path.startswith("blocks.") else ("", "-")
        for scope in found
    ]


def kinds(layers: str, tmp_path: Path) -> list[str]:
    return [kind for _, kind in modules(layers, tmp_path)]


def test_the_layer_that_reads_the_image_begins_no_block(tmp_path):
    layers = """
  a: {conv: 4}
  b: activation
  c: {max_pool: 2}
  d: {conv: 8}
  e: activation
  f: {max_pool: 2}
"""
    assert kinds(layers, tmp_path) == ["-", "-", *["Block"] * 6]


def test_nothing_comes_twice(tmp_path):
    layers = "  a: {max_pool: 2}\n  b: global_avg_pool\n  c: {dense: 3}\n"
    assert kinds(layers, tmp_path) == ["-"] * 5


def test_a_chain_is_the_block_that_has_a_shortcut_elsewhere(tmp_path):
    layers = """
  a: {conv: 6}
  b: activation
  c: {conv: {filters: 8, kernel: 3, stride: 2}}
  sum:
    add:
      main:
        d: {conv: 6}
        e: activation
        gate: {squeeze_excite: 4}
        f: {conv: {filters: 8, kernel: 3}}
      shortcut: {}
  pool: global_avg_pool
"""
    found = kinds(layers, tmp_path)
    assert found[:5] == ["-", "-", *["Residual"] * 3]
    assert {*found[5:-1]} == {"Residual"}
    assert found[-1] == "-"


def test_a_short_run_several_times_is_no_longer_block(tmp_path):
    one = "  {0}: {{conv: {{filters: 4, kernel: 3}}}}\n  {0}_act: activation\n"
    layers = "".join(one.format(name) for name in "abcd")
    found = [path for path, _ in modules(layers, tmp_path)]
    assert found == ["", "", *(f"blocks.{n // 2}" for n in range(8))]
