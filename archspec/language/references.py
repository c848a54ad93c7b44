"""References: each names an earlier layer, and each layer is used by somebody."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from itertools import islice

from archspec.errors import MAX_FAULTS, Diagnostic, did_you_mean
from archspec.language.layers import mappings, placed_layers, row_names
from archspec.reading.nodes import Mapping, Node, text_of


def reference_faults(tree: Mapping) -> Iterator[Diagnostic]:
    """References that nothing answers (AS305), and layers that nobody uses (AS309).

    Standard blocks are left out: the tests look at them. A misspelt reference leaves
    its layer unused, and then only the spelling is told.
    """
    faults = [*islice(_faults(tree), MAX_FAULTS)]
    yield from [fault for fault in faults if fault.code == "AS305"] or faults


def _faults(tree: Mapping) -> Iterator[Diagnostic]:
    layers, outputs = tree.section("layers"), tree.section("outputs")
    references = _References(layers)
    yield from references.walk(layers, {"input"})
    known = {"input", *references.names_of(layers)}
    for output in outputs.entries.values():
        yield from references.resolve(output, known)
    yield from references.unused(layers, end_is_used=not outputs.entries)
    for _, block in mappings(tree.section("blocks")):
        if not _is_standard(block):
            inner = block.section("layers")
            below = _References(inner)
            yield from below.walk(inner, {"input"})
            yield from below.unused(inner)


def _is_standard(block: Mapping) -> bool:
    return getattr(block.get("standard"), "value", False) is True


@dataclass
class _References:
    """The references inside one block, or the document."""

    block: Mapping
    used: set[str] = field(default_factory=set[str])

    def walk(self, layers: Mapping, known: Collection[str]) -> Iterator[Diagnostic]:
        """All layers in order; `known` are the names before the first."""
        known = set(known)
        before = None
        for name, layer in mappings(layers):
            yield from self.resolve(layer.get("from"), known)
            yield from self.resolve(layer.get("like"), known, use=False)
            if before is not None and _takes_the_one_before(layer):
                self.used.add(before)
            for _, branch in mappings(layer.section("branches")):
                yield from self.branch(branch, known)
            known |= {name, *_rows(name, layer)}
            before = name

    def branch(self, branch: Mapping, known: Collection[str]) -> Iterator[Diagnostic]:
        layers = branch.section("layers")
        yield from self.resolve(branch.get("from"), known)
        yield from self.walk(layers, known)
        yield from self.unused(layers)

    def resolve(
        self, reference: Node | None, known: Collection[str], *, use: bool = True
    ) -> Iterator[Diagnostic]:
        """Note the use, or complain that there is nothing of this name.

        A `like` is no use: it reads a size, and no framework runs a layer for that.
        """
        name = text_of(reference)
        if reference is None or name is None:
            return
        if use:
            self.used.add(name)
        if name in known:
            return
        self.used.add(name.partition(".")[0])
        elsewhere = {inner for inner, _, _ in placed_layers(self.block)}
        help = did_you_mean(name, known) or f"known here: {_listed(known)}"
        if name in elsewhere:
            help = "it comes later, or stands in another branch"
        message = f"there is no earlier layer '{name}'"
        yield Diagnostic("AS305", message, reference.place, help=help)

    def unused(
        self, layers: Mapping, *, end_is_used: bool = True
    ) -> Iterator[Diagnostic]:
        """Layers, or the last rows of tables, whose output goes nowhere."""
        entries = list(mappings(layers))
        for name, layer in entries[:-1] if end_is_used else entries:
            rows = _rows(name, layer)
            if not self.used.isdisjoint((name, *rows[-1:])):
                continue
            wasted = rows[-1] if self.used.intersection(rows) else name
            message = f"layer '{wasted}' is never used"
            help = "refer to it by 'from' or 'outputs', or remove it"
            yield Diagnostic("AS309", message, layers.place_of(name), help=help)

    @staticmethod
    def names_of(layers: Mapping) -> Iterator[str]:
        for name, layer in mappings(layers):
            yield name
            yield from _rows(name, layer)


def _listed(names: Collection[str]) -> str:
    """The first few names, in order of the alphabet."""
    few = sorted(names)[:8]
    return ", ".join(few) + (", ..." if len(few) < len(names) else "")


def _takes_the_one_before(layer: Mapping) -> bool:
    if "from" in layer.entries:
        return False
    branches = layer.section("branches").entries
    starts = [branch for _, branch in mappings(layer.section("branches"))]
    return not branches or any("from" not in branch.entries for branch in starts)


def _rows(name: str, layer: Mapping) -> list[str]:
    """A table's rows as references name them."""
    return [f"{name}.{row}" for row in row_names(layer)]
