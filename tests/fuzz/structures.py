"""Draws joins, repeats, tables, calls, and layers that read earlier tensors."""

from __future__ import annotations

from typing import Any

from choices import Scope
from readers import TENSORS
from walking import STANDARD, WEIGHTLESS

Layers = dict[str, Any]


def joined(scope: Scope, references: list[str]) -> dict[str, Any]:
    """A join, most of whose branches agree."""
    kind = scope.pick(["add", "add", "concat", "concat", "multiply", "subtract"])
    width = "channels" if scope.chance(50) else scope.of_kind("count")
    stride = 1 if scope.vector or scope.chance(75) else scope.of_kind("even_stride")
    branches = {}
    for _ in range(2 if kind == "subtract" else scope.pick([1, 2, 2, 2, 3, 4])):
        own = width if kind != "concat" else scope.of_kind("count")
        name = scope.name("branch")
        branches[name] = branch(scope, kind, own, stride, references)
    return {kind: branches}


def branch(
    scope: Scope, kind: str, width: Any, stride: Any, references: list[str]
) -> dict[str, Any]:
    """The tensor itself, or a few layers that come to this width and stride."""
    forms = ["empty", "path", "path", "path", "repeat", "series", "reference"]
    forms += ["nested"] if not scope.vector else []
    form = scope.pick([*forms, "gate"] if kind == "multiply" else forms)
    if form == "empty":
        return {}
    if form == "gate" and not scope.vector:
        gate = {"activation": scope.pick(["sigmoid", "hard_sigmoid"])}
        if scope.chance(40):  # of positions, not of channels
            return {scope.name("conv"): {"conv": 1}, scope.name("gate"): gate}
        return {
            scope.name("pool"): {"global_avg_pool": {"keep_size": True}},
            scope.name("conv"): {"conv": width},
            scope.name("gate"): gate,
        }
    if form == "reference" and references:
        modifiers = {"from": scope.pick(references)}
        return modifiers if scope.chance(60) else modifiers | path(scope, width, stride)
    if form == "nested":
        inner = {scope.name("inner"): joined(scope, [])}
        return inner | (path(scope, width, stride) if scope.chance(70) else {})
    modifiers: dict[str, Any] = {}
    if form == "repeat":
        inside = scope.seeing({"count": ["4 + step"], "calm_kernel": ["2 * step + 1"]})
        runs = {"repeat": scope.of_kind("times"), **path(inside, width, stride)}
        return with_later_run(scope, runs)
    if form == "series":  # at a stride each run would be smaller
        runs = {"series": scope.of_kind("times"), **path(scope, width, 1)}
        runs = with_later_run(scope, runs)
        return runs if stride == 1 else path(scope, width, stride)
    if scope.chance(20):
        modifiers["when"] = scope.pick(scope.conditions)
    return with_later_run(scope, modifiers | path(scope, width, stride))


def with_later_run(scope: Scope, branch: dict[str, Any]) -> dict[str, Any]:
    """The branch, whose last layer may run again."""
    last = next(reversed(branch))
    if scope.chance(85) or not WEIGHTLESS.isdisjoint(branch[last]):
        return branch
    return branch | {scope.name("again"): {"again": last}}


def path(scope: Scope, width: Any, stride: Any) -> Layers:
    """Layers that come to this width and stride."""
    layers = {}
    for _ in range(scope.pick([0, 0, 1, 2])):
        layer = scope.calm_layer()
        layers[scope.name(next(iter(layer)))] = layer
    if scope.vector:
        layers[scope.name("dense")] = {"dense": width}
        return layers
    op = scope.pick(["conv", "conv_bn", "conv_bn_act", "separable_bn_act"])
    given = {"filters": width, "kernel": scope.of_kind("calm_kernel")}
    given |= {} if stride == 1 else {"stride": stride}
    layers[scope.name("to")] = {op: given}
    if scope.chance(30):
        layers[scope.name("act")] = {"activation": scope.of_kind("kind")}
    return layers


