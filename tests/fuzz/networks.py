"""Random valid networks, as the text of a spec.

Each layer is drawn, and taken if what it reads fits it: `walking` says. So all that
is drawn is valid, and its shapes are known from a second reading of the language.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from random import Random
from typing import Any, NamedTuple

from choices import KINDS, Scope
from hypothesis import strategies as st
from structures import forked, joined, repeated, tabulated
from walking import STANDARD, Unfit, Walk

from archspec.ops import Shape

TALLY: Counter[str] = Counter()
"""What a run has seen: networks, refusals by target and code; its worst errors."""

Layers = dict[str, Any]


class Drawn(NamedTuple):
    """A document, and what its layers are."""

    document: dict[str, Any]
    layers: list[tuple[str, Shape]]

    @property
    def text(self) -> str:
        return as_text(self.document)


def networks() -> st.SearchStrategy[Drawn]:
    """By Python's random numbers: Hypothesis likes to draw the same part again."""
    return st.randoms(use_true_random=True).map(drawn)


def drawn(random: Random) -> Drawn:
    document = preamble(random)
    scope = Scope(random, dict(STANDARD))
    document["blocks"] = {}
    for number in range(random.randint(0, 3)):
        block = own_block(random, document, scope.blocks)
        if block is not None:
            name = f"unit_{number}"
            document["blocks"][name] = scope.blocks[name] = block
    scope.pools = {
        "count": ["scale(8)", "scale(12)", "wide", "wide + channels"],
        "rate": ["0.1 * width"],
        "kind": ["main"],
        "calm_kernel": ["5 if deep else 3"],
    }
    scope.conditions = ["deep", "not deep", "width > 0.5", "channels > 4", True]
    scope.conditions += ["classes % 2 == 0", False]
    document["layers"] = {}
    for _ in range(random.randint(2, 8)):
        grow(scope, document, document["layers"])
    finish(scope, document)
    if not document["blocks"]:
        del document["blocks"]
    return Drawn(document, Walk(document).layers)


def preamble(random: Random) -> dict[str, Any]:
    """All but blocks and layers."""
    scope = Scope(random, {})
    pick = scope.pick
    usual = pick(["same", "same", "symmetric"])
    defaults: dict[str, Any] = {
        "conv": {"padding": usual, "bias": pick([True, False])},
        "batch_norm": {"epsilon": pick([1e-3, 1e-2]), "decay": pick([0.9, 0.99])},
        "activation": scope.of_kind("kind"),
        "layer_norm": {"epsilon": 1e-3},
    }
    if scope.chance(20):
        defaults["depthwise_conv"] = {"bias": pick([True, False]), "kernel": 5}
    if scope.chance(20):
        defaults["squeeze_excite"] = {"gate": "hard_sigmoid"}
    if scope.chance(20):
        defaults["conv"]["initializer"] = scope.of_kind("initializer")
    size = [random.randint(5, 16), random.randint(5, 16)]
    return {
        "archspec": 1,
        "name": "Net",
        "multipliers": {"width": pick([0.5, 1.0]), "deep": pick([True, False])},
        "define": {
            "scale(c)": "round_channels(c * width, divisor=4)",
            "wide": pick(["scale(16)", "4 + 2", "6 if deep else 5"]),
            "main": pick(["relu", "hard_swish", "swish"]),
        },
        "input": {"channels": pick([1, 2, 3, 4, 6]), "size": pick([size, size[0]])},
        "classes": random.randint(2, 7),
        "defaults": defaults,
    }


def grow(scope: Scope, document: dict[str, Any], layers: Layers) -> None:
    """Another layer, or a few that belong together, if they fit."""
    scope.vector = len(Walk(document).output.shape) == 1
    for _ in range(4):
        known = scope.names.copy()
        added = candidate(scope, layers)
        before = dict(layers)
        layers.update(added)
        if fits(document):
            return
        layers.clear()
        layers.update(before)
        scope.names = known
        TALLY["drawn again"] += 1


