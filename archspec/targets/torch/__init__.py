"""PyTorch: blocks become classes, rows the lines of an nn.Sequential."""

from __future__ import annotations

from typing import Any

from archspec.expressions import Name
from archspec.network import Network
from archspec.targets.arguments import parameter_views, printed_lets, root_parameters
from archspec.targets.code import Code, identifier, literal
from archspec.targets.file import File
from archspec.targets.header import block_doc, stage_note
from archspec.targets.names import class_name
from archspec.targets.signatures import used_signature
from archspec.targets.specialise.model import Routine, Stage
from archspec.targets.symbols import Unprintable
from archspec.targets.torch.initial import Initializers
from archspec.targets.torch.ops import momentum
from archspec.targets.torch.routine import TorchRoutine
from archspec.targets.views import ParameterView

ACTIVATION = "type[nn.Module]"


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
        "root": root | {"initialize": bool(arms)},
        "arms": arms,
        "helpers": file.printed_helpers(),
        "constants": printer.constants(),
    }


class TorchFile:
    """Routines and stages, callees first."""

    def __init__(self, file: File):
        self.file = file

    def block(self, name: str, routine: Routine) -> dict[str, Any]:
        """A block as a class."""
        names = self.file.names(routine, routine.parameters)
        owner = identifier(class_name(name))
        torch = TorchRoutine(self.file, routine, names, owner, False)
        lines = torch.lines()
        lets = printed_lets(routine, torch.printer)
        signature = used_signature(owner, names, routine, torch.printer)
        self.file.sign(name, signature)
        return {
            "name": signature.name,
            "doc": block_doc(routine),
            "parameters": parameter_views(self.file, signature, ACTIVATION),
            "lets": lets,
            "stored": self.stored(torch),
            "groups": torch.groups,
            "lines": lines,
            "initialize": False,
        }

    @staticmethod
    def stored(torch: TorchRoutine) -> list[tuple[Code, Code]]:
        """What `forward` has to know."""
        names = sorted(torch.printer.stored)
        printed = [identifier(torch.printer.names.get(name, name)) for name in names]
        stored = [(name, name) for name in printed]
        stored += [(identifier(flag), test) for flag, test in torch.flags.items()]
        modules = {str(name) for group in torch.groups for name, _ in group.modules}
        for name, _ in stored:
            if str(name) in modules:
                raise Unprintable(f"a layer '{name}' beside a value of that name")
        return stored

    def stage(self, stage: Stage) -> dict[str, Any]:
        """A table's function."""
        signature = self.file.signatures[stage.name]
        routine = Routine(None, (), (), (), None, Name("in_channels"))
        names = dict(signature.names)
        torch = TorchRoutine(self.file, routine, names, signature.name, False)
        first, rest = torch.module(stage.loop.first), torch.module(stage.loop.rest)
        running = None
        if stage.loop.running:
            running = torch.printer.code(stage.loop.rest.output_channels)
        parameters = parameter_views(self.file, signature, ACTIVATION)
        parameters.append(ParameterView(Code("repeats"), Code("int")))
        return {
            "name": signature.name,
            "doc": [
                Code(stage_note(stage, self.file.signatures.get(stage.loop.first.op)))
            ],
            "parameters": parameters,
            "first": first,
            "rest": rest,
            "running": running,
            "variable": Code("step" if "step" in torch.printer.used else "_"),
        }

    def root(self, network: Network) -> dict[str, Any]:
        """The network's class."""
        routine = self.file.program.root
        assert routine is not None
        names = dict(self.file.templates.manifest["parameters"])
        name = identifier(network.name)
        torch = TorchRoutine(self.file, routine, names, name, True)
        outputs = {n: ref.text for n, ref in network.document.outputs.items()}
        lines = torch.lines(outputs)
        return {
            "name": name,
            "doc": [],
            "parameters": root_parameters(self.file, network, torch.printer.used),
            "lets": [],
            "stored": self.stored(torch),
            "groups": torch.groups,
            "lines": lines,
        }

    def constants(self) -> list[Code]:
        """Batch norm's settings, once for all of them."""
        constants: list[Code] = []
        for name in sorted(self.file.partials):
            epsilon, decay = next(iter(self.file.batch_norms))
            usual = self.file.templates.manifest["batch_norm"]
            given = ""
            if epsilon != usual["epsilon"]:
                given += f", eps={literal(epsilon)}"
            if decay != usual["decay"]:
                given += f", momentum={literal(momentum(decay))}"
            constants.append(Code(f"{name} = partial(nn.{name}{given})"))
        return constants
