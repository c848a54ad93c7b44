"""A generated Flax NNX module at work; each network is compiled once, as a whole."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager
from functools import wraps
from importlib import import_module
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
    Timed,
    dropout_ones,
    named,
)
from archspec.runtime.timing import Whole

jax: Any = import_module("jax")  # their own types are not complete
nnx: Any = import_module("flax.nnx")
jax.config.update("jax_traceback_filtering", "off")  # frames tell which layer failed


def build(module: ModuleType, order: Order) -> NnxModel:
    """The network of a generated file, without numbers: loading gives it these."""
    jax.config.update("jax_enable_x64", order.precision == "float64")
    found: dict[str, int] = {}

    def make() -> Any:
        network = getattr(module, order.name)(rngs=nnx.Rngs(0))
        found.update(lines(_modules(network), known, order.module))
        return network

    with constructed(type(nnx.Module), order.module, "__call__") as known:
        try:
            network = nnx.eval_shape(make)
        except Exception as error:
            raise LayerFailed(under_construction(error, order)) from error
    return NnxModel(network, found, np.dtype(order.precision))


def _modules(network: Any) -> dict[str, Any]:
    return {_path(keys): module for keys, module in nnx.iter_modules(network)}


def _path(keys: tuple[Any, ...]) -> str:
    """Keys as the spec's path: a Sequential has its layers in a list `layers`."""
    return re.sub(r"\.layers\.(?=\d)", ".", ".".join(map(str, keys)))


class NnxModel:
    """A module, split into its structure and its weights."""

    def __init__(self, network: Any, lines: dict[str, int], dtype: np.dtype[Any]):
        self.network = network
        self.lines = lines
        self.dtype = dtype
        state = nnx.state(network, (nnx.Param, nnx.BatchStat))
        leaves, self.tree = jax.tree_util.tree_flatten_with_path(state)
        self.shapes = {_name(path): tuple(leaf.shape) for path, leaf in leaves}

    def load(self, weights: Arrays) -> None:
        """Give it weights by their names; raises ValueError if they do not fit."""
        if odd := self.shapes.keys() ^ weights.keys():
            raise ValueError(f"weights on one side only: {', '.join(sorted(odd))}")
        arrays = [jax.numpy.asarray(weights[n], self.dtype) for n in self.shapes]
        for (name, shape), array in zip(self.shapes.items(), arrays, strict=True):
            if array.shape != shape:
                raise ValueError(f"{name} is {shape}, not {array.shape}")
        nnx.update(self.network, jax.tree_util.tree_unflatten(self.tree, arrays))

    def run(self, images: Images, order: Order, keep: Keep) -> None:
        """Keep the outputs, and those of all layers that are modules or precede one."""
        self.network.eval()
        graph, weights, rest = nnx.split(self.network, (nnx.Param, nnx.BatchStat), ...)

        def outputs(weights: Any, images: Any) -> Any:
            network = nnx.merge(graph, weights, rest)
            found: dict[str, Any] = {}
            watch = Watch(_modules(network), order, found.__setitem__)
            try:
                with _watched(watch):
                    returned = named(network(*images))
            except Exception as error:
                raise LayerFailed(watch.layer_at_work()) from error
            return found | {f"output:{name}": x for name, x in returned.items()}

        found = _compiled(outputs)(weights, [*map(self._inputs, images)])
        for name, tensor in found.items():
            keep(name, _channels_first(tensor))

    def timed(self, images: Images, order: Order) -> Timed:
        """The network as one function, compiled as users do."""
        self.network.eval()
        graph, state = nnx.split(self.network)
        given = [*map(self._inputs, images)]

        def outputs(state: Any, given: Any) -> Any:
            return nnx.merge(graph, state)(*given)

        call = jax.jit(outputs)
        return Whole(lambda: jax.block_until_ready(call(state, given)))

    def train(self, images: Images, cotangents: Arrays, keep: Keep) -> None:
        """One step of SGD: gradients, and all weights after it."""
        self.network.train()
        for path, module in _modules(self.network).items():
            if isinstance(module, nnx.Dropout):
                ones = dropout_ones(max(2, 1 + len(module.broadcast_dims)))
                dropped = module(self._inputs(ones), rngs=nnx.Rngs(0))
                keep(f"dropout:{path}", _channels_first(dropped))
                module.rate = 0.0
            if isinstance(module, nnx.BatchNorm):
                module.use_fast_variance = False  # E[x^2] - E[x]^2 cancels digits
        split = nnx.split(self.network, nnx.Param, nnx.BatchStat, ...)
        graph, weights, statistics, rest = split
        given = {name: self._inputs(array) for name, array in cotangents.items()}

        def loss(weights: Any, statistics: Any, images: Any) -> Any:
            own = jax.tree.map(jax.numpy.asarray, statistics)  # may be written to
            network = nnx.merge(graph, weights, own, rest)
            outputs = named(network(*images))
            total = sum((outputs[name] * given[name]).sum() for name in given)
            return total, nnx.state(network, nnx.BatchStat)

        step = _compiled(jax.grad(loss, has_aux=True))
        gradients, after = step(weights, statistics, [*map(self._inputs, images)])
        trained = jax.tree.map(_descended, weights, gradients)
        kept = ("gradient", gradients), ("after", trained), ("after", after)
        for what, state in kept:
            for path, array in jax.tree_util.tree_flatten_with_path(state)[0]:
                keep(f"{what}:{_name(path)}", np.asarray(array))

    def _inputs(self, images: np.ndarray[Any, Any]) -> Any:
        return jax.numpy.asarray(np.moveaxis(images, 1, -1), self.dtype)


def _compiled(function: Any) -> Any:
    """What runs once need not be quick: compiling takes most of the time."""
    return jax.jit(function, compiler_options={"xla_backend_optimization_level": 1})


def _descended(weight: Any, gradient: Any) -> Any:
    return weight - LEARNING_RATE * gradient


def _channels_first(tensor: Any) -> np.ndarray[Any, Any]:
    return np.moveaxis(np.asarray(tensor), -1, 1)


def _name(path: Any) -> str:
    """What a state's weight is called, such as `stem.conv.kernel`."""
    return ".".join(str(key.key) for key in path if hasattr(key, "key"))


@contextmanager
def _watched(watch: Watch) -> Generator[None]:
    """Report every call of its modules to the watch."""
    paths = {id(module): path for path, module in watch.modules.items()}
    kinds: set[Any] = {type(module) for module in watch.modules.values()}
    originals = {kind: kind.__call__ for kind in kinds}
    for kind, original in originals.items():
        kind.__call__ = _told(watch, paths, kind, original)
    try:
        yield
    finally:
        for kind, original in originals.items():
            kind.__call__ = original


def _told(watch: Watch, paths: dict[int, str], kind: Any, original: Any) -> Any:
    @wraps(original)
    def call(module: Any, x: Any, *arguments: Any, **named: Any) -> Any:
        if type(module) is not kind:  # what its own class calls by `super()`
            return original(module, x, *arguments, **named)
        watch.enter(paths[id(module)], x)
        output = original(module, x, *arguments, **named)
        watch.leave(paths[id(module)], output)
        return output

    return call
