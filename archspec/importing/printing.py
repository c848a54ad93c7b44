"""A draft as YAML, as a person would lay it out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from archspec.importing.draft import TABLE, Block, Draft, Layer, Said
from archspec.importing.joins import branches
from archspec.language.blocks import standard_blocks
from archspec.ops import JOINS, PRIMITIVES
from archspec.reading.nodes import Mapping as Mapped
from archspec.reading.reader import scalar_value

WIDTH = 96
_PLAIN = re.compile(r"[\w.(~+-][\w. ()~+*/<>=%!-]*")


class Rows(dict[str, Any]):
    """A table: `columns`, `rows` and `each`, the rows aligned."""


class Open(dict[str, Any]):
    """A mapping that is written over several lines, however short it is."""


def text(draft: Draft) -> str:
    """The YAML of a draft."""
    parts = ["\n".join(_entries(draft.head))]
    if draft.defaults:
        short = {op: _short(op, values) for op, values in draft.defaults.items()}
        parts.append("\n".join(_entries({"defaults": Open(short)})))
    if draft.blocks:
        blocks = (
            _entries({name: _block(block)}) for name, block in draft.blocks.items()
        )
        texts = ("\n".join(f"  {line}" for line in lines) for lines in blocks)
        parts.append("blocks:\n" + "\n\n".join(texts))
    layers = Open(_layers(draft.layers, draft.inputs[0], draft.outputs.values()))
    last = {"layers": layers}
    if len(draft.outputs) > 1 or draft.layers[-1] not in draft.outputs.values():
        last["outputs"] = {n: layer.name for n, layer in draft.outputs.items()}
    parts.append("\n".join(_entries(last)))
    return "\n\n".join(parts) + "\n"


def _block(block: Block) -> Open:
    found = Open()
    if block.arguments:
        found["arguments"] = block.arguments
    if block.residual is not None:
        found["residual"] = block.residual
    found["layers"] = Open(_layers(block.layers, None, [block.result]))
    return found


def _layers(layers: Sequence[Layer], first: Layer | None, ends: Any) -> dict[str, Any]:
    """Layers by their names, those of branches in their structures."""
    found: dict[str, Any] = {}
    inner = branches(layers, ends)
    within = {
        layer for join in inner.values() for branch in join for layer in branch.layers
    }
    previous = first
    for layer in layers:
        if layer in within:
            continue
        found[layer.name] = _layer(layer, previous, inner)
        previous = layer
    return found


def _layer(layer: Layer, previous: Layer | None, inner: Mapping[Layer, Any]) -> Any:
    body: Any = spelled(layer.op, layer.said)
    beside = dict(layer.beside)
    if layer.op in JOINS and len(layer.sources) > 1:
        own = layer.said
        body = {layer.op: {**own, **_branches(inner[layer], previous)}}
    elif previous is not None and layer.sources[:1] != (previous,):
        beside["from"] = reference(layer.sources[0])
    if layer.op == TABLE:
        return Rows({**body, **beside})
    if not beside:
        return body
    opened = {body: None} if isinstance(body, str) else body
    return {**opened, **beside}


def _branches(found: Sequence[Any], previous: Layer | None) -> dict[str, Any]:
    written: dict[str, Any] = {}
    for branch in found:
        body: dict[str, Any] = {}
        if branch.start is not previous:
            body["from"] = reference(branch.start)
        body |= {
            layer.name: _layer(layer, layer.sources[0], {}) for layer in branch.layers
        }
        written[branch.name] = body
    return written


def reference(layer: Layer) -> str:
    """How another layer refers to it."""
    return layer.name


def spelled(op: str, said: Mapping[str, Said]) -> Any:
    """An op with what it is told, in the shortest form."""
    if op == TABLE:
        ((each, own),) = said["each"].items()
        return {**said, "each": spelled(each, own)}
    if not said:
        return op
    main = main_attribute(op)
    if main is not None and list(said) == [main] and not isinstance(said[main], bool):
        return {op: said[main]}
    return {op: dict(said)}


def _short(op: str, values: Mapping[str, Said]) -> Any:
    main = main_attribute(op)
    return values[main] if list(values) == [main] and op != "conv" else values


def main_attribute(op: str) -> str | None:
    """The attribute of an op, or the argument of a block, that needs no name."""
    if op in PRIMITIVES:
        return next(iter(PRIMITIVES[op].model_fields), None)
    entries = standard_blocks().entries
    block = entries[op] if op in entries else None
    arguments = block.section("arguments") if isinstance(block, Mapped) else None
    return next(iter(arguments.entries), None) if arguments else None


# -- lines ---------------------------------------------------------------------


def _entries(mapping: Mapping[str, Any]) -> Iterator[str]:
    for key, value in mapping.items():
        line = f"{key}: {flow(value)}"
        is_open = isinstance(value, Open) or _has_rows(value) or len(line) > WIDTH
        if not (isinstance(value, Mapping) and value and is_open):
            yield line
            continue
        yield f"{key}:"
        inner = _rows(value) if isinstance(value, Rows) else _entries(value)
        yield from (f"  {each}" if each else each for each in inner)


def _has_rows(value: Any) -> bool:
    return isinstance(value, Rows) or (
        isinstance(value, Mapping) and any(map(_has_rows, value.values()))
    )


def _rows(table: Rows) -> Iterator[str]:
    """The parts of a table, its rows below each other in columns."""
    for key, value in table.items():
        if key != "rows":
            yield from _entries({key: value})
            continue
        yield "rows:"
        named = isinstance(value, Mapping)
        labels = [f"{name}:" for name in value] if named else ["-"] * len(value)
        rows = list(value.values() if named else value)
        width = max(map(len, labels))
        for label, cells in zip(labels, _aligned(rows), strict=True):
            yield f"  {label:<{width}} [{cells}]"


def _aligned(rows: Sequence[Sequence[Said]]) -> list[str]:
    cells = [[flow(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    numeric = [
        all(re.match(r"[-\d.~\[]", cell) for cell in column)
        for column in zip(*cells, strict=True)
    ]
    return [_row(row, widths, numeric) for row in cells]


def _row(cells: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> str:
    """Numbers to the right; words to the left, their comma close by."""
    found = ""
    for number, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        is_last = number == len(cells) - 1
        comma = "" if is_last else ", "
        if numeric[number]:
            found += f"{cell:>{width}}{comma}"
        else:
            found += f"{cell}{comma}" + " " * (0 if is_last else width - len(cell))
    return found


def flow(value: Said) -> str:
    """A value on one line."""
    match value:
        case Mapping():
            inner = (f"{key}: {flow(each)}" for key, each in value.items())
            return f"{{{', '.join(inner)}}}"
        case list() | tuple():
            return f"[{', '.join(map(flow, value))}]"
        case bool():
            return "true" if value else "false"
        case None:
            return "~"
        case float():
            return number(value)
        case int():
            return str(value)
        case _:
            plain = _PLAIN.fullmatch(value) and isinstance(scalar_value(value), str)
            return value if plain else json.dumps(value, ensure_ascii=False)


def number(value: float) -> str:
    """A number in its usual form: 1e-5, 0.9, 0.25."""
    if value.is_integer() and abs(value) < 1e6:
        return str(int(value))
    short = f"{value:.12g}"
    mantissa, _, exponent = f"{value:.12e}".partition("e")
    digits = mantissa.rstrip("0").rstrip(".")
    scientific = f"{digits}e{int(exponent)}"
    return (
        scientific
        if "e" in short or (abs(value) < 0.1 and len(scientific) < len(short))
        else short
    )
