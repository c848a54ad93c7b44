"""References: each names an earlier layer, and each layer is used."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice

from archspec.errors import MAX_FAULTS, Diagnostic, Related, did_you_mean
from archspec.language.document import Document
from archspec.language.layers import (
    AgainLayer,
    JoinLayer,
    Layer,
    OpLayer,
    Table,
    given_tensors,
    inner_layers,
)
from archspec.ops import OPS, Op
from archspec.reading.nodes import Word, placed, words

Layers = Mapping[str, Layer]


def reference_faults(document: Document) -> Iterator[Diagnostic]:
    """References to layers that do not exist (AS305), unused layers (AS309).

    Also layers that cannot run again (AS311).

    Standard blocks are left out: the tests look at them. A misspelt reference leaves
    its layer unused, and then only the spelling is reported.
    """
    faults = [*islice(_faults(document), MAX_FAULTS)]
    yield from [fault for fault in faults if fault.code == "AS305"] or faults


def _faults(document: Document) -> Iterator[Diagnostic]:
    layers, outputs = document.layers, document.outputs
    references = _References(layers)
    yield from references.walk(layers, document.images, next(iter(document.images), ""))
    known = {*document.images, *layers}
    for name, layer in layers.items():
        known.update(_rows(name, layer))
    for output in outputs.values():
        for fault in references.resolve(output, known):
            yield fault._replace(message=f"unknown layer '{output}'")
    if None not in outputs.values():  # which of them are wrong may use any layer
        yield from references.unused(layers, end_is_used=not outputs)
        yield from _unused_inputs(document, references.used)
    for block in document.blocks.values():
        if not block.standard:
            below = _References(block.layers)
            yield from below.walk(block.layers, {"input", *block.tensors})
            yield from below.unused(block.layers)


def _unused_inputs(document: Document, used: Collection[str]) -> Iterator[Diagnostic]:
    for name in words(document.inputs):
        if name not in used:
            message = f"input '{name}' is never used"
            help = "refer to it by 'from', or remove it"
            yield Diagnostic("AS309", message, name.place, help=help)


@dataclass
class _References:
    """The references inside one block, or the document."""

    body: Layers
    used: set[str] = field(default_factory=set[str])

    @cached_property
    def named(self) -> Layers:
        """All layers, those in branches too."""
        return dict(inner_layers(self.body))

    def walk(
        self, layers: Layers, known: Collection[str], before: str | None = None
    ) -> Iterator[Diagnostic]:
        """All layers in order; `known` are the names before the first.

        The first layer reads `before` unless it has a `from`.
        """
        known = set(known)
        for name, layer in layers.items():
            yield from self.resolve(layer.origin, known)
            if isinstance(layer, OpLayer):
                yield from self.resolve(layer.like, known, use=False)
            for tensor in given_tensors(layer):
                yield from self.resolve(tensor, known)
            if isinstance(layer, AgainLayer):
                yield from self.resolve(layer.again, known, use=False)
                yield from self.again(layer.again, known)
            branches = layer.branches if isinstance(layer, JoinLayer) else {}
            starts = [branch.origin for branch in branches.values()] or [None]
            if before is not None and layer.origin is None and None in starts:
                self.used.add(before)
            for branch in branches.values():
                yield from self.resolve(branch.origin, known)
                yield from self.walk(branch.layers, known)
                yield from self.unused(branch.layers)
            known |= {name, *_rows(name, layer)}
            before = name

    def resolve(
        self, reference: Word | None, known: Collection[str], *, use: bool = True
    ) -> Iterator[Diagnostic]:
        """Note the use, or complain that no layer has this name.

        A `like` is no use: it reads a size, and no framework runs a layer for that.
        """
        if reference is None:
            return
        if use:
            self.used.add(reference)
        if reference in known:
            return
        self.used.add(reference.partition(".")[0])
        help = did_you_mean(reference, known) or f"in scope: {_listed(known)}"
        related: tuple[Related, ...] = ()
        for name, _ in inner_layers(self.body):
            if name == reference:
                help = _elsewhere(name, reference, name in self.body)
                related = (Related(name.place, f"'{name}' is here"),)
        message = f"there is no earlier layer '{reference}'"
        fault = Diagnostic("AS305", message, reference.place, help=help)
        yield fault._replace(related=related)

    def again(self, name: Word, known: Collection[str]) -> Iterator[Diagnostic]:
        """Faults (AS311) of a known layer that cannot run again."""
        help = f"put it into a block, such as 'tower': '{name}: tower' can run again"
        match self.named.get(name):
            case OpLayer(op=op):
                if op not in OPS or OPS[op].weights is not Op.weights:
                    return
                why, help = f"{op} has no weights", f"write {op} again"
            case AgainLayer(again=first):
                why, help = f"it runs '{first}' again", f"write {{again: {first}}}"
            case JoinLayer():
                why = "it is a join"
            case Table():
                why = "it is a table"
            case None:
                why, help = "it is no layer", "name an earlier layer that has weights"
        if name in known:
            message = f"'{name}' cannot run again: {why}"
            yield Diagnostic("AS311", message, name.place, help=help)

    def unused(
        self, layers: Layers, *, end_is_used: bool = True
    ) -> Iterator[Diagnostic]:
        """Layers, or the last rows of tables, whose output goes nowhere."""
        entries = list(placed(layers))
        for name, layer in entries[:-1] if end_is_used else entries:
            rows = _rows(name, layer)
            if not self.used.isdisjoint((name, *rows[-1:])):
                continue
            wasted = rows[-1] if self.used.intersection(rows) else name
            message = f"layer '{wasted}' is never used"
            help = "refer to it by 'from' or 'outputs', or remove it"
            yield Diagnostic("AS309", message, name.place, help=help)


def _elsewhere(name: Word, reference: Word, moves: bool) -> str:
    """Help on a layer that is where the reference does not see it."""
    line = name.place.line
    if moves and line > reference.place.line:
        return f"'{name}' is defined later (line {line}): move it before this layer"
    return "it is this layer, or in a branch: only later layers of a branch see it"


def _listed(names: Collection[str]) -> str:
    """The first few names, in order of the alphabet."""
    few = sorted(names)[:8]
    return ", ".join(few) + (", ..." if len(few) < len(names) else "")


def _rows(name: str, layer: Layer) -> list[str]:
    """A table's rows as references name them."""
    return [f"{name}.{row}" for row in layer.rows] if isinstance(layer, Table) else []
