"""Import the bundled networks back, and compare specs.

python docs/mirror.py [--originals] [SPEC ...]

Each is imported from its own PyTorch module, or from the original in torchvision or
timm that tests/reference/counts names first. Writes a table of docs/importing.md, or,
for some specs, prints what is imported.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch

import archspec
from archspec.importing.graph import Graph, Node, graph_of
from archspec.importing.matching import pairs
from archspec.importing.structured import best
from archspec.importing.torch import live, reading
from archspec.resources import SPECS

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "frameworks"))
from counts import Counted, every_row
from originals import built

PAGE = Path(__file__).parent / "importing.md"
BEGIN, END = "<!-- docs/mirror.py writes from here -->", "<!-- mirror to here -->"
ORIGINALS = (
    "<!-- docs/mirror.py --originals writes from here -->",
    "<!-- to here: mirror -->",
)
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
    return compared(name, network, network.build("torch"), name)


def originals() -> dict[str, Counted]:
    """The first row of each spec that is of torchvision or timm."""
    rows = [row for row in every_row() if row.library in ("torchvision", "timm")]
    found = {row.spec: row for row in reversed(rows) if not row.overrides}
    return dict(sorted(found.items()))


def of_original(row: Counted) -> Row:
    """Import an original, and compare it with the variant that computes the same."""
    network = archspec.load(row.spec, variant=list(row.variants))
    (shape,) = network.inputs.values()
    module = built(row.source, shape)
    for weight in module.parameters():
        torch.nn.init.uniform_(weight, 0.1, 0.9)  # zeros say nothing of a norm
    label = "@".join(filter(None, (row.spec, "+".join(row.variants))))
    return compared(row.spec, network, module, f"{label} | {row.source}")


def compared(name: str, network: archspec.Network, module: Any, label: str) -> Row:
    """Import a module, and compare its spec with that of a network."""
    by_hand = lines(name)
    images = tuple(torch.zeros(2, *shape) for shape in network.inputs.values())
    graph, builder = reading.read(live.export(module, images))
    if builder.gaps:
        return Row(label, by_hand, None, f"refused: `{builder.gaps[0].operation}`")
    start = time.process_time()
    spec = best(graph, network.name, Path(f"{name}.yaml"))
    seconds = time.process_time() - start
    is_equal = pairs(certain(graph_of(network)), graph_of(spec.network)) is not None
    kind = "flat" if spec.is_flat else "equal"
    note = kind if is_equal else "differs"
    count = len(list(written(spec.text.splitlines())))
    return Row(label, by_hand, count, note, spec.text, seconds)


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


def table(rows: Sequence[Row], *, originals: bool = False) -> str:
    """The rows in Markdown, and how many are short."""
    equal = f"{sum(row.note == 'equal' for row in rows)} of {len(rows)} are equal"
    title, line = ("original | ", " --- |") if originals else ("", "")
    both = [row for row in rows if row.ratio]
    short = [row for row in both if row.ratio <= MOST]
    listed = "\n".join(
        f"| {row.name} | {row.by_hand or '-'} | {row.imported or '-'} | "
        f"{f'{row.ratio:.2f}' if row.ratio else '-'} | {row.note} |"
        for row in rows
    )
    return (
        f"{equal}, {len(short)} of {len(both)} take at most {MOST} times the lines.\n\n"
        f"| spec | {title}lines by hand | imported | ratio | graph |\n"
        f"| --- |{line} ---: | ---: | ---: | --- |\n{listed}\n"
    )


def main() -> None:
    """Write a table, or print the imports of some specs."""
    torch.set_num_threads(1)
    names = [name for name in sys.argv[1:] if name != "--originals"]
    is_original = len(names) < len(sys.argv) - 1
    known = originals() if is_original else dict.fromkeys(archspec.bundled_specs())
    rows: list[Row] = []
    for name in names or known:
        found = known[name]
        row = mirrored(name) if found is None else of_original(found)
        print(*row[:4], f"{row.ratio:.2f} {row.seconds:.1f} s", flush=True)
        if names:
            print(row.text)
        rows.append(row)
        gc.collect()
    if not names:
        write(
            table(rows, originals=is_original),
            *(ORIGINALS if is_original else (BEGIN, END)),
        )


def write(text: str, begin: str, end: str) -> None:
    """Put a table into the page."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(begin)
    after = rest.partition(end)[2]
    PAGE.write_text(f"{before}{begin}\n\n{text}\n{end}{after}", "utf-8")


if __name__ == "__main__":
    main()
