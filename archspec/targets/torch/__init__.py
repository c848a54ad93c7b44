"""PyTorch: blocks become classes, rows the lines of an nn.Sequential."""

from __future__ import annotations

from typing import Any

from archspec.targets import classes
from archspec.targets.code import Code, literal
from archspec.targets.file import File
from archspec.targets.torch.dialect import TorchDialect, momentum
from archspec.targets.torch.initial import Initializers

Dialect = TorchDialect


def view(file: File) -> dict[str, Any]:
    """What `module.jinja` needs, besides the header and the helpers."""
    norms = [each.arguments for each in file.layers if each.macro == "batch_norm"]
    shared = sorted({str(norm["norm"]) for norm in norms if norm["shared"]})
    epsilon, decay = file.dialect.norm_settings() if shared else (None, None)
    shown = None if decay is None else literal(momentum(decay))
    macro = file.templates.macro
    constants = [macro("shared_norm", Code(name), epsilon, shown) for name in shared]
    arms = Initializers(file).arms()
    return {**classes.view(file), "arms": arms, "constants": constants}
