"""Names and functions in expressions."""

from __future__ import annotations

from archspec.synonyms.glossary import Glossary
from archspec.words import ACTIVATIONS, CHOICES

ACTIVATIONS_LACKED = (
    "softplus elu selu celu prelu rrelu glu swiglu softsign hardtanh logsoftmax "
    "logsigmoid quickgelu relu2 squaredrelu"
)
ACTIVATIONS_INSTEAD = f"archspec's activations are {', '.join(ACTIVATIONS)}"
VALUES = Glossary(
    same={
        "true": "yes on",
        "false": "no off",
        "~": "none nil nan",
        "bilinear": "linearinterpolation",
        "channels": "inchannels cin nin inputchannels inplanes",
        "classes": "numclasses nclasses nbclasses",
        "fan_avg": "fanaverage",
        "fan_in": "infan",
        "gelu_tanh": "gelunew geluapproximate gelupytorchtanh quickgelutanh",
        "hard_sigmoid": "hsigmoid",
        "hard_swish": "hswish hardsilu",
        "identity": "linear noact none",
        "leaky_relu": "lrelu leaky",
        "nearest": "nearestexact nearestneighbor nearestneighbour",
        "nearest_floor": "asymmetric",
        "same": "sameupper autopad",
        "softmax": "softmax2d",
        "swish": "silu",
        "truncated_normal": "truncnormal",
        "valid": "nopad nopadding",
    },
    other={
        ACTIVATIONS_LACKED: ACTIVATIONS_INSTEAD,
        "bicubic area cubic trilinear lanczos": (
            f"archspec resizes by {', '.join(CHOICES['mode'])}"
        ),
        "full causal explicit auto samelower": (
            "paddings are same, symmetric, valid or [top, bottom, left, right]"
        ),
        "reflect replicate circular zeros constant": (
            "convolutions pad with zeros, by same, symmetric, valid or "
            "[top, bottom, left, right]"
        ),
        "henormal": "write [truncated_normal, fan_in, 2]",
        "kaimingnormal msra kaiming he": (
            "write [normal, fan_in, 2], or [normal, fan_out, 2] as in PyTorch's ResNet"
        ),
        "kaiminguniform heuniform": "write [uniform, fan_in, 2], or fan_out for fan_in",
        "xavieruniform glorotuniform xavier glorot": "write [uniform, fan_avg, 1]",
        "xaviernormal glorotnormal": "write [normal, fan_avg, 1]",
        "lecunnormal": "write [truncated_normal, fan_in, 1]",
        "lecununiform": "write [uniform, fan_in, 1]",
        "randomnormal": "write [normal, std], such as [normal, 0.01]",
        "width depth alpha widthmult widthmultiplier depthmult": (
            "a multiplier is declared: multipliers: {width: 1.0}"
        ),
        "integer string str boolean": (
            "the type of an argument is int, float, bool, word or tensor"
        ),
        "height inputsize imagesize resolution": (
            "expressions cannot use the size of a feature map: write the number, make "
            "it a multiplier, or use {resize: {like: LAYER}}"
        ),
    },
)
"""What stands for a value in an expression."""

FUNCTIONS = Glossary(
    same={
        "round_channels": "makedivisible roundfilters roundwidth roundtomultiple",
        "ceil": "roundup",
        "floor": "rounddown",
    },
    other={
        "sqrt pow exp log log2 abs": (
            "expressions have + - * / // %, comparisons, round_channels, round, ceil, "
            "floor, int, min and max"
        ),
        "len sum range list": "write the number, or use 'count' and 'index' in a table",
    },
)
