"""Chains of operations that are one op, recognised by what they compute.

Exporters write a GELU as five operations, a hard swish as three, a layer norm as nine,
in many orders. A chain is a `Formula`: it is run on a few numbers, and the op that
gives the same is meant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, permutations, product
from typing import Any, NamedTuple

import numpy as np

from archspec.importing.layouts import Value
from archspec.importing.nodes import Constant
from archspec.ops import PRIMITIVES
from archspec.words import ACTIVATIONS

Array = Any
MAX_STEPS = 24
"""Operations of the longest chain that is tried."""
TOLERANCE = 3e-6
"""Relative; the constants of a file are in single precision."""


@dataclass(eq=False, slots=True)
class Formula:
    """What a tensor was computed by; `value` is its reading, if it has one.

    `terms` are formulas, constants, numbers, and None for what is left out. A formula
    without a function is a beginning.
    """

    number: int
    """Its place in the order of computation."""
    function: Callable[..., Array] | None
    terms: tuple[Any, ...]
    value: Value | None = None
    reduces: bool = False
    """Whether numbers are not each read by itself."""
    numbers: Sequence[float] = ()
    """Numbers in it that are no terms."""

    def part(self, number: int) -> Formula:
        """That of one of several results."""

        def function(*terms: Array) -> Array:
            assert self.function is not None
            return self.function(*terms)[number]

        return replace(self, function=function)

    @property
    def stands(self) -> bool:
        """Whether an op can read it."""
        return self.value is not None and self.value.is_plain

    @property
    def parents(self) -> set[Formula]:
        """The formulas among its terms."""
        return {term for term in self.terms if isinstance(term, Formula)}


class Found(NamedTuple):
    """An op that reads one value; `axis` is that of the channels, where it has any."""

    value: Value
    name: str
    attributes: dict[str, Any]
    axis: int | None = None
    weights: dict[str, Constant] | None = None


class _Chain(NamedTuple):
    """A formula back to a tensor on which all of it depends, `leaf`."""

    formula: Formula
    leaf: Formula
    inner: frozenset[Formula]

    @property
    def constants(self) -> list[Constant]:
        """Those of floating-point numbers."""
        terms = [term for formula in self.inner for term in formula.terms]
        found = [
            term if isinstance(term, Constant) else Constant("", np.asarray(term))
            for term in terms
            if not isinstance(term, Formula)
        ]
        return [each for each in found if each.array.dtype.kind == "f"]

    @property
    def scalars(self) -> list[float]:
        """The numbers among the constants."""
        arrays = [constant.array for constant in self.constants]
        found = {float(each.reshape(-1)[0]) for each in arrays if each.size == 1}
        return sorted(found.union(*(formula.numbers for formula in self.inner)))

    @property
    def is_plain(self) -> bool:
        """Whether no constant changes along the channels."""
        return all(constant.array.size == 1 for constant in self.constants)

    def run(self, x: Array) -> Array:
        """The formula's numbers where its leaf has the numbers `x`."""
        known: dict[Formula, Array] = {self.leaf: x}
        for formula in sorted(self.inner, key=lambda each: each.number):
            assert formula.function is not None
            terms = [
                known[term] if isinstance(term, Formula) else _bare(term)
                for term in formula.terms
            ]
            known[formula] = formula.function(*terms)
        return known[self.formula]


def recognised(formula: Formula, *, far: bool = False) -> Found | None:
    """The op that a formula is of the nearest tensor, or, `far`, of any before it."""
    chains = islice(_chains(formula), None if far else 1)
    return next(filter(None, map(_meaning, chains)), None)


def _meaning(chain: _Chain) -> Found | None:
    if chain.leaf.value is None:
        return None
    known = _norm if any(each.reduces for each in chain.inner) else _activation
    if any(constant.array.size > 1 for constant in chain.constants):
        known = _response_norm
    try:
        with np.errstate(all="ignore"):
            return known(chain, chain.leaf.value)
    except (ArithmeticError, LookupError, MemoryError, TypeError, ValueError):
        return None


def _bare(term: Any) -> Any:
    return term.array if isinstance(term, Constant) else term


