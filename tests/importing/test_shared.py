"""Modules that run several times with the same weights, and several outputs."""

from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest
import torch
from torch import nn

import archspec
from archspec.importing.structured import best
from archspec.importing.torch import live
from archspec.importing.torch.reading import read
from archspec.importing.trial import Different, judged
from archspec.runtime.order import canonical, named
from archspec.verification.reference import evaluate


def imported(module, *sizes):
    """The layers of a module's spec, which computes the same."""
    torch.manual_seed(0)
    for weight in module.state_dict().values():
        if weight.is_floating_point():
            weight.uniform_(0.1, 0.3)
    images = [torch.rand(2, 3, size, size) for size in sizes]
    graph, builder = read(live.export(module, tuple(images)))
    assert builder.gaps == []
    found = best(graph, "Net", Path("net.yaml"))
    weights = {name: tensor.array for name, tensor in found.tensors.items()}
    assert len(weights) == len({id(tensor.array) for tensor in found.tensors.values()})
    arrays = [image.numpy() for image in images]
    own = evaluate(found.network, weights, arrays)
    with torch.no_grad():
        theirs = named(module.double().eval()(*(image.double() for image in images)))
    assert len(theirs) == len(found.network.outputs)
    for tensor, last in zip(
        theirs.values(), found.network.outputs.values(), strict=True
    ):
        ours = own[found.network.layers[last].path]
        wanted = canonical(tensor.numpy())
        np.testing.assert_allclose(ours.reshape(wanted.shape), wanted, rtol=1e-9)
    return found.text.partition("bias: true}\n")[2].partition("\n\n")[2]


class Tower(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, 2, 1)
        self.norm = nn.BatchNorm2d(8)
        self.last = nn.Conv2d(8, 8, 1)

    def forward(self, x):
        return self.last(self.norm(self.conv(x)).relu()).relu().mean((2, 3))


class Siamese(nn.Module):
    """One tower that reads two images of different sizes."""

    def __init__(self):
        super().__init__()
        self.tower = Tower()
        self.score = nn.Linear(16, 4)

    def forward(self, left, right):
        return self.score(torch.cat([self.tower(left), self.tower(right)], 1))


def test_a_module_that_reads_two_inputs_is_a_block_that_runs_again():
    assert imported(Siamese(), 16, 8) == dedent("""\
        blocks:
          tower:
            layers:
              conv: {conv_bn_act: {filters: 8, kernel: 3, stride: 2}}
              last: conv
              act: activation
              pool: global_avg_pool

        layers:
          tower: tower
          tower_2: {again: tower, from: right}
          join: {concat: {a: {from: tower}, b: {}}}
          classifier: {dense: classes}
        """)


