"""Random valid networks, as the text of a spec.

Each layer is drawn, and taken if what it reads fits it: `walking` says. So all that
is drawn is valid, and its shapes are known from a second reading of the language.
"""

from __future__ import annotations

from random import Random
from typing import Any, NamedTuple

from choices import Scope
from documents import as_text
from growing import fits, grow, rows_of
from hypothesis import strategies as st
from own_blocks import own_block
from walking import STANDARD, Walk

from archspec.ops import Shape


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
    scope.conditions = ["deep", "not deep", "width > 0.5", "channels > 4", True, False]
    scope.inputs = tuple(document.get("inputs", ["input"]))
    document["layers"] = {}
    least = 2
    if scope.own and scope.chance(70):
        grow(scope, document, document["layers"], "calls")
        least = 0
    for _ in range(random.randint(least, 8)):
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
        "group_norm": {"epsilon": 1e-3},
        "rms_norm": {"epsilon": 1e-3},
    }
    if scope.chance(20):
        defaults["depthwise_conv"] = {"bias": pick([True, False]), "kernel": 5}
    if scope.chance(20):
        defaults["squeeze_excite"] = {"gate": "hard_sigmoid"}
    if scope.chance(20):
        defaults["conv"]["initializer"] = scope.of_kind("initializer")
    size = [random.randint(5, 16), random.randint(5, 16)]
    image = {"channels": pick([1, 2, 3, 4, 6]), "size": pick([size, size[0]])}
    return {
        "archspec": 1,
        "name": "Net",
        "multipliers": {"width": pick([0.5, 1.0]), "deep": pick([True, False])},
        "define": {
            "scale(c)": "round_channels(c * width, divisor=4)",
            "wide": pick(["scale(16)", "4 + 2", "6 if deep else 5"]),
            "main": pick(["relu", "hard_swish", "swish"]),
        },
        **pictured(scope, image),
        "classes": random.randint(2, 7),
        "defaults": defaults,
    }


def pictured(scope: Scope, image: dict[str, Any]) -> dict[str, Any]:
    """One input, or several, which often are alike."""
    if scope.chance(70):
        return {"input": image}
    inputs = {"image": image}
    for name in scope.pick([["other_one"], ["other_one", "facts"]]):
        alike = {"channels": scope.pick([1, 3, 4]), "size": image["size"]}
        small = {"channels": 5, "size": scope.pick([1, 4, [6, 3]])}
        inputs[name] = scope.pick([image, image, alike, small])
    return {"inputs": inputs}


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
    any_one = scope.pick([*layers, *rows_of(layers), *scope.inputs])
    more = [any_one] if scope.chance(30) else []
    wanted = list(dict.fromkeys([*loose, last, *more]))
    document["outputs"] = {f"out_{n}": name for n, name in enumerate(wanted)}


def head(scope: Scope, document: dict[str, Any]) -> None:
    layers, pool = document["layers"], {}
    rank = len(Walk(document).output.shape) - 1
    if rank == 1:
        pool = scope.pick([{"pool": "global_avg_pool"}, {"first": {"take": 0}}, {}])
        layers |= pool
    if rank == 2:
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
