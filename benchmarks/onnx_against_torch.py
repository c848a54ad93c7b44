"""Our ONNX models beside those that torch.onnx.export makes of torchvision's networks.

Prints a Markdown table of nodes, bytes and latency in onnxruntime (one image, one
thread), measured in turn: python benchmarks/onnx_against_torch.py [RUNS]
"""

from __future__ import annotations

import contextlib
import io
import statistics
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from conftest import import_torchvision  # noqa: E402

from archspec.elaboration import elaborate  # noqa: E402
from archspec.targets.onnx import model  # noqa: E402
from archspec.weights.initial import fresh  # noqa: E402

NETWORKS = {
    "mobilenet_v2": ("mobilenetv2", ["torchvision"]),
    "resnet50": ("resnet50", []),
    "mobilenet_v3_large": ("mobilenetv3_large", ["torchvision"]),
    "shufflenet_v2_x1_0": ("shufflenetv2", []),
    "squeezenet1_1": ("squeezenet_1_1", []),
}
"""torchvision's names, with our specs and variants of the same networks."""


def exported(name: str) -> onnx.ModelProto:
    """torchvision's network for any batch, as torch.onnx writes it by default."""
    network = getattr(import_torchvision().models, name)(weights=None).eval()
    image = torch.rand(2, 3, 224, 224)
    batch = ({0: torch.export.Dim("N")},)
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        program = torch.onnx.export(network, (image,), dynamic_shapes=batch)
    return program.model_proto


def written(name: str) -> onnx.ModelProto:
    """Our model of the same network."""
    network = elaborate(*NETWORKS[name])
    return model(network, fresh(network))


def session(made: onnx.ModelProto) -> onnxruntime.InferenceSession:
    """The model in onnxruntime, optimised as by default, on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    providers = ["CPUExecutionProvider"]
    return onnxruntime.InferenceSession(made.SerializeToString(), options, providers)


def seconds(running: onnxruntime.InferenceSession, image: np.ndarray) -> float:
    """One run."""
    (given,) = running.get_inputs()
    start = time.perf_counter()
    running.run(None, {given.name: image})
    return time.perf_counter() - start


def latencies(
    models: tuple[onnx.ModelProto, onnx.ModelProto], runs: int
) -> tuple[float, float, float]:
    """The medians of both, in seconds, and of the ratios of neighbours in time."""
    ours, theirs = map(session, models)
    image = np.random.default_rng(0).normal(size=(1, 3, 224, 224)).astype(np.float32)
    for running in (ours, theirs):
        seconds(running, image)
    pairs: list[tuple[float, float]] = []
    for number in range(runs):
        if number % 2:
            pairs.append((seconds(ours, image), seconds(theirs, image)))
        else:
            pairs.append((seconds(theirs, image), seconds(ours, image))[::-1])
    first, second = (statistics.median(times) for times in zip(*pairs, strict=True))
    return first, second, statistics.median(a / b for a, b in pairs)


def main(runs: int) -> None:
    columns = "nodes bytes ms".split()
    head = [f"{who}: {what}" for what in columns for who in ("ours", "torch")]
    print("| network |", " | ".join(head), "| ratio of ms |")
    print("| --- " + "| ---: " * (len(head) + 1) + "|")
    for name in NETWORKS:
        models = written(name), exported(name)
        nodes = [len(made.graph.node) for made in models]
        sizes = [f"{made.ByteSize():,}" for made in models]
        *times, ratio = latencies(models, runs)
        shown = [*nodes, *sizes, *(f"{t * 1000:.2f}" for t in times), f"{ratio:.3f}"]
        print(f"| {name} |", " | ".join(map(str, shown)), "|", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
