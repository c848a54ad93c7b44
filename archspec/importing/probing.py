"""One block by itself: what it computes for given arguments, and what these decide."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain
from math import inf
from pathlib import Path
from typing import NamedTuple

from archspec.elaboration.frames import Frame, Tensor
from archspec.elaboration.scopes import document_scope
from archspec.elaboration.settings import Defaults
from archspec.elaboration.walk import Elaborator
from archspec.errors import Place, SpecError
from archspec.expressions import (
    Binary,
    Constant,
    Expression,
    Items,
    Name,
    limited_effort,
    walk,
)
from archspec.importing.draft import Said
from archspec.importing.graph import Node
from archspec.importing.printing import flow
from archspec.language import Branch, Document, Formula, JoinLayer, Layer, OpLayer, load
from archspec.language.layers import inner_layers
from archspec.network import INPUT, Instance
from archspec.ops import PRIMITIVES, Op, Shape
from archspec.ops.fields import items
from archspec.reading.source import parsed

Counts = Mapping[str, float]

_HEAD = "archspec: 1\nname: Probe\ninput: {channels: 1, size: 1}\n"


class Use(NamedTuple):
    """An attribute that an argument decides; `plain` if it is just the argument."""

    op: str
    attribute: str
    plain: bool


@dataclass(eq=False)
class Probe:
    """A block, run without a network around it."""

    name: str
    document: Document
    _seen: dict[str, Probe] = field(default_factory=dict[str, "Probe"])

    @cached_property
    def arguments(self) -> list[str]:
        """Its arguments other than tensors, in order."""
        return list(self.document.blocks[self.name].values)

    @cached_property
    def required(self) -> set[str]:
        """Those that a call must give."""
        values = self.document.blocks[self.name].values.items()
        return {name for name, declared in values if isinstance(declared, str)}

    def default(self, name: str) -> Expression | None:
        """The expression of an argument's default, if it has one."""
        declared = self.document.blocks[self.name].arguments.get(name)
        return declared.expression if isinstance(declared, Formula) else None

    def constant(self, name: str) -> Said:
        """The number or word that an argument is by default; None if it is neither."""
        found = self.default(name)
        return found.value if isinstance(found, Constant) else None

    @cached_property
    def passed(self) -> Mapping[str, set[str]]:
        """The blocks that it calls, and which of their arguments it gives."""
        found: dict[str, set[str]] = {}
        for layer in inner_layers(self.document.blocks[self.name].layers):
            op = getattr(layer[1], "op", None)
            if isinstance(layer[1], OpLayer) and op in self.document.blocks:
                found.setdefault(str(op), set()).update(layer[1].attributes)
        return found

    def nodes(self, said: Mapping[str, Said], shape: Shape) -> list[Node] | None:
        """Its graph for these arguments and input, that first; None if it has none."""
        layer = self.document.layers["probe"]
        given = {name: _formula(value, layer.place) for name, value in said.items()}
        layers = {"probe": replace(layer, attributes=given)}
        scope = document_scope(self.document)
        elaborator = Elaborator(self.document, scope, Defaults(self.document, scope))
        root, start = Instance(None, "", scope, (shape,)), Tensor(shape, INPUT)
        frame = Frame(root, scope, {"input": start}, {})
        try:
            with limited_effort():
                last = elaborator.run(layers, frame, start)
        except SpecError:
            return None
        if elaborator.faults or last.source == INPUT:
            return None
        known = {INPUT: Node(None, (), shape)}
        for number, made in enumerate(elaborator.record.layers):
            sources = tuple(known[source] for source in made.sources)
            known[number] = Node(made.primitive, sources, made.output)
        end = known.pop(last.source)
        return [*known.values(), end]

    @cached_property
    def counts(self) -> tuple[Counts, Counts]:
        """How often ops are at least and at most in it."""
        least, most = Counter[str](), dict[str, float]()
        block = self.document.blocks[self.name]
        for op, times, sure in self._ops(block.layers.values()):
            own: Counts = {op: 1.0}
            lower: Counts = own if op in PRIMITIVES and _stays(op) else {}
            if op not in PRIMITIVES:
                lower, own = self._inner(op).counts
            for name, number in own.items():
                most[name] = most.get(name, 0) + number * times
            least.update({n: int(k) for n, k in lower.items() if sure})
        if block.residual is not None:
            most["add"] = most.get("add", 0) + 1
        return least, most

    def _ops(self, layers: Iterable[Layer]) -> Iterator[tuple[str, float, bool]]:
        """Each op, how often it runs at most, and whether it surely does."""
        for layer in layers:
            times = inf if layer.repeat is not None else 1
            sure = layer.when is None
            if isinstance(layer, (OpLayer, JoinLayer)):
                yield layer.op, times, sure
            for op, inner, always in self._branched(layer):
                yield op, inner * times, always and sure

    def _branched(self, layer: Layer) -> Iterator[tuple[str, float, bool]]:
        for branch in _branches(layer):
            many = inf if branch.runs is not None else 1
            for op, inner, always in self._ops(branch.layers.values()):
                yield op, inner * many, always and branch.when is None

    def _inner(self, name: str) -> Probe:
        return self._seen.setdefault(name, Probe(name, self.document, self._seen))

    @cached_property
    def uses(self) -> Mapping[str, set[Use]]:
        """What each argument, definition and default decides."""
        block = self.document.blocks[self.name]
        found: dict[str, set[Use]] = {}
        for use, expression in self._attributes(block.layers.values()):
            for name in _names(expression):
                is_name = isinstance(expression, Name)
                found.setdefault(name, set()).add(
                    use._replace(plain=use.plain and is_name)
                )
        defined = {n: f.expression for n, f in block.let.items()}
        defined |= {n: e for n in self.arguments if (e := self.default(n)) is not None}
        for name, expression in reversed(defined.items()):
            for other in _names(expression):
                is_name = isinstance(expression, Name)
                uses = {
                    use._replace(plain=use.plain and is_name)
                    for use in found.get(name, ())
                }
                found.setdefault(other, set()).update(uses)
        return found

    def _attributes(self, layers: Iterable[Layer]) -> Iterator[tuple[Use, Expression]]:
        for layer in layers:
            for key, formula in _given(layer):
                uses = self._decided(layer, key)
                yield from ((use, formula.expression) for use in uses)
            for branch in _branches(layer):
                runs = [branch.runs.expression] if branch.runs else []
                yield from ((Use("", "repeat", True), each) for each in runs)
                yield from self._attributes(branch.layers.values())

    def _decided(self, layer: Layer, key: str) -> Collection[Use]:
        """What an attribute of a layer decides in the end."""
        if key == "repeat" or not isinstance(layer, (OpLayer, JoinLayer)):
            return [Use("", "repeat", True)]
        if layer.op in PRIMITIVES:
            return [Use(layer.op, key, True)]
        return self._inner(layer.op).uses.get(key, ())

    @cached_property
    def thresholds(self) -> Mapping[str, set[Said]]:
        """The constants that conditions compare each argument with."""
        block = self.document.blocks[self.name]
        tests = [*_conditions(block.layers.values()), *block.let.values()]
        tests += [block.residual] if block.residual is not None else []
        tests += [f for f in block.arguments.values() if isinstance(f, Formula)]
        found: dict[str, set[Said]] = {}
        for part in chain(*(walk(test.expression) for test in tests)):
            match part:
                case Binary(_, Name(name), Constant(value)):
                    found.setdefault(name, set()).add(value)
                case _:
                    pass
        return found


