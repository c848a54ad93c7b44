"""One network at one size: what every target is given, and what must come out."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

from archspec.network import INPUT, Instance, Network
from archspec.runtime.order import Order, Precision, Task, write_arrays
from archspec.targets import render
from archspec.targets.onnx.plan import tensor_names
from archspec.targets.templates import manifest
from archspec.verification.draws import random_cotangents, random_images, random_weights
from archspec.verification.reference import calibrate, evaluate
from archspec.verification.windows import Array
from archspec.weights.moves import names_there, to_target

SOURCES = ("torch", "keras")
"""Targets that are source code, and compute in float64."""

Printer = Callable[[Network, str], str]


def printed(network: Network, target: str) -> str:
    """The generated file of a target."""
    return render(network, target)


class Trial:
    """A network's random weights and images, and its files in a folder of their own."""

    def __init__(self, network: Network, folder: Path, seed: int, printer: Printer):
        self.network = network
        self.seed = seed
        self.printer = printer
        self.folder = folder / "x".join(map(str, network.input_shape))
        self.weights = random_weights(network, seed)
        self.images = random_images(network, seed)

    def __enter__(self) -> Trial:
        self.folder.mkdir()
        cotangents = random_cotangents(self.network, self.seed)
        write_arrays(self._images, {"images": self.images, **cotangents})
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def expected(self, precision: Precision) -> dict[str, Array]:
        """Every layer's output by its path.

        In float32 the statistics are those of a forward pass: without them rounding
        errors grow from layer to layer.
        """
        return self._evaluated if precision == "float64" else self._calibrated[0]

    @cached_property
    def _evaluated(self) -> dict[str, Array]:
        return evaluate(self.network, self.weights, self.images)

    @cached_property
    def _calibrated(self) -> tuple[dict[str, Array], Mapping[str, Array]]:
        return calibrate(self.network, self.weights, self.images)

    def order(
        self,
        framework: str,
        precision: Precision,
        task: Task = "run",
        folded: bool = False,
    ) -> Order:
        """What a framework has to do, its files written."""
        name = f"{framework.replace(':', '-')}_{precision}_{task}{'_folded' * folded}"
        order = Order(
            task=task,
            module="",
            name=self.network.name,
            precision=precision,
            result=str(self.folder / f"{name}.npz"),
            images=str(self._images),
            layers=self._layers,
            blocks=self._blocks,
        )
        if framework == "onnx":
            module = self._model(folded)
            names = tensor_names(self.network, fold_batch_norm=folded)
            return order._replace(module=str(module), tensors=names)
        target = framework.partition(":")[0]
        return order._replace(
            module=str(self._source(target)),
            weights=self._weight_files(target, precision),
        )

    @property
    def _images(self) -> Path:
        return self.folder / "images.npz"

    def _source(self, target: str) -> Path:
        path = self.folder / f"{target}.py"
        if not path.exists():
            path.write_text(self.printer(self.network, target), encoding="utf-8")
        return path

    def _model(self, folded: bool) -> Path:
        onnx: Any = import_module("archspec.targets.onnx")
        path = self.folder / f"{'folded' if folded else 'whole'}.onnx"
        weights = {**self.weights, **self._calibrated[1]}
        made = onnx.model(self.network, weights, fold_batch_norm=folded)
        path.write_bytes(made.SerializeToString())
        return path

    def _weight_files(self, target: str, precision: Precision) -> list[str]:
        whole = self.folder / f"{target}_weights.npz"
        if not whole.exists():
            write_arrays(whole, to_target(self.network, manifest(target), self.weights))
        if precision == "float64":
            return [str(whole)]
        statistics = self.folder / f"{target}_statistics.npz"
        if not statistics.exists():
            names = names_there(self.network, manifest(target))
            measured = self._calibrated[1].items()
            write_arrays(statistics, {names[n].name: array for n, array in measured})
        return [str(whole), str(statistics)]

    @cached_property
    def _layers(self) -> dict[str, str | None]:
        """Each layer, and the one before it if there is just one."""
        layers = self.network.layers
        return {
            layer.path: layers[layer.sources[0]].path
            if len(layer.sources) == 1 and layer.sources[0] != INPUT
            else None
            for layer in layers
        }

    @cached_property
    def _blocks(self) -> dict[str, str]:
        """Each use of a block, and its last layer."""
        paths = [layer.path for layer in self.network.layers]
        return {
            block: inside[-1]
            for block in _block_paths(self.network.root)
            if (inside := [path for path in paths if path.startswith(f"{block}.")])
        }


def _block_paths(instance: Instance) -> list[str]:
    inner = [s.inner for steps in instance.steps.values() for s in steps if s.inner]
    return [path for found in inner for path in (found.path, *_block_paths(found))]
