"""Blocks as functions: tensors go through named layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from archspec.expressions import Items, Name
from archspec.ops import Shape
from archspec.targets.arguments import (
    ParameterView,
    parameter_views,
    printed_functions,
    printed_lets,
)
from archspec.targets.code import Code, identifier, literal
from archspec.targets.file import File
from archspec.targets.functions.layers import Layers, Position
from archspec.targets.functions.statements import Statements
from archspec.targets.header import block_doc, stage_note
from archspec.targets.lines import Line, assign, returned
from archspec.targets.program.calls import Stage
from archspec.targets.program.statements import Routine
from archspec.targets.syntax import Operands
from archspec.targets.unprintable import located

CHANNELS = Code("in_channels"), Code("x.shape[-1]")


@dataclass(frozen=True, slots=True)
class FunctionView:
    """One function."""

    name: Code
    doc: Sequence[Code]
    tensors: Sequence[Code]
    parameters: Sequence[ParameterView]
    lets: Sequence[tuple[Code, Code]]
    lines: Sequence[Line]


def view(file: File) -> dict[str, Any]:
    """What `module.jinja` needs, besides the header and what the dialect adds."""
    return {
        "blocks": [_block(file, name, r) for name, r in file.program.blocks.items()],
        "stages": [_stage(file, stage) for stage in file.program.stages],
        "root": _root(file),
    }


def _block(file: File, name: str, routine: Routine) -> FunctionView:
    """A block as a function."""
    signature, block = file.signatures[name], routine.block
    with located(block and block.place, f"block {name}", block.name if block else ""):
        own = [signature.printed(name) for name in routine.names]
        statements = Statements(file, routine, signature.names)
        lines, flow, result = statements.lines(own)
    lets = printed_lets(routine, signature, statements.printer)
    for width, tensor in reversed(routine.widths.items()):
        if width in signature.read:
            value = Code(f"{flow.variables[tensor]}.shape[-1]")
            lets.insert(0, (identifier(signature.printed(width)), value))
    if "in_channels" in signature.read:
        lets.insert(0, CHANNELS)
    return FunctionView(
        signature.name,
        block_doc(routine),
        flow.tensors,
        parameter_views(file, signature),
        lets,
        returned(lines, result),
    )


def _stage(file: File, stage: Stage) -> FunctionView:
    """A table's function."""
    signature, loop = file.signatures[stage.name], stage.loop
    routine = Routine(None, (), (), (), None, Name("in_channels"))
    layers = Layers(file, routine, signature.names)
    x = Code("x")
    first = layers.once(loop.first, Position(["0"], Operands(x), "x"))
    rest = layers.once(loop.rest, Position(["{step}"], Operands(x), "x"))
    if "in_channels" in signature.read:
        channels = assign(str(CHANNELS[0]), CHANNELS[1])
        first, rest = [channels, *first], [channels, *rest] if loop.running else rest
    numbers = Code("range(repeats)" if loop.running else "range(1, repeats)")
    again = Line("for", numbers, Code("step"), body=tuple(rest))
    lines = [*([] if loop.running else first), again, Line("return", x)]
    repeats = ParameterView(Code("repeats"), Code("int"))
    note = stage_note(stage, file.signatures.get(loop.first.op))
    parameters = [*parameter_views(file, signature), repeats]
    return FunctionView(signature.name, [note], [x], parameters, [], lines)


def _root(file: File) -> dict[str, Any]:
    """The function that builds the model."""
    network, signature, routine = file.network, file.root, file.program.root
    statements = Statements(file, routine, signature.names)
    references = network.document.outputs
    tapped = [*references.values()]
    own = [signature.printed(name) for name in routine.names]
    features = network.spec.features
    lines, flow, result = statements.lines(own, tapped, features)
    if references:
        named = [(literal(n), flow.variables[r]) for n, r in references.items()]
        outputs = file.templates.macro("outputs", named)
    else:
        lines, outputs = _ending(lines, result)
    parameters = parameter_views(file, signature)
    shapes = [
        statements.printer.code(Items((*size, channels)))
        for channels, *size in file.program.images
    ]
    if file.dialect.takes_input_shape:
        given = _input_shape([*network.inputs.values()])
        parameters.append(given)
        shapes = [given.name]
        if len(network.inputs) > 1:
            shapes = [Code(f"{given.name}[{n}]") for n in range(len(network.inputs))]
    titles = map(literal, network.inputs)
    if features:
        flag = Code("features_only")
        parameters.append(ParameterView(flag, Code("bool"), literal(False)))
    return {
        "name": identifier(network.name),
        "title": literal(network.name),
        "inputs": [*zip(flow.tensors, shapes, titles, strict=True)],
        "read": statements.inputs(flow),
        "parameters": parameters,
        "lets": printed_lets(routine, signature, statements.printer),
        "functions": printed_functions(routine, signature, statements.printer),
        "lines": lines,
        "outputs": outputs,
    }


def _input_shape(images: Sequence[Shape]) -> ParameterView:
    """The argument for the shape of the image, or of each image."""
    kind = Code("tuple[int | None, ...]")
    shape, *others = ((*size, channels) for channels, *size in images)
    if others:
        kind = Code(f"tuple[{kind}, ...]")
    default = literal((shape, *others) if others else shape)
    return ParameterView(Code("input_shape"), kind, default)


def _ending(lines: list[Line], result: Code) -> tuple[list[Line], Code]:
    """The last statement names the outputs."""
    last = lines[-1]
    if last.kind != "assign" or last.target != result:
        return lines, result
    outputs = Code("outputs")
    return [*lines[:-1], Line("assign", last.value, outputs, last.note)], outputs
