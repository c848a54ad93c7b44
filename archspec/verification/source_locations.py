"""Where a layer is written: in the spec, and in each generated file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from itertools import accumulate

from archspec.network import Network, NetworkLayer
from archspec.runtime.session import target_of
from archspec.verification.report import Difference
from archspec.verification.trial import Printer


class SourceLocations:
    """A network as it is verified, and as its user knows it, at its own size."""

    def __init__(self, own: Network, network: Network, printer: Printer):
        self.network = network
        self._own = own
        self._printer = printer
        self._changes: dict[str, Sequence[tuple[str, int, int, int, int]]] = {}

    def difference(
        self,
        layer: NetworkLayer,
        relative_error: float | None,
        at_fault: tuple[str, ...],
        lines: Mapping[str, Mapping[str, int]],
    ) -> Difference:
        """The layer with its places; `lines` are those of the files that ran."""
        return Difference(
            layer.path,
            layer.op,
            relative_error,
            at_fault,
            str(layer.place),
            {
                framework: place
                for framework, known in lines.items()
                if (place := self._place(layer.path, framework, known))
            },
        )

    def _place(self, path: str, framework: str, lines: Mapping[str, int]) -> str:
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
