"""Graphs as specs with blocks and tables, compared with the whole YAML."""

from pathlib import Path
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
    return best(graph, "Net", Path("net.yaml")).text.partition("\n\n")[2]


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


class Gated(nn.Module):
    """An odd block: two kernels side by side, a gate in some, a projection in some."""

    def __init__(self, channels, filters, stride=1, gate=False):
        super().__init__()
        half = filters // 2
        self.small = nn.Conv2d(channels, half, 3, stride, 1)
        self.large = nn.Conv2d(channels, half, 5, stride, 2)
        self.gate = nn.Sequential(nn.Conv2d(filters, filters, 1), nn.Tanh())
        self.gate = self.gate if gate else nn.Identity()
        self.project = nn.Identity()
        if stride > 1:
            self.project = nn.Conv2d(channels, filters, 1, stride)

    def forward(self, x):
        y = torch.cat([self.small(x), self.large(x)], 1)
        return torch.relu(self.gate(y) + self.project(x))


class Odd(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, 2, 1)
        self.part1 = nn.ModuleList([Gated(8, 8), Gated(8, 8)])
        self.part2 = nn.ModuleList([Gated(8, 16, 2), Gated(16, 16)])
        self.part3 = nn.ModuleList([Gated(16, 24, 2, gate=True)])
        self.scores = nn.Linear(24, 5)

    def forward(self, x):
        x = self.first(x)
        for module in (*self.part1, *self.part2, *self.part3):
            x = module(x)
        return self.scores(x.amax((2, 3)))


def test_own_blocks():
    assert imported(Odd()) == dedent("""\
        defaults:
          conv: {padding: symmetric, bias: true}
          activation: relu

        blocks:
          gated:
            arguments: {filters: int, stride: 1, gate_conv: false}
            layers:
              join:
                concat:
                  a: {small: {conv: {filters: filters // 2, kernel: 3, stride: stride}}}
                  b: {large: {conv: {filters: filters // 2, kernel: 5, stride: stride}}}
              gate_conv: {conv: ~, when: gate_conv}
              gate_act: {activation: tanh, when: gate_conv}
              sum:
                add:
                  main: {}
                  shortcut:
                    from: input
                    project:
                      conv: {filters: filters, stride: stride}
                      when: stride != 1 or in_channels != filters
              act: activation

        layers:
          stem: {conv: {filters: 8, kernel: 3, stride: 2}}
          stages:
            columns: [c, gate_conv, n, s]
            rows:
              part1: [ 8, false, 2, 1]
              part2: [16, false, 2, 2]
              part3: [24, true,  1, 2]
            each: {gated: {filters: c, gate_conv: gate_conv, stride: s}}
            repeat: n
            then: {stride: 1}
          global_max_pool: global_max_pool
          classifier: {dense: classes}
        """)


class Dense(nn.Module):
    def __init__(self, channels, growth):
        super().__init__()
        self.norm1, self.conv1 = nn.BatchNorm2d(channels), nn.Conv2d(channels, 16, 1)
        self.norm2, self.conv2 = nn.BatchNorm2d(16), nn.Conv2d(16, growth, 3, 1, 1)

    def forward(self, features):
        x = self.conv1(torch.relu(self.norm1(torch.cat(features, 1))))
        return self.conv2(torch.relu(self.norm2(x)))


