"""What an image costs with batch norm, and with batch norm folded.

Prints a table in Markdown, for one image of 224 x 224 and one thread. Each pair is
timed in turn, in processor time, so that what else is running counts little:
python benchmarks/folding.py [RUNS]
"""

import os
import statistics
import sys
import time
from collections.abc import Callable

os.environ.update(
    CUDA_VISIBLE_DEVICES="-1",
    KERAS_BACKEND="tensorflow",
    OMP_NUM_THREADS="1",
    TF_CPP_MIN_LOG_LEVEL="3",
    TF_NUM_INTEROP_THREADS="1",
    TF_NUM_INTRAOP_THREADS="1",
)

import numpy as np

from archspec.elaboration import elaborate, folded
from archspec.network import Network
from archspec.targets import render
from archspec.targets.templates import manifest
from archspec.weights.checks import Arrays
from archspec.weights.fold import fold_weights
from archspec.weights.moves import from_target, to_target

SPECS = ("mobilenetv2", "resnet50")
Runner = Callable[[], np.ndarray]


def build(network: Network, target: str):
    names: dict[str, object] = {"__name__": "generated"}
    exec(render(network, target), names)  # noqa: S102 - ours, of a bundled spec
    return names[network.name]()


def torch_module(network: Network):
    import torch

    torch.set_num_threads(1)
    return build(network, "torch").eval()


def torch_weights(network: Network) -> Arrays:
    """Weights as they are drawn."""
    arrays = {
        name: tensor.numpy()
        for name, tensor in torch_module(network).state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    return from_target(network, manifest("torch"), arrays)


def in_torch(network: Network, weights: Arrays, image: np.ndarray) -> Runner:
    """The module in eager mode."""
    import torch

    module = torch_module(network)
    arrays = to_target(network, manifest("torch"), weights)
    tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
    module.load_state_dict(tensors, strict=False)
    given = torch.from_numpy(image)

    def run() -> np.ndarray:
        with torch.no_grad():
            return module(given).numpy()

    return run


def in_keras(network: Network, weights: Arrays, image: np.ndarray) -> Runner:
    """The model as one function of TensorFlow."""
    import tensorflow as tf

    model = build(network, "keras")
    arrays = to_target(network, manifest("keras"), weights)
    for variable in model.weights:
        variable.assign(arrays[variable.path])
    call = tf.function(lambda given: model(given, training=False))
    given = tf.constant(np.moveaxis(image, 1, -1))
    return lambda: call(given).numpy()


def seconds(run: Runner) -> float:
    start = time.process_time()
    run()
    return time.process_time() - start


def row(spec: str, engine: str, runs: int) -> str:
    full = elaborate(spec)
    light = folded(full)
    weights = torch_weights(full)
    prepare = {"torch": in_torch, "keras": in_keras}[engine]
    image = np.random.default_rng(0).normal(size=(1, *full.input_shape))
    image = image.astype(np.float32)
    before = prepare(full, weights, image)
    after = prepare(light, fold_weights(full, light, weights), image)
    expected = before()
    assert np.abs(after() - expected).max() < 1e-4 * np.abs(expected).max()
    pairs = [(seconds(before), seconds(after)) for _ in range(runs)]
    slow, quick = (
        1000 * statistics.median(times) for times in zip(*pairs, strict=True)
    )
    ratio = statistics.median(before / after for before, after in pairs)
    return f"| {spec} | {engine} | {slow:.1f} | {quick:.1f} | {ratio:.2f} |"


def main(runs: int) -> None:
    print("| network | engine | with batch norm, ms | folded, ms | ratio |")
    print("| --- | --- | --- | --- | --- |")
    for spec in SPECS:
        for engine in ("torch", "keras"):
            print(row(spec, engine, runs), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50)