def _chains(formula: Formula) -> Iterator[_Chain]:
    """Back to ever earlier tensors, one by one."""
    inner, reached = {formula}, formula.parents
    while len(inner) < MAX_STEPS:
        hidden = {each for each in reached if not each.stands}
        if len(reached) == 1 and not hidden:
            (leaf,) = reached
            yield _Chain(formula, leaf, frozenset(inner))
        last = max(hidden or reached, key=lambda each: each.number, default=None)
        if last is None or last.function is None:
            return
        reached = (reached - {last}) | last.parents
        inner.add(last)


_PROBES = np.concatenate([np.linspace(-9, 9, 241), [-60.0, -25.0, 25.0, 60.0]])
_FAR = np.array([1e3, 1e6, 1e30])


def _activation(chain: _Chain, value: Value) -> Found | None:
    beyond = np.concatenate(
        [_FAR, 2 * np.array([c for c in chain.scalars if abs(c) < 1e30])]
    )
    probes = np.concatenate([_PROBES, beyond, -beyond])
    given = np.asarray(chain.run(probes), float).reshape(-1)
    if given.shape != probes.shape:
        return None
    slope = float(f"{-np.interp(-1, _PROBES, given[: len(_PROBES)]):.6g}")
    for kind in ACTIVATIONS.keys() - {"softmax"}:
        more = {"slope": slope} if kind == "leaky_relu" and 0 < slope < 1 else {}
        op = PRIMITIVES["activation"](**{"kind": kind, **more})
        if _equal(given, op.evaluate(probes, {})):
            return Found(value, "activation", {"kind": kind, **more})
    return None


def _equal(one: Array, other: Array) -> bool:
    return bool(np.allclose(one, other, rtol=TOLERANCE, atol=TOLERANCE))


def _normalised(name: str, x: Array, axis: int, epsilon: float) -> Array:
    """What a norm without scale and shift gives."""
    if name == "layer_norm":
        x = x - x.mean(axis, keepdims=True)
    return x / np.sqrt(np.square(x).mean(axis, keepdims=True) + epsilon)


def _norm(chain: _Chain, value: Value) -> Found | None:
    sizes: Sequence[int] = (3, 5, 4, 6, 7)[: len(value.dims)]
    x = np.random.default_rng(0).normal(0.5, 1, sizes)
    # rows of small variance tell epsilons apart
    x *= np.logspace(-4, 1, x.size).reshape(sizes)[::-1]
    given = chain.run(x)
    epsilons = [number for number in chain.scalars if 0 <= number < 0.1]
    if np.shape(given) != x.shape:
        return None
    tried = product(("layer_norm", "rms_norm"), epsilons, range(1, len(sizes)))
    for name, epsilon, axis in tried:
        if _equal(given, _normalised(name, x, axis, epsilon)):
            settings = {"epsilon": float(f"{epsilon:.6g}")}
            return Found(value, name, settings, axis)
    return None


def _response_norm(chain: _Chain, value: Value) -> Found | None:
    """Global response normalisation, of feature maps with channels first or last."""
    vectors = [each for each in chain.constants if each.array.size > 1]
    if len(vectors) != 2 or len(value.dims) != 4 or value.axes[0] not in value.dims:
        return None
    axis, count = value.dims.index(value.axes[0]), vectors[0].array.size
    x = np.random.default_rng(0).normal(0, 0.1, (2, count, 3, 4))
    given = chain.run(np.moveaxis(x, 1, axis))
    if given.shape != np.moveaxis(x, 1, axis).shape:
        return None
    for (scale, shift), epsilon in product(permutations(vectors), chain.scalars):
        weights = {
            name: each.moved(each.array.reshape(-1))
            for name, each in (("scale", scale), ("shift", shift))
        }
        settings = {"epsilon": float(f"{epsilon:.6g}")}
        op = PRIMITIVES["global_response_norm"](**settings)
        expected = op.evaluate(x, {key: each.array for key, each in weights.items()})
        if _equal(np.moveaxis(given, axis, 1), expected):
            return Found(value, op.name, settings, axis, weights)
    return None
