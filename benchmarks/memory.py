"""Computed memory beside what runtimes take: LiteRT Micro's arena, a step of PyTorch.

python benchmarks/memory.py training [NETWORK...]: PyTorch's allocator, batches of 8.
python benchmarks/memory.py convert FOLDER [NETWORK...]: .tflite files in int8, by
TensorFlow. python benchmarks/memory.py arena FOLDER: the arenas of these files, in an
environment with `tflite-micro` (it cannot be installed beside TensorFlow) and with the
folder of this file's results, `computed.json`.

NETWORK is SPEC#KEY=VALUE;KEY=VALUE, by default ten small ones.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from archspec import tables

SMALL = [
    "mobilenetv2#multipliers.width=0.35;input.size=96;classes=10",
    "mobilenetv1#multipliers.width=0.25;input.size=96;classes=2",
    "mnasnet_small#input.size=64;classes=10",
    "efficientnet_lite#input.size=64;classes=10",
    "mobilenetv3_small#input.size=96;classes=10",
    "squeezenet_1_1#input.size=96;classes=10",
    "shufflenetv2#input.size=96;classes=10",
    "resnet18#input.size=64;classes=10",
    "regnetx_400mf#input.size=64;classes=10",
    "mobilenetv4_conv_small#input.size=96;classes=10",
]
TRAINED = [
    "resnet18#input.size=96",
    "resnet50#input.size=96",
    "vgg16#input.size=96",
    "densenet121#input.size=96",
    "mobilenetv2#input.size=96",
    "mobilenetv3_large#input.size=96",
    "efficientnet#input.size=96",
    "shufflenetv2#input.size=96",
    "convnext_tiny#input.size=96",
    "vit_tiny_patch16_224",
]
BATCH = 8


def loaded(name: str) -> Any:
    import archspec

    spec, _, changes = name.partition("#")
    return archspec.load(spec, set=[change for change in changes.split(";") if change])


def trained(name: str) -> tuple[int, int]:
    """Bytes kept after a forward pass, and at the peak of a step with Adam."""
    import torch
    from torch.profiler import ProfilerActivity, profile

    network = loaded(name)
    torch.manual_seed(0)
    module = network.build("torch").train()
    images = torch.randn(BATCH, *network.image)
    optimizer = torch.optim.Adam(module.parameters())

    def step() -> None:
        module(images).pow(2).mean().backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    def changes(run: Any) -> list[int]:
        with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as found:
            kept = run()
        events = found.profiler.kineto_results.events()
        memory = [event for event in events if event.name() == "[memory]"]
        del kept
        return [e.nbytes() for e in sorted(memory, key=lambda event: event.start_ns())]

    step()  # the optimiser makes its states in the first
    states = [v for state in optimizer.state.values() for v in state.values()]
    fixed = [*module.parameters(), *module.buffers(), *states, images]
    alive = peak = sum(part.numel() * part.element_size() for part in fixed)
    for change in changes(step):
        alive += change
        peak = max(peak, alive)
    return sum(changes(lambda: module(images))), peak


def training(names: list[str]) -> None:
    print("| network | kept: PyTorch | computed | | peak: PyTorch | computed | |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name in names or TRAINED:
        kept, peak = trained(name)
        computed = loaded(name).costs(optimizer="adam", batch=BATCH)["training"]
        cells: list[str] = [name.partition("#")[0]]
        for real, key in ((kept, "activation_bytes"), (peak, "peak_bytes")):
            ours = computed[key]
            cells += [f"{real:,}", f"{ours:,}", tables.change(ours, real)]
        print(f"| {' | '.join(cells)} |", flush=True)


def convert(folder: Path, names: list[str]) -> None:
    os.environ["KERAS_BACKEND"] = "tensorflow"
    import numpy as np
    import tensorflow as tf
    from tensorflow.python.framework import convert_to_constants

    folder.mkdir(exist_ok=True)
    computed: dict[str, Any] = {}
    for name in names or SMALL:
        network = loaded(name)
        model = network.build("keras")
        shape = [1, *network.image[1:], network.image[0]]

        @tf.function(input_signature=[tf.TensorSpec(shape, tf.float32)])
        def infer(images: Any, model: Any = model) -> Any:
            return model(images, training=False)

        random = np.random.default_rng(0)
        images = [random.normal(size=shape).astype(np.float32) for _ in range(4)]
        frozen = convert_to_constants.convert_variables_to_constants_v2(
            infer.get_concrete_function()
        )
        converter = tf.lite.TFLiteConverter.from_concrete_functions([frozen])
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda images=images: ([i] for i in images)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
        file = re.sub(r"[^\w.]+", "_", name) + ".tflite"
        (folder / file).write_bytes(converter.convert())
        computed[file] = network.costs(dtype="int8")["memory"]["litert_arena_bytes"]
        (folder / "computed.json").write_text(json.dumps(computed, indent=1))


def arena(folder: Path) -> None:
    """`print_allocations` writes to the process's own output: read it from another."""
    computed = json.loads((folder / "computed.json").read_text())
    print("| network | arena | computed | | kernels besides |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for file, found in computed.items():
        code = "import sys\nfrom tflite_micro import runtime\n"
        code += (
            "model = runtime.Interpreter.from_file(sys.argv[1], arena_size=1 << 26)\n"
        )
        code += "model.print_allocations()"
        command = [sys.executable, "-c", code, str(folder / file)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        parts = dict(
            re.findall(r"allocation (head|tail) (\d+)", done.stdout + done.stderr)
        )
        head, ours = int(parts["head"]), found
        cells = (
            file.split("_input")[0].removesuffix(".tflite"),
            f"{head:,}",
            f"{ours:,}",
        )
        difference = tables.change(ours, head)
        print(f"| {' | '.join(cells)} | {difference} | {int(parts['tail']):,} |")


if __name__ == "__main__":
    kind, *arguments = sys.argv[1:]
    if kind == "training":
        training(arguments)
    elif kind == "convert":
        convert(Path(arguments[0]), arguments[1:])
    else:
        arena(Path(arguments[0]))
