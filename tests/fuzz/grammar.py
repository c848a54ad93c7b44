"""Documents drawn at random that mostly are of the language."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from oddities import COLUMNS, FIELDS, LAYERS, NUMBERS, STANDARD, Tree

from archspec.expressions import BUILTINS
from archspec.language.blocks import standard_blocks
from archspec.language.fields import TYPES
from archspec.ops import JOINS, OPS
from examples import examples

WHOLE = ["1", "2", "3", "4", "8", "16"]
SIGNS = "+ - * / // % == != < <= > >= and or".split()


def tree(value: Any) -> Tree:
    """As a document has it."""
    if isinstance(value, tuple):
        return [tree(item) for item in value]
    return str(value).lower() if isinstance(value, bool) else str(value)


FITTING: dict[str, list[Tree]] = {
    attribute: [tree(value) for value in values]
    for op in OPS
    for attribute, values in examples(op).items()
} | {
    "filters": ["2", "4", "8", "channels", "channels * 2"],
    "activation": ["relu", "relu6", "swish"],
    "mean": ["0.5"],
    "std": ["0.5"],
}
NEEDED = {
    name: [key for key, field in op.fields.items() if field.required]
    for name, op in OPS.items()
} | {
    name: [
        key
        for key, said in block.section("arguments").entries.items()
        if said.text in TYPES
    ]
    for name, block in standard_blocks().entries.items()
}


class Grammar:
    """Documents that mostly are of the language; each draw comes from `random`."""

    def __init__(self, random: Random):
        self.random = random
        self.pick = random.choice
        self.branches = 0

    def rarely(self, share: float = 0.2) -> bool:
        return self.random.random() < share

    def some(self, items: list[Any], most: int) -> list[Any]:
        most = min(most, len(items))
        return self.random.sample(items, self.random.randint(0, most))

    def expression(self, depth: int = 2, names: Sequence[str] = ("n", "w")) -> str:
        if not depth or self.rarely(0.3):
            return self.pick(names) if self.rarely(0.3) else self.pick(WHOLE)
        one, two, three = (self.expression(depth - 1, names) for _ in range(3))
        kind = self.random.randrange(16)
        if kind < 8:
            return f"({one} {self.pick('+-**/')} {two})".replace(
                "/", self.pick(["/", "//"])
            )
        if kind < 12:
            call = self.pick(
                ["round_channels", "max", "min", "f", "round", "ceil", "int"]
            )
            return f"{call}({one}{f', {two}' if call in ('max', 'min') else ''})"
        if kind < 14:
            return f"({one} if {two} {self.pick(SIGNS)} {three} else {two})"
        odd = f"{self.pick(sorted(BUILTINS))}({one}, {two})", f"-{one}", f"not {one}"
        return self.pick([*odd, self.pick([*NUMBERS, "channels", "in_channels"])])

    def condition(self) -> str:
        return self.pick(
            ["true", "false", f"{self.expression(1)} > 2", self.expression()]
        )

    def value(self, key: str) -> Tree:
        if self.rarely(0.1):
            return self.expression()
        return self.pick(FITTING.get(key, WHOLE))

    def op(self, own: list[str]) -> tuple[str, Tree]:
        name = self.pick(self.pick([list(OPS), list(OPS), STANDARD, own or STANDARD]))
        fields = ["filters", "kernel"] if name in own else FIELDS[name]
        chosen = self.some(fields, 3)
        if not self.rarely(0.1):
            chosen += NEEDED.get(name, ())
        if "filters" in fields and not self.rarely():
            chosen.append("filters")
        return name, {key: self.value(key) for key in chosen} or "~"

    def layer(self, own: list[str], known: list[str], depth: int) -> Tree:
        """A layer in one of its three forms, with modifiers."""
        if self.rarely(0.03):
            return {"again": self.pick(known)}
        kind = self.random.randrange(8) if depth else 0
        if kind == 7:
            found = self.table(own)
        elif kind >= 5:
            found = {
                self.pick([op for op in JOINS if not JOINS[op].roles]): self.join(
                    own, known, depth - 1
                )
            }
        else:
            op, given = self.op(own)
            found = {op: given}
            if isinstance(given, dict) and self.rarely():
                keys = self.some(list(given), 2)
                found |= {"repeat": "2", "then": {k: self.value(k) for k in keys}}
        if self.rarely(0.1):
            found["when"] = self.condition()
        if self.rarely(0.1):
            found["repeat"] = self.pick([*WHOLE, self.expression()])
        if self.rarely(0.03):
            found["from"] = self.pick(known)
        return found

    def join(self, own: list[str], known: list[str], depth: int) -> Tree:
        branches: dict[str, Tree] = {}
        for name in [*self.some(["left", "right", "up"], 2), "down"]:
            self.branches += 1
            found = self.layers(own, depth, f"_{self.branches}", known, 0)
            if self.rarely():
                found["from"] = self.pick(known)
            if self.rarely():
                runs = {"when": self.condition()}, {"repeat": "2"}, {"series": "2"}
                found |= self.pick(runs)
            branches[name] = found
        return branches

    def table(self, own: list[str]) -> Tree:
        columns = [*self.some(COLUMNS[1:], 2), COLUMNS[0]]
        rows = [
            [
                self.pick(WHOLE) if self.rarely(0.9) else self.expression(1)
                for _ in columns
            ]
            for _ in range(self.random.randint(1, 3))
        ]
        op, given = self.op(own)
        if isinstance(given, dict):
            given = {k: self.pick([v, self.pick(columns)]) for k, v in given.items()}
        found: dict[str, Tree] = {"columns": columns, "rows": rows, "each": {op: given}}
        if self.rarely(0.3):
            found["repeat"] = self.pick([*columns, "2"])
        if self.rarely() and isinstance(given, dict):
            found["then"] = {key: self.value(key) for key in self.some(list(given), 2)}
        if self.rarely():
            found["rows"] = dict(zip(["first", "second", "third"], rows, strict=False))
        return found

    def layers(
        self,
        own: list[str],
        depth: int,
        suffix: str = "",
        known: list[str] | None = None,
        least: int = 1,
    ) -> dict[str, Tree]:
        found: dict[str, Tree] = {}
        known = ["input", *(known or ())]
        count = self.random.randint(least, 4)
        for name in self.random.sample(LAYERS, count):
            found[name + suffix] = self.layer(own, known, depth)
            known.append(name + suffix)
        return found

    def blocks(self) -> dict[str, Tree]:
        found: dict[str, Tree] = {}
        for name in self.some(["unit", "mix"], 2):
            block: dict[str, Tree] = {
                "arguments": {
                    "filters": self.pick(["int", "8", "in_channels"]),
                    "kernel": self.pick(["3", "1"]),
                }
            }
            if self.rarely(0.4):
                block["let"] = {"hidden": self.expression()}
            if self.rarely(0.4):
                block["residual"] = self.condition()
            block["layers"] = self.layers(list(found), 1)
            found[name] = block
        return found

    def document(self) -> dict[str, Tree]:
        own = self.blocks()
        layers = self.layers(list(own), 2)
        last = list(layers)[-1]
        found: dict[str, Tree] = {
            "archspec": "1",
            "name": self.pick(["Net", "Tiny", "A"]),
            "multipliers": {"w": self.pick([*WHOLE, "0.5"])},
            "define": {"n": self.pick(WHOLE), "f(v)": self.pick(["v * w", "v", "8"])},
            "input": {
                "channels": self.pick(WHOLE),
                "size": self.pick(["8", "16", ["9", "12"]]),
            },
            "classes": "10",
            "defaults": {
                "conv": {"padding": "same", "bias": "false"},
                "batch_norm": {"epsilon": "1e-3", "decay": "0.9"},
                "layer_norm": {"epsilon": "1e-3"},
                "group_norm": {"epsilon": "1e-3"},
                "rms_norm": {"epsilon": "1e-3"},
                "activation": "relu",
            },
            "blocks": own,
            "layers": layers,
            "variants": {
                "v": self.pick([{"classes": "7"}, {"layers": {last: "~"}}]),
                "w": {"layers": {last: self.layer(list(own), ["input"], 1)}},
            },
        }
        if self.rarely():
            keys = self.some(["scale", "mean", "std", "crop", "resize"], 3)
            found["preprocessing"] = {key: self.pick(NUMBERS) for key in keys}
        if self.rarely():
            found["outputs"] = {"one": self.pick([last, last, self.pick(LAYERS)])}
        if self.rarely():
            found["reported"] = {"macs": self.pick(NUMBERS), "parameters": "3.4M"}
        if self.rarely():
            paths = ["multipliers.w", "classes", "input.size", f"layers.{last}", "a..b"]
            ranges = ["1:8", "0:1:0.000001", "2:1", ["1", ["2", "3"]], [], "1:", "~"]
            found["search"] = {p: self.pick(ranges) for p in self.some(paths, 3)}
        return found
