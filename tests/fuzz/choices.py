"""What each attribute may be: constants, and expressions over what can be seen."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from random import Random
from typing import Any

from readers import TENSORS
from walking import STANDARD

from archspec.ops import OPS, PRIMITIVES
from archspec.words import ACTIVATIONS
from examples import examples

CONSTANTS: dict[str, list[Any]] = {
    "count": [
        1, 2, 3, 4, 4, 5, 6, 6, 8, 8, 12, "channels", "2 * channels", "channels + 3",
        "max(2, channels // 2)", "round_channels(channels * 1.5, divisor=4)",
    ],
    "kernel": [1, 3, 3, 5, 2, 4, [1, 3], [3, 2], [5, 1]],
    "stride": [1, 1, 2, 3, [2, 1]],
    "even_stride": [1, 1, 2, 3],
    "calm_kernel": [1, 3, 3, 5, [1, 3]],
    "pool_kernel": [2, 2, 3, 4, [2, 3], [3, 1]],
    "padding": [
        "same", "same", "symmetric", "valid", [1, 1, 1, 1], [0, 1, 2, 1], [1, 1, 2, 2],
        [1, 0, 1, 0],
    ],
    "groups": [1, 2, 2, 3, "channels"],
    "flag": [True, False],
    "kind": [kind for kind in ACTIVATIONS if kind not in ("leaky_relu", "softmax")],
    "any_kind": list(ACTIVATIONS),
    "rate": [0, 0.1, 0.25],
    "decay": [0.9, 0.99, 0.5],
    "epsilon": [1e-3, 1e-2, 1e-5],
    "expand": [1, 2, 3],
    "share": [0, 0.25, 0.5],
    "heads": [1, 1, 2, 3, 4],
    "window": [None, 2, 3, 4],
    "shift": [None, None, 1, 2],
    "spread": [None, None, 2],
    "relative_bias": [None, "signed", "absolute"],
    "width": [1, 2, 4],
    "maybe_width": [0, 0, 2, 4],
    "maybe_kernel": [0, 3, 5],
    "times": [1, 2, 2, 3],
    "number": [0.5, 1, -0.25],
    "positive": [0.5, 2],
    "size": [4, 7, [9, 6], [5, 12], [1, 1]],
    "factor": [1, 2, [2, 1], [1, 3]],
    "index": [0, 1, 2],
    "stop": ["channels - 1", "channels", "max(3, channels // 2)"],
    "amounts": [[1, 1, 1, 1], [0, 1, 2, 3], [1, 1, 2, 2], [1, 0, 0, 0]],
    "value": [0, 0, 1.5, -1],
}  # fmt: skip
"""By kind. What is there twice is drawn twice as often."""

for op in OPS:
    for attribute, values in examples(op).items():
        # tuples as lists, as a document has them
        CONSTANTS.setdefault(attribute, json.loads(json.dumps(values)))

KINDS = {
    "filters": "count", "units": "count", "growth": "width", "hidden": "count",
    "squeeze": "width", "one": "width", "reduce3": "width", "three": "width",
    "reduce5": "width", "five": "width", "pool": "width", "patch": "expand",
    "kernel": "kernel", "five_kernel": "calm_kernel", "start": "maybe_kernel",
    "stride": "even_stride", "padding": "padding", "groups": "groups",
    "dilation": "dilation", "bias": "flag", "ceil": "flag", "count_padding": "flag",
    "keep_size": "flag", "scale": "flag", "activation": "kind", "gate": "kind",
    "kind": "kind",
    "rate": "rate", "drop_path": "rate", "decay": "decay", "epsilon": "epsilon",
    "expand": "expand", "bottleneck": "expand", "compression": "positive",
    "se": "maybe_width", "branches": "times", "depth": "times",
    "multiplier": "multiplier", "initializer": "initializer", "initial": "number",
    "layer_scale": "share", "mean": "number", "std": "positive", "slope": "share",
    "mode": "mode", "size": "size", "factor": "factor", "order": "order",
    "stop": "stop", "amounts": "amounts", "value": "value", "flag": "flag",
    "number": "index", "shortcut": "flag", "n": "times",
    "key_width": "width", **dict.fromkeys(TENSORS, "tensor"),
}  # fmt: skip
"""What the attributes and arguments of these names are."""

OWN_KINDS = {
    ("conv", "stride"): "stride",
    ("transposed_conv", "stride"): "stride",
    ("max_pool", "stride"): "stride",
    ("avg_pool", "stride"): "stride",
    ("max_pool", "kernel"): "pool_kernel",
    ("avg_pool", "kernel"): "pool_kernel",
    ("slice_channels", "start"): "index",
    ("channel_shuffle", "groups"): "expand",
    ("group_norm", "groups"): "expand",
    **{(f"{norm}_norm", "shift"): "flag" for norm in ("batch", "layer", "group")},
    ("space_to_depth", "factor"): "expand",
    ("depth_to_space", "factor"): "expand",
    ("activation", "kind"): "any_kind",
    ("ghost_bottleneck", "se"): "share",
    ("mobile_one_pair", "se"): "share",
    ("self_attention", "dilation"): "spread",
    ("encoder_layer", "dilation"): "spread",
    ("attention", "dilation"): "spread",
    ("separable_attention", "dilation"): "spread",
}

CALM_BLOCKS = {"squeeze_excite": {"hidden"}, "mobile_one_depthwise": {"branches", "se"}}
CALM: dict[str, set[str]] = {
    "batch_norm": {"scale", "shift"},
    "activation": {"kind"},
    "layer_norm": {"epsilon", "scale", "shift"},
    "group_norm": {"epsilon", "initial", "scale"},
    "rms_norm": {"epsilon", "initial"},
    "global_response_norm": {"epsilon"},
    "conv": {"kernel", "bias", "dilation", "initializer"},
    "depthwise_conv": {"kernel", "bias", "dilation", "initializer"},
    "dense": {"bias"},
    "layer_scale": {"initial"},
    "scalar_affine": {"initial", "bias"},
    "dropout": {"rate"},
    "drop_path": {"rate"},
    "identity": set(),
    **CALM_BLOCKS,
    "depthwise_bn_act": {"kernel", "activation"},
    "inverted_residual": {"kernel", "expand", "activation", "se"},
    "basic_block": set(),
}
"""Layers that change no shape, and the attributes that do not either."""

MAPS = [*OPS, "conv", "conv", "depthwise_conv", "batch_norm", "activation", *STANDARD]
ANYWHERE = [
    "dense", "dense", "batch_norm", "layer_norm", "group_norm", "rms_norm",
    "layer_scale", "scalar_affine", "activation", "activation", "dropout", "drop_path",
    "identity", "normalize",
]  # fmt: skip
SEQUENCES = [
    *ANYWHERE, "prefix_tokens", "position_embedding", "global_response_norm",
    "slice_positions", "slice_channels", "take", "transpose", "global_avg_pool",
    "self_attention", "mlp", "encoder_layer",
]  # fmt: skip
DRAWN = {0: ANYWHERE, 1: SEQUENCES, 2: MAPS}
"""What is drawn, by the number of axes of positions."""


@dataclass
class Scope:
    """Where layers are drawn: what their expressions and references can say."""

    random: Random
    blocks: dict[str, Any]
    pools: dict[str, list[Any]] = field(default_factory=dict)
    conditions: list[Any] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    rank: int = 2
    """Axes of positions of the tensor before."""
    size: tuple[int, ...] = ()
    """Of the feature map before."""
    inputs: tuple[str, ...] = ("input",)

    @property
    def vector(self) -> bool:
        """Whether there is no map: layers are dense, not convolutions."""
        return self.rank < 2

    def pick(self, options: Any) -> Any:
        return self.random.choice(list(options))

    def some(self, options: Any, most: int) -> list[Any]:
        """One of the options, or a few."""
        found = list(dict.fromkeys(options))
        return self.random.sample(found, self.random.randint(1, min(most, len(found))))

    def chance(self, percent: int) -> bool:
        return self.random.random() < percent / 100

    def seeing(self, pools: dict[str, list[Any]]) -> Scope:
        """The same place, where more can be said."""
        both = {k: [*self.pools.get(k, []), *v] for k, v in pools.items()}
        known = Scope(self.random, self.blocks, {**self.pools, **both}, self.conditions)
        known.names, known.rank, known.size = self.names, self.rank, self.size
        known.inputs = self.inputs
        return known

    def name(self, stem: str) -> str:
        """A new name of a layer."""
        number = 1 + sum(name.startswith(f"{stem}_") for name in self.names)
        self.names.add(f"{stem}_{number}")
        return f"{stem}_{number}"

    def of_kind(self, kind: str) -> Any:
        """A constant, or an expression over what can be seen here."""
        seen = self.pools.get(kind, [])
        if seen and (kind not in CONSTANTS or self.chance(60)):
            return self.pick(seen)
        return self.pick(CONSTANTS[kind])

    def arguments(self, op: str) -> dict[str, bool]:
        """The attributes of an op, and whether they have to be given."""
        if op in self.blocks:
            words = {"int", "float", "bool", "word", "tensor"}
            found = self.blocks[op].get("arguments", {})
            return {k: isinstance(v, str) and v in words for k, v in found.items()}
        usual = {"padding", "bias", "epsilon", "decay", "kind"}
        usual |= {*PRIMITIVES[op].fallbacks}
        fields = PRIMITIVES[op].fields.items()
        return {
            name: field.required and (name not in usual or op == "activation")
            for name, field in fields
        }

    def attributes(
        self, op: str, only: set[str] | None = None, likely: int = 35
    ) -> dict[str, Any]:
        """Attributes of an op; all that it needs, and some of the others."""
        given: dict[str, Any] = {}
        for name, needed in self.arguments(op).items():
            if only is not None and name not in only and not needed:
                continue
            if needed or self.chance(likely):
                given[name] = self.of_kind(self.kind_of(op, name))
        if op == "conv" and {"stride", "dilation"} <= given.keys():
            del given["dilation"]  # Keras has not both
        if op == "to_map":
            del given["size"]
            given["like"] = self.of_kind("tensor")
        if op == "channel_shuffle" and self.chance(30):
            given["groups"] = "channels"
        return given

    @staticmethod
    def kind_of(op: str, name: str) -> str:
        return OWN_KINDS.get((op, name)) or KINDS.get(name, name)

    def layer(self) -> dict[str, Any]:
        """One layer of any op."""
        own = self.own * (14 if self.rank == 2 else 4)
        op = self.pick([*DRAWN[self.rank], *own])
        return {op: self.attributes(op) or None}

    def calm_layer(self) -> dict[str, Any]:
        """One that changes no shape."""
        if self.vector:
            more = (
                [{"self_attention": {"heads": 1}}, {"mlp": {"expand": 2}}]
                if self.rank
                else []
            )
            return self.pick([{"batch_norm": None}, {"activation": "tanh"}, *more])
        op = self.pick(CALM)
        given = self.attributes(op, CALM[op])
        if "kernel" in given:
            given["kernel"] = self.of_kind("calm_kernel")
        return {op: given or None}

    @property
    def own(self) -> list[str]:
        return [name for name in self.blocks if name not in STANDARD]
