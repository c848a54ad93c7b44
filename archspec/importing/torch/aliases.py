"""Which tensors of a program share memory, where operations change one in place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, TypeGuard

from archspec.importing.graph import Scope
from archspec.importing.parts import Step

MAX_STALE = 1_000_000
"""Tensors that changes in place touch, in all."""

_SAME = frozenset("alias detach lift".split())
"""Operations that give the tensor itself."""

_VIEWS = frozenset(
    "adjoint as_strided broadcast_to chunk contiguous diagonal dropout dsplit expand "
    "expand_as flatten hsplit imag mH mT matrix_H moveaxis movedim narrow numpy_T "
    "permute ravel real reshape reshape_as select slice split split_with_sizes squeeze "
    "swapaxes swapdims t tensor_split to transpose type_as unbind unflatten unfold "
    "unsqueeze view view_as view_as_complex view_as_real vsplit".split()
)
"""Operations that give a part of a tensor's memory, or may do so."""


class Ref(NamedTuple):
    """A tensor among the arguments of a call, by its name in the graph."""

    name: str


class Call(NamedTuple):
    """One operation: `arguments` by the names of its schema, those left out omitted.

    `outputs` are names of tensors; of a list of tensors, the names in it. An operation
    in place has the tensor that it changes as its output; `stale` are others that share
    memory with it.
    """

    operation: str
    arguments: Mapping[str, Any]
    outputs: tuple[str, ...]
    scopes: tuple[Scope, ...]
    stale: tuple[str, ...] = ()

    @property
    def is_in_place(self) -> bool:
        """Whether it changes its first argument."""
        return self.operation.endswith("_") and not self.operation.endswith("__")

    @property
    def first(self) -> str:
        """The tensor that is its first argument; "" if that is none."""
        found = next(iter(self.arguments.values()), None)
        return found.name if isinstance(found, Ref) else ""

    @property
    def step(self) -> Step:
        """What it reads and writes."""
        reads = [*refs([*self.arguments.values()])]
        return Step(reads, (*self.outputs, *self.stale), self.scopes)


class Aliases:
    """The memory of tensors, call by call."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._memory: dict[str, list[str]] = {}
        self._room = MAX_STALE

    def name(self, tensor: str) -> str:
        """The first name of a tensor that has several."""
        return self._names.get(tensor, tensor)

    def resolved(self, calls: Iterable[Call]) -> Iterator[Call]:
        """Calls with first names for tensors, and what they make stale.

        Raises ValueError for more than `MAX_STALE`.
        """
        for call in calls:
            given = {key: self._named(each) for key, each in call.arguments.items()}
            found = call._replace(arguments=given)
            if found.first:
                found = self._noted(found, found.first)
            yield found._replace(outputs=tuple(map(self.name, found.outputs)))

    def _noted(self, call: Call, first: str) -> Call:
        memory = self._memory.setdefault(first, [first])
        if call.operation in _SAME or call.is_in_place:
            self._names.update(dict.fromkeys(call.outputs[:1], first))
        elif call.operation in _VIEWS:
            memory.extend(call.outputs)
            self._memory.update(dict.fromkeys(call.outputs, memory))
        if not call.is_in_place:
            return call
        self._room -= len(memory)
        if self._room < 0:
            raise ValueError(f"more than {MAX_STALE:,} tensors are changed in place")
        return call._replace(stale=tuple(name for name in memory if name != first))

    def _named(self, given: Any) -> Any:
        if _is_list(given):
            return [self._named(each) for each in given]
        return Ref(self.name(given.name)) if isinstance(given, Ref) else given


def refs(given: list[Any]) -> Iterator[str]:
    """The names of tensors among arguments, those in lists too."""
    for each in given:
        if isinstance(each, Ref):
            yield each.name
        elif _is_list(each):
            yield from refs(each)


def _is_list(value: Any) -> TypeGuard[list[Any]]:
    return isinstance(value, list)