def forked(scope: Scope, references: list[str]) -> Layers:
    """Two layers, of which the second may read before the first, and a join."""
    one, two, both = scope.name("one"), scope.name("two"), scope.name("both")
    width = scope.of_kind("count")
    if scope.vector:
        first: dict[str, Any] = {"dense": width}
        second: dict[str, Any] = {"dense": width, "from": scope.pick(scope.inputs)}
        match = {}
    else:
        stride = scope.of_kind("even_stride")
        first = {"conv": {"filters": width, "kernel": 3, "stride": stride}}
        second = scope.pick(
            [
                {"conv_bn": {"filters": width}},
                {"transposed_conv": {"filters": width, "kernel": 3, "stride": 2}},
                {"max_pool": 2},
            ]
        )
        match = {scope.name("match"): {"resize": {"like": two, "mode": "nearest"}}}
    if scope.chance(60):
        second["from"] = scope.pick(references)
    left: Layers = {}
    right = {"from": one, **match}
    if scope.chance(30):
        second["when"] = scope.pick(scope.conditions)
    kind = scope.pick(["add", "concat", "subtract"])
    join = {kind: {scope.name("left"): left, scope.name("right"): right}}
    if scope.chance(30):
        join["when"] = scope.pick(scope.conditions)
    return {one: first, two: second, both: join}


def shortcut(scope: Scope, references: list[str]) -> Layers:
    """Layers, then a join with tensors before them, which often is conditional."""
    layers = {}
    for _ in range(scope.pick([1, 1, 2])):
        layer = scope.calm_layer()
        layers[scope.name(next(iter(layer)))] = layer
    if not scope.vector and scope.chance(60):
        # As many channels as the input where the condition holds, others elsewhere.
        width = scope.pick(["filters", "in_channels", "channels"])
        width = width if width in scope.pools.get("count", []) else "channels"
        given = {"filters": width, "kernel": scope.of_kind("calm_kernel")}
        layers[scope.name("project")] = {scope.pick(["conv", "conv_bn"]): given}
    names = scope.some([*references, *scope.inputs * 2, *layers], 2)
    join: dict[str, Any] = {
        scope.pick(["add", "add", "concat", "multiply"]): {
            **({scope.name("main"): {}} if scope.chance(85) else {}),
            **{scope.name("shortcut"): {"from": name} for name in names},
        }
    }
    return {**layers, scope.name("sum"): conditional(scope, join, 75)}


def resized(scope: Scope, references: list[str]) -> Layers:
    """A layer that makes maps smaller, and a resize to the size of an earlier one."""
    stride = scope.pick(["stride", 2]) if "stride" in scope.pools else 2
    shrink = {"filters": "channels", "kernel": 3, "stride": stride}
    smaller = scope.pick([{"conv": shrink}, {"max_pool": 2}, {"depthwise_conv": 3}])
    like = {
        "like": scope.pick([*references, *scope.inputs]),
        "mode": scope.of_kind("mode"),
    }
    layers: Layers = {scope.name("smaller"): smaller}
    if scope.chance(30):
        layer = scope.calm_layer()
        layers[scope.name(next(iter(layer)))] = layer
    layers[scope.name("up")] = conditional(scope, {"resize": like}, 60)
    return layers


def conditional(scope: Scope, layer: dict[str, Any], percent: int) -> dict[str, Any]:
    """The layer, under a condition so often."""
    if scope.chance(percent):
        layer["when"] = scope.pick(scope.conditions)
    return layer


def called(scope: Scope, references: list[str]) -> Layers:
    """A block of the document's own, called in two ways or three."""
    block = scope.pick(scope.own)
    layers = {}
    for _ in range(scope.pick([2, 2, 2, 3])):
        layer: dict[str, Any] = {block: scope.attributes(block, likely=60) or None}
        if scope.chance(15):
            layer["from"] = scope.pick([*references, *layers])
        layers[scope.name(block)] = layer
    return layers


def tensors_of(scope: Scope, op: str) -> list[str]:
    """The tensor arguments of a block."""
    arguments = scope.blocks.get(op, {}).get("arguments", {})
    return [name for name, kind in arguments.items() if kind in ("tensor", "input")]


