"""Measure what docs/benchmarks.md compares with other tools: python benchmarks."""

from __future__ import annotations

import re
from pathlib import Path

import counting
import inference

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGE = DOCS / "benchmarks.md"
PICTURE = DOCS / "pictures" / "counting.svg"


def write(name: str, text: str) -> None:
    """Write the tables between two comments of the page anew."""
    begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    found = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    page = PAGE.read_text("utf-8")
    PAGE.write_text(found.sub(lambda _: f"{begin}\n{text}\n\n{end}", page), "utf-8")


if __name__ == "__main__":
    write("inference", inference.tables(inference.ROUNDS))
    write("counting", counting.tables(counting.RUNS, PICTURE))
