"""What `forward` has to know, and `__init__` therefore stores."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from archspec.expressions import Conditional, Constant, Expression, Logic, Name
from archspec.targets.classes.modules import all_of, is_function, statements_of
from archspec.targets.dialect import calls_in
from archspec.targets.file import File
from archspec.targets.signatures import Signature
from archspec.targets.specialise.model import (
    BranchPart,
    JoinStatement,
    OpStatement,
    Routine,
    Statement,
    TableStatement,
)
from archspec.targets.symbols import names_in
from archspec.targets.unprintable import Named, Unprintable


class Asked:
    """`names` are names of the spec, `flags` conditions by the names that they get."""

    def __init__(self, file: File, routine: Routine):
        self.flags: dict[str, Expression] = {}
        found: set[str] = set()
        for statement, branch in statements_of(routine.body, None):
            found |= _names_read(file, statement, branch)
            for name, test in _tests(file, statement):
                found |= set() if is_flag(test) else names_in(test)
                self.flags |= {f"has_{name}": test} if is_flag(test) else {}
        if routine.residual not in {None, Constant(True)}:
            assert routine.residual is not None
            self.flags["has_residual"] = routine.residual
        self.names = sorted(found)

    def by_name(self, test: Expression | None) -> Expression | None:
        """A condition in which what is stored is asked for by its flag."""
        parts = _parts(test) if test is not None else ()
        for flag, stored in self.flags.items():
            known = _parts(stored)
            if parts[: len(known)] == known:
                return all_of(Name(f"self.{flag}"), *parts[len(known) :])
        return test

    def check(self, file: File, signature: Signature, modules: set[str]) -> None:
        """Raise Unprintable where a stored name is that of something else."""
        for name in [signature.printed(name) for name in self.names] + [*self.flags]:
            if name in modules:
                message = f"'{name}', which 'forward' asks for, beside a layer '{name}'"
                raise Unprintable(message, help=f"rename the layer: '{name}_'")
            if name in file.manifest["taken"]:
                message = (
                    f"'{name}', which 'forward' asks for, and nn.Module has its own"
                )
                raise Named(message, name)


def is_flag(test: Expression) -> bool:
    """Whether `forward` asks for a condition by a name of its own."""
    return isinstance(test, Logic | Conditional)


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
    copied = branch is not None and branch.count is not None  # all modules then
    if isinstance(statement, OpStatement) and is_function(file, statement.call):
        if copied:
            return read
        (call,) = calls_in(statement.call)
        read |= call.layers[0].names_read()
    for part in statement.branches if isinstance(statement, JoinStatement) else ():
        empty = part.count is not None and not part.body
        read |= names_in(part.count.expression) if empty and part.count else set()
    return read


def _tests(file: File, statement: Statement) -> Iterator[tuple[str, Expression]]:
    """Each condition that `forward` asks, with the name of its layer or branch."""
    asks = isinstance(statement, JoinStatement | TableStatement)
    if isinstance(statement, OpStatement):
        asks = is_function(file, statement.call)
    if asks and statement.when is not None:
        yield statement.name, statement.when
    for part in statement.branches if isinstance(statement, JoinStatement) else ():
        if part.when is not None:
            yield part.name, part.when
