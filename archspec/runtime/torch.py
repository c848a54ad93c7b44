"""A generated PyTorch module at work."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from archspec.runtime.lines import LayerFailed, constructed
from archspec.runtime.modules import Watch, lines, under_construction
from archspec.runtime.order import (
    LEARNING_RATE,
    Arrays,
    Images,
    Keep,
    Order,
    Precision,
    canonical,
    dropout_ones,
    laid_out,
    named,
)
from archspec.runtime.torch_timing import TimedModule
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
            raise LayerFailed(under_construction(error, order)) from error
    found = lines(dict(network.named_modules()), known, order.module)
    return TorchModel(network, found, order.precision)


_hardsigmoid_in_single = nn.functional.hardsigmoid


def _hardsigmoid(x: Any, inplace: bool = False) -> Any:
    """For doubles; PyTorch's own has a derivative of a sixth in single precision."""
    if x.dtype != torch.float64:
        return _hardsigmoid_in_single(x, inplace)
    return nn.functional.relu6(x + 3) / 6


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
            state: Any = OrderedDict(tensors | counters)
            # Some modules of libraries ask for the version that their weights are of.
            state._metadata = self.network.state_dict()._metadata
            self.network.load_state_dict(state, strict=True)
        except RuntimeError as error:
            raise ValueError(str(error)) from None

    def run(self, images: Images, order: Order, keep: Keep) -> None:
        """Keep the outputs, and those of all layers that are modules or precede one."""
        watch = Watch(
            dict(self.network.named_modules()),
            order,
            lambda name, tensor: keep(name, canonical(tensor.numpy())),
        )
        try:
            with _watched(watch), torch.no_grad():
                outputs = named(self.network(*map(self._tensor, images)))
        except Exception as error:
            raise LayerFailed(watch.layer_at_work()) from error
        for name, tensor in outputs.items():
            keep(f"output:{name}", canonical(tensor.numpy()))

    def timed(self, images: Images, order: Order) -> TimedModule:
        """The module with its inputs."""
        return TimedModule(self.network, [*map(self._tensor, images)], order)

    def export(self, images: Images, path: Path) -> None:
        """Write the graph that `torch.export` finds for two images of these sizes."""
        settings: dict[str, Any] = getattr(self.network, "default_cfg", None) or {}
        usual = np.zeros((2, *settings.get("input_size", (3, 224, 224))))
        inputs = tuple(map(self._tensor, images or [usual]))
        program = torch.export.export(self.network, inputs, strict=False)
        torch.export.save(program, path.with_suffix(".pt2"))

    def train(self, images: Images, cotangents: Arrays, keep: Keep) -> None:
        """One step of SGD: gradients, and all weights after it."""
        nn.functional.hardsigmoid = _hardsigmoid
        self.network.train()
        for path, module in self.network.named_modules():
            if isinstance(module, nn.Dropout):
                # Drop path of a file without vectors takes feature maps alone.
                dropped = module(self._tensor(dropout_ones(4)))
                keep(f"dropout:{path}", dropped.numpy())
                module.p = 0.0
        optimizer = torch.optim.SGD(self.network.parameters(), lr=LEARNING_RATE)
        outputs = named(self.network(*map(self._tensor, images)))
        loss: Any = sum(
            (output * self._tensor(laid_out(cotangents[name]))).sum()
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


@contextmanager
def _watched(watch: Watch) -> Generator[None]:
    """Report every call of its modules to the watch."""

    def enter(path: str, module: object, inputs: Any) -> None:
        watch.enter(path, inputs[0])

    def leave(path: str, module: object, inputs: object, output: Any) -> None:
        watch.leave(path, output)

    hooks: list[Any] = []
    for path, module in watch.modules.items():
        hooks.append(module.register_forward_pre_hook(partial(enter, path)))
        hooks.append(module.register_forward_hook(partial(leave, path)))
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
