"""The weights of a generated Keras model, as a file.

Keras numbers the layers of such a file by an order that only the model knows, so the
generated model itself writes and reads it, in a process of its own.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from archspec.errors import WeightsError
from archspec.network import Network
from archspec.runtime.order import ArrayFile, Order, Task, write_arrays
from archspec.runtime.session import Session, installed
from archspec.targets import render
from archspec.weights.checkpoints import opened
from archspec.weights.checkpoints.keras import archived_weights
from archspec.weights.checks import Arrays


def save(temporary: Path, network: Network, state: Arrays, path: Path) -> None:
    """Write a `.weights.h5` file that will be at `path`.

    Raises WeightsError (AS511), and FrameworkMissing for Keras or a backend of it.
    """
    with tempfile.TemporaryDirectory() as folder:
        order = _order("save", network, Path(folder), temporary)
        write_arrays(order.weights, state)
        _carry_out(order, path)


def load(path: Path, network: Network) -> Arrays:
    """The weights of a file of the generated model, as Keras names them.

    Of a `.keras` archive only the weights in it are read, and nothing is run. Raises
    WeightsError (AS511, AS512), FrameworkMissing.
    """
    _check_number(path, network)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        checkpoint = _unpacked(path, folder) if path.suffix == ".keras" else path
        order = _order("read", network, folder, checkpoint)
        _carry_out(order, path)
        return dict(ArrayFile(order.result))


def _order(task: Task, network: Network, folder: Path, checkpoint: Path) -> Order:
    module = folder / "module.py"
    module.write_text(render(network, "keras"), encoding="utf-8")
    return Order(
        task=task,
        module=str(module),
        name=network.name,
        result=str(folder / "result.arrays"),
        weights=str(folder / "weights.arrays"),
        checkpoint=str(checkpoint.resolve()),
    )


def _carry_out(order: Order, path: Path) -> None:
    with Session(installed("keras")) as session:
        answer = session.ask(order)
    if answer.fault:
        reason = answer.fault.partition("\n")[0]
        verb = "written" if order.task == "save" else "read"
        message = f"{path} could not be {verb} by the generated model"
        raise WeightsError.single("AS511", message, help=reason)


def _check_number(path: Path, network: Network) -> None:
    """Keras reads what its model wants, and says nothing of what is left over."""
    with opened(path) as checkpoint:
        found = sum(len(unit.tensors) for unit in checkpoint.units)
    if found != (wanted := len(network.weight_shapes)):
        message = f"{path} has {found} tensors, but the network has {wanted}"
        raise WeightsError.single("AS512", message)


def _unpacked(path: Path, folder: Path) -> Path:
    target = folder / "model.weights.h5"
    target.write_bytes(archived_weights(path))
    return target
