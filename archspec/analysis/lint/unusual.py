"""Values and joins that are valid but hardly ever meant."""

from __future__ import annotations

from collections.abc import Iterator

from archspec.analysis.lint.uses import Use, uses_of, written
from archspec.errors import WARNING, Diagnostic, Place
from archspec.language import Document, JoinLayer
from archspec.network import Network, Step
from archspec.ops import PRIMITIVES
from archspec.ops.fields import Usual, shown

_SCALE = Usual(
    0, 1, "pixels from 0 to 255 are multiplied by it: 1/255 makes them 0 to 1"
)


def unusual_warnings(network: Network) -> Iterator[Diagnostic]:
    """Unusual values (AS325), joins of one branch (AS326)."""
    yield from _scale(network)
    for use in uses_of(network):
        for step in use.steps:
            yield from _values(network.document, use, step)
        if use.steps and isinstance(use.layer, JoinLayer):
            yield from _one_branch(use.layer)


def _scale(network: Network) -> Iterator[Diagnostic]:
    said = network.document.preprocessing
    scale = said and said.scale
    if scale and not _SCALE.least <= scale <= _SCALE.most:
        place = network.spec.tree.section("preprocessing").place_of("scale")
        yield _unusual(f"preprocessing: scale {shown(scale)}", place, _SCALE.advice)


def _unusual(what: str, place: Place, help: str) -> Diagnostic:
    message = f"{what} is unusual"
    return Diagnostic("AS325", message, place, help=help, severity=WARNING)


def _values(document: Document, use: Use, step: Step) -> Iterator[Diagnostic]:
    for name, usual in _ranges(step.op):
        value = step.attributes[name]
        if isinstance(value, float) and not usual.least <= value <= usual.most:
            place = _place(document, use, step, name)
            yield _unusual(f"{step.op}: {name} {shown(value)}", place, usual.advice)


def _ranges(op: str) -> Iterator[tuple[str, Usual]]:
    """The attributes of an op that have a usual range."""
    if op not in PRIMITIVES:
        return
    for name, field in PRIMITIVES[op].fields.items():
        yield from ((name, data) for data in field.metadata if isinstance(data, Usual))


def _place(document: Document, use: Use, step: Step, name: str) -> Place:
    """Where a value was given: in the layer, or in `defaults`."""
    own = written(use.layer, step, name) if name in step.given else None
    formula = own or document.defaults.get(step.op, {}).get(name)
    return formula.place if formula else use.layer.place


def _one_branch(join: JoinLayer) -> Iterator[Diagnostic]:
    branches = [*join.branches]
    if len(branches) == 1 and join.branches[branches[0]].runs is None:
        message = f"{join.op} has one branch, so it joins nothing"
        skip = f"{{{join.op}: {{{branches[0]}: ..., skip: {{}}}}}}"
        help = f"for a skip connection, add an empty branch: {skip}"
        yield Diagnostic("AS326", message, join.place, help=help, severity=WARNING)