class Recurrent(nn.Module):
    """A list of modules that is called in a loop, a layer beside it, and a chain."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, 2, 1)
        self.step = nn.Sequential(nn.Conv2d(8, 8, 3, 1, 1), nn.BatchNorm2d(8))
        self.chain = nn.Sequential(Double(8, 8), Double(8, 8))
        self.one = nn.Conv2d(8, 8, 1)
        self.score = nn.Linear(8, 4)

    def forward(self, x):
        x = self.stem(x)
        for _ in range(3):
            x = self.step(x)
        x = self.chain(self.one(self.chain(x)))
        return self.score(self.one(x).mean((2, 3)))


class Double(nn.Module):
    """A layer that runs twice within a block."""

    def __init__(self, channels, filters):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, 1, 1)
        self.out = nn.Conv2d(channels, filters, 1)

    def forward(self, x):
        return self.out(self.conv(self.conv(x).relu()).relu()).relu()


def test_loops_and_layers_within_blocks_run_again():
    assert imported(Recurrent(), 16) == dedent("""\
        blocks:
          double_block:
            layers:
              conv: {conv: {kernel: 3}}
              act: activation
              conv_2: {again: conv}
              act_2: activation
              out: conv
              act_3: activation

          chain:
            layers:
              double_block: {double_block: ~, repeat: 2}

        layers:
          stem: {conv: {filters: 8, kernel: 3, stride: 2}}
          step: {conv_bn: {filters: 8, kernel: 3}}
          step_2: {again: step, repeat: 2}
          chain: chain
          one: conv
          chain_2: {again: chain}
          one_2: {again: one}
          pool: global_avg_pool
          classifier: {dense: classes}
        """)


class Heads(nn.Module):
    """Heads that run on each level of a pyramid, and outputs in dicts and lists."""

    def __init__(self):
        super().__init__()
        self.low = nn.Conv2d(3, 8, 3, 2, 1)
        self.high = nn.Conv2d(8, 8, 3, 2, 1)
        self.classes = Head(4)
        self.boxes = Head(6)

    def forward(self, x):
        low = self.low(x)
        high = self.high(low)
        heads = {"classes": self.classes, "boxes": self.boxes}
        found = {name: [head(low), head(high)] for name, head in heads.items()}
        return {**found, "features": (high, None)}


class Head(nn.Module):
    def __init__(self, filters):
        super().__init__()
        layers = [nn.Conv2d(8, 8, 3, 1, 1), nn.ReLU(), nn.Conv2d(8, 8, 3, 1, 1)]
        self.body = nn.Sequential(*layers, nn.ReLU())
        self.out = nn.Conv2d(8, filters, 1)

    def forward(self, x):
        return self.out(self.body(x))


def test_heads_run_on_each_level_and_outputs_keep_their_names():
    assert imported(Heads(), 16) == dedent("""\
        blocks:
          head:
            arguments: {filters: int}
            layers:
              conv: {conv: {kernel: 3}}
              act: activation
              conv_2: {conv: {kernel: 3}}
              act_2: activation
              out: {conv: filters}

        layers:
          stem: {conv: {filters: 8, kernel: 3, stride: 2}}
          high: {conv: {kernel: 3, stride: 2}}
          classes: {head: 4, from: stem}
          classes_2: {again: classes, from: high}
          boxes: {head: 6, from: stem}
          boxes_2: {again: boxes, from: high}
        outputs:
          classes_0: classes
          classes_1: classes_2
          boxes_0: boxes
          boxes_1: boxes_2
          features_0: high
        """)


def test_numbers_beyond_the_limits_of_the_language_are_refused():
    module = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4, eps=1e-200))
    with pytest.raises(archspec.ImportFailed) as caught:
        archspec.import_model(module, torch.rand(2, 3, 8, 8))
    assert str(caught.value) == (
        "error[AS703]: a number nearer to 0 than 10^-100, in Sequential\n"
        "   help: the spec would have 1e-200"
    )


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 8, 1), nn.Conv2d(3, 8, 1)
        self.second.weight = self.first.weight

    def forward(self, x):
        return self.first(x) + self.second(x).relu()


def test_layers_that_share_one_weight_of_two_are_refused_with_their_paths():
    with pytest.raises(archspec.ImportFailed) as caught:
        archspec.import_model(Tied(), torch.rand(2, 3, 8, 8))
    assert str(caught.value) == (
        "error[AS703]: 'second.weight' of Tied is the weight of 2 layers\n"
        "   help: in first, second; again runs whole layers that are alike; --until "
        "second imports the part before"
    )


def test_fewer_blocks_and_then_none_where_a_draft_is_wrong(monkeypatch):
    graph, _ = read(live.export(Recurrent(), (torch.rand(2, 3, 16, 16),)))
    tried = []

    def strict(draft, graph, path):
        tried.append(sorted(draft.blocks))
        if len(draft.blocks) > most:
            raise Different("it is wrong")
        return judged(draft, graph, path)

    monkeypatch.setattr("archspec.importing.structured.judged", strict)
    most = 1
    found = best(graph, "Net", Path("net.yaml"))
    assert not found.is_flat
    assert tried[0] == ["chain", "double_block"]
    assert len(tried[-1]) == 1
    most = -1
    with pytest.raises(Different):
        best(graph, "Net", Path("net.yaml"))
    monkeypatch.setattr("archspec.importing.structured._drafts", lambda *_: [])
    most = 0
    assert best(graph, "Net", Path("net.yaml")).is_flat
