"""The figures of other counters, for one network or several."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from archspec.errors import one_of

if TYPE_CHECKING:
    from archspec.analysis.counts import Counter, Counts
    from archspec.network import Network
    from archspec.tables import Page


def overview(
    networks: Iterable[Network], format: str = "text", counter: Counter = "archspec"
) -> str:
    """A line with the costs of each network, as text, markdown or csv.

    Raises InvalidArgument for other formats or counters.
    """
    one_of("format", format, ("text", "markdown", "csv"))
    return overview_page(networks, counter).to(format)


def overview_page(networks: Iterable[Network], counter: Counter = "archspec") -> Page:
    """The same as data."""
    from archspec.analysis import table
    from archspec.tables import Page

    found = [*networks]
    counts = [c for c in (other_counts(network, counter) for network in found) if c]
    return Page([[table.overview(found, counts)]])


def other_counts(network: Network, counter: Counter) -> Counts | None:
    """The figures of a counter, if that is another one than archspec."""
    if counter == "archspec":
        return None
    from archspec.counting import count

    return count(network, counter)


def counts_of(network: Network, counter: Counter) -> Counts:
    """The figures of any counter."""
    from archspec.analysis.counts import own_counts

    return other_counts(network, counter) or own_counts(network)