def candidate(scope: Scope, layers: Layers) -> Layers:
    """One layer, or a few."""
    form = scope.pick(["layer"] * 5 + ["join"] * 2 + ["fork", "repeat", "table", "calm"])
    references = [*layers, *rows_of(layers), "input"]
    if form == "join":
        return {scope.name("join"): joined(scope, references)}
    if form == "fork":
        return forked(scope, references)
    if form == "repeat":
        return repeated(scope)
    if form == "table":
        return tabulated(scope, references)
    layer = scope.calm_layer() if form == "calm" else scope.layer()
    if scope.chance(12):
        layer["when"] = scope.pick([*scope.conditions, True])
    if scope.chance(8):
        layer["from"] = scope.pick(references)
    return {scope.name(next(iter(layer))): layer}


def rows_of(layers: Layers) -> list[str]:
    """How rows of tables are called."""
    tables = {k: v["rows"] for k, v in layers.items() if "rows" in v}
    return [
        f"{name}.{row}"
        for name, rows in tables.items()
        for row in (rows if isinstance(rows, dict) else range(len(rows)))
    ]


def own_block(
    random: Random, document: dict[str, Any], blocks: dict[str, Any]
) -> dict[str, Any] | None:
    """A block with arguments, or None if it came out empty."""
    scope = Scope(random, blocks)
    arguments = own_arguments(scope)
    block: dict[str, Any] = {"arguments": arguments, "layers": {}}
    scope.conditions = [*conditions(arguments), True]
    scope.pools = pools_of(arguments)
    if scope.chance(50):
        block["let"] = {
            "wide_own": scope.pick(
                ["in_channels * 2", "max(2, in_channels // 2)", "scale(6)", "in_channels"]
            )
        }
        scope.pools["count"].append("wide_own")
    calm = scope.chance(45)
    least = {"int": 4, "bool": True}
    given = {k: least[v] for k, v in arguments.items() if v in ("int", "bool")}
    call = {"probe": given}
    trial = {
        **document,
        "input": {"channels": 6, "size": [9, 8]},
        "blocks": {**document.get("blocks", {}), "probe": block},
        "layers": {"probed": call},
    }
    block["layers"] = {"first": {"activation": None}} if scope.chance(20) else {}
    for _ in range(scope.pick([1, 2, 2, 3, 4])):
        if calm:
            layer = scope.calm_layer()
            if scope.chance(25):
                layer["when"] = scope.pick(scope.conditions)
            name = scope.name(next(iter(layer)))
            block["layers"][name] = layer
            if not fits(trial):
                del block["layers"][name]
        else:
            grow(scope, trial, block["layers"])
    if calm:
        finish_residual(scope, block, trial)
    return block if block["layers"] and fits(trial) else None


def finish_residual(
    scope: Scope, block: dict[str, Any], trial: dict[str, Any]
) -> None:
    """A projection, and the condition under which the input is added."""
    arguments = block["arguments"]
    conditions = [f"{name} == 1" for name in ("stride",) if name in arguments]
    given: dict[str, Any] = {}
    if "filters" in arguments:
        given["filters"] = "filters"
        conditions.append("in_channels == filters")
    else:
        given["filters"] = "in_channels"
    if "stride" in arguments:
        given["stride"] = "stride"
    if scope.chance(50):
        given["kernel"] = scope.of_kind("calm_kernel")
    project = scope.pick(["conv", "conv_bn", "conv_bn_act"])
    block["layers"][scope.name("project")] = {project: given}
    if scope.chance(80):
        block["residual"] = " and ".join(conditions) or True
        if scope.chance(30):
            block["layers"][scope.name("drop")] = {
                "drop_path": 0.1, "when": "residual",
            }  # fmt: skip
    if not fits(trial):
        block.pop("residual", None)


ALSO = {
    "kernel": ["kernel", "calm_kernel"],
    "stride": ["stride", "even_stride"],
}
"""The kinds that an argument can stand for, where it is not one of its name."""


def own_arguments(scope: Scope) -> dict[str, Any]:
    """Names of which the kind is known, with defaults or without."""
    options = {
        "filters": ["int", "int", "in_channels", "in_channels + 2", 6],
        "kernel": [3, 1, 5, [1, 3]],
        "stride": [1, 1, 2],
        "expand": [2, 3],
        "flag": ["bool", True, False],
        "activation": [None, None, "relu", "swish"],
        "se": [0, 2, "max(1, in_channels // 2)"],
        "depth": [1, 2],
        "groups": [1],
        "padding": [None, "same", "symmetric"],
        "bias": [None, True],
        "rate": [0.1, 0],
        "dilation": [1],
        "multiplier": [1, 2],
        "factor": [2, 1],
        "mode": ["nearest"],
        "keep_size": [True],
    }
    likely = {"filters": 75, "kernel": 50, "stride": 55, "expand": 35, "flag": 35}
    return {
        name: scope.pick(defaults)
        for name, defaults in options.items()
        if scope.chance(likely.get(name, 12))
    }


