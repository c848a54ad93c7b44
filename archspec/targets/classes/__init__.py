"""Blocks as classes: modules are built in `__init__` and applied in `forward`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from archspec.targets.arguments import (
    ParameterView,
    parameter_views,
    printed_functions,
    printed_lets,
)
from archspec.targets.classes.asked import Asked
from archspec.targets.classes.forward import Forward
from archspec.targets.classes.modules import Builder, Modules
from archspec.targets.classes.views import ClassView, GroupView, StackView
from archspec.targets.code import Code, identifier, literal
from archspec.targets.file import File
from archspec.targets.header import block_doc, stage_note
from archspec.targets.program.calls import Stage
from archspec.targets.program.statements import Routine
from archspec.targets.signatures import Signature
from archspec.targets.unprintable import located


def view(file: File) -> dict[str, Any]:
    """What `module.jinja` needs, besides the header and what the dialect adds."""
    return {
        "blocks": [_block(file, name, r) for name, r in file.program.blocks.items()],
        "stages": [_stage(file, stage) for stage in file.program.stages],
        "root": _root(file),
    }


def _block(file: File, name: str, routine: Routine) -> ClassView:
    """A block as a class."""
    signature, block = file.signatures[name], routine.block
    with located(block and block.place, f"block {name}", block.name if block else ""):
        return _class(file, routine, signature, {})


def _root(file: File) -> ClassView:
    """The network's class."""
    network = file.network
    outputs, features = network.document.outputs, network.spec.features
    return _class(file, file.program.root, file.root, outputs, features)


def _class(
    file: File,
    routine: Routine,
    signature: Signature,
    outputs: Mapping[str, str],
    features: Sequence[str] = (),
) -> ClassView:
    tapped = frozenset((*outputs.values(), *features))
    modules = Modules(file, signature.names, routine, tapped)
    asked = Asked(file, routine, signature, {*modules.names})
    code = modules.printer.code
    stored = [
        (identifier(attribute), identifier(signature.printed(name)))
        for name, attribute in asked.names.items()
    ]
    stored += [(identifier(flag), code(test)) for flag, test in asked.flags.items()]
    tests = [asked.by_name(group.when) for group in modules.groups]
    groups = [
        GroupView(test and code(test), group.placeholders, group.modules)
        for test, group in zip(tests, modules.groups, strict=True)
    ]
    missing = (g.when for g in modules.groups if g.when and not g.placeholders)
    deciding = set[str]().union(*map(asked.deciding, missing))
    forward = Forward(routine, modules, asked)
    first, lines = forward.parts(features) if features else ([], forward.lines(outputs))
    return ClassView(
        signature.name,
        block_doc(routine),
        [literal(name) for name in sorted(deciding)],
        parameter_views(file, signature),
        printed_functions(routine, signature, modules.printer),
        printed_lets(routine, signature, modules.printer),
        stored,
        groups,
        lines,
        bool(outputs),
        forward.tensors,
        first,
    )


def _stage(file: File, stage: Stage) -> StackView:
    """A table's function."""
    signature, loop = file.signatures[stage.name], stage.loop
    builder = Builder(file, signature.names)
    running = None
    if loop.running:
        running = builder.printer.code(loop.rest.output_channels)
    repeats = ParameterView(Code("repeats"), Code("int"))
    return StackView(
        signature.name,
        [stage_note(stage, file.signatures.get(loop.first.op))],
        [*parameter_views(file, signature), repeats],
        builder.module(loop.first),
        builder.module(loop.rest),
        running,
        Code("step" if file.reads_step(loop.first, loop.rest) else "_"),
    )
