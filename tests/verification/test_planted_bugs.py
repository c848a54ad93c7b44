"""Classic mistakes, planted in generated code: each is caught, where it was made."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from archspec.elaboration import elaborate
from archspec.targets import render

SPEC = Path(__file__).with_name("planted.yaml")


class Bug(NamedTuple):
    """A replacement in one target's file, and the layer that shows it first.

    `line` is part of the line that is pointed at.
    """

    target: str
    right: str
    wrong: str
    layer: str
    line: str


PADDED = "x = pad_same(x, self.kernel_size[0], self.stride[0])"
CONVOLVED = "return self._conv_forward(x, self.weight, self.bias)"
NORM = "BatchNorm2d = partial(nn.BatchNorm2d, eps=1e-3, momentum=0.05)"
SWAPPED_TORCH = """
class SwappedNorm(nn.BatchNorm2d):
    def forward(self, x):
        old = self.running_var, self.running_mean
        return F.batch_norm(x, *old, self.weight, self.bias, False, 0.05, 1e-3)


BatchNorm2d = partial(SwappedNorm, eps=1e-3, momentum=0.05)
"""
SWAPPED_KERAS = """
class SwappedNorm(layers.BatchNormalization):
    def call(self, x, training=None):
        y = (x - self.moving_variance) / ops.sqrt(self.moving_mean**2 + 1e-3)
        return y * self.gamma + self.beta


