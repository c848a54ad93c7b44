"""A generated PyTorch module at work."""

from __future__ import annotations

import ast
import re
from functools import partial
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any
from weakref import ref

import numpy as np

from archspec.runtime.lines import LayerFailed, constructed, frames
from archspec.runtime.order import (
    LEARNING_RATE,
    Arrays,
    Keep,
    Order,
    Precision,
    dropout_ones,
    named,
)
from archspec.targets.templates import manifest

torch: Any = import_module("torch")  # its own types are not complete
nn: Any = torch.nn

COUNTER: str = manifest("torch")["counter"]


def build(module: ModuleType, order: Order) -> TorchModel:
    """The network of a generated file."""
    torch.set_default_dtype(getattr(torch, order.precision))
    with constructed(nn.Module, order.module) as known:
        try:
            network: Any = getattr(module, order.name)()
        except Exception as error:
            raise LayerFailed(_under_construction(error, order)) from error
    lines = {
        path: line
        for path, layer in network.named_modules()
        if (line := known.line(layer)) is not None
    }
    return TorchModel(network, lines | _returns(module, network), order.precision)


_hardsigmoid_in_single = nn.functional.hardsigmoid


def _hardsigmoid(x: Any, inplace: bool = False) -> Any:
    """For doubles; PyTorch's own has a derivative of a sixth in single precision."""
    if x.dtype != torch.float64:
        return _hardsigmoid_in_single(x, inplace)
    return nn.functional.relu6(x + 3) / 6


def _under_construction(error: Exception, order: Order) -> str:
    """The first layer that is made where the attributes being assigned are."""
    tree = ast.parse(Path(order.module).read_text("utf-8"))
    assigned = {
        line: node.targets[0].attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    parts = [
        assigned[line]
        for frame, line in frames(error)
        if frame.f_code.co_filename == order.module and line in assigned
    ]
    within = re.compile(r"\.(?:.*\.)?".join(map(re.escape, parts)) + r"(\.|$)")
    return next(filter(within.match, order.layers), "") if parts else ""


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

    def run(self, images: np.ndarray[Any, Any], order: Order, keep: Keep) -> None:
        """Keep the outputs, and those of all layers that are modules or precede one."""
        watch = _Watch(self.network, order, keep)
        try:
            with torch.no_grad():
                outputs = named(self.network(self._tensor(images)))
        except Exception as error:
            raise LayerFailed(watch.layer_at_work()) from error
        finally:
            watch.end()
        for name, tensor in outputs.items():
            keep(f"output:{name}", tensor.numpy())

    def train(
        self, images: np.ndarray[Any, Any], cotangents: Arrays, keep: Keep
    ) -> None:
        """One step of SGD: gradients, and all weights after it."""
        nn.functional.hardsigmoid = _hardsigmoid
        self.network.train()
        for path, module in self.network.named_modules():
            if isinstance(module, nn.Dropout):
                dropped = module(self._tensor(dropout_ones()))
                keep(f"dropout:{path}", dropped.numpy())
                module.p = 0.0
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
        for name, tensor in (gradients | after).items():
            keep(name, tensor.numpy(force=True))

    def _tensor(self, array: np.ndarray[Any, Any]) -> Any:
        return torch.from_numpy(np.array(array, self.dtype))


class _Watch:
    """Keeps what layers give while a network runs, and knows which is at work."""

    def __init__(self, network: Any, order: Order, keep: Keep):
        self.order = order
        self.keep = keep
        self.modules: dict[str, Any] = dict(network.named_modules())
        self.entered: list[str] = []
        self.kept: dict[str, tuple[ref[Any], int]] = {}
        self.hooks = [
            hook
            for path, module in self.modules.items()
            for hook in (
                module.register_forward_pre_hook(partial(self._enter, path)),
                module.register_forward_hook(partial(self._leave, path)),
            )
        ]

    def end(self) -> None:
        """Leave the network as it was."""
        for hook in self.hooks:
            hook.remove()

    def layer_at_work(self) -> str:
        """The innermost layer that was entered and not left.

        In a block's own code, the first of its layers that is no module and has not
        been seen.
        """
        for path in reversed(self.entered):
            if path in self.order.layers:
                return path
            if path and path not in self.order.blocks:
                continue
            prefix = f"{path}." if path else ""
            unseen = (
                layer
                for layer in self.order.layers
                if layer.startswith(prefix)
                and layer not in self.kept
                and layer not in self.modules
            )
            return next(unseen, "")
        return ""

    def _enter(self, path: str, module: object, inputs: Any) -> None:
        self.entered.append(path)
        before = self.order.layers.get(path)
        if before is not None and before not in self.kept:
            self._keep(before, inputs[0])

    def _leave(self, path: str, module: object, inputs: object, output: Any) -> None:
        self.entered.pop()
        layer = path if path in self.order.layers else self.order.blocks.get(path)
        if layer is None or not isinstance(output, torch.Tensor):
            return
        if layer not in self.kept:
            self._keep(layer, output)
            return
        known, version = self.kept[layer]
        if layer != path and (known() is not output or version != output._version):
            self.keep(f"{layer}>{path}", output.numpy())

    def _keep(self, layer: str, tensor: Any) -> None:
        self.kept[layer] = ref(tensor), tensor._version
        self.keep(layer, tensor.numpy())
