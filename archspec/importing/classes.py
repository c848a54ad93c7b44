"""The modules of a source's own classes as blocks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import chain, count, pairwise

from archspec.importing.aligning import Body
from archspec.importing.covering import Item
from archspec.importing.draft import Block, Layer, identifier, is_taken, readers, snake
from archspec.importing.later_runs import is_next, noted
from archspec.importing.library import Call
from archspec.importing.naming import SMALL, label, path_of
from archspec.importing.own_blocks import Defaulted, named, unified
from archspec.importing.regions import Region, Regions
from archspec.language.blocks import standard_blocks
from archspec.ops import PRIMITIVES
from archspec.reading.nodes import Mapping, Node, Scalar

Said = Callable[[Item], dict[str, object]]


class Classes:
    """Makes blocks of classes, and calls of them instead of what was there before."""

    def __init__(
        self, regions: Regions, items: Sequence[Item], said: Said, default: Defaulted
    ):
        self.regions, self.items, self.said = regions, list(items), said
        self.blocks: dict[str, Block] = {}
        self._default = default
        self._is_standard = False

    def run(
        self, modules: Sequence[Region], left: Collection[str], *, is_standard: bool
    ) -> None:
        """Make blocks of modules, of inner ones first; `left` are classes without one.

        With `is_standard`, blocks that have the arguments of a standard one, tensors
        among them, are taken for that.
        """
        self._is_standard = is_standard
        classes: dict[tuple[str, int], list[Region]] = {}
        for region in reversed(modules):
            if region.is_container and not self.regions.is_shared_alone(region):
                continue
            if (name := _kind(region)) not in left:
                kind = name, len(region.others)
                classes.setdefault(kind, []).append(region)
        for (kind, _), members in sorted(classes.items(), key=lambda c: _size(c[1])):
            self._class(kind, members)

    def default(self, op: str, name: str) -> object:
        """The constant that an attribute has if it is not said."""
        if op in self.blocks:
            found = self.blocks[op].arguments.get(name)
            return None if found in _TYPES else found
        return self._default(op, name)

    def _class(self, kind: str, members: Iterable[Region]) -> None:
        bodies = {region: self.body(region) for region in members}
        whole = {
            region: body
            for region, body in bodies.items()
            if body is not None
            and (self.regions.is_shared(region) or not self._is_stage(body))
        }
        is_shared = any(map(self.regions.is_shared, whole))
        is_small = not is_shared and all(map(_is_small, whole.values()))
        if len(whole) < 2 or is_small:
            return
        if self._unify(kind, whole):
            return
        shapes: dict[object, dict[Region, Body]] = {}
        for region, body in whole.items():
            shapes.setdefault(body.shape, {})[region] = body
        for alike in shapes.values():
            if len(alike) > 1:
                self._unify(kind, alike)

    def _unify(self, kind: str, whole: dict[Region, Body]) -> bool:
        found = unified(list(whole.values()), self.default)
        if found is None:
            return False
        like = _like(found.block) if self._is_standard else None
        name = like or self._name(kind)
        self.blocks[name] = found.block
        found.block.kind, found.block.is_standard = kind, like is not None
        for region, said in zip(whole, found.said, strict=True):
            self._replace(region, Call(name, said))
        return True

    def _name(self, kind: str) -> str:
        """A name for a block that is neither an op nor a standard block."""
        plain = snake(identifier(kind.rpartition(".")[2])).strip("_")
        ends = chain(["", "_block"], (f"_{number}" for number in count(2)))
        names = (f"{plain}{end}" for end in ends)
        known = {*PRIMITIVES, *standard_blocks().entries, *self.blocks}
        return next(n for n in names if n not in known and not is_taken(n))

    def _is_stage(self, body: Body) -> bool:
        """Whether it is a chain of blocks, which are better rows of a table."""
        layers = [body.start, *body.layers]
        is_chain = all(b.sources == (a,) for a, b in pairwise(layers))
        if is_chain and any("repeat" in layer.beside for layer in body.layers):
            return True
        repeats = any(
            a.op == b.op and (a.op in self.blocks or a.op not in {*PRIMITIVES, *SMALL})
            for a, b in pairwise(layers)
        )
        return is_chain and repeats

    def _within(self, region: Region) -> list[Item] | None:
        """The items that a region is, if it is some and not a part of one."""
        nodes = set(region.nodes)
        touched = [item for item in self.items if not nodes.isdisjoint(item.nodes)]
        is_whole = all(nodes.issuperset(item.nodes) for item in touched)
        return touched if is_whole and len(touched) > 1 else None

    def body(self, region: Region) -> Body | None:
        """The layers of a region; None if it is none by itself."""
        items = self._within(region)
        if items is None:
            return None
        start = Layer("input", "input", node=region.source)
        others = [Layer("skip", "input", node=node) for node in region.others]
        known = {region.source: start} | dict(zip(region.others, others, strict=True))
        labels: dict[Layer, str] = {}
        for item in items:
            layer = Layer("", item.op, self.said(item), node=item.result)
            layer.sources = tuple(known[source] for source in item.entries)
            known[item.result] = layer
            path = path_of(item)
            inner = path.removeprefix(region.path).strip(".")
            is_own = item.op in self.blocks
            inner = inner if path.startswith(region.path) else ""
            op = "" if is_own else item.op
            labels[layer] = label(inner, op, inside=True) or item.op
        noted((known[item.result], item.nodes) for item in items)
        body = Body(start, list(labels))
        named(body, labels)
        return Body(start, _rolled(body.layers), others)

    def _replace(self, region: Region, call: Call) -> None:
        inside = set(region.nodes)
        place = next(n for n, item in enumerate(self.items) if item.result in inside)
        rest = [item for item in self.items if not inside.issuperset(item.nodes)]
        rest.insert(place, Item(region.nodes, call, region.path))
        self.items = sorted(rest, key=lambda item: self.regions.places[item.result])


def _like(block: Block) -> str | None:
    """The standard block whose arguments a block has; its tensors get their names."""
    for name, other in standard_blocks().entries.items() if block.others else ():
        arguments = other.section("arguments") if isinstance(other, Mapping) else None
        known = arguments.entries if arguments else dict[str, Node]()
        tensors = [str(argument) for argument in known if _is_tensor(known[argument])]
        is_alike = known.keys() - tensors == block.arguments.keys()
        if is_alike and len(tensors) == len(block.others):
            block.others = [Layer(tensor, "input") for tensor in tensors]
            return str(name)
    return None


def _is_tensor(argument: Node) -> bool:
    return isinstance(argument, Scalar) and argument.text == "tensor"


_TYPES = "int", "float", "bool", "word"


def _rolled(layers: Sequence[Layer]) -> list[Layer]:
    """The layers, those that are repeated once each, as a person would write them."""
    readers_of, found = readers(layers), list[Layer]()
    known: dict[Layer, Layer] = {}
    for layer in layers:
        layer.sources = tuple(known.get(source, source) for source in layer.sources)
        before = found[-1] if found else layer
        inner = [a for a, b in known.items() if b is before] or [before]
        alone = len(readers_of.get(inner[-1], ())) == 1
        is_block = layer.op not in {*PRIMITIVES, *SMALL}
        if is_block and alone and is_next(layer, before):
            before.beside["repeat"] = before.beside.get("repeat", 1) + 1
            before.node = layer.node
            known[layer] = before
        else:
            found.append(layer)
    return found


def _kind(region: Region) -> str:
    """Its class; for a framework's, which says nothing, where it is."""
    return region.path if region.is_container else region.kind


def _is_small(body: Body) -> bool:
    """Whether there are only a layer or two, such as a norm with its activation."""
    return len(body.layers) < 3 and all(n.op in PRIMITIVES for n in body.layers)


def _size(members: Sequence[Region]) -> int:
    return max(len(region.nodes) for region in members)
