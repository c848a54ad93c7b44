"""Where the time of a network goes: as data, text, Markdown and CSV."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile
from statistics import quantiles
from typing import Any, NamedTuple

from archspec.analysis.comparison import named
from archspec.analysis.roofline import Roof, Work, work
from archspec.network import Network
from archspec.ops.shapes import by
from archspec.tables import Column, Page, Table, Value

THREE_DIGITS = "#.3g"


class Seconds(NamedTuple):
    """The quartiles of some runs."""

    lower: float
    median: float
    upper: float

    @classmethod
    def of(cls, runs: Sequence[float]) -> Seconds:
        """Those of one run are this run."""
        if len(runs) == 1:
            return cls(runs[0], runs[0], runs[0])
        return cls(*quantiles(runs, n=4, method="inclusive"))


class Part(NamedTuple):
    """Layers that were measured together, as the framework ran them as one.

    `path` is that of the layer with which they ended.
    """

    path: str
    layers: tuple[str, ...]
    op: str
    seconds: Seconds
    work: Work
    bound: str
    """`memory` or `compute`; "" if nothing is moved."""
    attained: float | None
    """The least time that the machine allows, divided by the median."""


@dataclass(frozen=True, eq=False)
class Benchmark:
    """What `Network.bench` returns: print it, or take its `document()`.

    `facts` says what was measured, and where.
    """

    network: Network
    target: str
    batch: int
    facts: Mapping[str, Any]
    runs: Sequence[float]
    processor_runs: Sequence[float]
    layer_runs: Mapping[str, Sequence[float]]
    roof: Roof

    @cached_property
    def seconds(self) -> Seconds:
        """Those of the network for a batch."""
        return Seconds.of(self.runs)

    @cached_property
    def processor(self) -> Seconds:
        """Those that its threads were at work, whatever else was running."""
        return Seconds.of(self.processor_runs)

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """The layers in their order; none if the framework compiles all as one."""
        return tuple(self._parts())

    @property
    def layer_seconds(self) -> float:
        """The sum of the layers' medians."""
        return sum(part.seconds.median for part in self.parts)

    @property
    def memory_share(self) -> float:
        """The fraction of the layers' time in those that are bound by memory."""
        bound = (p.seconds.median for p in self.parts if p.bound == "memory")
        return sum(bound) / self.layer_seconds

    def _parts(self) -> Iterator[Part]:
        names = [layer.path for layer in self.network.layers]
        for end, numbers in groups(names, self.layer_runs).items():
            layers = [self.network.layers[number] for number in numbers]
            done = work(self.network, numbers, self.batch)
            seconds = Seconds.of(self.layer_runs[end])
            least = self.roof.seconds(done)
            yield Part(
                end,
                tuple(layer.path for layer in layers),
                " + ".join(layer.op for layer in layers if not layer.is_idle)
                or layers[0].op,
                seconds,
                done,
                self.roof.bound(done),
                least / seconds.median if least else None,
            )

    def __str__(self) -> str:
        return self.to("table")

    def to(self, format: str, *, summary: bool = False) -> str:
        """As a table or markdown; `summary` leaves out the layers."""
        return self.page(summary=summary).to(format)

    def page(self, *, summary: bool = False) -> Page:
        """Where the time goes."""
        facts = [self._title, self._measured, self._roofline]
        return Page([facts, *([] if summary or not self.parts else [[self._table()]])])

    @property
    def _title(self) -> str:
        lower, median, upper = self.seconds
        each = "a batch" if self.batch > 1 else "an image"
        return (
            f"{named(self.network)}, {self.target}: {_ms(median)} ms for {each} "
            f"({_ms(lower)} to {_ms(upper)}), {_ms(self.processor.median)} ms of "
            f"processor time"
        )

    @property
    def _measured(self) -> str:
        facts = self.facts
        shapes = ", ".join(map(by, self.network.inputs.values()))
        return (
            f"measured: {facts['framework']}, threads: {facts['threads']}, batch: "
            f"{self.batch}, {shapes}, float32; medians and quartiles of "
            f"{len(self.runs)} rounds; {facts['cpu']}, load {facts['load']:.1f}"
        )

    @property
    def _roofline(self) -> str:
        roof = self.roof
        peaks = (
            f"{roof.macs_per_second / 1e9:.1f} GMAC/s in a product of matrices, "
            f"{roof.bytes_per_second / 1e9:.1f} GB/s in a copy"
        )
        if not self.parts:
            return f"roofline: {peaks}; {self.target} runs the network as one function"
        return (
            f"roofline: {peaks}; layers below {roof.ridge:.1f} MACs per byte are bound "
            f"by memory: {self.memory_share:.0%} of the time"
        )

    def _table(self) -> Table:
        whole = self.layer_seconds
        rows = [
            [
                part.path,
                part.op,
                1000 * part.seconds.median,
                f"{_ms(part.seconds.lower)} to {_ms(part.seconds.upper)}",
                part.seconds.median / whole,
                part.work.macs or None,
                part.work.intensity,
                part.bound or None,
                part.attained,
            ]
            for part in self.parts
        ]
        macs = sum(part.work.macs for part in self.parts)
        columns = [
            *(Column("layer", "name"), Column("op", "text")),
            *(Column("ms", format=THREE_DIGITS), Column("quartiles")),
            *(Column("share", "share"), Column("MACs"), Column("MACs/byte", "ratio")),
            *(Column("bound by", "text"), Column("of the roof", format=".0%")),
        ]
        total = ["total", "", 1000 * whole, "", 1.0, macs, "", "", ""]
        return Table(columns, rows, total)

    def document(self) -> dict[str, Any]:
        """All of it as plain data; times are in seconds."""
        return {
            "network": named(self.network),
            "target": self.target,
            "batch": self.batch,
            "measured": dict(self.facts),
            "rounds": len(self.runs),
            "macs_per_second": self.roof.macs_per_second,
            "bytes_per_second": self.roof.bytes_per_second,
            "seconds": self.seconds._asdict(),
            "processor_seconds": self.processor._asdict(),
            "layers": [
                {
                    "path": part.path,
                    "layers": list(part.layers),
                    "op": part.op,
                    "seconds": part.seconds._asdict(),
                    "macs": part.work.macs,
                    "bytes": part.work.bytes,
                    "macs_per_byte": part.work.intensity,
                    "bound": part.bound or None,
                    "attained": part.attained,
                }
                for part in self.parts
            ],
        }


