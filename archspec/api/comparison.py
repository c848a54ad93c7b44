"""Networks side by side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archspec.api.results import Result
from archspec.errors import InvalidArgument

if TYPE_CHECKING:
    from archspec.analysis.comparison import Compared
    from archspec.analysis.counts import Counter, Counts
    from archspec.analysis.usage import Dtype
    from archspec.api.network import Network
    from archspec.tables import Page


@dataclass(frozen=True)
class SideBySide(Result):
    """What `archspec.compare` returns: print it, or take its `data`."""

    networks: Sequence[Network]
    dtype: Dtype
    layers: bool
    counts: Sequence[Counts] = ()
    """Those of another counter, a figure for each layer."""

    @property
    def data(self) -> dict[str, Any]:
        """Figures, ratios to the first network and, if asked for, changed layers."""
        from archspec.analysis import comparison

        return comparison.document(self._compared, layers=self.layers)

    @property
    def _compared(self) -> Compared:
        from archspec.analysis.comparison import Compared

        return Compared(self.networks, self.dtype, self.counts)

    @property
    def page(self) -> Page:
        """The table, and those of the layers."""
        from archspec.analysis import comparison

        return comparison.page(self._compared, layers=self.layers)

    def _csv(self) -> str:
        from archspec.analysis import comparison

        return comparison.to_csv(self._compared, layers=self.layers)


def compare(
    networks: Iterable[Network],
    *,
    dtype: Dtype = "float32",
    layers: bool = False,
    counter: Counter = "archspec",
) -> SideBySide:
    """Compare the costs of networks with those of the first.

    Args:
        networks: one or more.
        dtype: the type of activations in memory: `float32`, `float16` or `int8`.
        layers: also the layers in which each differs from the first.
        counter: compare what another tool counts instead of MACs, see `Network.count`.

    Raises:
        InvalidArgument: another type or counter, or no network.
        SpecError: the counter's framework does not support a network (AS4xx).
    """
    from archspec.analysis.usage import Usage

    found = [*networks]
    if not found:
        raise InvalidArgument("there is no network to compare")
    chosen = Usage.of(dtype=dtype).dtype
    counts = [] if counter == "archspec" else [each.count(counter) for each in found]
    return SideBySide(found, chosen, layers, counts)
