"""Import every n-th model of torchvision and timm, and write down what became of it.

python docs/survey.py [NAME ...]

Adds a row for each model to docs/survey.csv, in the order of the libraries' lists, and
writes the summary in docs/importing.md. Models that have a row are left alone, so that
it can be interrupted; a name makes its row anew.
"""

from __future__ import annotations

import csv
import gc
import inspect
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch

from archspec.api.network import Network
from archspec.importing.outputs import Unable
from archspec.importing.structured import best
from archspec.importing.torch import live, reading
from archspec.targets.templates import manifest
from archspec.weights.moves import to_target

HERE = Path(__file__).parent
RECORD, PAGE = HERE / "survey.csv", HERE / "importing.md"
BEGIN, END = "<!-- docs/survey.py writes from here -->", "<!-- to here -->"
STEPS = {"torchvision": 4, "timm": 14}
LARGEST = 120_000_000
"""Parameters of the largest model that is made; larger ones are drawn, and left out."""
SECONDS = 240
COLUMNS = (
    *("name", "result", "operations", "lines", "source_lines", "parameters"),
    *("difference", "seconds", "why", "lacks"),
)
Row = dict[str, Any]


def library(name: str) -> Any:
    """A library; torchvision may lack operators, which no model here needs."""
    for operator in ("nms", "qnms"):
        with suppress(RuntimeError):
            schema = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
            torch.library.define(f"torchvision::{operator}", schema)
    return import_module(name)


def names() -> Iterator[str]:
    """Every n-th name of each library."""
    models, timm = library("torchvision").models, library("timm")
    found = {
        "torchvision": models.list_models(module=models),
        "timm": timm.list_models(),
    }
    for home, listed in found.items():
        yield from (f"{home}:{name}" for name in sorted(listed)[:: STEPS[home]])


def measured(name: str) -> Row:
    """A row."""
    home, _, own = name.partition(":")
    row: Row = {"name": name}
    found = library(home)
    make = found.create_model if home == "timm" else found.models.get_model
    if home == "timm":
        with torch.device("meta"):
            row["parameters"] = count(make(own))
        if row["parameters"] > LARGEST:
            return {**row, "result": "too large"}
    model = make(own).eval()
    row["parameters"] = count(model)
    if row["parameters"] > LARGEST:
        return {**row, "result": "too large"}
    row["source_lines"] = source_lines(model)
    size = getattr(model, "default_cfg", {}).get("input_size", (3, 224, 224))
    start = time.perf_counter()
    program = live.export(model, torch.zeros(2, *size))
    graph, builder = reading.read(program)
    row["operations"] = len(graph.nodes)
    if builder.gaps:
        why = {f"{gap.operation}: {gap.why}" for gap in builder.gaps}
        lacks = {gap.operation for gap in builder.gaps if gap.is_lacking}
        row["lacks"] = " ".join(sorted(lacks))
        return {**row, "result": "refused", "why": "; ".join(sorted(why))}
    spec = best(graph, "Net", Path("net.yaml"))
    seconds = time.perf_counter() - start
    weights = {key: np.asarray(t.array) for key, t in spec.tensors.items()}
    apart = difference(model, program.state, Network.of(spec.network), weights, size)
    return {
        **row,
        "result": "flat" if spec.is_flat else "structured",
        "lines": len(spec.text.splitlines()),
        "difference": f"{apart:.1e}",
        "seconds": f"{seconds:.1f}",
    }


def difference(
    model: Any, state: Mapping[str, Any], network: Network, weights: Any, size: Any
) -> float:
    """How far the generated PyTorch module is from the model, in double precision."""
    images = [np.random.default_rng(0).standard_normal((1, *size))]
    theirs = live.runner(model, state)(images)
    torch.set_default_dtype(torch.float64)
    try:
        module = network.build("torch")
        own = to_target(network, manifest("torch"), weights)
        ours = live.runner(module, own)(images)
    finally:
        torch.set_default_dtype(torch.float32)
    pairs = zip(theirs, ours, strict=True)
    return max(
        float(np.abs(a.reshape(b.shape) - b).max() / max(np.abs(a).max(), 1e-30))
        for a, b in pairs
    )


def count(model: Any) -> int:
    """The parameters of a model."""
    return sum(weight.numel() for weight in model.parameters())


def source_lines(model: Any) -> int:
    """Lines of the classes that a model is made of, without those of torch.nn."""
    classes = {type(module) for module in model.modules()}
    own = [each for each in classes if not each.__module__.startswith("torch.nn")]
    return sum(len(inspect.getsource(each).splitlines()) for each in own)


def row_of(name: str) -> Row:
    """A row, whatever happens."""

    def late(*_: object) -> None:
        raise TimeoutError(f"it took over {SECONDS} seconds")

    signal.signal(signal.SIGALRM, late)
    signal.alarm(SECONDS)
    try:
        return measured(name)
    except (Exception, Unable) as error:
        why = " ".join(f"{type(error).__name__}: {error}".split())
        return {"name": name, "result": "failed", "why": why[:300]}
    finally:
        signal.alarm(0)
        gc.collect()


def recorded() -> dict[str, Row]:
    """The rows by name."""
    if not RECORD.exists():
        return {}
    with RECORD.open(encoding="utf-8", newline="") as file:
        return {row["name"]: dict(row) for row in csv.DictReader(file)}


def write(rows: Mapping[str, Row]) -> None:
    """Write all rows, and the summary of them."""
    with RECORD.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows.values())
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    after = rest.partition(END)[2]
    text = f"{before}{BEGIN}\n\n{summary(rows)}\n{END}{after}"
    PAGE.write_text(text, encoding="utf-8")


def summary(rows: Mapping[str, Row]) -> str:
    """Counts by result, and what was lacking most often."""
    results = Counter(map(result, rows.values()))
    listed = "\n".join(f"| {name} | {n} |" for name, n in sorted(results.items()))
    lacking = Counter(
        name for row in rows.values() for name in (row.get("lacks") or "").split()
    )
    most = ", ".join(f"`{name}` ({n})" for name, n in lacking.most_common(12))
    read, whole = results["structured"], results["structured"] + results[NOT_READ]
    return (
        f"{len(rows)} models: every {STEPS['torchvision']}th of torchvision and every "
        f"{STEPS['timm']}th of timm.\n\n"
        f"| result | models |\n| --- | ---: |\n{listed}\n\n"
        f"Of {whole} models whose operations the language has, {read} are structured "
        f"({read / max(1, whole):.0%}).\n\n"
        f"Operations that the language lacks, with the number of models: {most}.\n"
    )


# the gaps say so themselves: an operation without any reading, or what no op can say
LACKING, NOT_READ = "refused: the language lacks operations", "refused: not read yet"


def result(row: Row) -> str:
    """What became of a model; of refused ones, whether the language lacks something."""
    if row["result"] != "refused":
        return row["result"]
    return LACKING if row.get("lacks") else NOT_READ


def main() -> None:
    """Make the rows that are missing, or those that are named."""
    torch.set_num_threads(1)
    rows, order = recorded(), [*names()]
    for name in sys.argv[1:] or [name for name in order if name not in rows]:
        rows[name] = row_of(name)
        print(rows[name], flush=True)
        write({n: rows[n] for n in order if n in rows})


if __name__ == "__main__":
    main()
