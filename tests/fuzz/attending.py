"""Draws attention, and sequences between feature maps."""

from __future__ import annotations

from typing import Any

from choices import Scope

Layers = dict[str, Any]


def attending(scope: Scope, references: list[str]) -> Layers:
    """Attention with projections: one before it, or layers of its branches."""
    op = scope.pick(["attention"] * 3 + ["linear_attention", "separable_attention"])
    if op == "separable_attention":
        return {scope.name("separate"): {op: separable(scope)}}
    heads, size = scope.of_kind("heads"), scope.of_kind("width")
    given = {"heads": heads} | settings(scope, op)
    # of linear attention, what is not positive divides by numbers near zero
    act = {scope.name("act"): {"activation": "relu"}} if op[0] == "l" else {}
    if scope.chance(40):
        qkv = projected(scope, "qkv", f"3 * {heads} * {size}") | act
        return qkv | {scope.name("attend"): {op: given}}
    groups = scope.pick([1, heads])
    moved = moves(scope, references)
    given["query"] = source(scope, references, 15) | projected(
        scope, "query", f"{heads} * {size}"
    )
    given["key"] = moved() | projected(scope, "key", groups * size)
    given["value"] = moved() | projected(
        scope, "value", groups * scope.of_kind("width")
    )
    if act:
        for role in ("query", "key"):
            given[role][scope.name("act")] = {"activation": "relu"}
    return {scope.name("attend"): {op: given}}


def settings(scope: Scope, op: str) -> dict[str, Any]:
    if op == "linear_attention":
        return {"epsilon": 1e-3} if scope.chance(30) else {}
    choices = {"scale": [0.5, 1], "dropout": [0.1]}
    if not scope.vector:
        choices["relative_bias"] = ["signed", "absolute"]
        sides: dict[str, list[Any]] = {"window": [2, 3, 4], "dilation": [2, 3]}
        side = scope.pick(sides)
        choices[side] = sides[side]
        choices |= {"shift": [1, 2]} if side == "window" else {}
    return {k: scope.pick(v) for k, v in choices.items() if scope.chance(40)}


def separable(scope: Scope) -> dict[str, Any]:
    given: dict[str, Any] = {"query": projected(scope, "score", 1)}
    for role in ("key", "value"):
        if scope.chance(60):
            given[role] = projected(scope, role, "channels")
    if not scope.vector and scope.chance(30):
        given["dilation"] = 2
    return given


def projected(scope: Scope, name: str, width: Any) -> Layers:
    """A layer of this width at each position."""
    op = "dense" if scope.vector else scope.pick(["dense", "conv", "conv_bn"])
    return {scope.name(name): {op: width}}


def source(scope: Scope, references: list[str], percent: int) -> dict[str, Any]:
    chosen = references and scope.chance(percent)
    return {"from": scope.pick(references)} if chosen else {}


def moves(scope: Scope, references: list[str]) -> Any:
    """What keys and values have in common: where they are read, and a stride."""
    origin = source(scope, references, 30)
    if scope.vector or not scope.chance(35):
        return origin.copy
    stride = {"stride": scope.of_kind("even_stride")}
    condition = {"when": scope.pick(scope.conditions)} if scope.chance(40) else {}
    return lambda: {
        **origin,
        scope.name("down"): {"depthwise_bn": stride, **condition},
    }


def turned(scope: Scope) -> Layers:
    """Attention whose queries are turned by their places, and perhaps the keys."""
    heads, size = scope.of_kind("heads"), scope.pick([4, 8])
    given: dict[str, Any] = {"heads": heads}
    for role in ("query", "key"):
        turn = {"rotary": {"heads": heads, "size": [*scope.size]}}
        turn["rotary"] |= {"base": 50} if scope.chance(30) else {}
        given[role] = {
            scope.name(role): {"dense": heads * size},
            scope.name("turn"): turn
            if role == "query" or scope.chance(80)
            else "identity",
        }
    given["value"] = {scope.name("value"): {"dense": 2 * heads}}
    return {scope.name("attend"): {"attention": given}}


def tokenised(scope: Scope, references: list[str]) -> Layers:
    """A sequence of tokens; perhaps with further ones, and perhaps back to a map."""
    layers: Layers = {scope.name("tokens"): "tokens"}
    more = scope.pick([0, 0, 1, 2])
    if more:
        layers[scope.name("prefix")] = {"prefix_tokens": more}
    if scope.chance(40):
        layers[scope.name("positions")] = "position_embedding"
    scope.rank = 1
    for _ in range(scope.pick([0, 1, 1, 2])):
        form = scope.pick(["attention"] * 4 + ["rotary"] + ["other"] * 5)
        if form == "attention":
            layers |= attending(scope, [])
            continue
        if form == "rotary":
            layers |= turned(scope)
            continue
        layer = scope.pick(
            [
                {"layer_norm": None},
                {"dense": scope.of_kind("count")},
                {"mlp": {"expand": 2, "drop_path": scope.of_kind("rate")}},
                {"self_attention": {"heads": scope.of_kind("heads")}},
                {"encoder_layer": scope.of_kind("heads")},
            ]
        )
        layers[scope.name(next(iter(layer)))] = layer
    if scope.chance(50):
        if more:
            layers[scope.name("rest")] = {"slice_positions": more}
        like = {"like": scope.pick(scope.pools["before"])}
        layers[scope.name("map")] = {"to_map": like}
    return layers
