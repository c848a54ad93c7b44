"""An ONNX file at work in onnxruntime, which computes in single precision."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
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

    def timed(self, images: Images, order: Order) -> TimedFile:
        """The file as it is, and once more with onnxruntime's profiler."""
        names = [each.name for each in self.model.graph.input]
        given = {n: a.astype(np.float32) for n, a in zip(names, images, strict=True)}
        return TimedFile(self.model, given, order)

    def train(self, images: Images, cotangents: Arrays, keep: Keep) -> NoReturn:
        """Raises ValueError: onnxruntime is for inference."""
        raise ValueError("onnxruntime trains nothing")


class TimedFile:
    """A file with its inputs.

    onnxruntime joins nodes; one that is left has the name of the last of them.
    """

    def __init__(
        self, model: Any, given: Mapping[str, np.ndarray[Any, Any]], order: Order
    ):
        self.given = given
        self.paths = order.layers
        self.session = _session(model, order.threads)
        folder = Path(order.module).with_suffix("")
        self.watched = _session(model, order.threads, profile=str(folder))
        self.watched.run(None, given)
        self.runs = 0

    def run(self) -> None:
        """All outputs."""
        self.session.run(None, self.given)

    def run_watched(self) -> None:
        """The same with the profiler."""
        self.watched.run(None, self.given)
        self.runs += 1

    def layers(self) -> Mapping[str, Sequence[float]]:
        """The seconds of each layer's nodes, as the profiler has them at the end."""
        events: Any = json.loads(Path(self.watched.end_profiling()).read_text())
        found: dict[str, list[float]] = {}
        for event in events:
            if event["cat"] == "Node" and (path := self._path(event["name"])):
                found.setdefault(path, []).append(event["dur"] / 1e6)
        # A layer may have several nodes; the first run was to warm up.
        runs = {
            path: np.reshape(times, (1 + self.runs, -1))
            for path, times in found.items()
        }
        return {path: times[1:].sum(1).tolist() for path, times in runs.items()}

    def _path(self, event: str) -> str:
        """The layer of a node, whose name has its path and more behind it."""
        starts = (path for path in self.paths if event.startswith(path))
        return max(starts, key=len, default="")


def _session(model: Any, threads: int = 1, profile: str = "") -> Any:
    options = _runtime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = threads
    options.enable_profiling = bool(profile)
    options.profile_file_prefix = profile
    data = model.SerializeToString()
    return _runtime.InferenceSession(data, options, ["CPUExecutionProvider"])