batch_norm = partial(SwappedNorm, momentum=0.95)
"""
SYMMETRIC_KERAS = """
    3, stride, padding="valid", use_bias=False, name=f"{name}-conv"
    )(layers.ZeroPadding2D(1)(x))"""
RETURN = "return x + y if self.has_residual else y"
ADDED = '    y = layers.Add(name=f"{name}-residual")([x, y])'
FIRST_WEIGHTS = "self.conv = Conv2dSame("

BUGS = {
    "epsilon": Bug("torch", "eps=1e-3", "eps=1e-5", "stem.norm", "self.norm ="),
    "epsilon in keras": Bug(
        "keras", "momentum=0.95", "momentum=0.95, epsilon=1e-5", "stem.norm", "-norm"
    ),
    "symmetric for same": Bug(
        "torch", PADDED, "self.padding = (self.kernel_size[0] // 2,) * 2",
        "stem.conv", FIRST_WEIGHTS
    ),
    "symmetric for same in keras": Bug(
        "keras", '\n        3, stride, padding="same", use_bias=False, '
        'name=f"{name}-conv"\n    )(x)', SYMMETRIC_KERAS,
        "blocks.0.depthwise.conv", "DepthwiseConv2D"
    ),
    "odd pixel first": Bug(
        "torch", "[left, width - left, top, height - top]",
        "[width - left, left, height - top, top]", "stem.conv", FIRST_WEIGHTS
    ),
    "relu for relu6": Bug("torch", "nn.ReLU6(", "nn.ReLU(", "stem.act", "nn.ReLU("),
    "relu for relu6 in keras": Bug("keras", '"relu6"', '"relu"', "stem.act", "relu"),
    "swapped mean and variance": Bug(
        "torch", NORM, SWAPPED_TORCH, "stem.norm", "self.norm ="
    ),
    "swapped mean and variance in keras": Bug(
        "keras", "batch_norm = partial(layers.BatchNormalization, momentum=0.95)",
        SWAPPED_KERAS, "stem.norm", "-norm"
    ),
    "transposed kernel": Bug(
        "torch", CONVOLVED, CONVOLVED.replace("weight", "weight.transpose(2, 3)"),
        "stem.conv", FIRST_WEIGHTS
    ),
    "dropped residual": Bug(
        "torch", "return x + y if self.has_residual else y", "return y",
        "blocks.1.residual", "return y"
    ),
    "dropped residual in keras": Bug(
        "keras", "([x, y])\n    return y", "([y, ops.zeros_like(y)])\n    return y",
        "blocks.1.residual", "-residual"
    ),
    "residual left out in keras": Bug(
        "keras", "if stride == 1 and in_channels == filters:", "if stride == 3:",
        "blocks.1.residual", ""
    ),
    "an output added to itself": Bug(
        "torch", RETURN, f"{RETURN} + y", "blocks.0.residual", "else y + y"
    ),
    "an output added to itself in place": Bug(
        "torch", RETURN, "y += x if self.has_residual else y\n        return y",
        "blocks.0.residual", "return y"
    ),
    "an output added to itself in keras": Bug(
        "keras", f"    {ADDED}\n",
        f"    {ADDED}\n    else:\n    {ADDED.replace('[x, y]', '[y, y]')}\n",
        "blocks.0.residual", "([y, y])"
    ),
    "slope of hard sigmoid": Bug(
        "torch", "self.gate = nn.Hardsigmoid(inplace=True)",
        "self.gate = nn.Sequential(nn.Hardtanh(-2.5, 2.5), "
        "ConvSlope())", "blocks.0.se.gate", "self.gate ="
    ),
    "slope of hard sigmoid in keras": Bug(
        "keras", '"hard_sigmoid"', "lambda x: ops.clip(0.2 * x + 0.5, 0, 1)",
        "blocks.0.se.gate", "-gate"
    ),
    "flatten order": Bug(
        "torch", "x.flatten(1)", "x.permute(0, 2, 3, 1).flatten(1)", "flat", "return"
    ),
    "flatten order in keras": Bug(
        "keras", "Permute((3, 1, 2)", "Permute((1, 2, 3)", "flat", "Flatten"
    ),
    "missing bias": Bug(
        "torch", "nn.Linear(16, num_classes)", "nn.Linear(16, num_classes, bias=False)",
        "classifier", "self.classifier"
    ),
    "missing bias in keras": Bug(
        "keras", 'layers.Dense(16, name="hidden")',
        'layers.Dense(16, use_bias=False, name="hidden")', "hidden", "use_bias=False"
    ),
    "padding counted": Bug(
        "torch", ", count_include_pad=False", "", "pool", "self.pool ="
    ),
    "padding counted in keras": Bug(
        "keras", " / super().call(inside)", "", "pool", "PaddedAveragePooling2D(3"
    ),
}  # fmt: skip

POINTWISE = "nn.Conv2d(in_channels, out_channels, 1, bias=False)"
CRASHES = {
    "unequal sizes": Bug(
        "torch", "return x + y if", "return x + y[:, :, 1:] if", "blocks.1.residual",
        "x + y[:, :, 1:]"
    ),
    "unequal sizes in keras": Bug(
        "keras", ADDED, ADDED.replace("[x, y]", "[x, y[:, 1:]]"), "blocks.1.residual",
        "-residual"
    ),
    "unequal sizes in keras, without a layer": Bug(
        "keras", ADDED, "    y = x + y[:, 1:]", "blocks.1.residual", "x + y[:, 1:]"
    ),
    "a stride that makes sizes unequal": Bug(
        "torch", "in_channels, 3, stride,", "in_channels, 3, 2,",
        "blocks.1.depthwise.conv", "Conv2dSame("
    ),
    "an axis too many": Bug(
        "torch", "x.flatten(1)", "x.flatten(7)", "flat", "x.flatten(7)"
    ),
    "an axis too many in keras": Bug(
        "keras", "Permute((3, 1, 2)", "Permute((3, 1, 4)", "flat", "Permute"
    ),
    "an impossible constructor": Bug(
        "torch", POINTWISE, POINTWISE.replace("1,", "1, groups=7,"),
        "blocks.0.project.conv", "groups=7"
    ),
    "an impossible constructor in keras": Bug(
        "keras", '"relu6"', '"relu7"', "stem.act", "relu7"
    ),
    "an unknown name": Bug(
        "torch", "self.act = nn.ReLU6(inplace=True)", "self.act = nn.ReLU6(undefined)",
        "stem.act", "undefined"
    ),
    "an unknown name in keras": Bug(
        "keras", "in_channels * 2", "in_channels * undefined", "blocks.0.expand.conv",
        "undefined"
    ),
}  # fmt: skip
"""Code that fails."""

DETACHED = """
class Detached(nn.BatchNorm2d):
    def forward(self, x):
        if not self.training:
            return super().forward(x)
        super().forward(x)
        mean = x.mean((0, 2, 3), keepdim=True).detach()
        variance = x.var((0, 2, 3), correction=0, keepdim=True).detach()
        x = (x - mean) / (variance + self.eps).sqrt()
        return x * self.weight[:, None, None] + self.bias[:, None, None]


