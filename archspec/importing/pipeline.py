"""From what a user names to a spec with its weights, compared with the source."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from archspec.errors import Diagnostic, ImportFailed
from archspec.importing.building import Builder, Gap
from archspec.importing.flat import flat
from archspec.importing.graph import Graph
from archspec.importing.models import Model
from archspec.importing.outputs import Outputs, compared
from archspec.importing.torch import archive, reading
from archspec.importing.trial import Accepted, judged
from archspec.network import Network
from archspec.runtime.order import Order, as_inputs, write_arrays
from archspec.runtime.session import SECONDS, Session

Array = np.ndarray[Any, Any]
MOST = 12
"""Places that an error lists for one operation."""


@dataclass(frozen=True)
class Imported:
    """A spec, the source's weights by their canonical names, and how they compare."""

    text: str
    network: Network
    weights: Mapping[str, Array]
    names: Mapping[str, str]
    """The source's name of each weight."""
    operations: int
    is_structured: bool
    outputs: Outputs | None = None


def import_source(
    model: Model,
    *,
    name: str = "",
    size: Sequence[int] = (),
    is_flat: bool = False,
    seconds: float = SECONDS,
    progress: Callable[[str], None] = lambda text: None,
) -> Imported:
    """Import a model, and compare outputs unless it is a file.

    Raises:
        ImportFailed: it cannot be read (AS701) or run (AS702), the language lacks some
            of its operations (AS703), or the outputs differ (AS704).
        FrameworkMissing: its framework is not installed.
    """
    if model.is_file:
        progress("reading the file")
        return _imported(archive.read(model.path), model, name, is_flat, progress)
    with _made(model, size, seconds, progress) as (program, session, module):
        found = _imported(program, model, name, is_flat, progress)
        progress("comparing outputs")
        shapes = [shape[1:] for shape in program.inputs.values()]
        apart = compared(session, module, program.state, found.network, found.weights, shapes)
    return Imported(**{**vars(found), "outputs": apart})


@contextmanager
def _made(
    model: Model, size: Sequence[int], seconds: float, progress: Callable[[str], None]
) -> Iterator[tuple[archive.Program, Session, Path]]:
    """The program of a model, in whose process it can be run."""
    with (
        tempfile.TemporaryDirectory() as name,
        Session("torch", seconds) as session,
    ):
        folder = Path(name)
        module = folder / "original.py"
        module.write_text(model.source(), encoding="utf-8")
        order = Order(
            task="export",
            module=str(module),
            name="Original",
            result="",
            checkpoint=str(folder / "model.pt2"),
        )
        if size:
            order = order._replace(images=str(folder / "images"))
            write_arrays(order.images, as_inputs([np.zeros((2, *size), np.float32)]))
        progress(f"exporting {model.said}")
        answer = session.ask(order)
        if answer.fault:
            message = f"{model.said} cannot be exported"
            help = " ".join(answer.fault.split())
            raise ImportFailed.single("AS702", message, help=help)
        yield archive.read(Path(order.checkpoint)), session, module


def _imported(
    program: archive.Program,
    model: Model,
    name: str,
    is_flat: bool,
    progress: Callable[[str], None],
) -> Imported:
    graph, builder = reading.read(program)
    _refuse_gaps(model, builder)
    progress("looking for structure")
    found = spec_of(graph, name or program.name, model, is_flat=is_flat)
    tensors = found.tensors
    return Imported(
        found.text,
        found.network,
        {key: np.asarray(tensor.array) for key, tensor in tensors.items()},
        {key: tensor.name for key, tensor in tensors.items()},
        len(graph.nodes),
        is_structured=False,
    )


def spec_of(graph: Graph, name: str, model: Model, *, is_flat: bool) -> Accepted:
    """The best spec of a graph that says the same."""
    draft = flat(graph, name)
    found = judged(draft, graph, Path(f"{model.stem}.yaml"))
    if isinstance(found, str):
        message = f"no spec says what {model.said} computes: {found}"
        help = "this is a fault of archspec; please report it with the model"
        raise ImportFailed.single("AS703", message, help=help)
    return found


def _refuse_gaps(model: Model, builder: Builder) -> None:
    """Raise ImportFailed (AS703) with all that the language lacks, each once."""
    gaps = Counter((gap.operation, gap.why) for gap in builder.gaps)
    if not gaps:
        return
    raise ImportFailed.most(
        [
            Diagnostic(
                "AS703",
                f"{operation}: {why} ({count} {'time' if count == 1 else 'times'})",
                help=f"in {_places(builder.gaps, operation, why)} of {model.said}",
            )
            for (operation, why), count in gaps.most_common()
        ]
    )


def _places(gaps: Sequence[Gap], operation: str, why: str) -> str:
    """The modules that the operation is in."""
    found = [
        gap.scopes[-1].path if gap.scopes else "the network itself"
        for gap in gaps
        if (gap.operation, gap.why) == (operation, why)
    ]
    known = list(dict.fromkeys(found))
    more = f" and {len(known) - MOST} more" if len(known) > MOST else ""
    return ", ".join(known[:MOST]) + more
