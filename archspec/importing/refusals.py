"""Why a model is refused, all at once, and which part of it is not."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence

from archspec.errors import MAX_DIAGNOSTICS, Diagnostic, ImportFailed, SpecError
from archspec.importing.building import Builder, Gap
from archspec.importing.graph import Graph, shared_weights, weights_of
from archspec.importing.parts import distinct
from archspec.importing.readers import Program, Reader

MOST = 12
"""Places that an error lists for one operation."""


def faults_of(graph: Graph, builder: Builder, said: str) -> list[Diagnostic]:
    """All that the language lacks, each once, and weights of unlike layers (AS703).

    `said` is what the user calls the model.
    """
    return [*_lacking(builder, said), *shared_faults(graph, said, alike=False)]


def unwritten(error: Exception, graph: Graph, said: str) -> ImportFailed:
    """The error for a model of which not even the flat spec is right.

    The spec has errors, such as numbers beyond limits, or the language does not support
    the way in which weights are shared (AS703); all else is our own fault (AS704).
    """
    if isinstance(error, SpecError):
        faults = [
            Diagnostic("AS703", f"{fault.message}, in {said}", help=_written(fault))
            for fault in error.diagnostics
        ]
        return ImportFailed(faults, error.more)
    if shared := shared_faults(graph, said):
        return refusal(shared)
    message = f"no spec computes what {said} does: {error}"
    help = "this is a fault of archspec; please report it with the model"
    return ImportFailed.single("AS704", message, help=help)


def _written(fault: Diagnostic) -> str:
    """The help of an error of a spec that is not shown, or where it would be."""
    written = fault.place.text if fault.place else ""
    return fault.help or (f"the spec would have {written}" if written else "")


def refusal(faults: Sequence[Diagnostic], layer: str = "") -> ImportFailed:
    """The error; `layer` is the last one before which all can be imported, or ""."""
    last = faults[:MAX_DIAGNOSTICS][-1].help
    advice = f"; --until {layer} imports the part before" if layer else ""
    return ImportFailed.most(faults, last + advice)


def last_readable(program: Program, reader: Reader) -> str:
    """The last layer of a program that can be imported as its end; "" if none can."""
    layers = distinct(program.layers)

    def is_faulty(number: int) -> bool:
        graph, builder = reader.read(program.until(layers[number]))
        return bool(faults_of(graph, builder, ""))

    first = bisect_left(range(len(layers)), True, key=is_faulty)
    return layers[first - 1] if first else ""


def _lacking(builder: Builder, said: str) -> Iterator[Diagnostic]:
    """All that the language lacks, each once (AS703)."""
    gaps = Counter((gap.operation, gap.why) for gap in builder.gaps)
    for (operation, why), count in gaps.most_common():
        yield Diagnostic(
            "AS703",
            f"{operation}: {why} ({count} {'time' if count == 1 else 'times'})",
            help=f"in {_places(builder.gaps, operation, why)} of {said}",
        )


def shared_faults(graph: Graph, said: str, *, alike: bool = True) -> list[Diagnostic]:
    """The weights that several layers share, with their paths (AS703).

    Unless `alike`, without those of layers that share all weights.
    """
    paths = {
        tuple(node.path or "the network itself" for node in nodes): name
        for name, nodes in shared_weights(graph).items()
        if alike or len({weights_of([node]) for node in nodes}) > 1
    }
    return [
        Diagnostic(
            "AS703",
            f"'{name}' of {said} is the weight of {len(where)} layers",
            help=f"in {', '.join(where)}; again runs whole layers that are alike",
        )
        for where, name in paths.items()
    ]


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