class Wide(nn.Module):
    """Features that are joined again and again; transitions between."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, 1, 1)
        self.layers1 = nn.ModuleList([Dense(8 + 4 * n, 4) for n in range(3)])
        self.shrink1 = nn.Sequential(
            nn.BatchNorm2d(20), nn.ReLU(), nn.Conv2d(20, 10, 1), nn.AvgPool2d(2)
        )
        self.layers2 = nn.ModuleList([Dense(10 + 4 * n, 4) for n in range(2)])
        self.shrink2 = nn.Sequential(
            nn.BatchNorm2d(18), nn.ReLU(), nn.Conv2d(18, 9, 1), nn.AvgPool2d(2)
        )
        self.scores = nn.Linear(9, 5)

    def forward(self, x):
        x = self.first(x)
        for layers, shrink in (
            (self.layers1, self.shrink1),
            (self.layers2, self.shrink2),
        ):
            features = [x]
            for layer in layers:
                features.append(layer(features))
            x = shrink(torch.cat(features, 1))
        return self.scores(x.mean((2, 3)))


def test_a_table_of_two_ops():
    assert imported(Wide()) == dedent("""\
        defaults:
          conv: {padding: symmetric, bias: true}
          batch_norm: {epsilon: 1e-5, decay: 0.9}
          activation: relu

        layers:
          stem: {conv: {filters: 8, kernel: 3}}
          stages:
            columns: [op, n]
            rows:
              layers1: [dense_layer, 3]
              shrink1: [transition,  1]
              layers2: [dense_layer, 2]
              shrink2: [transition,  1]
            each: {dense_layer: 4, transition: {}}
            repeat: n
          pool: global_avg_pool
          classifier: {dense: classes}
        """)


class Some(nn.Module):
    """A filter and the skip connection are there in some instances only."""

    def __init__(self, channels, filters, wide=0):
        super().__init__()
        self.expand = nn.Conv2d(channels, filters, 3, 1, 1)
        self.wide = nn.Identity()
        if wide:
            self.wide = nn.Conv2d(filters, filters, wide, padding=wide // 2)
        self.project = nn.Conv2d(filters, filters, 1)
        self.adds = channels == filters

    def forward(self, x):
        y = torch.tanh(self.expand(x))
        y = self.project(self.wide(y))
        return x + y if self.adds else y


class Scores(nn.Module):
    """No dense layer at the end, but scores for each position."""

    def __init__(self):
        super().__init__()
        self.patches = nn.Conv2d(3, 8, 4, 4)
        rows = [(8, 12, 5), (12, 12), (12, 16, 7), (16, 16, 7)]
        self.stages = nn.Sequential(*[Some(*row) for row in rows])
        self.scores = nn.Conv2d(16, 5, 1)

    def forward(self, x):
        return self.scores(self.stages(self.patches(x))).mean((2, 3))


def test_what_some_instances_lack():
    assert imported(Scores()) == dedent("""\
        defaults:
          conv: {padding: symmetric, bias: true}
          activation: tanh

        blocks:
          some:
            arguments: {filters: int, wide: 0}
            residual: in_channels == filters
            layers:
              expand: {conv: {filters: filters, kernel: 3}}
              act: activation
              wide: {conv: {kernel: wide}, when: wide > 0}
              project: conv

        layers:
          stem: {conv: {filters: 8, kernel: 4, stride: 4, padding: valid}}
          stages:
            columns: [c, wide, n]
            rows:
              - [12, 5, 1]
              - [12, 0, 1]
              - [16, 7, 2]
            each: {some: {filters: c, wide: wide}}
            repeat: n
          scores: {conv: classes}
          pool: global_avg_pool
        """)


class Down(nn.Module):
    def __init__(self, channels, filters):
        super().__init__()
        self.down = nn.Conv2d(channels, filters, 3, 2, 1)
        self.mix = nn.Conv2d(filters, filters, 3, 1, 1)

    def forward(self, x):
        return torch.relu(self.mix(torch.relu(self.down(x))))


class Up(nn.Module):
    def __init__(self, channels, filters):
        super().__init__()
        self.match = nn.Conv2d(channels, filters, 1)
        self.mix = nn.Conv2d(2 * filters, filters, 3, 1, 1)

    def forward(self, x, skip):
        x = nn.functional.interpolate(self.match(x), scale_factor=2)
        return torch.relu(self.mix(torch.cat([skip, x], 1)))


class Skips(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3, 1, 1)
        self.down1, self.down2, self.down3 = Down(4, 8), Down(8, 16), Down(16, 32)
        self.up1, self.up2, self.up3 = Up(32, 16), Up(16, 8), Up(8, 4)
        self.last = nn.Conv2d(4, 2, 1)

    def forward(self, x):
        a = self.first(x)
        b = self.down1(a)
        c = self.down2(b)
        x = self.up1(self.down3(c), c)
        return self.last(self.up3(self.up2(x, b), a))


def test_rows_and_tensors_that_others_read():
    assert imported(Skips()) == dedent("""\
        defaults:
          conv: {padding: symmetric, bias: true}
          activation: relu

        blocks:
          down:
            arguments: {filters: int}
            layers:
              down: {conv: {filters: filters, kernel: 3, stride: 2}}
              act: activation
              mix: {conv: {kernel: 3}}
              act_2: activation

          up:
            arguments: {filters: int, skip: tensor}
            layers:
              match: {conv: filters}
              upsample: upsample
              join: {concat: {a: {from: skip}, b: {}}}
              mix: {conv: {filters: filters, kernel: 3}}
              act: activation

        layers:
          stem: {conv: {filters: 4, kernel: 3}}
          stages:
            columns: [c]
            rows: {down1: [8], down2: [16], down3: [32]}
            each: {down: c}
          stages_2:
            columns: [c, skip]
            rows:
              up1: [16, stages.down2]
              up2: [ 8, stages.down1]
              up3: [ 4, stem]
            each: {up: {filters: c, skip: skip}}
          last: {conv: 2}
        """)


class Gathered(nn.Module):
    """A chain of convolutions, of which every output is joined."""

    def __init__(self, channels, filters):
        super().__init__()
        widths = [channels, 8, 8, 8, 8]
        self.chain = nn.ModuleList([conv(a, 8) for a in widths[:-1]])
        self.mix = nn.Conv2d(sum(widths), filters, 1)

    def forward(self, x):
        found = [x]
        for layer in self.chain:
            found.append(layer(found[-1]))
        return self.mix(torch.cat(found, 1))


def test_a_series():
    gathered = nn.Sequential(conv(3, 12, 3), Gathered(12, 16), Gathered(16, 24))
    assert imported(gathered).partition("blocks:\n")[2] == dedent("""\
          gathered:
            arguments: {filters: int}
            layers:
              join: {concat: {a: {}, b: {series: 4, chain_conv: {conv_bn_act: 8}}}}
              mix: {conv: {filters: filters, bias: true}}

        layers:
          stem: {conv_bn_act: {filters: 12, kernel: 3}}
          gathered: {gathered: 16}
          gathered_2: {gathered: 24}
        """)
