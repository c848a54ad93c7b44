"""The time of each layer of a PyTorch module, by hooks where layers end."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from time import perf_counter
from typing import Any, NamedTuple

from archspec.runtime.modules import Watch
from archspec.runtime.order import Order

torch: Any = import_module("torch")


class Moment(NamedTuple):
    """A module is called or returns; `layer` is the layer that ends there, or ""."""

    module: str
    entered: bool
    layer: str


class TimedModule:
    """A module with its inputs.

    Layers that are no modules, such as sums, end where the next module is called, or
    where that around them returns.
    """

    def __init__(self, network: Any, inputs: Sequence[Any], order: Order):
        self.network = network
        self.inputs = inputs
        self.modules: dict[str, Any] = dict(network.named_modules())
        moments = self._moments(order)
        ends = {(each.module, each.entered) for each in moments if each.layer}
        self.hooked = sorted(ends)
        self.moments = [m for m in moments if (m.module, m.entered) in ends]
        self.seconds: dict[str, list[float]] = {}

    def run(self) -> None:
        """The network as it is."""
        with torch.no_grad():
            self.network(*self.inputs)

    def run_watched(self) -> None:
        """Note when each layer ends."""
        times: list[float] = []

        def note(*_: object) -> None:
            times.append(perf_counter())

        with _hooked(self.modules, dict.fromkeys(self.hooked, note)):
            start = perf_counter()
            self.run()
        for moment, time in zip(self.moments, times, strict=True):
            if moment.layer:
                self.seconds.setdefault(moment.layer, []).append(time - start)
                start = time

    def layers(self) -> Mapping[str, Sequence[float]]:
        """The seconds so far."""
        return self.seconds

    def _moments(self, order: Order) -> list[Moment]:
        """Every call and return of a module in one run, with the layers that end."""
        found: list[Moment] = []
        ended: list[str] = []
        watch = Watch(self.modules, order, lambda name, _: ended.append(name))

        def enter(path: str, module: object, inputs: Any) -> None:
            ended.clear()
            watch.enter(path, inputs[0])
            found.append(Moment(path, True, _layer(ended)))

        def leave(path: str, module: object, inputs: object, output: Any) -> None:
            ended.clear()
            watch.leave(path, output)
            found.append(Moment(path, False, _layer(ended)))

        hooks: dict[tuple[str, bool], Callable[..., None]] = {}
        for path in self.modules:
            hooks[path, True] = partial(enter, path)
            hooks[path, False] = partial(leave, path)
        with _hooked(self.modules, hooks):
            self.run()
        return found


def _layer(ended: list[str]) -> str:
    """The layer that ended; what a block returns in its place is `LAYER>BLOCK`."""
    return ended[0].partition(">")[0] if ended else ""


@contextmanager
def _hooked(
    modules: Mapping[str, Any], hooks: Mapping[tuple[str, bool], Callable[..., None]]
) -> Generator[None]:
    handles: list[Any] = []
    for (path, entered), hook in hooks.items():
        module = modules[path]
        register = (
            module.register_forward_pre_hook
            if entered
            else module.register_forward_hook
        )
        handles.append(register(hook))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
