"""How weights start: one function, applied to every module after it is built."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from archspec.expressions import Value
from archspec.targets.classes.modules import row_path, statements_of
from archspec.targets.code import Code, identifier, literal
from archspec.targets.file import File
from archspec.targets.program.calls import Call, Loop, Printed, StageCall
from archspec.targets.program.statements import OpStatement, Statement, TableStatement

_CLASSES = {
    "conv": "nn.Conv2d",
    "depthwise_conv": "nn.Conv2d",
    "transposed_conv": "nn.ConvTranspose2d",
    "dense": "nn.Linear",
    "prefix_tokens": "PrefixTokens",
    "position_embedding": "PositionEmbedding",
}
_LEARNED = "prefix_tokens", "position_embedding"
_NORMS = {
    "layer_norm": "nn.LayerNorm",
    "group_norm": "nn.GroupNorm",
    "rms_norm": "nn.RMSNorm",
}
"""Their scales start at 1 in PyTorch; batch norm has a class for each rank."""
_ONES = "constant", 1
_KAIMING = {
    2: Code('nonlinearity="relu"'),
    1: Code('nonlinearity="linear"'),
    1 / 3: Code("a=5**0.5"),  # PyTorch's own default for its layers
}
"""Arguments of the Kaiming initialisers, by the scale of the variance."""
_SWAPPED = {"fan_in": "fan_out", "fan_out": "fan_in", "fan_avg": "fan_avg"}


Rule = tuple[Any, ...]


class Built(NamedTuple):
    """A primitive of a class at `path`, or `single` is false: those in a container."""

    owner: Code
    path: Code
    call: Call
    single: bool


class Initializers:
    """The most common rule of each kind of module, and the layers that differ.

    `apply` visits a module after its children, so that a class that names one of its
    layers has the last word.
    """

    def __init__(self, file: File):
        self.file = file
        self.calls = [c for c in file.program.primitives if c.op in _CLASSES]
        counts: dict[str, Counter[Rule]] = {}
        for call in self.calls:
            counts.setdefault(_CLASSES[call.op], Counter())[call.initializer] += 1
        self.usual = {
            kind: counter.most_common(1)[0][0] for kind, counter in counts.items()
        }
        self.built = list(_built(file))

    @property
    def learned(self) -> bool:
        """Whether weights start that are no kernels: tokens and embeddings."""
        return any(call.op in _LEARNED for call in self.calls)

    def differs(self, call: Call) -> bool:
        """Whether it starts otherwise than its kind usually does."""
        return _rule(call) not in (None, self.usual.get(_kind(call), _ONES))

    def arms(self) -> list[dict[str, Any]]:
        """Classes with what to do to each of their weights."""
        by_rule: dict[tuple[Rule, bool], list[str]] = {}
        for kind, rule in self.usual.items():
            has_bias = kind.startswith("nn.")  # of learned tensors, none has
            by_rule.setdefault((_normal(kind, rule), has_bias), []).append(kind)
        arms = [self.usual_arm(kinds, rule) for (rule, _), kinds in by_rule.items()]
        owners = dict.fromkeys(built.owner for built in self.built)
        return [*arms, *_together([self.differing_arm(owner) for owner in owners])]

    def usual_arm(self, kinds: Sequence[str], rule: Rule) -> dict[str, Any]:
        """What holds for every module of these classes, unless an arm below differs."""
        biases = {
            bias
            for call in self.calls
            if _CLASSES[call.op] in kinds
            if "bias" in call.attributes
            for bias in call.attributes["bias"].values
        }
        return {
            "classes": _classes(kinds),
            "statements": [self.statement(Code("module.weight"), rule)],
            "loops": [],
            "biases": {"all": biases == {True}, "some": True in biases},
        }

    def differing_arm(self, owner: Code) -> dict[str, Any]:
        """The layers of a class that start otherwise than their kind."""
        statements: list[Code] = []
        loops: list[tuple[Code, Code, Code]] = []
        for built in self.built:
            if built.owner != owner or not self.differs(built.call):
                continue
            kind = _kind(built.call)
            rule = _normal(kind, _rule(built.call))
            if built.single:
                statements.append(self.statement(Code(f"{built.path}.weight"), rule))
            else:
                layer = self.statement(Code("layer.weight"), rule)
                loops.append((built.path, Code(kind), layer))
        nothing = {"all": False, "some": False}
        return {
            "classes": str(owner),
            "statements": statements,
            "loops": loops,
            "biases": nothing,
        }

    def statement(self, weight: Code, rule: tuple[Any, ...]) -> Code:
        view = _form(rule)
        return self.file.templates.macro("initialize", weight, view)


def _kind(call: Call) -> str:
    """The class of a primitive that has weights to start."""
    if call.op == "batch_norm":
        return "nn.BatchNorm2d" if call.rank == 2 else "nn.BatchNorm1d"
    return (_CLASSES | _NORMS).get(call.op, "")


def _rule(call: Call) -> Rule | None:
    """How the weight starts; None if the class itself does it."""
    if call.op in _CLASSES:
        return call.initializer
    if _kind(call):
        has_scale = call.attributes["scale"].constant is True
        return ("constant", call.attributes["initial"].constant) if has_scale else _ONES
    return None


def _built(file: File) -> Iterator[Built]:
    """The primitives of each class of the file."""
    for name, routine in file.program.blocks.items():
        yield from _built_in(file, file.signatures[name].name, routine.body)
    yield from _built_in(file, identifier(file.network.name), file.program.root.body)


def _built_in(file: File, owner: Code, body: Sequence[Statement]) -> Iterator[Built]:
    for statement, branch in statements_of(body, None):
        if isinstance(statement, TableStatement):
            rows = statement.rows
            calls = [(row_path(file, statement, row), row.call) for row in rows]
        elif isinstance(statement, OpStatement) and statement.again is None:
            calls = [(identifier(statement.name), statement.call)]
        else:
            continue
        when = None if isinstance(statement, TableStatement) else statement.when
        alone = when is None and (branch is None or branch.count is None)
        absent = branch is not None and branch.when is not None
        for path, call in calls:
            where = f'getattr(module, "{path}", nn.Identity())'
            place = Code(where if absent else f"module.{path}")
            yield from _built_at(owner, place, call, alone and not absent)


def _built_at(owner: Code, path: Code, call: Printed, alone: bool) -> Iterator[Built]:
    """A primitive, or the runs of one: together if all of them start alike."""
    loop = call.stage.loop if isinstance(call, StageCall) else call
    runs = loop.calls
    rules = {_rule(run) for run in runs}
    if not runs[0].layers or None in rules:
        return
    if len(rules) == 1:
        yield Built(owner, path, runs[0], alone and isinstance(loop, Call))
        return
    for number, run in enumerate(runs):
        index = f"{number}:" if isinstance(loop, Loop) and number else str(number)
        yield Built(owner, Code(f"{path}[{index}]"), run, False)


def _normal(kind: str, rule: Rule | None) -> Rule:
    """PyTorch counts the fans of a transposed kernel the other way round."""
    assert rule is not None
    if kind == "nn.ConvTranspose2d" and len(rule) == 3:
        return rule[0], _SWAPPED[rule[1]], rule[2]
    return rule


def _together(arms: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The arms that do something, those that do the same as one."""
    done = [(arm["statements"], arm["loops"]) for arm in arms]
    for number, (arm, body) in enumerate(zip(arms, done, strict=True)):
        if any(body) and body not in done[:number]:
            alike = [a["classes"] for a, b in zip(arms, done, strict=True) if b == body]
            yield arm | {"classes": _classes(alike)}


def _classes(kinds: Sequence[str]) -> Code:
    return Code(kinds[0] if len(kinds) == 1 else f"({', '.join(kinds)})")


def _form(rule: tuple[Value, ...]) -> Mapping[str, Any]:
    """Which of PyTorch's functions draws it."""
    drawn = str(rule[0])
    if drawn == "constant":
        return {"form": drawn, "value": literal(rule[1]), "zero": not rule[1]}
    if len(rule) == 2:
        form = "normal" if drawn == "normal" else "draw"
        return {"form": form, "std": literal(rule[1]), "word": literal(drawn)}
    mode, scale = rule[1], rule[2]
    assert isinstance(scale, (int, float))
    if drawn != "truncated_normal" and mode == "fan_avg":
        gain = literal(1 if scale == 1 else scale**0.5)
        return {"form": "xavier", "drawn": Code(drawn), "gain": gain}
    if drawn != "truncated_normal" and scale in _KAIMING:
        return {
            "form": "kaiming",
            "drawn": Code(drawn),
            "mode": literal(mode),
            "gain": _KAIMING[scale],
        }
    return {
        "form": "scale",
        "scale": literal(scale),
        "mode": literal(mode),
        "word": literal(drawn),
    }
