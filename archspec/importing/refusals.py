"""Why a model is refused, all at once, and which part of it is not."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence

from archspec.errors import MAX_DIAGNOSTICS, Diagnostic, ImportFailed
from archspec.importing.building import Builder, Gap
from archspec.importing.graph import Graph, shared_weights
from archspec.importing.parts import distinct
from archspec.importing.readers import Program, Reader

MOST = 12
"""Places that an error lists for one operation."""


def faults_of(graph: Graph, builder: Builder, said: str) -> list[Diagnostic]:
    """All that the language lacks, each once, and weights that layers share (AS703).

    `said` is what the user calls the model.
    """
    return [*_lacking(builder, said), *_shared(graph, said)]


def refusal(faults: Sequence[Diagnostic], layer: str) -> ImportFailed:
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


def _shared(graph: Graph, said: str) -> Iterator[Diagnostic]:
    """The weights that several layers share, with their paths (AS703)."""
    paths = {
        tuple(node.path or "the network itself" for node in nodes): name
        for name, nodes in shared_weights(graph).items()
    }
    for where, name in paths.items():
        yield Diagnostic(
            "AS703",
            f"'{name}' of {said} is the weight of {len(where)} layers",
            help=f"in {', '.join(where)}; import cannot write shared layers yet",
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
