"""What was counted on other people's implementations: `reference/counts/SPEC.csv`.

Parameters are all weights, moving statistics included. MACs are half of what torch's
FlopCounterMode counts; of Keras, the numbers of each kernel times the positions of its
output. `source` names the original that was counted, for example
`torchvision:mobilenet_v2:width_mult=0.75`; plain words are for what no test
builds.

Of the rows of one original the first says the network that computes the same, where
others only have the same counts. The first original of each library stands for those
that differ in width or depth alone.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from archspec.elaboration import elaborate
from archspec.network import Network
from archspec.resources import SPECS

FOLDER = Path(__file__).parent / "reference" / "counts"


@dataclass(frozen=True)
class Counted:
    """A row: which network, and what its original has."""

    spec: str
    variants: tuple[str, ...]
    overrides: tuple[str, ...]
    parameters: int
    trainable_parameters: int
    macs: int
    source: str

    @property
    def label(self) -> str:
        return "-".join((self.spec, *self.variants, *self.overrides))

    @property
    def library(self) -> str:
        """The library of the original; empty where nothing can be built."""
        return self.source.split(":")[0] if ":" in self.source else ""

    @property
    def is_published(self) -> bool:
        """Whether it is of a width that somebody uses, and not only tried here."""
        return not any("width" in override for override in self.overrides)

    def network(self, *overrides: str) -> Network:
        path = SPECS / f"{self.spec}.yaml"
        return elaborate(path, self.variants, (*self.overrides, *overrides))


def every_row() -> Iterator[Counted]:
    for path in sorted(FOLDER.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                yield Counted(
                    row["spec"],
                    tuple(filter(None, row["variants"].split("+"))),
                    tuple(filter(None, row["set"].split(";"))),
                    int(row["parameters"]),
                    int(row["trainable_parameters"]),
                    int(row["macs"]),
                    row["source"],
                )


def originals() -> list[Counted]:
    """For each original the row that computes the same."""
    first: dict[str, Counted] = {}
    for row in every_row():
        if row.library:
            first.setdefault(row.source, row)
    return list(first.values())


def leaders() -> set[str]:
    """The first original of each library in each file."""
    found: dict[tuple[str, str], str] = {}
    for row in originals():
        found.setdefault((row.spec, row.library), row.source)
    return set(found.values())
