"""How weights start in Flax: `kernel_init`, said once for most layers of a kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from archspec.ops.fields import TRUNCATED
from archspec.targets.code import Code, identifier, literal
from archspec.targets.specialise.model import Call
from archspec.targets.templates import Templates

Rule = tuple[Any, ...]

LAYERS = {
    "conv": "Conv",
    "depthwise_conv": "Conv",
    "transposed_conv": "ConvTranspose",
    "dense": "Linear",
}
_NAMES = {
    ("uniform", "fan_avg", 1.0): "glorot_uniform",
    ("truncated_normal", "fan_avg", 1.0): "glorot_normal",
    ("uniform", "fan_in", 2.0): "he_uniform",
    ("truncated_normal", "fan_in", 2.0): "he_normal",
    ("uniform", "fan_in", 1.0): "lecun_uniform",
    ("truncated_normal", "fan_in", 1.0): "lecun_normal",
}
_DEFAULT = ("truncated_normal", "fan_in", 1.0)


class Initializers:
    """The initializers of one file.

    A rule that several layers of a kind have, and none has more often, is that of a
    partial of its class: `Conv = partial(nnx.Conv, kernel_init=...)`.
    """

    def __init__(self, calls: Iterable[Call], templates: Templates):
        self.templates = templates
        counts: dict[str, Counter[Rule]] = {}
        for call in calls:
            if call.op in LAYERS:
                counter = counts.setdefault(LAYERS[call.op], Counter())
                counter[call.initializer] += 1
        self.shared: dict[str, Rule] = {}
        for layer, counter in counts.items():
            rule, times = counter.most_common(1)[0]
            if times > 1 and rule != _DEFAULT and not _is_own(rule):
                self.shared[layer] = rule

    def layer(self, call: Call) -> Code:
        """The class, or its partial."""
        name = LAYERS[call.op]
        return identifier(name if name in self.shared else f"nnx.{name}")

    def start(self, call: Call) -> Code | None:
        """What a layer says of its kernel; None where its class says the same."""
        usual = self.shared.get(LAYERS[call.op], _DEFAULT)
        return None if call.initializer == usual else self.code(call.initializer)

    def code(self, rule: Rule) -> Code:
        """A call of one of Flax's initializers, or of the file's own."""
        view: dict[str, Code | None] = {
            "scale": None,
            "mode": None,
            "drawn": None,
            "std": None,
        }
        if len(rule) == 3:
            function = _NAMES.get(rule, "variance_scaling")
            if rule not in _NAMES:
                drawn, mode, scale = map(literal, rule)
                view |= {"scale": scale, "mode": mode, "drawn": drawn}
        else:
            cut = rule[0] == "truncated_normal"
            view["std"] = literal(rule[1] / TRUNCATED if cut else rule[1])
            function = rule[0]
        name = "uniform_init" if _is_own(rule) else f"nnx.initializers.{function}"
        return self.templates.macro("start", identifier(name), view)

    def printed(self) -> list[Code]:
        """The partials."""
        macro = self.templates.macro
        return [
            macro("shared_start", Code(layer), self.code(rule))
            for layer, rule in self.shared.items()
        ]


def _is_own(rule: Rule) -> bool:
    """Whether a function of the file draws it: Flax's `uniform` starts at 0."""
    return len(rule) == 2 and rule[0] == "uniform"
