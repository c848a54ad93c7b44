"""What a change in an editor costs, beside `archspec check` of the same text.

Each spec gets a digit more in a comment, as by a key. Prints milliseconds of processor
time until the base is known, until all diagnostics are, until those of targets are, and
of a completion just behind the change: python benchmarks/editing.py [RUNS] [SPEC...]
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from measuring import machine, markdown

import archspec
from archspec.editing.completing import complete
from archspec.editing.document import Document
from archspec.editing.hints import hints
from archspec.editing.positions import Span
from archspec.resources import SPECS

LARGEST = max(SPECS.glob("*.yaml"), key=lambda path: path.stat().st_size)
USUAL = ("mobilenetv2", "efficientnet", LARGEST.stem)
HEADER = ("spec", "base", "diagnostics", "targets", "completion", "check", "ratio")


def seconds(function: Callable[[], object]) -> float:
    """Processor time, of all threads."""
    start = time.process_time()
    function()
    return time.process_time() - start


def stages(document: Document) -> Iterator[float]:
    """Until the base is known with its hints, until diagnostics, until the end."""
    start, known, found = time.process_time(), 0.0, 0.0
    for analysed in document.analysed():
        if not known:
            hints(analysed, Span(0, len(analysed.text)))
            known = time.process_time() - start
        if not found and analysed.found is not None:
            found = time.process_time() - start
    yield from (known, found, time.process_time() - start)


def measured(spec: Path, number: int) -> list[float]:
    """One change and one check, in turn."""
    text = f"{spec.read_text('utf-8')}# {number}\n"
    *_, before = Document(spec, text).analysed()
    changed = before.changed(f"{text}# {number}\n")
    completion = seconds(lambda: complete(changed, text.index("layers:") + 10))
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / spec.name
        copy.write_text(changed.text, "utf-8")
        whole = seconds(lambda: archspec.check(copy))
    base, found, end = stages(changed)
    return [base, found, end, completion, whole, found / whole]


def row(name: str, runs: int) -> list[str]:
    """The medians of some runs."""
    spec = SPECS / f"{name}.yaml"
    each = [measured(spec, number) for number in range(runs)]
    *times, ratio = map(statistics.median, zip(*each, strict=True))
    return [name, *(f"{1000 * found:.0f}" for found in times), f"{ratio:.2f}"]


if __name__ == "__main__":
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    print(markdown(HEADER, [row(name, runs) for name in sys.argv[2:] or USUAL]))
    print(f"\nmilliseconds of processor time, medians of {runs} runs, {machine()}")
