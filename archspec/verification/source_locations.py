"""Where a layer is written: in the spec, and in each generated file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from itertools import accumulate

from archspec.errors import Place
from archspec.frameworks import target_of
from archspec.language import JoinLayer
from archspec.network import Network
from archspec.verification.report import Difference
from archspec.verification.trial import Printer


class SourceLocations:
    """A network as it is verified, and as its user knows it, at its own size."""

    def __init__(self, own: Network, network: Network, printer: Printer):
        self.network = network
        self._own = own
        self._printer = printer
        self._layers = {x.path: (x.path, x.op, x.place) for x in network.layers}
        self._changes: dict[str, Sequence[tuple[str, int, int, int, int]]] = {}

    def difference(
        self,
        path: str,
        relative_error: float | None,
        at_fault: tuple[str, ...],
        lines: Mapping[str, Mapping[str, int]],
    ) -> Difference | None:
        """The layer with its places; `lines` are those of the files that ran.

        A path that is no layer's is an addition that its block should not make.
        """
        described = self._layers.get(path) or self._left_out(path)
        if described is None:
            return None
        name, op, place = described
        known = name if name.startswith(path) else path
        found = {
            framework: line
            for framework, lines_there in lines.items()
            if (line := self._line(known, framework, lines_there))
        }
        return Difference(name, op, relative_error, at_fault, str(place), found)

    def _left_out(self, path: str) -> tuple[str, str, Place] | None:
        """The join that this use of a block does without, or else the block itself."""
        path = path.rpartition(".")[0]
        uses = {use.path: use for use in self.network.root.walk() if use.block}
        if path not in uses:
            return None
        block = self.network.document.blocks[uses[path].block or ""]
        name, layer = [*block.layers.items()][-1]
        if block.residual is not None and not uses[path].residual:
            return f"{path}.residual", "add", block.place
        if isinstance(layer, JoinLayer) and not uses[path].steps.get(name):
            return f"{path}.{name}", str(layer.op), layer.place
        return path, block.name, block.place

    def _line(self, path: str, framework: str, lines: Mapping[str, int]) -> str:
        """FILE:LINE; for what no module computes, where its block returns."""
        target = target_of(framework)
        parts = path.split(".")[:-1]
        blocks = [*reversed(list(accumulate(parts, lambda a, b: f"{a}.{b}"))), ""]
        keys = path, *(f"{block}:return" for block in blocks)
        line = next((lines[key] for key in keys if key in lines), None)
        if line is None:
            return ""
        file = f"generated/{target}/{self._own.spec.module_name}.py"
        return f"{file}:{self._own_line(target, line)}"

    def _own_line(self, target: str, line: int) -> int:
        """The line in the file for the network's own size: some comments differ."""
        if target not in self._changes:
            texts = (self._printer(n, target) for n in (self.network, self._own))
            ran, own = (text.splitlines() for text in texts)
            self._changes[target] = SequenceMatcher(None, ran, own, False).get_opcodes()
        for tag, start, end, own_start, _ in self._changes[target]:
            if start < line <= end and tag in {"equal", "replace"}:
                return own_start + line - start
        return line
