"""From the layers of Keras to a graph of the language's ops."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import count
from typing import Any

import numpy as np

from archspec.errors import ImportFailed
from archspec.importing.building import Builder, Constant
from archspec.importing.graph import Graph, Scope
from archspec.importing.keras.archive import Program
from archspec.importing.keras.functions import FUNCTIONS, REDUCING
from archspec.importing.keras.layers import LAYERS, SCORES, Use
from archspec.importing.keras.model import (
    Layer,
    Model,
    Ref,
    Where,
    failed,
    flat,
    in_order,
    sources,
)
from archspec.importing.keras.scopes import called, scopes_of
from archspec.importing.layouts import Value
from archspec.importing.readings import Tables
from archspec.importing.steps import Arguments, Step, Steps, is_list
from archspec.ops import Shape

BATCH = 2
"""Any number but 1, which would be no axis."""
MAX_CALLS = 20_000
_IGNORED = "mask", "training"
"""Arguments that make no difference to what is computed."""
_TABLES = Tables(
    LAYERS, SCORES, FUNCTIONS, frozenset(FUNCTIONS), frozenset(REDUCING), frozenset()
)


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


class _Reading(Steps):
    """The state of one reading; tensors have numbers for names."""

    def __init__(self, program: Program):
        self.known_shapes: dict[str, Shape] = {}
        super().__init__(BATCH, _TABLES, {}, self.known_shapes)
        self.program = program
        self.calls = 0
        self.names = map(str, count())
        self.uses: dict[Where, Use] = {}
        self.parts: dict[Where, list[str]] = {}
        for *where, name in program.weights:
            self.parts.setdefault(tuple(where), []).append(name)

    def graph(self) -> tuple[Graph, Builder]:
        """The whole network's."""
        builder, model = self.builder, self.program.model
        given = [self._input(model.layers[ref.layer]) for ref in model.inputs]
        found = self._model(model, given, (), ())
        builder.scopes = ()
        ends = {name: self.end(tensor) for name, tensor in found.items()}
        names = {name if len(ends) > 1 else "": end for name, end in ends.items()}
        return builder.graph(names), builder

    def _input(self, layer: Layer) -> str:
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
        return self._named(self.builder.input(layer.name, shape, last=True))

    def _named(self, result: Value | Constant) -> str:
        name = next(self.names)
        self.given(name, result)
        return name

    def _model(
        self,
        model: Model,
        given: Sequence[str],
        where: Where,
        scopes: tuple[Scope, ...],
    ) -> dict[str, str]:
        """The outputs of a model whose inputs are given."""
        known = dict(zip(model.inputs, given, strict=False))
        around, results = scopes_of(model, scopes), _results(model)
        for ref in in_order(model, known):
            self.calls += 1
            if self.calls > MAX_CALLS:
                raise failed(f"it has more than {MAX_CALLS:,} layers")
            layer, here = model.layers[ref.layer], (*where, ref.layer)
            inside = called(around[ref.layer], ref.call - layer.first)
            if layer.model is not None:
                read = [known.get(source, "") for source in sources(model, ref)]
                outputs = list(self._model(layer.model, read, here, inside).values())
            else:
                outputs = [next(self.names) for _ in range(results.get(ref, 1))]
                self.known_shapes |= _shapes(model, ref, outputs)
                step = self._step(layer, ref, known, where=here, scopes=inside)
                self.run(step._replace(outputs=tuple(outputs)))
            known |= {ref._replace(output=n): name for n, name in enumerate(outputs)}
        return {name: known.get(ref, "") for name, ref in model.outputs.items()}

    def _step(
        self,
        layer: Layer,
        ref: Ref,
        known: Mapping[Ref, str],
        *,
        where: Where,
        scopes: tuple[Scope, ...],
    ) -> Step:
        """A call of a layer, whose outputs have no names yet."""
        args, kwargs = layer.calls[ref.call - layer.first]
        given = args, _meant(kwargs)
        inputs = tuple(self._source(leaf, known) for leaf in _leaves(*given))
        filled = partial(_filled, self._use(layer, where), *given)
        return Step(_operation(layer), inputs, (), scopes, filled)

    def _source(self, leaf: Any, known: Mapping[Ref, str]) -> str:
        """The name of a tensor or constant among arguments."""
        if isinstance(leaf, Ref):
            return known.get(leaf, "")
        return self._named(Constant("", leaf))

    def _use(self, layer: Layer, where: Where) -> Use:
        if where not in self.uses:
            path, config = "/".join(where), layer.config
            inner = {
                name: Use(f"{path}/{name}", config, self._weights((*where, name)))
                for name in self.parts.get(where, ())
            }
            self.uses[where] = Use(path, config, self._weights(where), inner)
        return self.uses[where]

    def _weights(self, where: Where) -> Sequence[Any]:
        """The weights of a layer in order, None for counts and seeds."""
        names = self.program.weights.get(where, ())
        return [self.program.state[name] if name else None for name in names]


def _operation(layer: Layer) -> str:
    """What a layer computes: its class, with a module if that is not Keras's."""
    is_known = layer.module.partition(".")[0] == "keras"
    return layer.kind if is_known else f"{layer.module}.{layer.kind}"


def _meant(given: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments that make a difference to what is computed."""
    return {
        name: value
        for name, value in given.items()
        if value is not None and (name not in _IGNORED or value is True)
    }


def _leaves(args: list[Any], kwargs: Mapping[str, Any]) -> Iterator[Any]:
    """The tensors and constants among arguments."""
    for each in flat([args, *kwargs.values()]):
        if isinstance(each, Ref | np.ndarray):
            yield each


def _filled(
    use: Use, args: list[Any], kwargs: Mapping[str, Any], inputs: Sequence[Any]
) -> Arguments:
    """Arguments with what was read in the places of tensors and constants."""
    rest = iter(inputs)
    whole = _resolved(args, rest)
    return [use, *whole], {name: _resolved(x, rest) for name, x in kwargs.items()}


def _resolved(given: Any, rest: Iterator[Any]) -> Any:
    if isinstance(given, Ref | np.ndarray):
        return next(rest)
    return [_resolved(each, rest) for each in given] if is_list(given) else given


def _results(model: Model) -> dict[Ref, int]:
    """How many results of each call are read, at least; calls have output 0."""
    found: dict[Ref, int] = {}
    for ref in (*model.shapes, *model.outputs.values()):
        call = ref._replace(output=0)
        found[call] = max(found.get(call, 1), ref.output + 1)
    return found


def _shapes(model: Model, call: Ref, names: Sequence[str]) -> dict[str, Shape]:
    """The shapes of results, as far as the file has them."""
    given = {
        name: model.shapes.get(call._replace(output=number))
        for number, name in enumerate(names)
    }
    return {
        name: (BATCH, *(n if isinstance(n, int) and n > 0 else 1 for n in shape[1:]))
        for name, shape in given.items()
        if shape
    }