def groups(names: Sequence[str], timed: Mapping[str, object]) -> dict[str, list[int]]:
    """The numbers of the layers that each timed one stands for.

    A layer without a time is in that of the timed one before it or after it: of the one
    whose path has more in common with its own, else of that after it.
    """
    if not timed:
        return {}
    found: dict[str, list[int]] = {name: [] for name in names if name in timed}
    before = ""
    waiting: list[int] = []
    for number, name in enumerate(names):
        if name not in timed:
            waiting.append(number)
            continue
        for each in waiting:
            earlier = _common(names[each], before) > _common(names[each], name)
            found[before if earlier else name].append(each)
        waiting = []
        found[name].append(number)
        before = name
    found[before] += waiting
    return found


def _common(one: str, other: str) -> int:
    """How many parts of two paths are the same."""
    pairs = zip(one.split("."), other.split("."), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def to_csv(benchmarks: Sequence[Benchmark]) -> str:
    """A line for each network in each target, and one for each of its layers."""
    header = "network target batch layer op lower median upper macs bytes bound"
    rows: list[list[Value]] = []
    for each in benchmarks:
        own = named(each.network), each.target, each.batch
        macs = each.batch * each.network.macs
        rows.append([*own, "", "", *each.seconds, macs, "", ""])
        rows += (
            [*own, part.path, part.op, *part.seconds, *part.work, part.bound]
            for part in each.parts
        )
    return Table([*map(Column, header.split())], rows).to_csv()


def _ms(seconds: float) -> str:
    """Milliseconds with three digits."""
    return format(1000 * seconds, THREE_DIGITS)