def probe(name: str, defaults: Mapping[str, Mapping[str, Said]]) -> Probe:
    """A standard block as these `defaults` make it."""
    shown = f"defaults: {flow(defaults)}\n" if defaults else ""
    text = f"{_HEAD}{shown}layers: {{probe: {name}}}\n"
    return Probe(name, load(parsed(text, Path("probe.yaml"))).document)


def _branches(layer: Layer) -> Iterable[Branch]:
    return layer.branches.values() if isinstance(layer, JoinLayer) else ()


def _given(layer: Layer) -> Iterator[tuple[str, Formula]]:
    given: dict[str, Formula | None] = {}
    if isinstance(layer, (OpLayer, JoinLayer)):
        given = dict(layer.attributes)
    given["repeat"] = layer.repeat
    yield from ((name, value) for name, value in given.items() if value is not None)


def _conditions(layers: Iterable[Layer]) -> Iterator[Formula]:
    for layer in layers:
        branches = _branches(layer)
        tests = [layer.when, *(branch.when for branch in branches)]
        yield from (test for test in tests if test is not None)
        yield from chain(*(_conditions(b.layers.values()) for b in branches))


def _names(expression: Expression) -> set[str]:
    return {part.id for part in walk(expression) if isinstance(part, Name)}


def _stays(op: str) -> bool:
    """Whether an op is never idle: one with weights always computes something."""
    return PRIMITIVES[op].weights is not Op.weights


def _formula(value: Said, place: Place) -> Formula:
    if listed := items(value):
        parts = tuple(_formula(item, place) for item in listed)
        return Formula(Items(tuple(part.expression for part in parts)), place, parts)
    return Formula(Constant(value), place)
