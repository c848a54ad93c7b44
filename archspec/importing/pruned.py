"""From a spec and a checkpoint of other widths to the spec of that checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from archspec.errors import ImportFailed, WeightsError
from archspec.frameworks import FRAMEWORKS
from archspec.importing.became import became
from archspec.importing.draft import identifier
from archspec.importing.outputs import generated, noise
from archspec.importing.pipeline import Imported, Wish, spec_of
from archspec.importing.trial import Accepted, headed
from archspec.importing.widths import pruned
from archspec.network import Network
from archspec.reading.nodes import values
from archspec.runtime.session import Session
from archspec.weights.adoption import correspondence, weights_of
from archspec.weights.checkpoints import Checkpoint, Unit, opened
from archspec.weights.checks import Arrays


def import_pruned(
    network: Network,
    path: Path,
    wish: Wish,
    seconds: float,
    progress: Callable[[str], None],
) -> Imported:
    """The spec of a network with the widths that its layers have in a checkpoint.

    Raises:
        WeightsError: the file cannot be read (AS511), or its numbers are no weights.
        ImportFailed: more than widths differs from the spec (AS706), or the outputs
            with these weights are not finite (AS704).
    """
    progress(f"reading {path}")
    with opened(path, wish.key) as checkpoint:
        graph = pruned(network, checkpoint)
        progress("looking for structure")
        name, file = wish.name or network.name, Path(f"{identifier(path.stem)}.yaml")
        found = spec_of(graph, name, file, is_flat=wish.is_flat)
        found = headed(found, dict(_about(network)), file)
        units = _units(found, checkpoint)
        changes = _changes(network, found.network)
        notes = changes, *_adoption(found, checkpoint, units)
        weights = weights_of(found.network, checkpoint, units)
    unmeasured = "outputs were not computed: PyTorch is not installed"
    if not FRAMEWORKS["torch"].missing:
        progress("running the network")
        _check_finite(found.network, weights, seconds)
        unmeasured = "outputs are finite; a checkpoint alone has none to compare with"
    return Imported(
        found.text,
        found.network,
        weights,
        {key: tensor.name for key, tensor in found.tensors.items()},
        len(graph.nodes),
        unused=(),
        notes=notes,
        unmeasured=unmeasured,
        became=became(found),
    )


def _about(network: Network) -> Iterator[tuple[str, Any]]:
    """What the spec says besides its layers."""
    for key in ("source", "preprocessing"):
        if key in network.spec.tree.entries:
            yield key, values(network.spec.tree.section(key))


def _units(found: Accepted, checkpoint: Checkpoint) -> dict[str, Unit]:
    """The unit of each layer, by the names of its weights."""
    owners = {t.name: unit for unit in checkpoint.units for t in unit.tensors.values()}
    return {
        name.rpartition(".")[0]: owners[tensor.name]
        for name, tensor in found.tensors.items()
    }


def _changes(before: Network, after: Network) -> str:
    """How much smaller the network became."""
    pairs = (before.parameters, after.parameters), (before.macs, after.macs)
    (parameters, macs) = (f"{old:,} -> {new:,}" for old, new in pairs)
    return f"parameters {parameters}, MACs {macs}"


def _adoption(
    found: Accepted, checkpoint: Checkpoint, units: Mapping[str, Unit]
) -> Iterator[str]:
    """What `weights adopt` makes of the file; raises ImportFailed (AS704)."""
    try:
        again = correspondence(found.network, checkpoint)
    except WeightsError:
        yield "weights adopt cannot tell which layers these are: keep the weights"
        return
    if again != dict(units):
        message = "weights adopt matches other layers of the file"
        raise ImportFailed.single("AS704", message, help="please report it")


def _check_finite(network: Network, weights: Arrays, seconds: float) -> None:
    """Raise ImportFailed (AS704) if an output has no number."""
    images = noise(network.inputs.values(), np.random.default_rng(0))
    with (
        Session("torch", seconds) as session,
        generated(session, network, weights) as run,
    ):
        outputs = run(images)
    if not all(np.isfinite(each).all() for each in outputs):
        raise ImportFailed.single("AS704", "outputs with these weights are not finite")
