"""Whether the generated module computes what the source does, on random images."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from archspec.elaboration import with_input_size
from archspec.errors import ImportFailed, SpecError
from archspec.network import Network
from archspec.ops import Shape
from archspec.runtime.order import ArrayFile, Order, as_inputs, write_arrays
from archspec.runtime.session import Answer, Session
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


def compared(
    session: Session,
    original: Path,
    state: Mapping[str, Array],
    network: Network,
    weights: Mapping[str, Array],
    shapes: Sequence[Shape],
) -> Outputs:
    """Run the original and the generated module; raises ImportFailed (AS704)."""
    worst, sizes = 0.0, list[Shape]()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        module = folder / "generated.py"
        module.write_text(render(network, "torch"), encoding="utf-8")
        own = to_target(network, manifest("torch"), weights)
        names = {original: "Original", module: network.name}
        for images in _images(network, shapes):
            results: list[list[Array]] = []
            for path, arrays in ((original, state), (module, own)):
                answer = _run(session, folder, path, names[path], arrays, images)
                if answer.fault and path == original and sizes:
                    break  # it takes images of one size only
                if answer.fault:
                    message = f"{names[path]} cannot be run"
                    help = " ".join(answer.fault.split())
                    raise ImportFailed.single("AS704", message, help=help)
                found = ArrayFile(folder / "result")
                results.append([found[k] for k in found if k.startswith("output:")])
            else:
                worst = max(worst, _apart(*results))
                sizes.append(images[0].shape[2:])
    if worst > LIMIT:
        message = f"outputs differ from the source's by {worst:.2g} of the largest"
        raise ImportFailed.single("AS704", message, help="please report it")
    return Outputs(worst, tuple(sizes))


def _images(network: Network, shapes: Sequence[Shape]) -> Iterator[list[Array]]:
    """Noise of the size of the spec, and of a larger one where the spec takes it."""
    random = np.random.default_rng(0)
    yield [random.standard_normal((2, *shape)) for shape in shapes]
    if len(shapes) == 1:
        channels, height, width = shapes[0]
        size = height + 32, width + 32
        try:
            with_input_size(network, size)
        except SpecError:
            return
        yield [random.standard_normal((2, channels, *size))]


def _run(
    session: Session,
    folder: Path,
    module: Path,
    name: str,
    weights: Mapping[str, Array],
    images: Sequence[Array],
) -> Answer:
    order = Order(
        task="run",
        module=str(module),
        name=name,
        precision="float64",
        result=str(folder / "result"),
        images=str(folder / "images"),
        weights=str(folder / "weights"),
    )
    floating = {n: a for n, a in weights.items() if np.issubdtype(a.dtype, np.floating)}
    write_arrays(order.weights, floating)
    write_arrays(order.images, as_inputs(images))
    return session.ask(order)


def _apart(theirs: Sequence[Array], ours: Sequence[Array]) -> float:
    """The largest difference over the largest output; infinite for other shapes."""
    if [x.size for x in theirs] != [x.size for x in ours]:
        return float("inf")
    pairs = zip(theirs, ours, strict=True)
    return max(
        float(np.abs(a.reshape(b.shape) - b).max() / max(np.abs(a).max(), 1e-30))
        for a, b in pairs
    )
