"""Names that a target cannot print: refused with their place, never mangled."""

from __future__ import annotations

import builtins
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from archspec.errors import Place, SpecError
from archspec.language import Block, Document, Layer, Table
from archspec.language.names import inner_layers
from archspec.targets.specialise.model import Program

Named = tuple[str, Place]


def check_names(
    document: Document, program: Program, manifest: Mapping[str, Any]
) -> None:
    """Raise SpecError (AS403) for names that the framework or the file has taken."""
    target = manifest["name"]
    attributes = frozenset(manifest["taken"])
    used = [document.blocks[name] for name in program.blocks]
    bodies = (document.layers, *(block.layers for block in used))
    for name, place in chain.from_iterable(map(_attributes, bodies)):
        if name in attributes:
            message = f"'{name}' is a name that {target} has taken"
            raise SpecError.single("AS403", message, place, help=f"try '{name}_'")
    _check_globals(document, used, manifest)
    _check_locals(document, program, manifest)


def _attributes(layers: Mapping[str, Layer]) -> Iterator[Named]:
    """What becomes an attribute: layers, those in branches too, and named rows."""
    for name, layer in inner_layers(layers):
        yield name, layer.place
        if isinstance(layer, Table) and layer.named:
            yield from ((row, layer.place) for row in layer.rows)


def _check_globals(
    document: Document, blocks: list[Block], manifest: Mapping[str, Any]
) -> None:
    """Blocks and the network become names of the file, beside helpers and imports."""
    taken = {*dir(builtins), *manifest["globals"], *manifest["helpers"], "stage"}
    root = next(iter(document.layers.values())).place
    seen: dict[str, str] = {}
    named = [
        (block.name, _printed(block.name, manifest), block.place) for block in blocks
    ]
    for name, printed, place in (*named, (document.name, document.name, root)):
        if printed in taken:
            message = f"'{name}' would be '{printed}', which the file needs itself"
            raise SpecError.single("AS403", message, place)
        if printed in seen:
            message = f"'{name}' and '{seen[printed]}' would both be '{printed}'"
            raise SpecError.single("AS403", message, place)
        seen[printed] = name


def _check_locals(
    document: Document, program: Program, manifest: Mapping[str, Any]
) -> None:
    """Arguments, definitions and columns become variables of the printed code."""
    taken = {*dir(builtins), *manifest["locals"], *manifest["globals"]}
    taken |= {_printed(name, manifest) for name in program.blocks}
    taken |= {*manifest["helpers"]} - {*manifest["parameters"]}
    for name, routine in program.blocks.items():
        own = [p.name for p in routine.parameters] + [let for let, _ in routine.lets]
        _refuse(own, taken, f"of block {name}", document.blocks[name].place)
    place = next(iter(document.layers.values())).place
    for stage in program.stages:
        columns = [parameter.name for parameter in stage.parameters]
        _refuse(columns, taken, f"in the table of {stage.loop.first.op}", place)


def _refuse(names: list[str], taken: set[str], where: str, place: Place) -> None:
    for name in names:
        if name in taken:
            message = f"'{name}' {where} is a name that the printed code needs itself"
            raise SpecError.single("AS403", message, place, help=f"try '{name}_'")


def _printed(block: str, manifest: Mapping[str, Any]) -> str:
    return str(class_name(block)) if manifest["classes"] else block


def class_name(block: str) -> str:
    """The block's name in capitals: `inverted_residual` is InvertedResidual."""
    return "".join(part[:1].upper() + part[1:] for part in block.split("_"))
