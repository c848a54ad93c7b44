"""Names of layers, rows and blocks that a target cannot print, refused with a place."""

from __future__ import annotations

import builtins
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from archspec.errors import Advice, Fix, SpecError
from archspec.language import Block, Layer, Table
from archspec.language.layers import inner_layers
from archspec.network import Network
from archspec.reading.nodes import Word, words
from archspec.targets.code import class_name
from archspec.targets.program.statements import Program


def taken_names(manifest: Mapping[str, Any]) -> frozenset[str]:
    """What no class or function of a file can be called besides its helpers."""
    taken = {*dir(builtins), *manifest["globals"], *manifest["helpers"], "stage"}
    if not manifest["classes"]:  # no variable shall hide the function that it calls
        taken |= {*manifest["locals"]}
    return frozenset(taken)


def is_taken(block: str, manifest: Mapping[str, Any]) -> bool:
    """Whether a file has another use for the name of a block's class or function."""
    return _printed(block, manifest) in taken_names(manifest)


def check_names(
    network: Network, program: Program, manifest: Mapping[str, Any]
) -> None:
    """Raise SpecError (AS403) for names that the framework or the file has taken."""
    document, target = network.document, manifest["name"]
    taken = frozenset(manifest["taken"])
    used = {n: r.block for n, r in program.blocks.items() if r.block is not None}
    bodies = document.layers, *(block.layers for block in used.values())
    for name in chain.from_iterable(map(_attributes, bodies)):
        if name in taken:
            message = f"the name '{name}' is reserved by {target}"
            help = Advice(f"try '{name}_'", Fix(f"{name}_"))
            raise SpecError.single("AS403", message, name.place, help=help)
    _check_globals(document.name, used, manifest)


def _attributes(layers: Mapping[str, Layer]) -> Iterator[Word]:
    """What becomes an attribute: layers, those in branches too, and named rows."""
    for name, layer in inner_layers(layers):
        yield name
        if isinstance(layer, Table) and layer.named:
            yield from words(layer.rows)


def _check_globals(
    network: Word, blocks: Mapping[str, Block], manifest: Mapping[str, Any]
) -> None:
    """Blocks and the network become names of the file, beside helpers and imports."""
    taken = taken_names(manifest)
    seen: dict[str, str] = {}
    named = [
        (block.name, _printed(name, manifest), block.place, f"try '{block.name}_block'")
        for name, block in blocks.items()
    ]
    help = Advice(f"write 'name: {network}Net'", Fix(f"{network}Net"))
    named.append((network, network, network.place, help))
    for name, printed, place, help in named:
        if printed in taken:
            message = f"'{name}' would become '{printed}', which the file uses itself"
            raise SpecError.single("AS403", message, place, help=help)
        if printed in seen:
            message = f"'{name}' and '{seen[printed]}' would both become '{printed}'"
            raise SpecError.single("AS403", message, place, help=help)
        seen[printed] = name


def _printed(block: str, manifest: Mapping[str, Any]) -> str:
    return str(class_name(block)) if manifest["classes"] else block
