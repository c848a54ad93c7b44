"""What `forward` has to know, and `__init__` therefore stores."""

from __future__ import annotations

from collections.abc import Iterator, Set
from itertools import chain

from archspec.expressions import Binary, Conditional, Constant, Expression, Logic, Name
from archspec.targets.classes.modules import (
    has_copies,
    is_function,
    modules_of,
    reads_several,
    statements_of,
)
from archspec.targets.code import Code, identifier
from archspec.targets.file import File
from archspec.targets.program.statements import (
    BranchPart,
    JoinStatement,
    OpStatement,
    Routine,
    Statement,
    TableStatement,
)
from archspec.targets.signatures import Signature
from archspec.targets.symbols import all_of, names_in


class Asked:
    """`names` are the attributes of names of the spec, `flags` those of conditions.

    An attribute that would be a module's, or one of `nn.Module`, gets a `_`.
    """

    def __init__(
        self, file: File, routine: Routine, signature: Signature, modules: Set[str]
    ):
        tests: list[tuple[str, Expression]] = []
        found: set[str] = set()
        for statement, branch in statements_of(routine.body, None):
            found |= _names_read(file, statement, branch)
            for name, test in _tests(file, statement):
                # TorchScript decides about modules that may be missing by a constant.
                joins = isinstance(statement, JoinStatement) or reads_several(statement)
                named = isinstance(test, Logic | Conditional) or (
                    joins and isinstance(test, Binary)
                )
                found |= set() if named else names_in(test)
                tests += [(name, test)] if named else []
        if routine.residual is not None and routine.residual != Constant(True):
            tests.append(("residual", routine.residual))
        taken = {*modules, *file.manifest["taken"]}
        self.names = {
            name: _free(signature.printed(name), taken)
            for name in sorted(found)
            if name.isidentifier()  # the others are words of the framework
        }
        taken |= {*self.names.values()}
        self.flags: dict[str, Expression] = {}
        self._attributes: dict[tuple[str, Expression], str] = {}
        for name, test in dict.fromkeys(tests):
            own = _free(f"has_{name}", taken | {*self.flags})
            self.flags[own] = test
            self._attributes[name, test] = own

    def flag(self, name: str, test: Expression) -> Code | None:
        """The attribute with a condition of a layer or branch, or of `residual`."""
        if (name, test) not in self._attributes:
            return None
        return Code(f"self.{identifier(self._attributes[name, test])}")

    def deciding(self, test: Expression) -> set[str]:
        """The attributes that a condition asks for."""
        read = names_in(self.by_name(test) or test)
        flags = {name.removeprefix("self.") for name in read}
        return {self.names.get(name, name) for name in flags}

    def by_name(self, test: Expression | None) -> Expression | None:
        """A condition in which what is stored is asked for by its flag."""
        parts = _parts(test) if test is not None else ()
        for flag, stored in self.flags.items():
            known = _parts(stored)
            if parts[: len(known)] == known:
                return all_of(Name(f"self.{flag}"), *parts[len(known) :])
        return test


def _free(name: str, taken: Set[str]) -> str:
    while name in taken:
        name += "_"
    return name


def _parts(test: Expression) -> tuple[Expression, ...]:
    """The conditions that `and` joins."""
    if isinstance(test, Logic) and test.op == "and":
        return tuple(chain.from_iterable(map(_parts, test.operands)))
    return (test,)


def _names_read(
    file: File, statement: Statement, branch: BranchPart | None
) -> set[str]:
    """The names that a statement reads in `forward`, besides its conditions."""
    read: set[str] = set()
    if isinstance(statement, OpStatement) and is_function(file, statement.call):
        if branch is not None and has_copies(file, branch, statement.call):
            return read
        (call,) = statement.call.calls
        read |= call.layers[0].names_read()
    if isinstance(statement, OpStatement) and statement.times is not None:
        read |= names_in(statement.times.expression)
    if isinstance(statement, JoinStatement) and is_function(file, statement.call):
        read |= statement.call.layers[0].names_read()
    for part in statement.branches:
        if part.count is not None and not modules_of(file, part):
            read |= names_in(part.count.expression)
    return read


def _tests(file: File, statement: Statement) -> Iterator[tuple[str, Expression]]:
    """Each condition that `forward` asks, with the name of its layer or branch."""
    asks = isinstance(statement, JoinStatement | TableStatement)
    if isinstance(statement, OpStatement):
        asks = is_function(file, statement.call) or reads_several(statement)
        asks = asks or statement.again is not None
    if asks and statement.when is not None:
        yield statement.name, statement.when
    for part in statement.branches:
        if part.when is not None:
            yield part.name, part.when
