"""Keras 3: blocks become functions of the functional API, every layer named."""

from __future__ import annotations

from typing import Any

from archspec.expressions import Name
from archspec.network import Network
from archspec.targets.arguments import parameter_views, printed_lets, root_parameters
from archspec.targets.code import Code, identifier, literal
from archspec.targets.file import File
from archspec.targets.header import block_doc, stage_note
from archspec.targets.keras.initial import Initializers
from archspec.targets.keras.pools import non_negative
from archspec.targets.keras.routine import KerasRoutine, Position
from archspec.targets.lines import Line, assign, returned
from archspec.targets.signatures import used_signature
from archspec.targets.specialise.model import Routine, Stage
from archspec.targets.views import FunctionView, ParameterView


def view(file: File, network: Network) -> dict[str, Any]:
    """What `module.jinja` needs, besides the header."""
    file.non_negative = non_negative(network)
    file.flags["package"] = literal(network.name)
    printer = KerasFile(file)
    file.sign_primitives(in_channels=False)
    blocks = [printer.block(name, r) for name, r in file.program.blocks.items()]
    stages = [printer.stage(stage) for stage in file.program.stages]
    root = printer.root(network)
    return {
        "blocks": blocks,
        "stages": stages,
        "root": root,
        "initializers": printer.initializers.printed(),
        "constants": printer.constants(),
    }


class KerasFile:
    """Functions, callees first."""

    def __init__(self, file: File):
        self.file = file
        self.initializers = Initializers()

    def block(self, name: str, routine: Routine) -> FunctionView:
        """A block as a function."""
        names = self.file.names(routine, routine.parameters)
        keras = KerasRoutine(self.file, routine, names, self.initializers, False)
        taken = [names.get(p.name, p.name) for p in routine.parameters]
        lines, _, result = keras.lines([*taken, *(let for let, _ in routine.lets)])
        lets = printed_lets(routine, keras.printer)
        signature = used_signature(identifier(name), names, routine, keras.printer)
        if signature.in_channels:
            lets.insert(0, (Code("in_channels"), Code("x.shape[-1]")))
            signature.in_channels = False
        self.file.sign(name, signature)
        return FunctionView(
            signature.name,
            block_doc(routine),
            parameter_views(self.file, signature),
            lets,
            returned(lines, result),
        )

    def stage(self, stage: Stage) -> FunctionView:
        """A table's function."""
        signature = self.file.signatures[stage.name]
        routine = Routine(None, (), (), (), None, Name("in_channels"))
        keras = KerasRoutine(
            self.file, routine, dict(signature.names), self.initializers, False
        )
        x = Code("x")
        first = keras.once(stage.loop.first, Position(["0"], x, "x"))
        rest = keras.once(stage.loop.rest, Position(["{step}"], x, "x"))
        channels = assign("in_channels", Code("x.shape[-1]"))
        reads = "in_channels" in keras.printer.used
        if stage.loop.running:
            body = [*([channels] if reads else []), *rest]
            lines = [
                Line("for", Code("range(repeats)"), Code("step"), body=tuple(body))
            ]
        else:
            numbers = Code("range(1, repeats)")
            lines = [*([channels] if reads else []), *first]
            lines.append(Line("for", numbers, Code("step"), body=tuple(rest)))
        parameters = parameter_views(self.file, signature)
        parameters.append(ParameterView(Code("repeats"), Code("int")))
        note = stage_note(stage, self.file.signatures.get(stage.loop.first.op))
        lines.append(Line("return", x))
        return FunctionView(signature.name, [note], parameters, [], lines)

    def root(self, network: Network) -> dict[str, Any]:
        """The function that builds the model."""
        routine = self.file.program.root
        names = dict(self.file.templates.manifest["parameters"])
        keras = KerasRoutine(self.file, routine, names, self.initializers, True)
        references = network.document.outputs
        tapped = [reference.text for reference in references.values()]
        lines, flow, result = keras.lines((), tapped)
        if references:
            named = [
                (literal(n), flow.variables[r.text]) for n, r in references.items()
            ]
            outputs = self.file.templates.macro("outputs", named)
        else:
            lines, outputs = _ending(lines, result)
        channels, height, width = network.input_shape
        return {
            "name": identifier(network.name),
            "title": literal(network.name),
            "input": literal((height, width, channels)),
            "parameters": root_parameters(self.file, network, keras.printer.used),
            "lines": lines,
            "outputs": outputs,
        }

    def constants(self) -> list[Code]:
        """Batch norm's settings, once for all of them."""
        epsilon, decay = self.file.norm_settings()
        macro = self.file.templates.macro
        names = sorted(self.file.partials)
        shown = None if decay is None else literal(decay)
        return [macro("shared_norm", Code(name), epsilon, shown) for name in names]


def _ending(lines: list[Line], result: Code) -> tuple[list[Line], Code]:
    """The last statement names the outputs."""
    last = lines[-1]
    if last.kind != "assign" or last.target != result:
        return lines, result
    outputs = Code("outputs")
    return [*lines[:-1], Line("assign", last.value, outputs, last.note)], outputs
