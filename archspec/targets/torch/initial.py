"""How weights start: one function, applied to every module after it is built."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from archspec.expressions import Value
from archspec.targets.code import Code, literal
from archspec.targets.file import File
from archspec.targets.specialise.model import Call
from archspec.targets.symbols import Unprintable

_CLASSES = {
    "conv": "nn.Conv2d",
    "depthwise_conv": "nn.Conv2d",
    "transposed_conv": "nn.ConvTranspose2d",
    "dense": "nn.Linear",
}
_SWAPPED = {"fan_in": "fan_out", "fan_out": "fan_in", "fan_avg": "fan_avg"}


class Initializers:
    """The most common rule of each kind of module, and the layers that differ.

    `apply` visits a module after its children, so that a class that names one of its
    layers has the last word.
    """

    def __init__(self, file: File):
        self.file = file
        self.rules: dict[tuple[Code, Code], tuple[str, tuple[Any, ...]]] = {}
        counts: dict[str, Counter[tuple[Any, ...]]] = {}
        for call in file.calls:
            if call.op in _CLASSES:
                counts.setdefault(_CLASSES[call.op], Counter())[_rule(call)] += 1
        self.usual = {
            kind: counter.most_common(1)[0][0] for kind, counter in counts.items()
        }
        named: list[Call] = []
        for owner, name, call in file.built:
            if call.op in _CLASSES:
                self.rules[owner, name] = _CLASSES[call.op], _rule(call)
                named.append(call)
        for call in file.calls:
            usual = self.usual.get(_CLASSES.get(call.op, ""))
            if usual and _rule(call) != usual and call not in named:
                raise Unprintable(f"an initializer of its own in a row ({call.op})")

    def arms(self) -> list[dict[str, Any]]:
        """Classes with what to do to each of their weights."""
        by_rule: dict[tuple[Any, ...], list[str]] = {}
        for kind, rule in self.usual.items():
            by_rule.setdefault(_normal(kind, rule), []).append(kind)
        arms = [
            {"classes": _classes(kinds), "statements": self.usual_statements(rule)}
            for rule, kinds in by_rule.items()
        ]
        for owner in dict.fromkeys(owner for owner, _ in self.rules):
            statements = self.differing(owner)
            if statements:
                arms.append({"classes": owner, "statements": statements})
        return arms

    def usual_statements(self, rule: tuple[Any, ...]) -> list[Code]:
        return [self.statement(Code("module.weight"), rule)]

    def differing(self, owner: Code) -> list[Code]:
        """The layers of a class that do not start as their kind usually does."""
        return [
            self.statement(Code(f"module.{name}.weight"), _normal(kind, rule))
            for (where, name), (kind, rule) in self.rules.items()
            if where == owner and rule != self.usual[kind]
        ]

    def statement(self, weight: Code, rule: tuple[Any, ...]) -> Code:
        view = _form(rule)
        if view["form"] in ("draw", "scale"):
            self.file.needs("draw_" if view["form"] == "draw" else "variance_scaling_")
        return self.file.templates.macro("initialize", weight, view)


def _rule(call: Call) -> tuple[Any, ...]:
    rule = call.attributes["initializer"].constant
    assert isinstance(rule, tuple)
    return rule


def _normal(kind: str, rule: tuple[Any, ...]) -> tuple[Any, ...]:
    """PyTorch counts the fans of a transposed kernel the other way round."""
    if kind == "nn.ConvTranspose2d" and len(rule) == 3:
        return rule[0], _SWAPPED[rule[1]], rule[2]
    return rule


def _classes(kinds: Sequence[str]) -> Code:
    return Code(kinds[0] if len(kinds) == 1 else f"({', '.join(kinds)})")


def _form(rule: tuple[Value, ...]) -> Mapping[str, Any]:
    """Which of PyTorch's functions draws it."""
    drawn = str(rule[0])
    if len(rule) == 2:
        form = "normal" if drawn == "normal" else "draw"
        return {"form": form, "std": literal(rule[1]), "word": literal(drawn)}
    mode, scale = rule[1], rule[2]
    assert isinstance(scale, (int, float))
    if drawn != "truncated_normal" and mode == "fan_avg":
        gain = literal(1 if scale == 1 else scale**0.5)
        return {"form": "xavier", "drawn": Code(drawn), "gain": gain}
    if drawn != "truncated_normal" and scale in (1, 2):
        name = literal("relu" if scale == 2 else "linear")
        return {
            "form": "kaiming",
            "drawn": Code(drawn),
            "mode": literal(mode),
            "nonlinearity": name,
        }
    return {
        "form": "scale",
        "scale": literal(scale),
        "mode": literal(mode),
        "word": literal(drawn),
    }
