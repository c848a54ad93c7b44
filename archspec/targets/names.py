"""Names that a target cannot print: refused with their place, never mangled."""

from __future__ import annotations

import builtins
from collections.abc import Iterator, Mapping
from itertools import chain, starmap
from typing import Any

from archspec.errors import Place, SpecError
from archspec.language import Block, Layer, Table
from archspec.language.layers import mappings, placed_layers
from archspec.language.names import inner_layers
from archspec.network import Network
from archspec.reading.nodes import Mapping as Tree
from archspec.reading.nodes import Scalar, find
from archspec.reading.nodes import Sequence as Items
from archspec.targets.code import class_name
from archspec.targets.specialise.model import Program

Named = tuple[str, Place]
_NOTHING = Tree({}, Place("", 1, 1))


def check_names(
    network: Network, program: Program, manifest: Mapping[str, Any]
) -> None:
    """Raise SpecError (AS403) for names that the framework or the file has taken."""
    document, tree, target = network.document, network.spec.tree, manifest["name"]
    attributes = frozenset(manifest["taken"])
    used = {n: r.block for n, r in program.blocks.items() if r.block is not None}
    own = (
        (block.layers, tree.section("blocks").section(block.name))
        for block in used.values()
    )
    bodies = ((document.layers, tree), *own)
    for name, place in chain.from_iterable(starmap(_attributes, bodies)):
        if name in attributes:
            message = f"'{name}' is a name that {target} has taken"
            raise SpecError.single("AS403", message, place, help=f"try '{name}_'")
    root = find(tree, ("name",))
    _check_globals(document.name, root, used, manifest)
    _check_locals(network, program, manifest)


def place_of_name(tree: Tree, block: str, name: str) -> Place | None:
    """Where a block of the spec defines an argument or `let`; None if it does not."""
    parts = (tree.section("blocks").section(block).section(p) for p in _DEFINING)
    return next((part.keys[name] for part in parts if name in part.keys), None)


_DEFINING = "arguments", "let"


def _attributes(layers: Mapping[str, Layer], body: Tree) -> Iterator[Named]:
    """What becomes an attribute: layers, those in branches too, and named rows."""
    written = {n: (node, at) for n, node, at in placed_layers(body.section("layers"))}
    for name, layer in inner_layers(layers):
        node, around = written.get(name, (_NOTHING, _NOTHING))
        yield name, around.keys.get(name, layer.place)
        rows = layer.rows if isinstance(layer, Table) and layer.named else ()
        keys = node.section("rows").keys
        yield from ((row, keys.get(row, layer.place)) for row in rows)


def _check_globals(
    network: str, root: Place, blocks: Mapping[str, Block], manifest: Mapping[str, Any]
) -> None:
    """Blocks and the network become names of the file, beside helpers and imports."""
    taken = {*dir(builtins), *manifest["globals"], *manifest["helpers"], "stage"}
    if not manifest["classes"]:  # no variable shall hide the function that it calls
        taken |= set(manifest["locals"])
    seen: dict[str, str] = {}
    named = [
        (block.name, _printed(name, manifest), block.place, f"{block.name}_block")
        for name, block in blocks.items()
    ]
    named.append((network, network, root, f"{network}Net"))
    for name, printed, place, instead in named:
        if printed in taken:
            message = f"'{name}' would be '{printed}', which the file needs itself"
            raise SpecError.single("AS403", message, place, help=f"try '{instead}'")
        if printed in seen:
            message = f"'{name}' and '{seen[printed]}' would both be '{printed}'"
            help = "a file has one thing of a name: rename one of the two"
            raise SpecError.single("AS403", message, place, help=help)
        seen[printed] = name


def _check_locals(
    network: Network, program: Program, manifest: Mapping[str, Any]
) -> None:
    """Arguments, definitions and columns become variables of the printed code."""
    document, tree = network.document, network.spec.tree
    taken = {*dir(builtins), *manifest["locals"], *manifest["globals"]}
    taken |= set(manifest["helpers"])
    taken |= {_printed(name, manifest) for name in program.blocks}
    taken |= {*manifest["helpers"]} - {*manifest["parameters"]}
    for routine, block in ((r, r.block) for r in program.blocks.values() if r.block):
        own = [p.name for p in routine.parameters] + [let for let, _ in routine.lets]
        for word in own:
            place, where = (
                place_of_name(tree, block.name, word),
                f"of block {block.name}",
            )
            found = _variable(word, own, manifest)
            _refuse(found, taken, where, place or block.place)
    root = next(iter(document.layers.values())).place
    columns = dict(_columns(tree))
    for stage in program.stages:
        words = [parameter.name for parameter in stage.parameters]
        where = f"in the table of {stage.loop.first.op}"
        for word in words:
            place = columns.get(word, root)
            _refuse(_variable(word, words, manifest), taken, where, place)


def _variable(name: str, names: list[str], manifest: Mapping[str, Any]) -> str:
    """What a name of a block or table is printed as: `kernel` is `kernel_size`."""
    renamed: str = manifest["parameters"].get(name, name)
    return name if renamed in names else renamed


def _columns(tree: Tree) -> Iterator[Named]:
    """All columns of a spec's tables."""
    bodies = [tree, *(block for _, block in mappings(tree.section("blocks")))]
    for body in bodies:
        for _, layer, _ in placed_layers(body.section("layers")):
            columns = layer.get("columns")
            items = columns.items if isinstance(columns, Items) else ()
            yield from ((i.text, i.place) for i in items if isinstance(i, Scalar))


def _refuse(name: str, taken: set[str], where: str, place: Place) -> None:
    if name in taken:
        message = f"'{name}' {where} is a name that the printed code needs itself"
        raise SpecError.single("AS403", message, place, help=f"try '{name}_'")


def _printed(block: str, manifest: Mapping[str, Any]) -> str:
    return str(class_name(block)) if manifest["classes"] else block
