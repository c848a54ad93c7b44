"""A graph as a spec with blocks and tables, as a person would write it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from archspec.errors import SpecError
from archspec.importing.attributes import Defaults, defaults_of, said, short
from archspec.importing.classes import Classes
from archspec.importing.covering import Item, covered, has_join, paired
from archspec.importing.draft import AGAIN, TABLE, Block, Draft, Layer, Names, Said
from archspec.importing.flat import flat, header
from archspec.importing.graph import Graph, Node
from archspec.importing.later_runs import noted
from archspec.importing.library import Library
from archspec.importing.mining import mined
from archspec.importing.naming import (
    SMALL,
    common_name,
    label,
    path_of,
    positional,
    row_names,
)
from archspec.importing.printing import text
from archspec.importing.regions import Region, Regions
from archspec.importing.tables import Tables
from archspec.importing.tidying import tidied
from archspec.importing.trial import Accepted, Different, judged
from archspec.language.fields import TYPES
from archspec.ops import PRIMITIVES


def best(graph: Graph, name: str, path: Path, *, is_flat: bool = False) -> Accepted:
    """The spec that a person would write, else a longer one; `path` is of its file.

    Raises SpecError if the language lacks what not even the flat spec can say without,
    and Different if that is not the graph's.
    """
    for draft in () if is_flat else _drafts(graph, name):
        with suppress(SpecError, Different):
            return judged(draft, graph, path)
    return judged(flat(graph, name), graph, path)._replace(is_flat=True)


def _drafts(graph: Graph, name: str) -> Iterator[Draft]:
    """Drafts with a block for each class, for all classes but one, and for none.

    Where the source names no modules, parts that come several times are modules.
    """
    make = _maker(graph, name)
    whole = make.drafts(frozenset())
    if not Regions(graph).modules:
        of_parts = _maker(mined(graph), name).drafts(frozenset())
        yield min(whole[0], of_parts[0], key=_length)
    yield from whole
    kinds = {block.kind for draft in whole for block in draft.blocks.values()}
    if len(kinds) > 1:
        yield from (make.drafts({kind})[0] for kind in sorted(kinds))
    if kinds:
        yield make.drafts(None)[0]


def _maker(graph: Graph, name: str) -> _Maker:
    graph = tidied(graph)
    found = defaults_of(graph.nodes)
    defaults = {op: values for op, values in found.items() if values}
    library, regions = Library(defaults), Regions(graph)
    if blocks := library.settled(regions):
        defaults |= blocks
        library = Library(defaults)
    return _Maker(graph, regions, defaults, library, name)


def _length(draft: Draft) -> float:
    """How much there is to read: lines, and the words, numbers and signs in them."""
    written = text(draft)
    return written.count("\n") + len(re.findall(r"\w+|[^\s\w]", written)) / 10


class _Maker(NamedTuple):
    """What all drafts of a graph have in common."""

    graph: Graph
    regions: Regions
    defaults: Defaults
    library: Library
    name: str

    def drafts(self, left: Collection[str] | None) -> list[Draft]:
        """Drafts, short ones first; classes that are `left` out, or all, have no block.

        Standard blocks that are no modules of the source, and make it longer, are left
        out. Classes that read several tensors may be blocks or not.
        """
        items = covered(self.regions, self.library)
        parts = (item for item in items if item.call and not item.path)
        tried = sorted({i.op for i in parts if not has_join(i.nodes)} - SMALL)
        left_out = [tried, *([block] for block in tried)] if tried else ()
        covers = [items, *(covered(self.regions, self.library, n) for n in left_out)]
        covers.append(paired(items, self.regions, self.library))
        drafts = [self._draft(each, left) for each in covers]
        lengths = list(map(_length, drafts))
        best = lengths.index(min(lengths))
        found = [drafts[best]]
        if self.regions.several and left is not None:
            several = self.regions.several
            found.append(self._draft(covers[best], left, several))
            found.append(self._draft(covers[best], left, several, is_standard=True))
        return sorted(found, key=_length)

    def _draft(
        self,
        items: Sequence[Item],
        left: Collection[str] | None,
        several: Sequence[Region] = (),
        *,
        is_standard: bool = False,
    ) -> Draft:
        writer = _Writer(self.graph, self.defaults, self.library)
        classes = Classes(self.regions, items, writer.said, writer.default)
        if left is not None:
            modules = [*self.regions.modules, *several]
            classes.run(modules, left, is_standard=is_standard)
        writer.blocks = classes.blocks
        return writer.draft(classes.items, self.name)


class _Writer:
    """Layers for items."""

    def __init__(self, graph: Graph, defaults: Defaults, library: Library):
        self.graph, self.defaults, self.library = graph, defaults, library
        self.paths: dict[Layer, list[str]] = {}
        self.blocks: dict[str, Block] = {}

    def draft(self, items: Sequence[Item], name: str) -> Draft:
        """The whole spec."""
        images = self.graph.inputs.items()
        inputs = {node: Layer(n, "input", node=node) for n, node in images}
        known = self.layers(items, inputs)
        layers = [known[item.result] for item in items]
        ends = {n or "output": known[node] for n, node in self.graph.outputs.items()}
        head = header(self.graph, name, layers)
        tables = Tables(self.default, self.blocks, self.row_names, {*ends.values()})
        layers = tables.tabled(layers)
        for layer in layers:
            layer.sources = tuple(tables.replaced.get(s, s) for s in layer.sources)
            self.paths.setdefault(layer, []).extend(
                path for one in tables.runs.get(layer, ()) for path in self.paths[one]
            )
        ends = {n: tables.replaced.get(layer, layer) for n, layer in ends.items()}
        self.name(layers)
        own, first = self.blocks, list(inputs.values())
        return Draft(head, first, self.defaults, layers, ends, own)

    def said(self, item: Item) -> dict[str, Said]:
        """What the layer of an item says."""
        if item.call is not None:
            return dict(item.call.said)
        return said(item.result, self.defaults)

    def layers(
        self, items: Sequence[Item], known: dict[Node, Layer]
    ) -> dict[Node, Layer]:
        """A layer without a name for each item, by the node that others read."""
        found = dict(known)
        for item in items:
            layer = Layer("", item.op, self.said(item), node=item.result)
            layer.sources = tuple(found[source] for source in item.entries)
            found[item.result] = layer
            self.paths[layer] = [path_of(item)]
        noted((found[item.result], item.nodes) for item in items)
        return found

    def name(self, layers: Sequence[Layer]) -> None:
        """Give each layer its name."""
        names = Names(self.graph.inputs)
        places = positional([layer.op for layer in layers])
        for number, layer in enumerate(layers):
            paths = self.paths[layer]
            op = layer.sources[-1].op if layer.op == AGAIN else layer.op
            if layer.op == TABLE:
                wanted = common_name(paths) or "stages"
            elif len(paths) > 1:
                wanted = common_name(paths) or label("", op)
            else:
                wanted = label(paths[0], op)
            layer.name = names.name(places.get(number, wanted))

    def default(self, op: str, name: str) -> Said:
        """The constant that an attribute or argument has if it is not given."""
        if op in self.blocks:
            found = self.blocks[op].arguments.get(name)
            return None if found in TYPES else found
        if op in PRIMITIVES:
            field = PRIMITIVES[op].fields.get(name)
            usual = None if field is None or field.required else field.default
            return short(self.defaults.get(op, {}).get(name, usual))
        return self.library.usual(op, name, self.defaults)

    def row_names(
        self, rows: Sequence[Sequence[Layer]], is_needed: bool
    ) -> list[str] | None:
        """The names of rows, if the source has one for each, or others if needed."""
        paths = [[path for layer in row for path in self.paths[layer]] for row in rows]
        found = row_names(paths)
        if found is not None or not is_needed:
            return found
        names = Names()
        return [
            names.name(common_name(own) or label(own[-1], row[-1].op))
            for own, row in zip(paths, rows, strict=True)
        ]
