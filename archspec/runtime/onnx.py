"""An ONNX file at work in onnxruntime, which computes in single precision."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import Any, NoReturn

import numpy as np

from archspec.runtime.order import Arrays, Images, Keep, Order, canonical

_onnx: Any = import_module("onnx")
_runtime: Any = import_module("onnxruntime")


def build(module: ModuleType | None, order: Order) -> OnnxModel:
    """The network of a file, with its weights in it."""
    return OnnxModel(_onnx.load(order.module))


class OnnxModel:
    """A graph of which every tensor can be read."""

    def __init__(self, model: Any):
        self.model = model
        self.outputs = [output.name for output in model.graph.output]
        tensors = model.graph.initializer
        # Constants that the operators need have a slash in their names, weights none.
        self.shapes = {t.name: tuple(t.dims) for t in tensors if "/" not in t.name}
        self.lines: dict[str, int] = {}

    def load(self, weights: Arrays) -> None:
        """They are in the file."""

    def run(self, images: Images, order: Order, keep: Keep) -> None:
        """The outputs of the file as it is, and the tensors of all layers."""
        names = [each.name for each in self.model.graph.input]
        given = zip(names, images, strict=True)
        inputs = {name: array.astype(np.float32) for name, array in given}
        whole = _session(self.model).run(self.outputs, inputs)
        for name, array in zip(self.outputs, whole, strict=True):
            keep(f"output:{name}", canonical(array))
        wanted = list(dict.fromkeys(order.tensors.values()))
        for name in wanted:
            if name not in self.outputs and name not in inputs:
                self.model.graph.output.append(_onnx.ValueInfoProto(name=name))
        asked = [name for name in wanted if name not in inputs]
        # Asked for nothing, it would give all outputs.
        values: list[Any] = _session(self.model).run(asked, inputs) if asked else []
        found = dict(zip(asked, values, strict=True)) | inputs
        for path, name in order.tensors.items():
            keep(path, canonical(found[name]))

    def train(self, images: Images, cotangents: Arrays, keep: Keep) -> NoReturn:
        """Raises ValueError: onnxruntime is for inference."""
        raise ValueError("onnxruntime trains nothing")


def _session(model: Any) -> Any:
    options = _runtime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    data = model.SerializeToString()
    return _runtime.InferenceSession(data, options, ["CPUExecutionProvider"])