BatchNorm2d = partial(Detached, eps=1e-3, momentum=0.05)
"""
DROPOUT = "nn.Dropout(dropout)"
STATISTICS, GRADIENTS = ("moving statistics",), ("gradients", "weights after a step")
HIDDEN = {
    "decay": (
        Bug("torch", "momentum=0.05", "momentum=0.95", "stem.norm", "self.norm ="),
        STATISTICS,
    ),
    "decay in keras": (
        Bug("keras", "=0.95", "=0.05", "stem.norm", "-norm"), STATISTICS
    ),
    "statistics without a gradient": (
        Bug("torch", NORM, DETACHED, "stem.conv", FIRST_WEIGHTS), GRADIENTS
    ),
    "rate of dropout": (
        Bug("torch", DROPOUT, "nn.Dropout(1 - dropout)", "drop", "1 - dropout"),
        ("dropout",),
    ),
    "scale of dropout": (
        Bug("torch", DROPOUT, "Unscaled(dropout)", "drop", "Unscaled"),
        ("dropout",),
    ),
    "dropout of samples in keras": (
        Bug(
            "keras", "layers.Dropout(dropout,",
            "layers.Dropout(dropout, noise_shape=(None, 1),", "drop", "noise_shape"
        ),
        ("dropout",),
    ),
}  # fmt: skip
"""What only training shows."""

SLOPE = """
class ConvSlope(nn.Module):
    def forward(self, x):
        return 0.2 * x + 0.5


class Unscaled(nn.Dropout):
    def forward(self, x):
        x = super().forward(x)
        return x * (1 - self.p) if self.training else x


class ConvBnAct(nn."""


def altered(text: str, bug: Bug) -> str:
    """The file with the bug in it, if it has what the bug replaces."""
    text = text.replace(bug.right, bug.wrong)
    return text.replace("class ConvBnAct(nn.", SLOPE.strip(), 1)


def with_bug(verifier, bug: Bug, **more):
    """The report on the network, with the bug in one of its files."""

    def print_altered(network, target: str) -> str:
        text = render(network, target)
        return altered(text, bug) if target == bug.target else text

    verifier.printer = print_altered
    try:
        return verifier.verify(elaborate(SPEC), **more)
    finally:
        verifier.printer = render


def pointed_at(place: str, bug: Bug) -> str:
    """The line, and the one below it, of the altered file that a user has."""
    file, _, number = place.rpartition(":")
    assert file == f"generated/{bug.target}/planted.py"
    text = render(elaborate(SPEC), bug.target)
    assert bug.right in text
    lines = altered(text, bug).splitlines()
    return " ".join(lines[int(number) - 1 :][:2])


@pytest.fixture(scope="module")
def unaltered(verifier):
    """What the files are without a bug, by the same seed."""
    return verifier.verify(elaborate(SPEC), train=True)


def test_unaltered_code_passes(unaltered):
    assert unaltered.ok
    assert unaltered.parameters == {"torch": 11_605, "keras": 11_605}


@pytest.mark.parametrize("name", BUGS)
def test_a_bug_is_caught_where_it_is(verifier, unaltered, name):
    bug = BUGS[name]
    assert unaltered.ok
    report = with_bug(verifier, bug, seed=unaltered.seed)
    assert not report.ok
    first = next(c for c in report.comparisons if not c.ok).first_difference
    assert first.layer == bug.layer
    assert first.at_fault == (bug.target,)
    assert not bug.line or bug.line in pointed_at(first.lines[bug.target], bug)


@pytest.mark.parametrize("name", CRASHES)
def test_the_layer_that_crashes_is_named(verifier, name):
    bug = CRASHES[name]
    first = next(c for c in with_bug(verifier, bug).comparisons if not c.ok)
    assert first.fault.startswith(f"{bug.target}: ")
    assert first.first_difference.layer == bug.layer
    assert first.first_difference.at_fault == (bug.target,)
    assert bug.line in pointed_at(first.first_difference.lines[bug.target], bug)


@pytest.mark.parametrize("name", HIDDEN)
def test_training_shows_a_hidden_bug(verifier, unaltered, name):
    bug, shown = HIDDEN[name]
    assert unaltered.ok
    report = with_bug(verifier, bug, seed=unaltered.seed, train=True)
    wrong = [comparison for comparison in report.comparisons if not comparison.ok]
    assert {comparison.compared for comparison in wrong} == {*shown}
    first = wrong[0].first_difference
    assert first.layer == bug.layer
    assert bug.line in pointed_at(first.lines[bug.target], bug)