def conditions(arguments: dict[str, Any]) -> list[str]:
    texts = {
        "flag": ["flag", "not flag"],
        "stride": ["stride > 1", "stride == 1"],
        "filters": ["in_channels != filters", "filters > 4"],
        "se": ["se > 0"],
        "expand": ["expand != 1"],
        "depth": ["depth > 1"],
    }
    found = [text for name in arguments for text in texts.get(name, [])]
    return [*found, "channels > 5", "in_channels % 2 == 0"]


def pools_of(arguments: dict[str, Any]) -> dict[str, list[Any]]:
    """What a block's own expressions can say, by kind."""
    pools: dict[str, list[Any]] = {}
    for name in arguments:
        for kind in ALSO.get(name, [KINDS[name]]):
            pools.setdefault(kind, []).append(name)
    counts = ["in_channels", "channels", "max(2, in_channels // 2)"]
    if "filters" in arguments:
        counts += ["filters", "filters + in_channels", "2 * filters"]
        counts += ["filters if channels > 4 else in_channels"]
    if "expand" in arguments:
        counts += ["in_channels * expand", "channels * expand"]
    if "kernel" in arguments:
        pools["pool_kernel"] = ["kernel"]
    pools["count"] = counts + pools.get("count", [])
    return pools


def finish(scope: Scope, document: dict[str, Any]) -> None:
    """A head, and outputs where a layer would otherwise have no reader."""
    layers = document["layers"]
    if not layers:
        layers["only"] = {"conv": 4}
    if scope.chance(60):
        head(scope, document)
    loose = Walk(document).loose
    if not loose and scope.chance(80):
        return
    last = next(reversed(layers))
    more = [scope.pick([*layers, *rows_of(layers), "input"])] if scope.chance(30) else []
    wanted = list(dict.fromkeys([*loose, last, *more]))
    document["outputs"] = {f"out_{n}": name for n, name in enumerate(wanted)}


def head(scope: Scope, document: dict[str, Any]) -> None:
    layers, pool = document["layers"], {}
    if len(Walk(document).output.shape) == 3:
        pool = scope.pick(
            [
                {"pool": "global_avg_pool"},
                {"pool": {"global_avg_pool": {"keep_size": True}}, "flat": "flatten"},
                {"flat": {"flatten": scope.of_kind("order")}},
                {"pool": {"global_avg_pool": {"keep_size": True}}},
                {},
            ]
        )
        layers |= pool
    more = {
        "drop": {"dropout": 0.2},
        "classifier": {"dense": "classes"},
        "probabilities": {"activation": scope.pick(["softmax", "sigmoid"])},
    }
    for name, layer in more.items():
        if scope.chance(60):
            layers[name] = layer
    for name in [*pool, *more][::-1]:
        if not fits(document):
            layers.pop(name, None)


def fits(document: dict[str, Any]) -> bool:
    try:
        return bool(Walk(document).layers)
    except Unfit:
        return False


PLAIN = re.compile(r"[A-Za-z0-9_.~][A-Za-z0-9_.+*/%()<>=! -]*\Z")


def as_text(document: dict[str, Any]) -> str:
    lines = []
    for key, entry in document.items():
        if key in {"layers", "blocks", "outputs", "defaults", "define"}:
            lines.append(f"{key}:")
            lines += [f"  {flow(k)}: {flow(v)}" for k, v in entry.items()]
        else:
            lines.append(f"{key}: {flow(entry)}")
    return "\n".join([*lines, ""])


def flow(given: Any) -> str:
    if isinstance(given, dict):
        inside = ", ".join(f"{flow(k)}: {flow(v)}" for k, v in given.items())
        return f"{{{inside}}}"
    if isinstance(given, list | tuple):
        return f"[{', '.join(map(flow, given))}]"
    if given is None:
        return "~"
    if isinstance(given, str) and PLAIN.match(given):
        return given
    return json.dumps(given)