def shared(scope: Scope, first: Layers, references: list[str]) -> Layers:
    """An earlier layer once more, which fits if it reads as many channels."""
    name = scope.pick([*first])
    own = [tensor for op in first[name] for tensor in tensors_of(scope, op)]
    given = {tensor: scope.pick(references) for tensor in own if scope.chance(60)}
    layer = {"again": {name: given} if given else name}
    if scope.chance(20):
        layer["repeat"] = scope.pick([1, 2, 3])
    if scope.chance(15):
        layer["when"] = scope.pick(scope.conditions)
    if scope.chance(60):
        layer["from"] = scope.pick(references)
    return {scope.name("again"): layer}


def repeated(scope: Scope) -> Layers:
    """A layer several times; `then` and `step` may change what it is."""
    inside = scope.seeing(
        {"count": ["4 + step", "2 * (step + 1)"], "calm_kernel": ["2 * step + 1"]}
    )
    layer = inside.layer() if scope.chance(70) else inside.calm_layer()
    op, given = next(iter(layer.items()))
    name = scope.name(op)
    layer["repeat"] = scope.of_kind("times")
    if isinstance(given, dict) and scope.chance(50):
        changed = inside.attributes(op, set(given))
        variable = given.keys() - {*TENSORS, "like"}  # each run reads the same tensors
        then = {k: v for k, v in changed.items() if k in variable and scope.chance(60)}
        layer |= {"then": then} if then else {}
    if "stride" in (given or {}) and scope.chance(60):
        layer["then"] = layer.get("then", {}) | {"stride": 1}
    return {name: layer}


def tabulated(scope: Scope, references: list[str]) -> Layers:
    """A table of one op or two."""
    name = scope.name("stages")
    families = ["conv", "depthwise_conv", "conv_bn_act", "inverted_residual"]
    families += [*scope.own * 3, *(STANDARD if scope.chance(30) else [])]
    families = ["dense"] if scope.vector else families
    ops = [scope.pick(families) for _ in range(scope.pick([1, 1, 1, 2]))]
    ops = list(dict.fromkeys(ops))
    columns: dict[str, str] = {}
    inside = scope.seeing({"count": ["4 + row", "3 + index", "2 * (count - index)"]})
    each = {op: said(inside, op, columns) for op in ops}
    if len(ops) > 1:
        columns["op"] = ""
    repeats = scope.chance(50)
    if repeats:
        columns["n"] = "times"
    cells = [
        [cell(scope, column, kind, ops) for column, kind in columns.items()]
        for _ in range(scope.pick([1, 2, 2, 3, 4]))
    ]
    if not columns:
        columns["unused"] = "index"
        cells = [[number] for number, _ in enumerate(cells)]
    rows: Any = cells
    if scope.chance(30):
        rows = {f"row_{number}": row for number, row in enumerate(cells)}
    table = {"columns": list(columns), "rows": rows, "each": each}
    if repeats:
        table["repeat"] = "n"
        strided = any("stride" in (given or {}) for given in each.values())
        if strided and scope.chance(80):
            table["then"] = {"stride": 1}
    if scope.chance(10):
        table["when"] = scope.pick(scope.conditions)
    if scope.chance(20):
        table["from"] = scope.pick(references)
    return {name: table}


def said(scope: Scope, op: str, columns: dict[str, str]) -> dict[str, Any] | None:
    """What `each` says of an op; new columns are added, which have its letters."""
    given: dict[str, Any] = {}
    for name, needed in scope.arguments(op).items():
        if not needed and not scope.chance(45 if name != "filters" else 80):
            continue
        kind = scope.kind_of(op, name)
        if kind in {"initializer", "padding"} or not scope.chance(70):
            given[name] = scope.of_kind(kind)
            continue
        column = f"{name[0]}_{kind}"
        columns[column] = kind
        given[name] = (
            f"2 * {column}" if kind == "count" and scope.chance(20) else column
        )
    if op == "conv" and {"stride", "dilation"} <= given.keys():
        del given["dilation"]
    return given or None


def cell(scope: Scope, column: str, kind: str, ops: list[str]) -> Any:
    if column == "op":
        return scope.pick(ops)
    found = scope.of_kind(kind)
    if kind == "tensor":
        return found
    return 4 if isinstance(found, str) and "channels" in found else found
