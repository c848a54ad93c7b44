"""A draft as YAML, as a person would lay it out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, TypeGuard

from archspec.importing.draft import AGAIN, TABLE, Block, Draft, Layer, Said
from archspec.importing.joins import Branch, branches
from archspec.language.blocks import standard_blocks
from archspec.ops import PRIMITIVES
from archspec.ops.fields import items
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
    speller = _Speller(draft.blocks)
    parts = ["\n".join(entries(draft.head))]
    if draft.defaults:
        short = {op: speller.short(op, values) for op, values in draft.defaults.items()}
        parts.append("\n".join(entries({"defaults": Open(short)})))
    own = {n: block for n, block in draft.blocks.items() if not block.is_standard}
    if own:
        blocks = (
            entries({name: speller.block(block)}, WIDTH - len("  "))
            for name, block in own.items()
        )
        texts = ("\n".join(f"  {line}" for line in lines) for lines in blocks)
        parts.append("blocks:\n" + "\n\n".join(texts))
    ends = draft.outputs.values()
    last: dict[str, Any] = {}
    last["layers"] = Open(speller.layers(draft.layers, draft.inputs[0], ends))
    if len(draft.outputs) > 1 or draft.layers[-1] not in ends:
        last["outputs"] = {n: reference(layer) for n, layer in draft.outputs.items()}
    parts.append("\n".join(entries(last)))
    return "\n\n".join(parts) + "\n"


class _Speller:
    """Layers as YAML has them; `own` are the blocks of the spec."""

    def __init__(self, own: Mapping[str, Block]):
        self.own = own

    def block(self, block: Block) -> Open:
        """A block of the spec's own."""
        found = Open()
        if block.arguments or block.others:
            tensors = {other.name: "tensor" for other in block.others}
            found["arguments"] = block.arguments | tensors
        if block.residual is not None:
            found["residual"] = block.residual
        found["layers"] = Open(self.layers(block.layers, block.start, [block.result]))
        return found

    def layers(
        self, layers: Sequence[Layer], first: Layer, ends: Iterable[Layer]
    ) -> dict[str, Any]:
        """Layers by their names, those of branches in their structures."""
        found: dict[str, Any] = {}
        inner = branches(layers, ends)
        joined = chain.from_iterable(inner.values())
        within = {n for branch in joined for n in (*branch.layers, *branch.runs)}
        previous = first
        for layer in layers:
            if layer not in within:
                found[layer.name] = self.layer(layer, previous, inner.get(layer, ()))
                previous = layer
        return found

    def layer(self, layer: Layer, previous: Layer, inner: Sequence[Branch] = ()) -> Any:
        """A layer with its modifiers; `inner` are the branches of a structure."""
        said = {**layer.said, **self.tensors(layer)}
        body: Any = self.spelled(layer.op, said)
        if layer.op == AGAIN:
            first = reference(layer.sources[-1])
            body = {AGAIN: {first: said} if said else first}
        beside = dict(layer.beside)
        if inner:
            body = {layer.op: {**layer.said, **self.branches(inner, previous)}}
        elif layer.sources[:1] != (previous,):
            beside["from"] = reference(layer.sources[0])
        if layer.op == TABLE:
            return Rows({**body, **beside})
        if not beside:
            return body
        opened = {body: None} if isinstance(body, str) else body
        return {**opened, **beside}

    def tensors(self, layer: Layer) -> dict[str, Said]:
        """The tensors that a call of a block gives besides its input."""
        op = layer.sources[-1].op if layer.op == AGAIN else layer.op
        others = self.own[op].others if op in self.own else ()
        given = zip(others, layer.sources[1:], strict=False)
        return {other.name: reference(source) for other, source in given}

    def branches(self, found: Sequence[Branch], previous: Layer) -> dict[str, Any]:
        """The branches of a structure."""
        written: dict[str, Any] = {}
        for branch in found:
            body: dict[str, Any] = {}
            if branch.start is not previous:
                body["from"] = reference(branch.start)
            if branch.runs:
                body["series"] = len(branch.runs)
            for layer in branch.layers:
                body[layer.name] = self.layer(layer, layer.sources[0])
            written[branch.name] = body
        return written

    def spelled(self, op: str, said: Mapping[str, Said]) -> Any:
        """An op with its attributes, in the shortest form."""
        if op == TABLE:
            ops = {op: self._inner(op, own) for op, own in said["each"].items()}
            ((only, own), *others) = ops.items()
            each = only if not own and not others else ops
            return {**said, "each": each}
        inner = self._inner(op, said)
        return {op: inner} if inner != {} else op

    def _inner(self, op: str, said: Mapping[str, Said]) -> Any:
        main = self.main(op)
        if main is None or list(said) != [main] or isinstance(said[main], bool):
            return dict(said)
        return said[main]

    def short(self, op: str, values: Mapping[str, Said]) -> Any:
        """What `defaults` say of an op."""
        main = self.main(op)
        if main is None or list(values) != [main] or op == "conv":
            return values
        return values[main]

    def main(self, op: str) -> str | None:
        """The attribute of an op, or the argument of a block, that needs no name."""
        if op in PRIMITIVES:
            return next(iter(PRIMITIVES[op].fields), None)
        if op in self.own:
            names = *self.own[op].arguments, *(n.name for n in self.own[op].others)
            return next(iter(names), None)
        block = standard_blocks().get(op)
        arguments = block.section("arguments") if isinstance(block, Mapped) else None
        return next(iter(arguments.entries), None) if arguments else None


def reference(layer: Layer) -> str:
    """How another layer refers to it."""
    return f"{layer.table.name}.{layer.name}" if layer.table else layer.name


# -- lines ---------------------------------------------------------------------


def entries(mapping: Mapping[str, Any], room: int = WIDTH) -> Iterator[str]:
    """The lines of a mapping, each value on one if there is room."""
    for key, value in mapping.items():
        line = f"{key}: {flow(value)}"
        is_open = isinstance(value, Open) or _has_rows(value) or len(line) > room
        if not (is_mapping(value) and value and is_open):
            yield line
            continue
        yield f"{key}:"
        left = room - len("  ")
        is_table = isinstance(value, Rows)
        inner = _rows(value, left) if is_table else entries(value, left)
        yield from (f"  {each}" if each else each for each in inner)


def _has_rows(value: Any) -> bool:
    return isinstance(value, Rows) or (
        is_mapping(value) and any(map(_has_rows, value.values()))
    )


def _rows(table: Mapping[str, Any], room: int) -> Iterator[str]:
    """The parts of a table, its rows below each other in columns."""
    for key, value in table.items():
        line = f"{key}: {flow(value)}"
        is_short = len(table["columns"]) == 1 and len(line) <= room
        if key != "rows" or is_short:
            yield from entries({key: value}, room)
            continue
        yield "rows:"
        labels, rows = ["-"] * len(value), value
        if is_mapping(value):
            labels, rows = [f"{name}:" for name in value], [*value.values()]
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
    if is_mapping(value):
        inner = (f"{key}: {flow(each)}" for key, each in value.items())
        return f"{{{', '.join(inner)}}}"
    if (listed := items(value)) or value == []:
        return f"[{', '.join(map(flow, listed))}]"
    match value:
        case Layer():
            return reference(value)
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


def is_mapping(value: Said) -> TypeGuard[Mapping[str, Any]]:
    """Whether it is a mapping."""
    return isinstance(value, Mapping)
