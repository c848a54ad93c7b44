"""Import the bundled networks back from their own PyTorch modules, and compare specs.

python docs/mirror.py [SPEC ...]

Writes the table of docs/importing.md, or, for some specs, prints what is imported.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import torch

import archspec
from archspec.importing.graph import Graph, Node, graph_of
from archspec.importing.matching import pairs
from archspec.importing.structured import best
from archspec.importing.torch import live, reading
from archspec.resources import SPECS

PAGE = Path(__file__).parent / "importing.md"
BEGIN, END = "<!-- docs/mirror.py writes from here -->", "<!-- mirror to here -->"
UNKNOWN = "summary", "source", "preprocessing", "reported", "variants"
"""What a model does not tell: left out of the lines that are compared."""
MOST = 1.3


class Row(NamedTuple):
    """One network: lines by hand, unless it extends another, and those imported."""

    name: str
    by_hand: int | None
    imported: int | None
    note: str = ""
    text: str = ""
    seconds: float = 0

    @property
    def ratio(self) -> float:
        """Lines imported for one by hand; 0 if there are none of either."""
        return (self.imported or 0) / self.by_hand if self.by_hand else 0


def mirrored(name: str) -> Row:
    """Import the PyTorch module that is generated from a spec."""
    network = archspec.load(name)
    by_hand = lines(name)
    images = tuple(torch.zeros(2, *shape) for shape in network.inputs.values())
    program = live.export(network.build("torch"), images)
    graph, builder = reading.read(program)
    if builder.gaps:
        return Row(name, by_hand, None, f"refused: `{builder.gaps[0].operation}`")
    start = time.process_time()
    spec = best(graph, network.name, Path(f"{name}.yaml"))
    seconds = time.process_time() - start
    is_equal = pairs(certain(graph_of(network)), graph_of(spec.network)) is not None
    kind = "flat" if spec.is_flat else "equal"
    note = kind if is_equal else "differs"
    count = len(list(written(spec.text.splitlines())))
    return Row(name, by_hand, count, note, spec.text, seconds)


def certain(graph: Graph) -> Graph:
    """A graph without stochastic depth, of which inference leaves no trace."""
    known = {node: node for node in graph.inputs.values()}
    for node in graph.nodes:
        sources = tuple(known[source] for source in node.sources)
        is_random = node.name == "drop_path"
        known[node] = sources[0] if is_random else Node(node.op, sources, node.shape)
    nodes = [known[node] for node in graph.nodes if node.name != "drop_path"]
    outputs = {name: known[node] for name, node in graph.outputs.items()}
    return Graph(graph.inputs, nodes, outputs)


def lines(name: str) -> int | None:
    """The lines of a bundled spec; None if it extends another one."""
    source = (SPECS / f"{name}.yaml").read_text(encoding="utf-8").splitlines()
    is_whole = not any(line.startswith("extends: ") for line in source)
    return len(list(written(source))) if is_whole else None


def written(source: Iterable[str]) -> Iterator[str]:
    """The lines that say what a network is."""
    is_known = True
    for line in source:
        plain = line.strip()
        if not line.startswith(" "):
            is_known = not line.startswith(UNKNOWN)
        is_text = plain.startswith(("#", "summary:", "source:"))
        if plain and is_known and not is_text:
            yield line


def table(rows: Sequence[Row]) -> str:
    """The rows in Markdown, and how many are short."""
    both = [row for row in rows if row.ratio]
    short = [row for row in both if row.ratio <= MOST]
    listed = "\n".join(
        f"| {row.name} | {row.by_hand or '-'} | {row.imported or '-'} | "
        f"{f'{row.ratio:.2f}' if row.ratio else '-'} | {row.note} |"
        for row in rows
    )
    return (
        f"{len(short)} of {len(both)} take at most {MOST} times the lines.\n\n"
        "| spec | lines by hand | imported | ratio | graph |\n"
        f"| --- | ---: | ---: | ---: | --- |\n{listed}\n"
    )


def main() -> None:
    """Write the table, or print the imports of some specs."""
    torch.set_num_threads(1)
    rows: list[Row] = []
    for name in sys.argv[1:] or archspec.bundled_specs():
        row = mirrored(name)
        print(*row[:4], f"{row.ratio:.2f} {row.seconds:.1f} s", flush=True)
        if sys.argv[1:]:
            print(row.text)
        rows.append(row)
        gc.collect()
    if not sys.argv[1:]:
        page = PAGE.read_text(encoding="utf-8")
        before, _, rest = page.partition(BEGIN)
        after = rest.partition(END)[2]
        PAGE.write_text(f"{before}{BEGIN}\n\n{table(rows)}\n{END}{after}", "utf-8")


if __name__ == "__main__":
    main()
