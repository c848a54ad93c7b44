"""Layers of Keras and how they call each other, as a file has them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple, cast

from archspec.errors import ImportFailed

Where = tuple[str, ...]
"""The names of the models around a layer, from the outside in, and its own."""


class Ref(NamedTuple):
    """An output of a call of a layer of the same model."""

    layer: str
    call: int
    output: int


class Layer(NamedTuple):
    """A layer or function; `calls` are the arguments of each call.

    Tensors among them are `Ref`s, constants arrays. `model` are the layers within, of a
    model that is used as one. `first` is the number of the first call: a functional
    model was called once when it was made.
    """

    name: str
    kind: str
    module: str
    config: Mapping[str, Any]
    calls: Sequence[tuple[list[Any], Mapping[str, Any]]]
    model: Model | None = None
    first: int = 0


class Model(NamedTuple):
    """Layers by their names; `outputs` have a name where there are several.

    `shapes` are those of tensors, where they are known; the batch is first.
    """

    layers: Mapping[str, Layer]
    inputs: Sequence[Ref]
    outputs: Mapping[str, Ref]
    shapes: Mapping[Ref, Sequence[Any]]


def in_order(model: Model, known: Mapping[Ref, Any]) -> Iterator[Ref]:
    """The calls that outputs need, one branch after the other.

    Raises ImportFailed where layers read each other, or what does not exist.
    """
    done = {ref._replace(output=0) for ref in known}
    entered = set(done)
    ends = list(model.outputs.values())
    todo = [ref._replace(output=0) for ref in reversed(ends)]
    while todo:
        ref = todo[-1]
        if ref in entered:
            todo.pop()
            yield from () if ref in done else (ref,)
            done.add(ref)
            continue
        entered.add(ref)
        needed = [s._replace(output=0) for s in sources(model, ref)]
        if any(s in entered and s not in done for s in needed):
            raise failed(f"'{ref.layer}' is computed from its own output")
        todo.extend(reversed([s for s in needed if s not in done]))


def sources(model: Model, ref: Ref) -> Iterator[Ref]:
    """The tensors that a call reads."""
    layer = model.layers.get(ref.layer)
    if layer is None or not 0 <= ref.call - layer.first < len(layer.calls):
        raise failed(f"call {ref.call} of layer '{ref.layer}' does not exist")
    args, kwargs = layer.calls[ref.call - layer.first]
    yield from (x for x in flat([args, *kwargs.values()]) if isinstance(x, Ref))


def flat(given: Any) -> Iterator[Any]:
    """What is in lists of lists."""
    if isinstance(given, list):
        yield from chain.from_iterable(map(flat, cast("list[Any]", given)))
    else:
        yield given


def failed(why: str) -> ImportFailed:
    """That a model cannot be read (AS701)."""
    message = f"cannot read the Keras model: {why}"
    return ImportFailed.single("AS701", message)
