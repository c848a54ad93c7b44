"""A Keras model as calls of Keras's own layers alone, so that a file has all of it.

Layers and models of the user's, of which a file has names only, are run on symbolic
tensors: what they call takes their place, under the names that they give to it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any, cast

import numpy as np

keras: Any = import_module("keras")  # its own types are not complete

BATCH = 2
"""Of symbolic tensors: Python may ask for it, and reshape by it."""
TOLERANCE = 1e-4
"""Relative, in single precision: no two runs of a framework add in another order."""


@contextmanager
def plain(network: Any, shape: Sequence[int] = ()) -> Generator[Any]:
    """The network without layers of the user's own; its layers have names for a while.

    `shape` is that of images, channels last, where the network does not state it.
    Raises ValueError where nothing does, or where Python computes something else.
    """
    if getattr(network, "inputs", None) and not _has_own(network):
        yield network
        return
    given = _inputs(network, shape)
    network(given)  # or layers have no weights yet
    with _named(network) as names:
        with _inlined(names):
            found = keras.Model(given, network(given), name=network.name)
        _check(network, found)
        yield found


def _inputs(network: Any, shape: Sequence[int]) -> Any:
    """Symbolic tensors like those that the network reads; one, or a list."""
    known: Any = getattr(network, "inputs", None) or ()
    if known:
        found = [
            keras.Input(batch_shape=(BATCH, *each.shape[1:]), name=each.name)
            for each in known
        ]
        return found if len(found) > 1 else found[0]
    shapes: Any = getattr(network, "_build_shapes_dict", None) or {}
    built: Any = shapes.get("input_shape", [])
    if not shape and not built:
        raise ValueError("the model does not state the size of its images; use --size")
    return keras.Input(batch_shape=(BATCH, *(shape or built[1:])))


def _check(network: Any, found: Any) -> None:
    """Raise ValueError unless both compute the same."""
    random = np.random.default_rng(0)
    shapes = [[n or 32 for n in each.shape[1:]] for each in found.inputs]
    images = [random.normal(size=(BATCH, *shape)).astype("float32") for shape in shapes]
    given = images if len(images) > 1 else images[0]
    results = [
        keras.tree.flatten(each(given, training=False)) for each in (network, found)
    ]
    for pair in zip(*results, strict=True):
        one, other = map(keras.ops.convert_to_numpy, pair)
        if not np.allclose(one, other, TOLERANCE, TOLERANCE * np.abs(one).max()):
            raise ValueError("its Python computes something else on symbolic tensors")


def _is_own(layer: Any) -> bool:
    return type(layer).__module__.partition(".")[0] != "keras"


def _has_own(layer: Any) -> bool:
    """Whether it is or contains a layer that is not Keras's."""
    return any(map(_is_own, layer._flatten_layers()))


@contextmanager
def _inlined(names: Mapping[int, str]) -> Generator[None]:
    """Calls of what is or contains the user's own are those inside it.

    Functions in such a call are named like the layers inside it.
    """
    call, called = keras.Layer.__call__, keras.Operation.symbolic_call
    around, known = [""], Counter[str]()

    def inside(self: Any, *args: Any, **kwargs: Any) -> Any:
        if not _is_own(self) and not (isinstance(self, keras.Model) and _has_own(self)):
            return call(self, *args, **kwargs)
        around.append(names.get(id(self), ""))
        try:
            return self.call(*args, **kwargs)
        finally:
            around.pop()

    def function(self: Any, *args: Any, **kwargs: Any) -> Any:
        if around[-1] and not isinstance(self, keras.Layer):
            bare = re.sub(r"_\d+$", "", self.name)
            name = f"{around[-1]}_{bare}"
            known[name] += 1
            self.name = f"{name}_{known[name]}" if known[name] > 1 else name
        return called(self, *args, **kwargs)

    keras.Layer.__call__, keras.Operation.symbolic_call = inside, function
    try:
        yield
    finally:
        keras.Layer.__call__, keras.Operation.symbolic_call = call, called


@contextmanager
def _named(network: Any) -> Generator[Mapping[int, str]]:
    """Layers are named by where they are; the names of the user's own, by identity."""
    before = [(layer, layer.name) for layer in network._flatten_layers()]
    try:
        paths = [*_paths(network, "", set())]
        for layer, name in paths:
            layer.name = name
        yield {id(layer): name for layer, name in paths}
    finally:
        for layer, name in before:
            layer.name = name


def _paths(layer: Any, path: str, seen: set[int]) -> Iterator[tuple[Any, str]]:
    """All layers inside, each with a name that tells where it is.

    The user's own layers name those inside them by attributes.
    """
    seen.add(id(layer))
    held: dict[str, Any] = {**vars(layer)} if _is_own(layer) else {}
    own = {
        id(inner): name for attr, x in held.items() for inner, name in _held(attr, x)
    }
    for inner in layer._flatten_layers(recursive=False, include_self=False):
        if id(inner) not in seen:
            name = own.get(id(inner)) or _numbered(inner)
            name = f"{path}_{name}" if path else name
            yield inner, name
            yield from _paths(inner, name, seen)


def _numbered(layer: Any) -> str:
    """A layer's name; of the user's own, the first of a class is number 0."""
    name: str = layer.name
    is_made_up = name.replace("_", "") == type(layer).__name__.lower()
    return f"{name}_0" if _is_own(layer) and is_made_up else name


def _held(attr: str, value: Any) -> Iterator[tuple[Any, str]]:
    """The layers that an attribute holds, such as a list of them."""
    if isinstance(value, keras.Layer):
        yield value, attr.strip("_")
    elif isinstance(value, list | tuple):
        for number, each in enumerate(cast("Sequence[Any]", value)):
            yield from _held(f"{attr}_{number}", each)
