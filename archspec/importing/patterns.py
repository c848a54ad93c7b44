"""Chains of operations that are one op of the language, recognised by what they compute.

Exporters write a GELU as five operations, a hard swish as three, in many orders. A
chain is a `Formula`; it is tried on numbers, and the op that gives the same is meant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from archspec.importing.layouts import Value
from archspec.ops import PRIMITIVES
from archspec.words import ACTIVATIONS

Array = Any
MAX_STEPS = 24
"""Operations of the longest chain that is tried."""


@dataclass(eq=False, slots=True)
class Formula:
    """What a tensor was computed by; `value` is its reading, if it has one.

    `terms` are formulas and arrays. A formula without a function is a beginning.
    """

    number: int
    function: Callable[..., Array] | None
    terms: tuple[Any, ...]
    value: Value | None = None

    @property
    def stands(self) -> bool:
        """Whether an op can read it."""
        return self.value is not None and self.value.factor == 1


class Found(NamedTuple):
    """An activation of a value."""

    value: Value
    attributes: dict[str, Any]


def activation(formula: Formula) -> Found | None:
    """The activation that a formula is, of the nearest tensor of which it is one."""
    for leaf, steps in _leaves(formula):
        found = _kind(lambda x: _run(formula, leaf, x, steps))
        if found and leaf.value:
            return Found(leaf.value, found)
        return None
    return None


def _leaves(formula: Formula) -> Iterator[tuple[Formula, int]]:
    """The one tensor that all of a formula depends on, looked for ever further back."""
    steps, reached = 1, _terms(formula)
    while steps < MAX_STEPS:
        hidden = [each for each in reached if not each.stands]
        if not hidden and len(reached) == 1:
            yield next(iter(reached)), steps
        last = max(hidden or reached, key=lambda each: each.number, default=None)
        if last is None or last.function is None:
            return
        reached = (reached - {last}) | _terms(last)
        steps += 1


def _terms(formula: Formula) -> set[Formula]:
    return {term for term in formula.terms if isinstance(term, Formula)}


def _run(formula: Formula, leaf: Formula, x: Array, steps: int) -> Array:
    """The formula's numbers where its leaf has the numbers `x`."""
    known: dict[Formula, Array] = {leaf: x}

    def of(term: Any) -> Array:
        if not isinstance(term, Formula):
            return term
        if term not in known:
            assert term.function is not None
            known[term] = term.function(*map(of, term.terms))
        return known[term]

    with np.errstate(all="ignore"):
        return of(formula)


_PROBES = np.concatenate([np.linspace(-9, 9, 241), [-60.0, -25.0, 25.0, 60.0]])
_TOLERANCE = 3e-6
"""Relative; constants of files are in single precision."""


def _kind(function: Callable[[Array], Array]) -> dict[str, Any] | None:
    """The attributes of the activation with a function's numbers."""
    try:
        given = np.asarray(function(_PROBES[None]), float)
    except (TypeError, ValueError, IndexError):
        return None
    if given.shape != (1, len(_PROBES)):
        return None
    slope = float(f"{-np.interp(-1, _PROBES, given[0]):.6g}")
    for kind in ACTIVATIONS:
        more = {"slope": slope} if kind == "leaky_relu" and 0 < slope < 1 else {}
        if kind == "softmax":
            continue
        expected = PRIMITIVES["activation"](kind=kind, **more).evaluate(
            _PROBES[None], {}
        )
        if np.allclose(given, expected, rtol=_TOLERANCE, atol=_TOLERANCE):
            return {"kind": kind, **more}
    return None
