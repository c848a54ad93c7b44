"""Draws blocks with arguments, of which the layers make use."""

from __future__ import annotations

from random import Random
from typing import Any

from choices import KINDS, Scope
from growing import fits, grow
from readers import TENSORS


def own_block(
    random: Random, document: dict[str, Any], blocks: dict[str, Any]
) -> dict[str, Any] | None:
    """A block with arguments, or None if it came out empty."""
    scope = Scope(random, blocks)
    arguments = own_arguments(scope)
    block: dict[str, Any] = {"arguments": arguments, "layers": {}}
    if scope.chance(35):
        arguments["other"] = scope.pick(["tensor", "tensor", "input"])
        if scope.chance(25):
            arguments["third"] = scope.pick(["tensor", "input"])
    scope.conditions = [*conditions(arguments), True]
    scope.pools = pools_of(arguments)
    if scope.chance(50):
        block["let"] = {
            "wide_own": scope.pick(
                [
                    "in_channels * 2",
                    "max(2, in_channels // 2)",
                    "scale(6)",
                    "in_channels",
                ]
            )
        }
        scope.pools["count"].append("wide_own")
    calm = scope.chance(45)
    usual = {"int": scope.pick([4, 6]), "bool": scope.pick([True, True, False])}
    given = {
        k: usual[v] for k, v in arguments.items() if isinstance(v, str) and v in usual
    }
    read = [name for name in TENSORS if name in arguments]
    given |= {name: "before" for name in read if arguments[name] == "tensor"}
    before = scope.pick([*["identity"] * 4, "tokens", "global_avg_pool"])
    scope.rank = {"identity": 2, "tokens": 1}.get(before, 0)
    trial = {
        **{key: value for key, value in document.items() if key != "inputs"},
        "input": {"channels": 6, "size": [9, 8]},
        "blocks": {**document.get("blocks", {}), "probe": block},
        "layers": {"before": before, "probed": {"probe": given}},
    }
    block["layers"] = {"first": {"activation": None}} if scope.chance(20) else {}
    if read:
        block["layers"]["met"] = met(scope, read)
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


def met(scope: Scope, read: list[str]) -> dict[str, Any]:
    """A join of the input with the other tensors."""
    branches: dict[str, Any] = {"own": {}}
    for name in read:
        fit = {scope.name("fit"): {"dense": "in_channels"}} if scope.chance(50) else {}
        branches[f"of_{name}"] = {"from": name, **fit}
    return {scope.pick(["add", "concat", "multiply"]): branches}


def finish_residual(scope: Scope, block: dict[str, Any], trial: dict[str, Any]) -> None:
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
    if scope.vector:
        project, given = "dense", {"units": given["filters"]}
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
    likely = {"filters": 75, "kernel": 50, "stride": 55, "expand": 35, "flag": 50}
    likely |= {"activation": 25, "padding": 20}
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
    if "other" in arguments:
        pools["count"] = ["other_channels", "other_channels + 2"]
    for name in arguments:
        if name in TENSORS:
            continue
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
