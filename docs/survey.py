"""Import every n-th model of three libraries, and write down what became of it.

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
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
import torch

from archspec.api.network import Network
from archspec.importing.building import Builder
from archspec.importing.graph import Graph
from archspec.importing.keras import archive as keras_archive
from archspec.importing.keras import reading as keras_reading
from archspec.importing.outputs import Unable
from archspec.importing.structured import best
from archspec.importing.torch import live, reading
from archspec.targets.templates import manifest
from archspec.weights.moves import to_target

HERE = Path(__file__).parent
RECORD, PAGE = HERE / "survey.csv", HERE / "importing.md"
BEGIN, END = "<!-- docs/survey.py writes from here -->", "<!-- to here -->"
STEPS = {"torchvision": 4, "timm": 14, "keras": 4}
LARGEST = 120_000_000
"""Parameters of the largest model that is made; larger ones are drawn, and left out."""
LARGE = 50_000_000
"""Parameters from which a model of Keras is run on smaller images."""
SECONDS = 240
COLUMNS = (
    *("name", "result", "operations", "lines", "source_lines", "parameters"),
    *("difference", "seconds", "why", "lacks"),
)
Row = dict[str, Any]
Array = np.ndarray[Any, Any]


def library(name: str) -> Any:
    """A library; torchvision may lack operators, which no model here needs."""
    for operator in ("nms", "qnms"):
        with suppress(RuntimeError):
            schema = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
            torch.library.define(f"torchvision::{operator}", schema)
    return import_module(name)


def names() -> Iterator[str]:
    """Every n-th name of each library."""
    models = library("torchvision").models
    functions = vars(library("keras").applications)
    found = {
        "torchvision": models.list_models(module=models),
        "timm": library("timm").list_models(),
        "keras": [name for name in functions if name[0].isupper()],
    }
    for home, listed in found.items():
        yield from (f"{home}:{name}" for name in sorted(listed)[:: STEPS[home]])


class Original(NamedTuple):
    """A model, and how it is read and run."""

    shape: tuple[int, ...]
    source_lines: int
    read: Callable[[], tuple[Graph, Builder]]
    run: Callable[[Any], Sequence[Array]]
    """Images in double precision, channels first, to outputs."""


def measured(name: str) -> Row:
    """A row."""
    home, _, own = name.partition(":")
    row: Row = {"name": name}
    if home == "timm":
        with torch.device("meta"):
            row["parameters"] = count(library(home).create_model(own))
    if row.get("parameters", 0) > LARGEST:
        return {**row, "result": "too large"}
    row["parameters"], original = (of_keras if home == "keras" else of_torch)(home, own)
    if row["parameters"] > LARGEST:
        return {**row, "result": "too large"}
    row["source_lines"] = original.source_lines or ""
    start = time.perf_counter()
    graph, builder = original.read()
    row["operations"] = len(graph.nodes)
    if builder.gaps:
        why = {f"{gap.operation}: {gap.why}" for gap in builder.gaps}
        lacks = {gap.operation for gap in builder.gaps if gap.is_lacking}
        row["lacks"] = " ".join(sorted(lacks))
        return {**row, "result": "refused", "why": "; ".join(sorted(why))}
    spec = best(graph, "Net", Path("net.yaml"))
    seconds = time.perf_counter() - start
    weights = {key: np.asarray(t.array) for key, t in spec.tensors.items()}
    apart = difference(original, Network.of(spec.network), weights)
    return {
        **row,
        "result": "flat" if spec.is_flat else "structured",
        "lines": len(spec.text.splitlines()),
        "difference": f"{apart:.1e}",
        "seconds": f"{seconds:.1f}",
    }


def of_torch(home: str, name: str) -> tuple[int, Original]:
    """A model of torchvision or timm, and how many parameters it has."""
    found = library(home)
    make = found.create_model if home == "timm" else found.models.get_model
    model = make(name).eval()
    size = getattr(model, "default_cfg", {}).get("input_size", (3, 224, 224))

    @cache
    def exported() -> Any:
        return live.export(model, torch.zeros(2, *size))

    def run(images: Any) -> Sequence[Array]:
        return live.runner(model, exported().state)([images])

    original = Original(
        size, source_lines(model), lambda: reading.read(exported()), run
    )
    return count(model), original


def of_keras(home: str, name: str) -> tuple[int, Original]:
    """A model of keras.applications, and how many parameters it has."""
    keras = library(home)
    keras.config.set_floatx("float64")
    make = getattr(keras.applications, name)
    model = make(weights=None)
    is_large = model.count_params() > LARGE
    if is_large or None in model.input_shape[1:]:
        # TensorFlow takes minutes for a large one in double precision
        side = 96 if is_large else 224
        model = make(weights=None, input_shape=(side, side, 3))
    keras.config.set_floatx("float32")
    # in which the weights of a spec are kept
    model.set_weights([array.astype(np.float32) for array in model.get_weights()])
    height, width, channels = model.input_shape[1:]

    def read() -> tuple[Graph, Builder]:
        with TemporaryDirectory() as folder:
            path = Path(folder, "model.keras")
            model.save(path)
            return keras_reading.read(keras_archive.read(path))

    def run(images: Any) -> Sequence[Array]:
        return [np.asarray(model(np.moveaxis(images, 1, -1)))]

    return model.count_params(), Original((channels, height, width), 0, read, run)


def difference(original: Original, network: Network, weights: Any) -> float:
    """How far the generated PyTorch module is from the model, in double precision."""
    images = np.random.default_rng(0).standard_normal((1, *original.shape))
    theirs = original.run(images)
    torch.set_default_dtype(torch.float64)
    try:
        module = network.build("torch")
        own = to_target(network, manifest("torch"), weights)
        ours = live.runner(module, own)([images])
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
        f"{len(rows)} models: every {STEPS['torchvision']}th of torchvision, every "
        f"{STEPS['timm']}th of timm, every {STEPS['keras']}th of "
        "keras.applications.\n\n"
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
