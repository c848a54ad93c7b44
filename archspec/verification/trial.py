"""One network at one size: what every target is given, and what must come out."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from archspec.errors import needed
from archspec.frameworks import target_of
from archspec.network import INPUT, Network
from archspec.runtime.order import (
    ArrayFile,
    Order,
    Precision,
    Task,
    array_file,
    as_inputs,
    write_arrays,
)
from archspec.runtime.structure import structure
from archspec.targets.templates import manifest
from archspec.verification.random_data import (
    perturbed,
    random_cotangents,
    random_inputs,
    random_weights,
    training_batch,
)
from archspec.verification.reference import Array, calibrate
from archspec.weights.moves import to_target

Printer = Callable[[Network, str], str]
Flag = Literal["", "folded", "perturbed 1", "perturbed 2", "perturbed 3"]
"""Of an order: ONNX with its batch norms folded, weights that are off by roundings."""

PERTURBED: tuple[Flag, ...] = ("perturbed 1", "perturbed 2", "perturbed 3")
"""By chance a layer with few weights may hardly change in one of them."""


def _input(number: int) -> str:
    """What the first and each further input is kept as; no layer has such a path."""
    return "" if number == INPUT else f"input:{number}"


class Trial:
    """A network's random weights and images, and its files in a folder of their own."""

    def __init__(self, network: Network, folder: Path, seed: int, printer: Printer):
        self.network = network
        self.seed = seed
        self.printer = printer
        self.folder = folder / "x".join(map(str, network.image))
        self.images = random_inputs(network, seed)

    def __enter__(self) -> Trial:
        self.folder.mkdir()
        write_arrays(self.folder / "images.arrays", as_inputs(self.images))
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def expected(self) -> Mapping[str, Array]:
        """Every layer's output by its path, and every output as `output:NAME`."""
        return self._calibrated[0]

    @cached_property
    def weights(self) -> dict[str, Array]:
        """Canonical weights, all of them random, the statistics about the images'."""
        return {**self._drawn, **self._calibrated[1]}

    @cached_property
    def _drawn(self) -> Mapping[str, Array]:
        return random_weights(self.network, self.seed)

    @cached_property
    def _calibrated(self) -> tuple[Mapping[str, Array], Mapping[str, Array]]:
        path = self.folder / "expected.arrays"
        names: dict[str, list[str]] = {}
        for name, number in self.network.outputs.items():
            layers = self.network.layers
            layer = _input(number) if number <= INPUT else layers[number].path
            names.setdefault(layer, []).append(f"output:{name}")
        with array_file(path) as write:

            def keep(path: str, array: Array) -> None:
                for name in (path, *names.get(path, ())):
                    write(name, array)

            for number, images in enumerate(self.images):
                keep(_input(INPUT - number), images)
            statistics = calibrate(self.network, self._drawn, self.images, keep)
        return ArrayFile(path), statistics

    def order(
        self,
        framework: str,
        precision: Precision,
        task: Task = "run",
        flag: Flag = "",
    ) -> Order:
        """What a framework has to do, its files written."""
        folded = flag == "folded"
        name = f"{framework.replace(':', '-')}_{precision}_{task}_{flag}"
        order = Order(
            task=task,
            module="",
            name=self.network.name,
            precision=precision,
            result=str(self.folder / f"{name}.arrays"),
            images=str(
                self._batch if task == "train" else self.folder / "images.arrays"
            ),
            **self._structure,
        )
        if framework == "onnx":
            onnx = needed("archspec.targets.onnx")
            names = onnx.tensor_names(self.network, fold_batch_norm=folded)
            weights = self._drawn if task == "build" else self.weights
            model = onnx.model(self.network, weights, fold_batch_norm=folded)
            path = self.folder / f"{name}.onnx"
            path.write_bytes(model.SerializeToString())
            return order._replace(module=str(path), tensors=names)
        target = target_of(framework)
        order = order._replace(module=str(self._source(target)))
        if task == "build":
            return order
        return order._replace(weights=str(self._weights(target, flag)))

    @cached_property
    def _batch(self) -> Path:
        """What a step of training is made with."""
        given = self.network, self.seed, training_batch(self.network)
        path = self.folder / "batch.arrays"
        arrays = {**as_inputs(random_inputs(*given)), **random_cotangents(*given)}
        write_arrays(path, arrays)
        return path

    def _source(self, target: str) -> Path:
        path = self.folder / f"{target}.py"
        if not path.exists():
            path.write_text(self.printer(self.network, target), encoding="utf-8")
        return path

    def _weights(self, target: str, flag: Flag) -> Path:
        path = self.folder / f"{target}_{flag}.arrays"
        if not path.exists():
            weights = self.weights
            chosen = perturbed(weights, self.seed, flag) if flag else weights
            write_arrays(path, to_target(self.network, manifest(target), chosen))
        return path

    @cached_property
    def _structure(self) -> dict[str, Any]:
        return structure(self.network)._asdict()
