"""Networks in all targets, compared layer by layer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from archspec.api.network import SECONDS
from archspec.errors import optional_packages

if TYPE_CHECKING:
    from archspec.api.network import Network
    from archspec.verification import Report


def verify(
    networks: Iterable[Network],
    targets: Sequence[str] | None = None,
    *,
    train: bool = False,
    seed: int = 0,
    seconds: float = SECONDS,
    progress: Callable[[str], None] = lambda text: None,
) -> Iterator[Report]:
    """Compare the targets layer by layer; yields a report for each network.

    Runs generated code, each target in its own process, which serves all networks.

    Args:
        networks: the networks to verify.
        targets: such as `["torch", "keras:jax"]`; by default the usual ones.
        train: also compare gradients and a training step.
        seed: random seed of the weights and images.
        seconds: time limit of one run in one target.
        progress: called with a text before each step.

    Raises:
        VerifyError: a target is unknown (AS601); a process takes too long (AS602),
            dies (AS603) or would need too much memory (AS604).
        SpecError: a target does not support a network (AS4xx).
        FrameworkMissing: a framework is not installed.
    """
    if isinstance(targets, str):
        raise TypeError(f"'targets' must be a list of names, not {targets!r}")
    with optional_packages():
        from archspec.verification import Verifier
    with optional_packages(), Verifier(targets, seconds, progress=progress) as verifier:
        for network in networks:
            yield verifier.verify(network, seed, train)
