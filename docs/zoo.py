"""Write docs/zoo.md: what every bundled network costs, and what its paper says.

    python docs/zoo.py [FOLDER]

FOLDER, where zoo.md and pictures/zoo.svg go, is that of this file if none is given.
"""

import csv
import sys
from collections import defaultdict
from itertools import chain
from pathlib import Path

import zoo_picture

from archspec.analysis.figures import difference
from archspec.analysis.table import Grid, by, one_line, piped
from archspec.elaboration import elaborate
from archspec.language import variant_names
from archspec.language.document import Figures
from archspec.reading import bundled_specs

DOCS = Path(__file__).parent
COUNTS = DOCS.parent / "tests" / "reference" / "counts"
COLUMNS = (
    *("variant", "input", "parameters", "trainable", "published"),
    *("MACs", "published", "why", "counted against"),
)
TEXTS = {"variant", "input", "why", "counted against"}

INTRODUCTION = """\
# The zoo

What each bundled network costs, whether its paper, or the library that published it,
says the same, and if not, why. `make zoo` writes this page from the specs.

- **Parameters** are all weights, the moving statistics of batch norm included: Keras's
  total. **Trainable** are those that training changes: PyTorch's total, and what papers
  give.
- **MACs** are multiply-accumulates of convolutions and dense layers for one image of
  the input's size; one is 2 FLOPs ([what other tools
  count](../README.md#what-flops-are-here)).
- **Published** is a figure as it is printed, of trainable parameters and of MACs. The
  percentage is how far the network is from it, and **why** says where that comes from.
  Without a percentage the network is less than one unit of its last digit away.
- **Counted against** are other implementations, most of them built and counted, that
  have exactly as many parameters and MACs. [The tests](../tests/reference/counts) hold
  the network to these, at other sizes and with variants combined, too.

A variant is chosen by `--variant`; several combine: `archspec flops mobilenetv2
--variant 0.75_224 --variant timm`.

![The MACs of the networks against their parameters](pictures/zoo.svg)

A point is a network or one of its sizes, a line joins those of one spec. What hangs on
a line differs in the size of the image alone."""


def main(folder):
    """Write the page and its picture into a folder."""
    zoo = {path.stem: networks(path.stem) for path in bundled_specs()}
    counts = originals()
    sections = [section(found, counts) for found in zoo.values()]
    page = "\n\n".join([INTRODUCTION, overview(zoo.values()), *sections])
    (folder / "pictures").mkdir(exist_ok=True)
    (folder / "zoo.md").write_text(page + "\n", encoding="utf-8")
    zoo_picture.draw(zoo.values(), folder / "pictures" / "zoo.svg")


def networks(stem):
    """The network of a spec, then that of each of its variants."""
    return [elaborate(stem), *(elaborate(stem, [v]) for v in variant_names(stem))]


def overview(zoo):
    """A table with a row for each spec."""
    header = "network", "", "published in", "input", "trainable", "MACs", "variants"
    rows = [
        [
            f"[{base.name}](#{base.name.lower()})",
            one_line(base.document.summary or ""),
            source(base.document),
            by(base.input_shape),
            f"{base.trainable_parameters:,}",
            f"{base.macs:,}",
            str(len(variants)),
        ]
        for base, *variants in zoo
    ]
    return piped(Grid(header, rows, left=range(4)))


def source(document):
    """The title of what a network was published in, with its address."""
    if document.source is None:
        return ""
    title = one_line(document.source.title)
    return f"[{title}]({document.source.url})" if document.source.url else title


def section(found, counts):
    """All of one spec: a row for each variant, without columns that have nothing."""
    base = found[0]
    rows = [row(network, base, counts) for network in found]
    columns = [c for c in zip(COLUMNS, *rows, strict=True) if any(c[1:])]
    header, *rows = zip(*columns, strict=True)
    left = [number for number, name in enumerate(header) if name in TEXTS]
    about = f"`{base.spec.stem}`: {source(base.document)}".removesuffix(": ")
    return "\n\n".join([f"## {base.name}", about, piped(Grid(header, rows, left))])


def row(network, base, counts):
    """What a variant costs, and what others say and count."""
    spec, figures = network.spec, network.reported or Figures()
    name = "" if network.name == base.name else f" {network.name}"
    totals = network.parameters, network.trainable_parameters, network.macs
    return [
        f"`{spec.variant or spec.stem}`{name}",
        by(network.input_shape),
        f"{network.parameters:,}",
        f"{network.trainable_parameters:,}",
        published(figures.parameters, network.trainable_parameters),
        f"{network.macs:,}",
        published(figures.macs, network.macs),
        one_line(figures.erratum or ""),
        ", ".join(counts[spec.stem, spec.variant or ""] or counts[spec.stem, totals]),
    ]


def published(quantity, computed):
    """A figure, and how far a network is from it if it is."""
    if quantity is None:
        return ""
    percent = difference(computed, quantity)
    return quantity.text if percent == "none" else f"{quantity.text} ({percent})"


def originals():
    """The implementations that were counted, by spec and variant, by spec and totals.

    A size may have none of its own, but one together with a variant that changes no
    count: then they have the same totals.
    """
    found = defaultdict(dict)
    texts = (file.read_text("utf-8") for file in sorted(COUNTS.glob("*.csv")))
    lines = chain.from_iterable(csv.DictReader(text.splitlines()) for text in texts)
    for line in lines:
        spec, variants, overrides, *totals, original = line.values()
        name = original if " " in original else f"`{original}`"
        found[spec, tuple(map(int, totals))][name] = None
        if not overrides:
            found[spec, variants][name] = None
    return found


if __name__ == "__main__":
    main(Path(*sys.argv[1:2] or [DOCS]))
