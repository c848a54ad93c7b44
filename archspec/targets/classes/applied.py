"""Modules and functions applied to tensors, once or in each run of a branch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from archspec.expressions import Expression
from archspec.targets.arguments import ValuePrinter
from archspec.targets.classes.asked import Asked
from archspec.targets.classes.modules import Modules, is_function, modules_of
from archspec.targets.code import Code, identifier, term
from archspec.targets.lines import Line, assign
from archspec.targets.program.calls import Loop, Unrolled
from archspec.targets.program.statements import BranchPart, OpStatement, Statement
from archspec.targets.syntax import BranchRuns, Operands
from archspec.targets.unprintable import Unprintable

BLOCK = Code("block")
"""The variable for each of a list of modules."""


class Applied:
    """Applies the modules of one class, and functions, in the names of `forward`."""

    def __init__(self, modules: Modules, asked: Asked):
        self.modules = modules
        self.file = modules.file
        self.macro = modules.macro
        self.asked = asked
        self.inside = ValuePrinter(self.file, asked.names, "self.")

    def applied(
        self,
        path: Code,
        listed: bool,
        operands: Operands,
        target: str,
        note: Code | None,
    ) -> list[Line]:
        """A module applied to tensors, or each of a list of modules in turn."""
        if not listed:
            value = self.macro("apply", path, _listed(operands))
            return [assign(target, value, note)]
        source = operands.source
        copied = [] if source == Code(target) else [assign(target, source)]
        value = Code(f"{BLOCK}({_listed(operands.behind(Code(target)))})")
        body = (assign(target, value, note),)
        return [*copied, Line("for", Code(f"self.{path}"), BLOCK, body=body)]

    def value(
        self, statement: OpStatement, source: Code, others: Sequence[Code] = ()
    ) -> Code:
        """The layer applied to a tensor; one that is not there passes it on."""
        if is_function(self.file, statement.call):
            value = self.function(statement, source, next(iter(others), None))
        else:
            module = identifier(statement.again or statement.name)
            value = self.macro("apply", module, source)
            if statement.again is None:
                return value
        if statement.when is None:
            return value
        test = self.test(statement.when, statement.name)
        return self.macro("choice", test, value, source)

    def function(self, statement: OpStatement, source: Code, like: Code | None) -> Code:
        """A primitive that needs no module, applied to a tensor."""
        (call,) = statement.call.calls
        (layer,) = call.layers
        return self.inside.layer(layer, source, like=like)

    def repeated(self, runs: BranchRuns) -> list[Line]:
        """`[conv(x) for conv in self.conv]`."""
        assert runs.part.count is not None
        value, count = runs.source, self.inside.code(runs.part.count.expression)
        names = [identifier(s.name) for s in modules_of(self.file, runs.part)]
        # A layer `x` shall not hide the tensor that it is applied to.
        copies = [Code(f"{name}_") if value in names else name for name in names]
        own = dict(zip(map(str, names), copies, strict=True))
        for statement, operands in zip(_plain(runs.part), runs.read, strict=True):
            value = self.applied_in(statement, own, operands.behind(value))
        whole = Code(f"[{value}] * {term(count)}")
        if names:
            whole = self.macro("each", value, copies, names)
        return [Line("extend", whole, runs.branches)]

    def applied_in(
        self, statement: OpStatement, own: Mapping[str, Code], operands: Operands
    ) -> Code:
        """A layer of a branch, which has `own` modules for each run."""
        name = statement.again or statement.name
        if name in own:
            return Code(f"{own[name]}({_listed(operands)})")
        if statement.others and statement.again:
            return self.macro("apply", identifier(name), _listed(operands))
        source, *others = operands
        return self.value(statement, source, others)

    def series(self, runs: BranchRuns) -> list[Line]:
        """`for conv in self.conv: x = conv(x)`, each `x` kept."""
        assert runs.part.count is not None
        body, own = _plain(runs.part), dict[str, Code]()
        kept = {id(statement) for statement in modules_of(self.file, runs.part)}
        lines: list[Line] = []
        for statement, operands, name in zip(body, runs.read, runs.names, strict=True):
            own |= {statement.name: Code(name)} if id(statement) in kept else {}
            value = self.applied_in(statement, own, operands)
            lines.append(assign(runs.target, value))
        lines.append(Line("append", Code(runs.target), runs.branches))
        if not own:
            return [often(self.inside.code(runs.part.count.expression), lines)]
        modules = self.macro("modules", [identifier(name) for name in own])
        variables = Code(", ".join(map(str, own.values())))
        return [Line("for", modules, variables, body=tuple(lines))]

    def test(self, expression: Expression, name: str) -> Code:
        """What `forward` asks: a stored name, or a flag where it asks for more."""
        return self.asked.flag(name, expression) or self.inside.code(expression)


def often(times: Code, lines: Sequence[Line]) -> Line:
    """The lines several times."""
    return Line("for", Code(f"range({times})"), Code("_"), body=tuple(lines))


def _plain(part: BranchPart) -> list[OpStatement]:
    """The layers of a branch that runs several times.

    Raises Unprintable for others than modules that are always there.
    """
    if not all(map(_is_plain, part.body)):
        key = "series" if part.series else "repeat"
        message = f"'{key}' on the branch '{part.name}': make it a block"
        raise Unprintable(message)
    return [s for s in part.body if isinstance(s, OpStatement)]


def _is_plain(statement: Statement) -> bool:
    """Whether it is one module that always is there, and reads what is before it."""
    if not isinstance(statement, OpStatement) or statement.when is not None:
        return False
    if isinstance(statement.call, Loop | Unrolled) and statement.others:
        return False
    return not (statement.source or statement.times)


def _listed(operands: Operands) -> Code:
    return Code(", ".join(map(str, operands)))
