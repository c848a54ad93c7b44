"""Write docs/zoo.md: the costs of every bundled network beside published figures.

    python docs/zoo.py [FOLDER]

FOLDER receives zoo.md and pictures/zoo.svg; the default is the folder of this file.
"""

import csv
import sys
from collections import defaultdict
from itertools import chain
from pathlib import Path

import zoo_picture

from archspec.analysis.cost import difference
from archspec.analysis.table import one_line
from archspec.elaboration import elaborate
from archspec.language import variant_names
from archspec.language.document import Figures
from archspec.ops.shapes import by
from archspec.reading import bundled_specs
from archspec.tables import Column, Table

DOCS = Path(__file__).parent
COUNTS = DOCS.parent / "tests" / "reference" / "counts"
COLUMNS = (
    *("variant", "input", "parameters", "trainable", "published"),
    *("MACs", "published", "why", "counted against"),
)
TEXTS = {"variant", "input", "why", "counted against"}

INTRODUCTION = """\
# The zoo

The costs of every bundled network, beside the figures of its paper or library. `make
zoo` writes this page from the specs.

- **Parameters** include the moving statistics of batch norm, as in Keras.
  **Trainable** parameters exclude them, as in PyTorch and most papers.
- **MACs** are the multiply-accumulates of convolutions and dense layers for one image;
  one MAC is 2 FLOPs ([other tools count
  differently](../README.md#how-flops-are-counted)).
- **Published** figures are quoted for trainable parameters and MACs, with the
  difference in percent unless it is below one unit of the last digit. **Why** explains
  it.
- **Counted against** lists implementations with exactly the same parameters and MACs.
  [Tests](../tests/reference/counts) check these, also at other input sizes and for
  combined variants.

Choose a variant with `--variant`; several combine: `archspec flops mobilenetv2
--variant 0.75_224 --variant timm`.

![MACs of the networks against their parameters](pictures/zoo.svg)

Each point is a network or one of its variants. Lines connect variants of one spec;
vertical lines connect variants that differ only in input size."""


def main(folder):
    """Write the page and its figure to a folder."""
    zoo = {path.stem: networks(path.stem) for path in bundled_specs()}
    counts = originals()
    sections = [section(found, counts) for found in zoo.values()]
    page = "\n\n".join([INTRODUCTION, overview(zoo.values()), *sections])
    (folder / "pictures").mkdir(exist_ok=True)
    (folder / "zoo.md").write_text(page + "\n", encoding="utf-8")
    zoo_picture.draw(zoo.values(), folder / "pictures" / "zoo.svg")


def networks(stem):
    """The networks of a spec: the base, then each variant."""
    return [elaborate(stem), *(elaborate(stem, [v]) for v in variant_names(stem))]


def overview(zoo):
    """A table with one row per spec."""
    texts = [Column(name, "text") for name in ("network", "", "published in", "input")]
    numbers = map(Column, ("trainable", "MACs", "variants"))
    rows = [
        [
            f"[{base.name}](#{base.name.lower()})",
            one_line(base.document.summary or ""),
            source(base.document),
            by(base.input_shape),
            base.trainable_parameters,
            base.macs,
            len(variants),
        ]
        for base, *variants in zoo
    ]
    return Table([*texts, *numbers], rows).to_markdown()


def source(document):
    """The title of a network's publication, as a link if it has a URL."""
    if document.source is None:
        return ""
    title = one_line(document.source.title)
    return f"[{title}]({document.source.url})" if document.source.url else title


def section(found, counts):
    """The section of one spec: a row per variant, without empty columns."""
    base = found[0]
    rows = [row(network, base, counts) for network in found]
    columns = [c for c in zip(COLUMNS, *rows, strict=True) if any(c[1:])]
    header, *rows = zip(*columns, strict=True)
    table = Table([Column(n, "text" if n in TEXTS else "number") for n in header], rows)
    about = f"`{base.spec.stem}`: {source(base.document)}".removesuffix(": ")
    return "\n\n".join([f"## {base.name}", about, table.to_markdown()])


def row(network, base, counts):
    """The costs of a variant, the published figures and equal implementations."""
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
    """A published figure, with the difference in percent if there is one."""
    if quantity is None:
        return ""
    percent = difference(computed, quantity)
    return quantity.text if percent == "none" else f"{quantity.text} ({percent})"


def originals():
    """The implementations that were counted, by spec and variant, by spec and totals.

    A size without an implementation of its own finds one by its totals, if that
    implementation combines the size with a variant that changes no count.
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
