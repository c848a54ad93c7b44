"""A generated PyTorch module at work."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from archspec.runtime.lines import births
from archspec.runtime.order import LEARNING_RATE, Arrays, Order, Precision, named
from archspec.targets.templates import manifest

torch: Any = import_module("torch")  # its own types are not complete
nn: Any = torch.nn

COUNTER: str = manifest("torch")["counter"]
_PAD: str = manifest("torch")["pad"]


def build(module: ModuleType, order: Order) -> TorchModel:
    """The network of a generated file."""
    torch.set_default_dtype(getattr(torch, order.precision))
    with births(nn.Module, str(module.__file__)) as line_of:
        network: Any = getattr(module, order.name)()
        lines = {
            path: line
            for path, layer in network.named_modules()
            if (line := line_of(layer)) is not None
        }
    return TorchModel(network, lines | _returns(module, network), order.precision)


def _returns(module: ModuleType, network: Any) -> dict[str, int]:
    """Where each block ends, `path:return`: there a residual is added."""
    tree = ast.parse(Path(str(module.__file__)).read_text("utf-8"))
    ends = {
        node.name: max(n.lineno for n in ast.walk(node) if isinstance(n, ast.Return))
        for node in tree.body
        if isinstance(node, ast.ClassDef)
        if any(isinstance(inner, ast.Return) for inner in ast.walk(node))
    }
    return {
        f"{path}:return": ends[type(layer).__name__]
        for path, layer in network.named_modules()
        if type(layer).__name__ in ends
    }


def _padded(path: str, modules: Mapping[str, Any], order: Order) -> str:
    """The layer that starts with this module, be it one that pads; "" if none does."""
    if path not in order.layers:
        return path.removesuffix(_PAD)
    pads = f"{path}{_PAD}"
    return "" if pads in modules and pads not in order.layers else path


class TorchModel:
    """A module in evaluation mode."""

    def __init__(self, network: Any, lines: dict[str, int], precision: Precision):
        self.network = network.eval()
        self.lines = lines
        self.dtype = np.dtype(precision)
        self.shapes = {
            name: tuple(tensor.shape)
            for name, tensor in self._state()
            if COUNTER not in name
        }

    def _state(self) -> list[tuple[str, Any]]:
        return list(self.network.state_dict().items())

    def load(self, weights: Arrays) -> None:
        """Give it weights by their names; raises ValueError if they do not fit."""
        tensors = {name: self._tensor(array) for name, array in weights.items()}
        counters = {name: tensor for name, tensor in self._state() if COUNTER in name}
        try:
            self.network.load_state_dict(tensors | counters, strict=True)
        except RuntimeError as error:
            raise ValueError(str(error)) from None

    def run(self, images: np.ndarray[Any, Any], order: Order) -> Arrays:
        """The outputs, and those of all layers that are modules or stand before one."""
        layers: dict[str, Any] = {}
        modules = dict(self.network.named_modules())
        hooks = [
            hook
            for path, module in modules.items()
            for hook in self._hooks(module, path, order, modules, layers)
        ]
        with torch.no_grad():
            outputs = named(self.network(self._tensor(images)))
        for hook in hooks:
            hook.remove()
        found = {f"output:{name}": tensor for name, tensor in outputs.items()}
        return {name: tensor.numpy() for name, tensor in (layers | found).items()}

    def _hooks(
        self,
        module: Any,
        path: str,
        order: Order,
        modules: Mapping[str, Any],
        layers: dict[str, Any],
    ) -> list[Any]:
        hooks: list[Any] = []
        own = path if path in order.layers else order.blocks.get(path)
        if own is not None:

            def after(_: object, inputs: Any, output: Any) -> None:
                if isinstance(output, torch.Tensor):
                    layers.setdefault(own, output.clone())

            hooks.append(module.register_forward_hook(after))
        before = order.layers.get(_padded(path, modules, order))
        if before is not None and before not in modules:

            def ahead(_: object, inputs: Any) -> None:
                layers.setdefault(before, inputs[0].clone())

            hooks.append(module.register_forward_pre_hook(ahead))
        return hooks

    def train(self, images: np.ndarray[Any, Any], cotangents: Arrays) -> Arrays:
        """One step of SGD: gradients, and all weights after it."""
        for module in self.network.modules():
            if isinstance(module, nn.Dropout):
                module.p = 0.0
        self.network.train()
        optimizer = torch.optim.SGD(self.network.parameters(), lr=LEARNING_RATE)
        outputs = named(self.network(self._tensor(images)))
        loss: Any = sum(
            (output * self._tensor(cotangents[name])).sum()
            for name, output in outputs.items()
        )
        loss.backward()
        gradients = {
            f"gradient:{name}": weight.grad
            for name, weight in self.network.named_parameters()
            if weight.grad is not None
        }
        optimizer.step()
        after = {f"after:{name}": t for name, t in self._state() if COUNTER not in name}
        return {n: t.numpy(force=True) for n, t in (gradients | after).items()}

    def _tensor(self, array: np.ndarray[Any, Any]) -> Any:
        return torch.from_numpy(np.array(array, self.dtype))
