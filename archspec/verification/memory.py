"""How much memory `verify` needs, estimated before anything is run."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from math import prod
from typing import NamedTuple

from archspec.errors import VerifyError
from archspec.frameworks import FRAMEWORKS
from archspec.network import Network
from archspec.verification.random_data import BATCH, training_batch

GIB = 2**30

MAX_BYTES = 16 * GIB
"""In all processes together."""

USABLE = 0.75
"""The fraction of the machine's memory that may be taken, if that is less."""

STARTED = GIB // 4
"""Bytes of a process without a network: its libraries and their scratch space."""

AT_WORK = 2
"""How often a target's process holds the largest output while it computes a layer."""

_DOUBLE = 8


class Stage(NamedTuple):
    """How often numbers are held at once, in double precision.

    `weights` in each process, the one that verifies included; `outputs`, those of all
    layers, in the process of each framework that is in it.
    """

    weights: int
    outputs: Mapping[str, float]


BUILD = Stage(1, {})
RUN = Stage(2, {name: each.run_memory for name, each in FRAMEWORKS.items()})
TRAIN = Stage(
    3, {name: each.train_memory for name, each in FRAMEWORKS.items() if each.trains}
)
"""Outputs are kept for the gradients."""


def check_memory(
    own: Network, sized: Collection[Network], frameworks: Collection[str], train: bool
) -> None:
    """Raise VerifyError (AS604) if verifying a network at these sizes needs too much.

    `own` is the network at its own size, which is built and not run.
    """
    needs = {own: estimate(own, frameworks, BUILD)}
    for network in sized:
        needs[network] = estimate(network, frameworks, RUN)
        if train:
            batch = training_batch(network)
            trained = estimate(network, frameworks, TRAIN, batch)
            needs[network] = max(needs[network], trained)
    limit = min(MAX_BYTES, int(USABLE * installed()))
    for network, needed in needs.items():
        if needed <= limit:
            continue
        height, width = network.image[1:]
        message = (
            f"verify would need about {_gib(needed)} of memory at {height}x{width}, "
            f"but may take {_gib(limit)}"
        )
        fewer = ", or fewer targets (--target torch)" if len(frameworks) > 1 else ""
        help = f"use a smaller variant, multiplier or input (--variant, --set){fewer}"
        raise VerifyError.single("AS604", message, help=help)


def estimate(
    network: Network, frameworks: Collection[str], stage: Stage, batch: int = BATCH
) -> int:
    """Bytes that all processes hold together, at most."""
    processes = 1 + len(frameworks)
    sizes = [batch * (prod(n.output) + n.scratch) for n in network.layers]
    held = sum(stage.outputs.get(name, 0) for name in frameworks)
    numbers = processes * stage.weights * network.parameters
    if stage.outputs:
        numbers += held * sum(sizes) + AT_WORK * len(frameworks) * max(sizes)
        # NumPy, and then PyTorch, unfold a convolution's windows in double precision.
        # Of scores, NumPy also holds the powers and their quotients.
        unfolded = (n.macs // n.output[0] + 2 * n.scratch for n in network.layers)
        numbers += batch * max(unfolded)
    return processes * STARTED + int(numbers * _DOUBLE)


def installed() -> int:
    """The machine's memory in bytes; MAX_BYTES / USABLE where it is not known."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return int(MAX_BYTES / USABLE)


def _gib(count: int) -> str:
    return f"{count / GIB:,.1f} GiB"
