"""What a picture shows of a network, without geometry: boxes, tensors and blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from archspec.analysis.rows import Row
from archspec.drawing.details import details
from archspec.drawing.families import family_of_row
from archspec.drawing.kinds import Kind, kinds
from archspec.drawing.wiring import ROOT, Wiring
from archspec.network import Network
from archspec.ops.shapes import Shape

Mark = Literal["", "added", "removed", "changed"]
"""Of two networks, what the other one did to a part of the first."""

ADDED: Mark = "added"
REMOVED: Mark = "removed"
CHANGED: Mark = "changed"


@dataclass(frozen=True)
class Box:
    """A row of the network or of a block.

    `path` is that of its first run. An `optional` box is not in every use of the block
    around it. Of two networks, `was` is the box of the first.
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
    optional: bool = False
    mark: Mark = ""
    was: Box | None = None

    @property
    def title(self) -> str:
        """The op, and how often it is repeated, as in the cost table."""
        return f"{self.repeats} x {self.op}" if self.repeats > 1 else self.op


class Wire(NamedTuple):
    """A tensor that a box reads; ends are numbers of nodes.

    Of two networks, `was` is its shape in the first.
    """

    source: int
    target: int
    shape: Shape
    mark: Mark = ""
    was: Shape | None = None


class Port(NamedTuple):
    """An input or an output by its name; a single output has none."""

    name: str
    shape: Shape
    mark: Mark = ""


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

    block: str
    summary: str
    example: str
    graph: Graph


@dataclass(frozen=True)
class Diagram:
    """A network and the blocks that it is made of, outer ones first.

    If it is compared with another, `before` is that one.
    """

    network: Network
    graph: Graph
    insets: Sequence[Inset]
    before: Network | None = None


def diagram(network: Network) -> Diagram:
    """What a picture of the network shows."""
    wiring = Wiring(network)
    insets = [
        Inset(
            kind.block,
            network.document.blocks[kind.block].summary or "",
            kind.example,
            graph(wiring, kind.example, kind),
        )
        for kind in kinds(wiring)
    ]
    return Diagram(network, graph(wiring, ROOT), insets)


def graph(wiring: Wiring, path: str, kind: Kind | None = None) -> Graph:
    """The wiring of the network or of a use of a block; of a kind, that of all uses."""
    network, rows = wiring.network, wiring.rows[path]
    inputs, outputs = wiring.inputs(path), wiring.outputs(path)
    owner = {source: number for number, source in enumerate(inputs)}
    for number, row in enumerate(rows, len(inputs)):
        owner |= dict.fromkeys(row.layers, number)
    boxes = [_box(wiring.network, row, kind) for row in rows]
    wires: dict[tuple[int, int], Wire] = {}
    for number in (number for row in rows for number in row.layers):
        layer = network.layers[number]
        for source, shape in zip(layer.sources, layer.inputs, strict=True):
            ends = owner[source], owner[number]
            wires.setdefault(ends, Wire(*ends, shape))
    for number, source in enumerate(outputs, len(inputs) + len(rows)):
        ends = owner[source], number
        wires[ends] = Wire(*ends, network.shape(source))
    # Repeats read what they wrote before: a box itself, the first of a series its last.
    return Graph(
        [Port(name, network.shape(source)) for source, name in inputs.items()],
        boxes,
        [Port(name, network.shape(source)) for source, name in outputs.items()],
        [wire for wire in wires.values() if wire.source < wire.target],
    )


def _box(network: Network, row: Row, kind: Kind | None) -> Box:
    layers = [network.layers[number] for number in row.layers]
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
        optional=kind is not None and row.name in kind.optional,
    )
