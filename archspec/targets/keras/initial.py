"""How weights start in Keras: a string, or a module-level dictionary.

An initializer *object* shared by several layers would start every kernel of one shape
with the same numbers; a string or a dictionary makes a new one each time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from archspec.ops.fields import TRUNCATED
from archspec.targets.code import Code, literal
from archspec.targets.program.calls import Call

_NAMES = {
    ("uniform", "fan_in", 2.0): '"he_uniform"',
    ("truncated_normal", "fan_in", 2.0): '"he_normal"',
    ("truncated_normal", "fan_avg", 1.0): '"glorot_normal"',
    ("truncated_normal", "fan_in", 1.0): '"lecun_normal"',
    ("uniform", "fan_in", 1.0): '"lecun_uniform"',
}
_DEFAULT = ("uniform", "fan_avg", 1.0)
_DRAWN = {"normal": "untruncated_normal", "truncated_normal": "truncated_normal"}
# Keras counts the fans of these kernels otherwise; axes are height, width, ...
_AXES = {
    "depthwise_conv": ("(0, 1)", "(0, 1, 2, 3)"),
    "transposed_conv": ("(0, 1, 3)", "(0, 1, 2)"),
}


class Initializers:
    """The initializers of one file, each defined once."""

    def __init__(self, calls: Iterable[Call], taken: Collection[str]) -> None:
        self._taken = taken
        self._constants: dict[str, Code] = {}
        for call in calls:
            if "initializer" in call.attributes:
                self.of(call)

    def of(self, call: Call) -> Code | None:
        """The initializer's name or string; None where it is Keras's default."""
        rule = call.initializer
        if len(rule) == 2:
            return self._constant(f"{rule[0]}_init", _fixed(str(rule[0]), rule[1]))
        multiplier = call.attributes.get("multiplier")
        single = multiplier is None or multiplier.is_only(1)
        if rule == _DEFAULT and single:
            return None
        if call.op not in _AXES and rule in _NAMES:
            return Code(_NAMES[rule])
        prefix = f"{call.op}_" if call.op in _AXES else ""
        return self._constant(f"{prefix}{rule[0]}_{rule[1]}", _scaled(call.op, rule))

    def _constant(self, name: str, code: Code) -> Code:
        """The module-level name of a dictionary, numbered where two would meet."""
        same = [known for known, value in self._constants.items() if value == code]
        if same:
            return Code(same[0])
        if name in self._constants:
            name = f"{name}_{len(self._constants)}"
        while name in self._taken:
            name += "_"
        self._constants[name] = code
        return Code(name)

    @property
    def names(self) -> Collection[str]:
        """The names that are defined."""
        return self._constants.keys()

    def printed(self) -> list[Code]:
        """The definitions."""
        return [Code(f"{name} = {value}") for name, value in self._constants.items()]


def _fixed(drawn: str, deviation: Any) -> Code:
    if drawn == "uniform":
        bound = deviation * 3**0.5
        return _dictionary(
            "RandomUniform", minval=literal(-bound), maxval=literal(bound)
        )
    if drawn == "normal":
        return _dictionary("RandomNormal", stddev=literal(deviation))
    return _dictionary("TruncatedNormal", stddev=literal(deviation / TRUNCATED))


def _scaled(op: str, rule: tuple[Any, ...]) -> Code:
    drawn = literal(_DRAWN.get(rule[0], rule[0]))
    settings = {
        "scale": literal(rule[2]),
        "mode": literal(rule[1]),
        "distribution": drawn,
    }
    if op in _AXES:
        inputs, outputs = _AXES[op]
        settings |= {"input_axes": Code(inputs), "output_axes": Code(outputs)}
    return _dictionary("VarianceScaling", **settings)


def _dictionary(kind: str, **settings: Code) -> Code:
    inner = ", ".join(f'"{name}": {value}' for name, value in settings.items())
    return Code(f'{{"class_name": "{kind}", "config": {{{inner}}}}}')
