"""Networks of modules, whatever their framework: what each layer gives, and where."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from weakref import ref

from archspec.runtime.lines import Constructed, frames
from archspec.runtime.order import KeepTensor, Order


def under_construction(error: Exception, order: Order) -> str:
    """The first layer that is made where the attributes being assigned are."""
    tree = ast.parse(Path(order.module).read_text("utf-8"))
    assigned = {
        line: node.targets[0].attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    parts = [
        assigned[line]
        for frame, line in frames(error)
        if frame.f_code.co_filename == order.module and line in assigned
    ]
    within = re.compile(r"\.(?:.*\.)?".join(map(re.escape, parts)) + r"(\.|$)")
    return next(filter(within.match, order.layers), "") if parts else ""


def lines(modules: Mapping[str, Any], known: Constructed, file: str) -> dict[str, int]:
    """Where each module is made, and where it returns, `path:return`.

    There a block adds its residual.
    """
    ends = {
        node.name: max(n.lineno for n in ast.walk(node) if isinstance(n, ast.Return))
        for node in ast.parse(Path(file).read_text("utf-8")).body
        if isinstance(node, ast.ClassDef)
        if any(isinstance(inner, ast.Return) for inner in ast.walk(node))
    }
    made = {path: known.line(module) for path, module in modules.items()}
    return {path: line for path, line in made.items() if line is not None} | {
        f"{path}:return": ends[type(module).__name__]
        for path, module in modules.items()
        if type(module).__name__ in ends
    }


class Watch:
    """Keeps what layers give while a network runs, and knows which is at work."""

    def __init__(self, modules: Mapping[str, Any], order: Order, keep: KeepTensor):
        self.modules = modules
        self.order = order
        self.keep = keep
        self.entered: list[str] = []
        self.modules_entered: list[str] = []
        self.runs: Counter[str] = Counter()
        self.kept: dict[str, tuple[ref[Any], int]] = {}

    def layer_at_work(self) -> str:
        """The innermost layer that was entered and not left.

        In a block's own code, the first of its layers that is no module and has not
        been seen.
        """
        for path in reversed(self.entered):
            if path in self.order.layers:
                return path
            if path and path not in self.order.blocks:
                continue
            prefix = f"{path}." if path else ""
            unseen = (
                layer
                for layer in self.order.layers
                if layer.startswith(prefix)
                and layer not in self.kept
                and layer not in self.modules
            )
            return next(unseen, "")
        return ""

    def enter(self, path: str, tensor: Any) -> None:
        """A module is called with this tensor."""
        self.modules_entered.append(path)
        path = self._of_run(path)
        self.entered.append(path)
        before = self.order.layers.get(path)
        if before is not None and before not in self.kept:
            self._keep(before, tensor)

    def leave(self, path: str, output: Any) -> None:
        """It returns this, which is a tensor, or what a network with names returns."""
        self.modules_entered.pop()
        path = self.entered.pop()
        layer = path if path in self.order.layers else self.order.blocks.get(path)
        if layer is None or not hasattr(output, "shape"):
            return
        if layer not in self.kept:
            self._keep(layer, output)
            return
        known, version = self.kept[layer]
        if layer != path and (known() is not output or version != _version(output)):
            self.keep(f"{layer}>{path}", output)

    def _of_run(self, module: str) -> str:
        """The path of the layer that a module is in this run."""
        path = module
        for outer, own in zip(
            self.modules_entered[-2::-1], self.entered[::-1], strict=True
        ):
            if outer and module.startswith(f"{outer}."):
                path = own + module.removeprefix(outer)
                break
        self.runs[path] += 1
        later = self.order.later_runs.get(path, ())
        number = self.runs[path] - 2
        return later[number] if 0 <= number < len(later) else path

    def _keep(self, layer: str, tensor: Any) -> None:
        self.kept[layer] = ref(tensor), _version(tensor)
        self.keep(layer, tensor)


def _version(tensor: Any) -> int:
    """How often PyTorch has written over it."""
    return getattr(tensor, "_version", 0)
