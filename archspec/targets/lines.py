"""Statements of a printed routine, before they become text."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from archspec.targets.code import Code


@dataclass(frozen=True, slots=True)
class Line:
    """One statement, or one with a body.

    `kind` is assign, extend, append, return, comment, if or for; `note` is the comment
    behind it.
    """

    kind: str
    value: Code
    target: Code | None = None
    note: Code | None = None
    body: tuple[Line, ...] = field(default=())


def assign(target: str, value: Code, note: Code | None = None) -> Line:
    """`target = value`."""
    return Line("assign", value, Code(target), note)


def condition(test: Code, body: list[Line]) -> Line:
    """`if test:` and its body."""
    return Line("if", test, body=tuple(body))


def joined(lines: list[Line]) -> list[Line]:
    """The lines, neighbours under one condition put together."""
    found: list[Line] = []
    for line in lines:
        last = found[-1] if found else None
        if last and last.kind == line.kind == "if" and last.value == line.value:
            found[-1] = replace(last, body=(*last.body, *line.body))
        else:
            found.append(line)
    return found


def returned(lines: list[Line], result: Code) -> list[Line]:
    """The lines with a return of the result, which is not named only to be returned."""
    last = lines[-1] if lines else None
    if last is not None and last.kind == "assign" and last.target == result:
        return [*lines[:-1], Line("return", last.value, note=last.note)]
    return [*lines, Line("return", result)]
