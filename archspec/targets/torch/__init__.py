"""PyTorch: blocks become classes, rows the lines of an nn.Sequential."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from archspec.expressions import Name as Name
from archspec.network import Network
from archspec.targets.arguments import parameter_views, printed_lets, root_parameters
from archspec.targets.code import Code, identifier, literal
from archspec.targets.file import File
from archspec.targets.header import block_doc, stage_note
from archspec.targets.names import class_name
from archspec.targets.signatures import used_signature
from archspec.targets.specialise.model import Routine, Stage
from archspec.targets.torch.forward import Forward
from archspec.targets.torch.initial import Initializers
from archspec.targets.torch.modules import Builder, Modules
from archspec.targets.torch.ops import momentum
from archspec.targets.torch.views import ClassView, InitGroup, StackView
from archspec.targets.unprintable import Named, Unprintable, located
from archspec.targets.views import ParameterView


def view(file: File, network: Network) -> dict[str, Any]:
    """What `module.jinja` needs, besides the header."""
    printer = TorchFile(file)
    file.sign_primitives(in_channels=True)
    blocks = [printer.block(name, r) for name, r in file.program.blocks.items()]
    stages = [printer.stage(stage) for stage in file.program.stages]
    root = printer.root(network)
    arms = Initializers(file).arms()
    return {
        "blocks": blocks,
        "stages": stages,
        "root": replace(root, initialize=bool(arms)),
        "arms": arms,
        "constants": printer.constants(),
    }


class TorchFile:
    """Routines and stages, callees first."""

    def __init__(self, file: File):
        self.file = file

    def block(self, name: str, routine: Routine) -> ClassView:
        """A block as a class."""
        names = self.file.names(routine, routine.parameters)
        owner = identifier(class_name(name))
        modules = Modules(self.file, names, owner, routine)
        forward = Forward(routine, modules)
        lines = forward.lines()
        lets = printed_lets(routine, modules.printer)
        with located(routine.block and routine.block.place, f"block {name}"):
            held = stored(forward)
        signature = used_signature(owner, names, routine, modules.printer)
        self.file.sign(name, signature)
        return ClassView(
            signature.name,
            block_doc(routine),
            parameter_views(self.file, signature),
            lets,
            held,
            asked(forward),
            lines,
            Code("Tensor"),
        )

    def stage(self, stage: Stage) -> StackView:
        """A table's function."""
        signature = self.file.signatures[stage.name]
        builder = Builder(self.file, signature.names)
        first = builder.module(stage.loop.first)
        rest = builder.module(stage.loop.rest)
        running = None
        if stage.loop.running:
            running = builder.printer.code(stage.loop.rest.output_channels)
        parameters = parameter_views(self.file, signature)
        parameters.append(ParameterView(Code("repeats"), Code("int")))
        callee = self.file.signatures.get(stage.loop.first.op)
        return StackView(
            signature.name,
            [stage_note(stage, callee)],
            parameters,
            first,
            rest,
            running,
            Code("step" if "step" in builder.printer.used else "_"),
        )

    def root(self, network: Network) -> ClassView:
        """The network's class."""
        routine = self.file.program.root
        names = dict(self.file.templates.manifest["parameters"])
        name = identifier(network.name)
        outputs = {n: ref.text for n, ref in network.document.outputs.items()}
        tapped = frozenset(outputs.values())
        modules = Modules(self.file, names, name, routine, tapped)
        forward = Forward(routine, modules)
        lines = forward.lines(outputs)
        return ClassView(
            name,
            [],
            root_parameters(self.file, network, modules.printer.used),
            [],
            stored(forward),
            asked(forward),
            lines,
            Code("dict[str, Tensor]" if outputs else "Tensor"),
        )

    def constants(self) -> list[Code]:
        """Batch norm's settings, once for all of them."""
        epsilon, decay = self.file.norm_settings()
        shown = None if decay is None else literal(momentum(decay))
        macro = self.file.templates.macro
        names = sorted(self.file.partials)
        return [macro("shared_norm", Code(name), epsilon, shown) for name in names]


def asked(forward: Forward) -> list[InitGroup]:
    """The modules; a condition that `forward` has stored is asked by its name."""
    groups = forward.modules.groups
    for flag, test in forward.flags.items():
        groups = [replace(g, when=_by_name(g.when, flag, test)) for g in groups]
    return groups


def _by_name(when: Code | None, flag: str, test: Code) -> Code | None:
    """The condition with the flag for the test, where that is all or its beginning."""
    if when == test:
        return Code(f"self.{flag}")
    begins = str(when).startswith(f"{test} and ")
    if not begins or " or " in str(when) or " if " in str(when):
        return when
    return Code(f"self.{flag}{str(when).removeprefix(str(test))}")


def stored(forward: Forward) -> list[tuple[Code, Code]]:
    """What `forward` has to know, as attributes."""
    printer = forward.modules.printer
    printed = [identifier(printer.names.get(n, n)) for n in sorted(printer.stored)]
    found = [(name, name) for name in printed]
    found += [(identifier(flag), test) for flag, test in forward.flags.items()]
    taken = forward.file.templates.manifest["taken"]
    for name in (str(name) for name, _ in found):
        if name in forward.modules.names:
            message = f"'{name}', which 'forward' asks for, beside a layer '{name}'"
            raise Unprintable(message, help=f"rename the layer: '{name}_'")
        if name in taken:
            message = f"'{name}', which 'forward' asks for, and nn.Module has its own"
            raise Named(message, name)
    return found
