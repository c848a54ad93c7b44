"""Graphs as specs with blocks and tables, compared with the whole YAML."""

from textwrap import dedent

import torch
from torch import nn

from archspec.importing.structured import best
from archspec.importing.torch import live
from archspec.importing.torch.reading import read


def imported(module, size=32):
    """The YAML of a module, from `defaults` on."""
    graph, builder = read(live.export(module, (torch.zeros(2, 3, size, size),)))
    assert builder.gaps == []
    return best(graph, "Net").text.partition("\n\n")[2]


def conv(channels, filters, kernel=1, stride=1, groups=1, act=True):
    padding = kernel // 2
    layers = [
        nn.Conv2d(
            channels, filters, kernel, stride, padding, groups=groups, bias=False
        ),
        nn.BatchNorm2d(filters),
    ]
    return nn.Sequential(*layers, *[nn.ReLU6(inplace=True)] * act)


class Inverted(nn.Module):
    def __init__(self, channels, filters, expand, stride):
        super().__init__()
        hidden = channels * expand
        self.adds = stride == 1 and channels == filters
        first = [conv(channels, hidden)] if expand > 1 else []
        deep = conv(hidden, hidden, 3, stride, hidden)
        self.conv = nn.Sequential(*first, deep, conv(hidden, filters, act=False))

    def forward(self, x):
        return x + self.conv(x) if self.adds else self.conv(x)


class Mobile(nn.Module):
    def __init__(self):
        super().__init__()
        rows = [
            (8, 8, 1, 1),
            (8, 16, 6, 2),
            (16, 16, 6, 1),
            (16, 24, 6, 2),
            (24, 24, 6, 1),
        ]
        self.features = nn.Sequential(
            conv(3, 8, 3, 2), *[Inverted(*row) for row in rows], conv(24, 40)
        )
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(40, 5))

    def forward(self, x):
        return self.classifier(self.features(x).mean((2, 3)))


def test_a_table_of_standard_blocks():
    assert imported(Mobile()) == dedent("""\
        defaults:
          conv: {padding: symmetric, bias: false}
          batch_norm: {epsilon: 1e-5, decay: 0.9}
          activation: relu6

        layers:
          stem: {conv_bn_act: {filters: 8, kernel: 3, stride: 2}}
          stages:
            columns: [t, c, n, s]
            rows:
              - [1,  8, 1, 1]
              - [6, 16, 2, 2]
              - [6, 24, 2, 2]
            each: {inverted_residual: {expand: t, filters: c, stride: s}}
            repeat: n
            then: {stride: 1}
          head: {conv_bn_act: 40}
          pool: global_avg_pool
          dropout: {dropout: 0.2}
          classifier: {dense: classes}
        """)
