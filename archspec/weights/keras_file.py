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
from archspec.runtime.session import Session, keras_framework
from archspec.targets import render
from archspec.targets.templates import manifest
from archspec.weights.checkpoints import opened
from archspec.weights.checkpoints.keras import archived_weights
from archspec.weights.checks import Arrays
from archspec.weights.moves import from_target, to_target
from archspec.weights.output import replacing

WRITTEN = ".weights.h5"
READ = (".weights.h5", ".keras", ".h5")


def write(path: Path, network: Network, weights: Arrays, force: bool = False) -> None:
    """A `.weights.h5` file that `load_weights` of the generated model takes.

    Raises:
        WeightsError: the weights do not fit, or the file's name has another suffix.
        FileRefused: there is such a file, and no `force`.
        FrameworkMissing: Keras, or a backend of it.
    """
    _check_suffix(path, (WRITTEN,))
    arrays = to_target(network, manifest("keras"), weights)
    with tempfile.TemporaryDirectory() as folder, replacing(path, force) as temporary:
        order = _order("save", network, Path(folder), temporary)
        write_arrays(order.weights, arrays)
        _carry_out(order, path)


def read(path: Path, network: Network) -> Arrays:
    """Canonical weights of a file of the generated model; raises WeightsError.

    Of a `.keras` archive only the weights in it are read, and nothing is run.
    """
    _check_suffix(path, READ)
    _check_number(path, network)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        checkpoint = _unpacked(path, folder) if path.suffix == ".keras" else path
        order = _order("read", network, folder, checkpoint)
        _carry_out(order, path)
        return from_target(network, manifest("keras"), ArrayFile(order.result))


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
    with Session(keras_framework()) as session:
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


def _check_suffix(path: Path, known: tuple[str, ...]) -> None:
    if not path.name.endswith(known):
        message = f"{path} does not end in {' or '.join(known)}"
        raise WeightsError.single("AS511", message)
