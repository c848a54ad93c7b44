"""Our ONNX models beside those that torch.onnx.export makes of torchvision's networks.

Prints a Markdown table of nodes, bytes and latency in onnxruntime (one image, one
thread, the same weights), measured in turn:

    python benchmarks/onnx_against_torch.py [RUNS]
"""

from __future__ import annotations

import contextlib
import io
import os
import statistics
import sys
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import numpy as np
import onnx
import onnxruntime
import torch

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

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
SESSIONS = 10


def exported(torchvision: ModuleType, name: str) -> onnx.ModelProto:
    """torchvision's network for any batch, as torch.onnx writes it by default."""
    network = getattr(torchvision.models, name)(weights=None)
    image = torch.randn(4, 3, 224, 224)
    settle(network, image)
    batch = ({0: torch.export.Dim("N")},)
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        program = torch.onnx.export(network, (image,), dynamic_shapes=batch)
    return program.model_proto


def settle(network: torch.nn.Module, image: torch.Tensor) -> None:
    """Biases and statistics as if trained: torch.onnx leaves out a bias of zeros."""
    for parameter in network.parameters():
        if parameter.ndim == 1:
            torch.nn.init.uniform_(parameter, -0.5, 0.5)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1.0
    with torch.no_grad():
        network.train()(image)
    network.eval()


def written(name: str, like: onnx.ModelProto) -> onnx.ModelProto:
    """Our model of the same network, with the weights of another of it."""
    network = elaborate(*NETWORKS[name])
    made = model(network, fresh(network))
    for ours, theirs in zip(weights(made), weights(like), strict=True):
        if ours.dims != theirs.dims:
            raise ValueError(f"{ours.name} and {theirs.name} are not alike")
        ours.raw_data = theirs.raw_data
    return made


def weights(made: onnx.ModelProto) -> list[onnx.TensorProto]:
    """What convolutions and dense layers multiply with and add, in written order."""
    tensors = {tensor.name: tensor for tensor in made.graph.initializer}
    return [
        tensors[name]
        for node in made.graph.node
        if node.op_type in {"Conv", "Gemm"}
        for name in node.input[1:]
    ]


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
    models: Sequence[onnx.ModelProto], runs: int
) -> tuple[float, float, float]:
    """The medians of both, in seconds, and of the ratios of neighbours in time.

    Sessions of one model differ among themselves by a few percent, hence several.
    """
    image = np.random.default_rng(0).normal(size=(1, 3, 224, 224)).astype(np.float32)
    pairs: list[tuple[float, float]] = []
    for number in range(SESSIONS):
        order = 1 if number % 2 else -1
        running = [session(made) for made in models[::order]][::order]
        check_equal(*running, image)
        for _ in range(runs // SESSIONS):
            order = -order
            times = [seconds(one, image) for one in running[::order]][::order]
            pairs.append((times[0], times[1]))
    first, second = (statistics.median(times) for times in zip(*pairs, strict=True))
    return first, second, statistics.median(a / b for a, b in pairs)


def check_equal(
    one: onnxruntime.InferenceSession,
    other: onnxruntime.InferenceSession,
    image: np.ndarray,
) -> None:
    """Raise ValueError unless both compute the same; it also warms them up."""
    first, second = (
        running.run(None, {running.get_inputs()[0].name: image})[0]
        for running in (one, other)
    )
    if np.abs(first - second).max() > 1e-4 * np.abs(second).max():
        raise ValueError("the models do not compute the same")


def main(runs: int) -> None:
    from conftest import import_torchvision

    torchvision = import_torchvision()
    columns = "nodes bytes ms".split()
    head = [f"{who}: {what}" for what in columns for who in ("archspec", "torch")]
    print("| network |", " | ".join(head), "| ratio of ms |")
    print("| --- " + "| ---: " * (len(head) + 1) + "|")
    for name in NETWORKS:
        theirs = exported(torchvision, name)
        models = written(name, theirs), theirs
        nodes = [len(made.graph.node) for made in models]
        sizes = [f"{made.ByteSize():,}" for made in models]
        *times, ratio = latencies(models, runs)
        shown = [*nodes, *sizes, *(f"{t * 1000:.2f}" for t in times), f"{ratio:.3f}"]
        print(f"| {name} |", " | ".join(map(str, shown)), "|", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
