"""From the layers of Keras to a graph of the language's ops."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import count
from typing import Any, NamedTuple

import numpy as np

from archspec.errors import ImportFailed
from archspec.importing import patterns
from archspec.importing.building import Builder, Constant, Gap
from archspec.importing.graph import Graph, Scope
from archspec.importing.keras.archive import Program
from archspec.importing.keras.functions import FUNCTIONS
from archspec.importing.keras.layers import LAYERS, Use, channels_last, is_list
from archspec.importing.keras.model import (
    Layer,
    Model,
    Ref,
    Where,
    failed,
    flat,
    in_order,
)
from archspec.importing.keras.scopes import scopes_of
from archspec.importing.layouts import Lacking, Unreadable, Value
from archspec.importing.patterns import Formula

BATCH = 2
"""Any number but 1, which would be no axis."""
MAX_CALLS = 20_000
MAX_CHAIN = 12
"""Operations of numbers that wait for what they are part of."""
_FAULTS = (
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    TypeError,
    ValueError,
)
"""What readings raise about settings that Keras does not take."""
_IGNORED = "mask", "training"
"""Arguments that make no difference to what is computed."""


class Unknown:
    """A tensor of which nothing is known, not even its shape."""


class Arguments(NamedTuple):
    """What a layer is called with, and the shape of what it gives, if that is known."""

    args: list[Any]
    kwargs: Mapping[str, Any]
    shape: Sequence[Any] | None


class Pending(NamedTuple):
    """How to read an operation that may yet be part of another one."""

    read: Callable[[], Value]
    scopes: tuple[Scope, ...]
    length: int


def read(program: Program) -> tuple[Graph, Builder]:
    """The graph of a program; the builder has the gaps, where there are any.

    Raises:
        ImportFailed: an input has no size, or layers read each other (AS701), or an
            input is no image (AS703).
    """
    try:
        return _Reading(program).graph()
    except RecursionError:
        raise failed("its arguments are nested too deeply") from None


class _Reading:
    """The state of one reading; a tensor is the formula by which it was computed."""

    def __init__(self, program: Program):
        self.program = program
        self.builder = Builder(BATCH)
        self.count = count()
        self.calls = 0
        self.uses: dict[Where, Use] = {}
        self.pending: dict[Formula, Pending] = {}

    def graph(self) -> tuple[Graph, Builder]:
        builder, model = self.builder, self.program.model
        given = [self._input(model.layers[ref.layer]) for ref in model.inputs]
        found = self._model(model, given, (), ())
        builder.scopes = ()
        ends = {name: self._end(name, tensor) for name, tensor in found.items()}
        names = {name if len(ends) > 1 else "": end for name, end in ends.items()}
        return builder.graph(names), builder

    def _end(self, name: str, tensor: Any) -> Any:
        try:
            whole = self._whole(tensor) if isinstance(tensor, Formula) else None
        except Unreadable as error:
            self.builder.gaps.append(Gap(name or "output", str(error), ()))
            whole = None
        gaps = len(self.builder.gaps)
        end = self.builder.output(_first(whole))
        if gaps and whole is None:
            # it follows from what was missing before
            del self.builder.gaps[gaps:]
        return end

    def _input(self, layer: Layer) -> Formula:
        """An input, channels last; raises ImportFailed where its size is unknown."""
        given: Any = layer.config.get("batch_shape")
        sizes = given[1:] if is_list(given) else []
        if len(sizes) != 3:
            message = f"input '{layer.name}' is no image, but has the shape {given}"
            help = "specs read images; export the part of the model that reads one"
            raise ImportFailed.single("AS703", message, help=help)
        if not all(isinstance(n, int) and n > 0 for n in sizes):
            message = f"input '{layer.name}' has no fixed size: {given}"
            help = "--size states it, such as 224 or 192x160"
            raise ImportFailed.single("AS701", message, help=help)
        height, width, channels = sizes
        shape = channels, height, width
        return self._beginning(self.builder.input(layer.name, shape, last=True))

    def _beginning(self, value: Value) -> Formula:
        return Formula(next(self.count), None, (), value)

    # -- models ----------------------------------------------------------------

    def _model(
        self,
        model: Model,
        given: Sequence[Any],
        where: Where,
        scopes: tuple[Scope, ...],
    ) -> dict[str, Any]:
        """The outputs of a model whose inputs are given."""
        known: dict[Ref, Any] = dict(zip(model.inputs, given, strict=False))
        around = scopes_of(model, scopes)
        for ref in in_order(model, known):
            layer = model.layers[ref.layer]
            args, kwargs = layer.calls[ref.call - layer.first]
            self.calls += 1
            if self.calls > MAX_CALLS:
                raise failed(f"it has more than {MAX_CALLS:,} layers")
            arguments = Arguments(
                _filled(args, known),
                {
                    name: _filled(value, known)
                    for name, value in kwargs.items()
                    if name not in _IGNORED and value is not None
                },
                model.shapes.get(ref),
            )
            here = *where, ref.layer
            results = self._call(layer, arguments, here, around[ref.layer])
            known |= {ref._replace(output=n): x for n, x in enumerate(results)}
        return {name: known.get(ref, Unknown()) for name, ref in model.outputs.items()}

    def _call(
        self,
        layer: Layer,
        given: Arguments,
        where: Where,
        scopes: tuple[Scope, ...],
    ) -> Sequence[Any]:
        """The outputs of a call."""
        tensors = list(_tensors([*given.args, *given.kwargs.values()]))
        if any(isinstance(each, Unknown) for each in tensors):
            return [Unknown()]
        if layer.model is not None:
            return list(self._model(layer.model, tensors, where, scopes).values())
        self.builder.scopes = scopes
        try:
            return [self._read(layer, given, self._use(layer, where))]
        except Unreadable as error:
            values = [t.value for t in tensors if t.value]
            shape = _canonical(given.shape)
            unknown = self.builder.unknown(layer.kind, error, shape, values)
            return [
                self._beginning(channels_last(unknown)) if given.shape else Unknown()
            ]

    def _use(self, layer: Layer, where: Where) -> Use:
        if where not in self.uses:
            inner = {
                other[-1]: self._weights(other)
                for other in self.program.weights
                if other[:-1] == where and layer.kind in _COMPOUND
            }
            own = self._weights(where)
            self.uses[where] = Use("/".join(where), layer.config, own, inner)
        return self.uses[where]

    def _weights(self, where: Where) -> Sequence[Any]:
        """The weights of a layer in order, None for counts and seeds."""
        names = self.program.weights.get(where, ())
        return [self.program.state[name] if name else None for name in names]

    # -- one layer -------------------------------------------------------------

    def _read(self, layer: Layer, given: Arguments, use: Use) -> Formula:
        """What a layer gives; raises Unreadable."""
        if layer.module.partition(".")[0] != "keras" or layer.kind not in LAYERS:
            raise Lacking("the language has no such layer")
        function = FUNCTIONS.get(layer.kind)
        plain = partial(self._plain, layer.kind, use, given)
        if function is None or given.kwargs:
            return self._beginning(plain())
        terms = tuple(map(_term, flat(given.args)))
        formula = Formula(next(self.count), partial(function, use.config), terms)
        if found := patterns.recognised(formula):
            formula.value = self._activation(found)
            return formula
        before = [term for term in terms if isinstance(term, Formula)]
        waiting = [self.pending[x].length for x in before if x in self.pending]
        length = 1 + max(waiting, default=0)
        waits = length > 1 or len(before) < len(terms)
        if waits and length < MAX_CHAIN and patterns.depends_on_one(formula):
            self.pending[formula] = Pending(plain, self.builder.scopes, length)
        else:
            formula.value = plain()
        return formula

    def _activation(self, found: patterns.Found) -> Value:
        kind = found.attributes
        if kind["kind"] == "identity":
            return found.value
        return self.builder.pointwise("activation", found.value, **kind)

    def _plain(self, kind: str, use: Use, given: Arguments) -> Value:
        """A layer by itself, whatever it may be a part of."""
        whole = [self._wholes(each) for each in given.args]
        named = {name: self._wholes(each) for name, each in given.kwargs.items()}
        try:
            return LAYERS[kind](self.builder, use, *whole, **named)
        except _FAULTS as error:
            raise Unreadable(f"settings that cannot be read: {error}") from None

    def _wholes(self, given: Any) -> Any:
        if is_list(given):
            return [self._wholes(each) for each in given]
        return self._whole(given) if isinstance(given, Formula) else given

    def _whole(self, tensor: Formula) -> Value:
        """The tensor, if it is one of the language; raises Unreadable."""
        if tensor.value is None:
            pending, before = self.pending.pop(tensor), self.builder.scopes
            self.builder.scopes = pending.scopes
            tensor.value = self._scaled(tensor) or pending.read()
            self.builder.scopes = before
        return tensor.value

    def _scaled(self, tensor: Formula) -> Value | None:
        """Arithmetic with numbers, as `normalize`."""
        found = patterns.scaled(tensor)
        if found is None:
            return None
        value, mean, std = found
        return self.builder.pointwise("normalize", value, mean=(mean,), std=(std,))


_COMPOUND = frozenset({"MultiHeadAttention"})
"""Layers that consist of others."""


def _tensors(given: Any) -> Iterator[Any]:
    yield from (each for each in flat(given) if isinstance(each, Formula | Unknown))


def _filled(given: Any, known: Mapping[Ref, Any]) -> Any:
    """Arguments with tensors in the places of references."""
    if isinstance(given, Ref):
        return known.get(given, Unknown())
    if is_list(given):
        return [_filled(each, known) for each in given]
    return given


def _term(given: Any) -> Formula | Constant:
    """What an operation on numbers reads; raises Unreadable for other arguments."""
    if isinstance(given, Formula):
        return given
    if not isinstance(given, int | float):
        raise Unreadable(f"an argument that is no number: {given!r:.80}")
    return Constant("", np.asarray(given, float))


def _first(value: Value | None) -> Value | None:
    """An output with channels first."""
    if value is None or len(value.dims) != 4:
        return value
    batch, height, width, channels = value.dims
    return value._replace(dims=(batch, channels, height, width))


def _canonical(shape: Sequence[Any] | None) -> tuple[int, ...]:
    """A shape with channels first, the batch before them."""
    if not shape:
        return (BATCH, 1)
    _, *sizes = (n if isinstance(n, int) and n > 0 else 1 for n in shape)
    return (BATCH, *sizes[-1:], *sizes[:-1])
