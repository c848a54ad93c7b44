"""One image through generated networks, and through those of libraries.

Prints Markdown: PyTorch against torchvision, Keras against keras.applications, ONNX
against both, with the library's weights, adopted by archspec, and equal outputs. Each
network is alone in its table; forms of it take turns, in an order that rotates. The
ratio is the median of those within a turn; `again` is the library's network once more,
whose ratio is what chance does: python benchmarks/inference.py [ROUNDS]
"""

from __future__ import annotations

import copy
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from measuring import machine, markdown

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 20
NETWORKS = {
    "mobilenet_v2": ("mobilenetv2", "torchvision", "MobileNetV2", "keras"),
    "resnet50": ("resnet50", "", "ResNet50", "keras"),
}
"""torchvision's name, our spec and variant, the name in keras.applications, variant."""

ENVIRONMENT = {
    "CUDA_VISIBLE_DEVICES": "-1",
    "KERAS_BACKEND": "tensorflow",
    "OMP_NUM_THREADS": "1",
    "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")]),
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    # Without these glibc returns freed memory, and each image takes thousands of pages
    # anew: two equal networks then differ by up to 15 %.
    "MALLOC_MMAP_THRESHOLD_": str(2**25),
    "MALLOC_TOP_PAD_": str(2**28),
    "MALLOC_TRIM_THRESHOLD_": str(2**40),
}
Forms = dict[str, Callable[[], Any]]
"""What computes the outputs for an image, the library's first."""


def in_torch(name: str) -> Forms:
    import torch
    from conftest import import_torchvision

    torch.manual_seed(0)
    torch.set_grad_enabled(False)
    spec, variant, *_ = NETWORKS[name]
    models = import_torchvision().models
    theirs, again = (getattr(models, name)(weights=None).eval() for _ in range(2))
    again.load_state_dict(theirs.state_dict())
    weights = adopted(
        spec, variant, "theirs.pth", lambda path: torch.save(theirs.state_dict(), path)
    )
    ours, folded = generated_torch(weights), generated_torch(weights.fold_batch_norm())
    image = torch.randn(1, 3, 224, 224)
    last = image.contiguous(memory_format=torch.channels_last)

    def by_channels(module: Any) -> Callable[[], Any]:
        other = copy.deepcopy(module).to(memory_format=torch.channels_last)
        return lambda: other(last)

    return {
        "torchvision": lambda: theirs(image),
        "torchvision again": lambda: again(image),
        "archspec": lambda: ours(image),
        "archspec, folded": lambda: folded(image),
        "torchvision, channels last": by_channels(theirs),
        "archspec, channels last": by_channels(ours),
        "archspec, folded, channels last": by_channels(folded),
        "archspec, ONNX": in_onnx(weights, image.numpy()),
    }


def in_keras(name: str) -> Forms:
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(0)
    spec, _, theirs_name, variant = NETWORKS[name]
    make = getattr(keras.applications, theirs_name)
    theirs, again = (make(weights=None, classifier_activation=None) for _ in range(2))
    again.set_weights(theirs.get_weights())
    weights = adopted(spec, variant, "theirs.keras", theirs.save)
    image = np.random.default_rng(0).normal(size=(1, 3, 224, 224)).astype(np.float32)
    given = tf.constant(np.moveaxis(image, 1, -1))

    def compiled(model: Any) -> Callable[[], Any]:
        call = tf.function(lambda images: model(images, training=False))
        return lambda: call(given)

    return {
        "keras.applications": compiled(theirs),
        "keras.applications again": compiled(again),
        "archspec": compiled(generated_keras(weights)),
        "archspec, folded": compiled(generated_keras(weights.fold_batch_norm())),
        "archspec, ONNX": in_onnx(weights, image),
    }


def adopted(spec: str, variant: str, name: str, save: Callable[[Path], object]) -> Any:
    """Our weights of a model that `save` writes."""
    import archspec

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        save(path)
        return archspec.load(spec, variant=variant or ()).adopt(path)


def generated_torch(weights: Any) -> Any:
    import torch

    module = weights.network.build("torch").eval()
    tensors = {n: torch.from_numpy(a) for n, a in weights.to("torch").items()}
    module.load_state_dict(tensors, strict=False)  # batch norms count their batches
    return module


def generated_keras(weights: Any) -> Any:
    model = weights.network.build("keras")
    arrays = weights.to("keras")
    for variable in model.weights:
        variable.assign(arrays[variable.path])
    return model


def in_onnx(weights: Any, image: Any) -> Callable[[], Any]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    model = weights.network.onnx(weights)
    session = onnxruntime.InferenceSession(model, options, ["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda: session.run(None, {name: image})[0]


def check(forms: Forms) -> None:
    """Raise ValueError unless all compute the same; it also warms them up."""
    expected, *others = (np.asarray(run()) for _ in range(3) for run in forms.values())
    largest = np.abs(expected).max()
    if any(np.abs(other - expected).max() > 1e-3 * largest for other in others):
        raise ValueError("the networks do not compute the same")


def measured(forms: Forms, rounds: int) -> dict[str, list[float]]:
    """Seconds of processor time in each round; the order rotates."""
    found: dict[str, list[float]] = {name: [] for name in forms}
    names = list(forms)
    for number in range(rounds):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            start = time.process_time()
            forms[name]()
            found[name].append(time.process_time() - start)
    return found


def report(engine: str, name: str, found: dict[str, list[float]]) -> str:
    """Medians, and ratios to the first within a round, with their quartiles."""
    theirs = next(iter(found.values()))
    rows: list[list[str]] = []
    for form, seconds in found.items():
        ratios = [s / t for s, t in zip(seconds, theirs, strict=True)]
        lower, ratio, upper = statistics.quantiles(ratios, n=4)
        median = f"{1000 * statistics.median(seconds):.1f}"
        rows.append([form, median, f"{ratio:.2f}", f"{lower:.2f} to {upper:.2f}"])
    return markdown([f"{name}, {engine}", "ms", "ratio", "quartiles"], rows)


def child(engine: str, name: str, rounds: int) -> None:
    """One table; a process of its own, as frameworks disagree about threads."""
    forms = {"torch": in_torch, "keras": in_keras}[engine](name)
    check(forms)
    print(report(engine, name, measured(forms, rounds)))


def tables(rounds: int) -> str:
    """All of them, and what else was running."""
    printed: list[str] = []
    for name, engine in product(NETWORKS, ("torch", "keras")):
        command = [sys.executable, __file__, engine, name, str(rounds)]
        environment = {**os.environ, **ENVIRONMENT}
        done = subprocess.run(
            command, env=environment, check=False, capture_output=True, text=True
        )
        if done.returncode:
            sys.exit(done.stderr)
        printed.append(done.stdout)
    said = f"Medians of {rounds} rounds, processor time, one thread; {machine()}."
    return "\n".join([*printed, said])


if __name__ == "__main__":
    if len(sys.argv) > 2:
        child(sys.argv[1], sys.argv[2], int(sys.argv[3]))
    else:
        print(tables(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS))
