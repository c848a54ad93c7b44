"""From PyTorch's operations to a graph of the language's ops."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeGuard

from archspec.importing.building import Builder, Scores
from archspec.importing.graph import Graph
from archspec.importing.layouts import Lacking, Unreadable, Value
from archspec.importing.torch.archive import Call, Program, Ref
from archspec.importing.torch.arrays import folded
from archspec.importing.torch.operations import OPERATIONS, SCORES


def read(program: Program) -> tuple[Graph, Builder]:
    """The graph of a program; the builder has the gaps, where there are any."""
    (batch, *_) = next(iter(program.inputs.values()))
    builder = Builder(batch)
    known: dict[str, Any] = dict(program.constants)
    for name, shape in program.inputs.items():
        known[name] = builder.input(name, shape[1:])
    for call in program.calls:
        builder.scopes = call.scopes
        _run(builder, call, known, program)
    ends = [builder.output(known[name]) for name in program.outputs]
    names = program.outputs if len(ends) > 1 else ("",)
    return builder.graph(dict(zip(names, ends, strict=True))), builder


def _run(builder: Builder, call: Call, known: dict[str, Any], program: Program) -> None:
    """Add one operation; an unreadable one becomes a gap."""
    operation = call.operation.removesuffix("_")
    given = {name: _resolved(value, known) for name, value in call.arguments.items()}
    first = next(iter(given.values()), None)
    others = dict(list(given.items())[1:])
    try:
        found: Any = _result(builder, operation, first, others)
    except Unreadable as error:
        shapes = [program.shapes[name] for name in call.outputs]
        is_lacking = isinstance(error, Lacking)
        values = [] if is_lacking else [*_values([*given.values()])]
        found = [
            builder.unknown(operation, str(error), shape, values) for shape in shapes
        ]
    results = found if is_list(found) else [found]
    known.update(zip(call.outputs, results, strict=False))
    if call.changed:
        # what it changed in place is from here on what it returned
        known[call.changed] = results[0]


def _result(
    builder: Builder, operation: str, first: Any, others: Mapping[str, Any]
) -> Any:
    if not any(_values([first, *others.values()])):
        return folded(operation, first, others)
    try:
        if isinstance(first, Scores) and operation in SCORES:
            return SCORES[operation](first, **others)
        if operation not in OPERATIONS:
            raise Lacking("the language has no such operation")
        return OPERATIONS[operation](builder, first, **others)
    except (AttributeError, IndexError, TypeError, ValueError) as error:
        raise Unreadable(f"arguments that cannot be read: {error}") from None


def _resolved(value: Any, known: Mapping[str, Any]) -> Any:
    if isinstance(value, Ref):
        return known[value.name]
    return [_resolved(item, known) for item in value] if is_list(value) else value


def _values(given: list[Any]) -> Iterator[Value]:
    """The tensors among arguments, those in lists too."""
    for each in given:
        if is_list(each):
            yield from _values(each)
        elif isinstance(each, Scores):
            yield from (each.query, each.key)
        elif isinstance(each, Value):
            yield each


def is_list(value: Any) -> TypeGuard[list[Any]]:
    """Whether an argument is a list."""
    return isinstance(value, list)
