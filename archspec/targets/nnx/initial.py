"""How weights start in Flax: `kernel_init`, said once for most layers of a kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from archspec.ops.fields import TRUNCATED
from archspec.targets.code import Code, identifier, literal
from archspec.targets.program.calls import Call
from archspec.targets.templates import Templates

Rule = tuple[Any, ...]

_DEFAULT = ("truncated_normal", "fan_in", 1.0)


class Initializers:
    """The initializers of one file.

    A rule that several layers of a kind have, and none has more often, is that of a
    partial of its class: `Conv = partial(nnx.Conv, kernel_init=...)`.
    """

    def __init__(self, calls: Iterable[Call], templates: Templates):
        self.templates = templates
        self.layers: dict[str, str] = templates.manifest["layers"]
        named = templates.manifest["initializers"].items()
        self.named = {(*rule.split(), scale): name for name, (rule, scale) in named}
        counts: dict[str, Counter[Rule]] = {}
        for call in calls:
            if call.op in self.layers:
                counter = counts.setdefault(self.layers[call.op], Counter())
                counter[call.initializer] += 1
        self.shared: dict[str, Rule] = {}
        for layer, counter in counts.items():
            rule, times = counter.most_common(1)[0]
            if times > 1 and rule != _DEFAULT and not _is_own(rule):
                self.shared[layer] = rule

    def layer(self, call: Call) -> Code:
        """The class, or its partial."""
        name = self.layers[call.op]
        return identifier(name if name in self.shared else f"nnx.{name}")

    def start(self, call: Call) -> Code | None:
        """What a layer says of its kernel; None where its class says the same."""
        usual = self.shared.get(self.layers[call.op], _DEFAULT)
        return None if call.initializer == usual else self.code(call.initializer)

    def code(self, rule: Rule) -> Code:
        """A call of one of Flax's initializers, or of the file's own."""
        function, given = str(rule[0]), rule[1:]
        if rule in self.named:
            function, given = self.named[rule], ()
        elif len(rule) == 3:
            function, given = "variance_scaling", (rule[2], rule[1], rule[0])
        elif function == "truncated_normal":
            given = (rule[1] / TRUNCATED,)
        name = "uniform_init" if _is_own(rule) else f"nnx.initializers.{function}"
        return self.templates.macro(
            "start", identifier(name), [literal(v) for v in given]
        )

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
