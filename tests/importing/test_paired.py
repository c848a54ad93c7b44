"""Neighbours that are one block of the library."""

from __future__ import annotations

from pathlib import Path

import archspec
from archspec.importing.covering import Item, paired
from archspec.importing.graph import graph_of
from archspec.importing.library import Call, Library
from archspec.importing.regions import Regions

NET = """
archspec: 1
name: Net
input: {channels: 4, size: 8}
defaults:
  conv: {padding: symmetric, bias: false}
  batch_norm: {epsilon: 1e-5, decay: 0.9}
  activation: relu
layers:
  a: {mobile_one_depthwise: {branches: 4, stride: 2}}
  b: {mobile_one_block: {filters: 8, kernel: 1, branches: 4}}
  c: {mobile_one_depthwise: {branches: 4}}
  d: {mobile_one_block: {filters: 8, kernel: 1, branches: 4}}
  e: {mobile_one_block: {filters: 8}}
"""


def test_neighbours_are_the_block_that_calls_both(tmp_path: Path):
    (tmp_path / "net.yaml").write_text(NET)
    network = archspec.load(tmp_path / "net.yaml")
    graph = graph_of(network)
    defaults = {
        "conv": {"padding": "symmetric", "bias": False},
        "batch_norm": {"epsilon": 1e-5, "decay": 0.9},
        "activation": {"kind": "relu"},
    }
    library, regions = Library(defaults), Regions(graph)
    items = [
        Item(
            tuple(node for node in graph.nodes if node.path.startswith(f"{name}.")),
            Call(layer.op, {}),
        )
        for name, layer in network.document.layers.items()
    ]
    found = paired(items, regions, library)
    said = [(item.op, dict(item.call.said)) for item in found if item.call]
    assert said == [
        ("mobile_one_pair", {"filters": 8, "stride": 2, "branches": 4}),
        ("mobile_one_pair", {"filters": 8, "branches": 4}),
        ("mobile_one_block", {}),
    ]
