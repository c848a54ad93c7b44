"""What a picture shows of a network, without geometry: boxes, tensors and blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from archspec.analysis.rows import Row
from archspec.drawing.details import details
from archspec.drawing.families import family_of_row
from archspec.drawing.kinds import Kind, Kinds
from archspec.drawing.wiring import ROOT, Wiring
from archspec.network import Network
from archspec.ops.shapes import Shape


@dataclass(frozen=True)
class Box:
    """A row of the network or of a block.

    `path` is that of its first run; `block` names the inset that shows its wiring. An
    `optional` box is not in every use of the block around it.
    """

    name: str
    op: str
    repeats: int
    family: str
    details: tuple[str, ...]
    output: Shape
    parameters: int
    macs: int
    path: str
    block: str | None = None
    optional: bool = False

    @property
    def title(self) -> str:
        """The op, and how often it is repeated, as in the cost table."""
        return f"{self.repeats} x {self.op}" if self.repeats > 1 else self.op


class Wire(NamedTuple):
    """A tensor that a box reads; ends are numbers of nodes."""

    source: int
    target: int
    shape: Shape


class Port(NamedTuple):
    """An input or an output by its name; a single output has none."""

    name: str
    shape: Shape


@dataclass(frozen=True)
class Graph:
    """Inputs, boxes and outputs, numbered in this order, and the wires between them."""

    inputs: Sequence[Port]
    boxes: Sequence[Box]
    outputs: Sequence[Port]
    wires: Sequence[Wire]

    @property
    def nodes(self) -> list[Port | Box]:
        """All that wires connect, by number."""
        return [*self.inputs, *self.boxes, *self.outputs]


@dataclass(frozen=True)
class Inset:
    """The wiring of a block, with the shapes of one of its uses.

    `example` is the path of that use.
    """

    key: str
    block: str
    summary: str
    example: str
    graph: Graph


@dataclass(frozen=True)
class Diagram:
    """A network and the blocks that it is made of, those of the network first."""

    network: Network
    graph: Graph
    insets: Sequence[Inset] = field(default_factory=list[Inset])


def diagram(network: Network) -> Diagram:
    """What a picture of the network shows."""
    wiring = Wiring(network)
    kinds = Kinds(wiring)
    root = graph(wiring, ROOT, kinds)
    insets = [
        Inset(
            kind.key,
            kind.block,
            network.document.blocks[kind.block].summary or "",
            kind.example,
            graph(wiring, kind.example, kinds, kind),
        )
        for kind in kinds.outer_first()
    ]
    return Diagram(network, root, insets)


def graph(wiring: Wiring, path: str, kinds: Kinds, kind: Kind | None = None) -> Graph:
    """The wiring of the network, or of a use of a block and those of its kind."""
    network, rows = wiring.network, wiring.rows[path]
    inputs, outputs = wiring.inputs(path), wiring.outputs(path)
    owner = {source: number for number, source in enumerate(inputs)}
    for number, row in enumerate(rows, len(inputs)):
        owner |= dict.fromkeys(row.layers, number)
    boxes = [_box(wiring, row, kinds, kind) for row in rows]
    wires: dict[tuple[int, int], Wire] = {}
    for number in (number for row in rows for number in row.layers):
        layer = network.layers[number]
        for source, shape in zip(layer.sources, layer.inputs, strict=True):
            ends = owner[source], owner[number]
            wires.setdefault(ends, Wire(*ends, shape))
    for number, source in enumerate(outputs, len(inputs) + len(rows)):
        ends = owner[source], number
        wires[ends] = Wire(*ends, network.shape(source))
    return Graph(
        [Port(name, network.shape(source)) for source, name in inputs.items()],
        boxes,
        [Port(name, network.shape(source)) for source, name in outputs.items()],
        [wire for wire in wires.values() if wire.source != wire.target],
    )


def _box(wiring: Wiring, row: Row, kinds: Kinds, kind: Kind | None) -> Box:
    network = wiring.network
    layers = [network.layers[number] for number in row.layers]
    inner = row.step.inner if row.step else None
    shown = details(network.document, row.step)
    return Box(
        name=row.name,
        op=row.op,
        repeats=row.repeats,
        family=family_of_row(network, row),
        details=kind.common(row.name, shown) if kind else shown,
        output=layers[-1].output,
        parameters=sum(layer.parameters for layer in layers),
        macs=sum(layer.macs for layer in layers),
        path=row.step.path if row.step else layers[0].path,
        block=kinds.key_of(inner.path) if inner else None,
        optional=kind is not None and row.name in kind.optional,
    )
