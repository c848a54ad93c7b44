"""PyTorch: blocks become classes, rows the lines of an nn.Sequential."""

from __future__ import annotations

from typing import Any

from archspec.targets import classes
from archspec.targets.code import Code
from archspec.targets.file import File
from archspec.targets.torch.dialect import TorchDialect
from archspec.targets.torch.initial import Initializers

Dialect = TorchDialect


def view(file: File) -> dict[str, Any]:
    """What `module.jinja` needs, besides the header and the helpers."""
    norms = [each.arguments for each in file.layers if each.macro == "batch_norm"]
    shared = sorted({str(norm["norm"]) for norm in norms if norm["shared"]})
    settings = file.dialect.norm_settings() if shared else ()
    macro = file.templates.macro
    constants = [macro("shared_norm", Code(name), *settings) for name in shared]
    initial = Initializers(file)
    own = {"arms": initial.arms(), "learned": initial.learned}
    return {**classes.view(file), **own, "constants": constants}
