"""Whether the generated module computes what the source does, on random images."""

from __future__ import annotations

import tempfile
from collections.abc import (
    Callable,
    Generator,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from archspec.elaboration import with_input_size
from archspec.errors import ImportFailed, SpecError
from archspec.frameworks import target_of
from archspec.network import Network
from archspec.ops import Shape
from archspec.runtime.order import ArrayFile, Order, as_inputs, write_arrays
from archspec.runtime.session import Session
from archspec.targets.render import render
from archspec.targets.templates import manifest
from archspec.weights.moves import to_target

Array = np.ndarray[Any, Any]
LIMIT = 1e-8
"""Of the largest output, in double precision."""


class Outputs(NamedTuple):
    """How far outputs are apart at most, over the largest, and at which sizes."""

    relative: float
    sizes: tuple[Shape, ...]


class Unable(Exception):
    """The source cannot be run on these images."""


Run = Callable[[Sequence[Array]], Sequence[Array]]
"""The outputs for images, in double precision; raises Unable."""


def compared(
    theirs: Run, ours: Run, network: Network, shapes: Sequence[Shape]
) -> Outputs:
    """Run both, at two sizes if they take them; raises ImportFailed (AS704)."""
    apart: dict[Shape, float] = {}
    for images in _images(network, shapes):
        wanted = _wanted(theirs, images, first=not apart)
        if wanted is not None:
            apart[images[0].shape[2:]] = _apart(wanted, ours(images))
    worst = max(apart.values())
    if worst > LIMIT:
        message = f"outputs differ from the source's by {worst:.2g} of the largest"
        raise ImportFailed.single("AS704", message, help="please report it")
    return Outputs(worst, tuple(apart))


def _wanted(
    theirs: Run, images: Sequence[Array], *, first: bool
) -> Sequence[Array] | None:
    """The source's outputs; None where it does not take another size."""
    try:
        return theirs(images)
    except Unable as error:
        if not first:
            return None
        message = f"the source cannot be run: {error}"
        raise ImportFailed.single("AS704", message) from None


def runner(
    session: Session, module: Path, name: str, weights: Mapping[str, Array]
) -> Run:
    """Runs a class or function of a Python file; without weights, with its own."""

    def run(images: Sequence[Array]) -> Sequence[Array]:
        with tempfile.TemporaryDirectory() as folder:
            order = _order(Path(folder), module, name)
            floating = (a for a in weights.items() if _is_floating(a[1]))
            write_arrays(order.weights, dict(floating))
            if not weights:
                order = order._replace(weights="")
            write_arrays(order.images, as_inputs(images))
            answer = session.ask(order)
            if answer.fault:
                raise Unable(" ".join(answer.fault.split()))
            found = ArrayFile(Path(folder, "result"))
            return [found[key] for key in found if key.startswith("output:")]

    return run


@contextmanager
def generated(
    session: Session, network: Network, weights: Mapping[str, Array]
) -> Generator[Run]:
    """Runs the module that is generated for the framework of a process."""
    target = target_of(session.framework)
    with tempfile.TemporaryDirectory() as folder:
        module = Path(folder, "generated.py")
        module.write_text(render(network, target), encoding="utf-8")
        own = to_target(network, manifest(target), weights)
        yield runner(session, module, network.name, own)


def _images(network: Network, shapes: Sequence[Shape]) -> Iterator[list[Array]]:
    """Noise of the size of the spec, and of a larger one where the spec takes it."""
    random = np.random.default_rng(0)
    yield noise(shapes, random)
    if len(shapes) == 1:
        channels, height, width = shapes[0]
        size = height + 32, width + 32
        try:
            with_input_size(network, size)
        except SpecError:
            return
        yield noise([(channels, *size)], random)


def noise(shapes: Iterable[Shape], random: np.random.Generator) -> list[Array]:
    """A batch of two for each input, of numbers that single precision has.

    TensorFlow resizes images in that, whatever they are given in.
    """
    given = (random.standard_normal((2, *shape)) for shape in shapes)
    return [image.astype(np.float32).astype(np.float64) for image in given]


def _order(folder: Path, module: Path, name: str) -> Order:
    return Order(
        task="run",
        module=str(module),
        name=name,
        precision="float64",
        result=str(folder / "result"),
        images=str(folder / "images"),
        weights=str(folder / "weights"),
    )


def _is_floating(array: Array) -> bool:
    return np.issubdtype(array.dtype, np.floating)


def _apart(theirs: Sequence[Array], ours: Sequence[Array]) -> float:
    """The largest difference over the largest output; infinite for other shapes."""
    if [x.size for x in theirs] != [x.size for x in ours]:
        return float("inf")
    pairs = zip(theirs, ours, strict=True)
    return max(min(_differences(*both)) for both in pairs)


def _differences(theirs: Array, ours: Array) -> Iterator[float]:
    """Over the largest output; feature maps of the source may have channels last."""
    largest = max(np.abs(theirs).max(), 1e-30)
    yield float(np.abs(theirs.reshape(ours.shape) - ours).max() / largest)
    if theirs.ndim == 4 and theirs.shape[3] == ours.shape[1]:
        first = theirs.transpose(0, 3, 1, 2)
        yield float(np.abs(first.reshape(ours.shape) - ours).max() / largest)
