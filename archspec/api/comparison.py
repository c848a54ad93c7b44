"""Networks side by side."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archspec.errors import InvalidArgument, one_of

if TYPE_CHECKING:
    from archspec.analysis.usage import Dtype
    from archspec.api.network import Network

FORMATS = "table", "json", "csv", "markdown"


@dataclass(frozen=True)
class SideBySide:
    """What `archspec.compare` returns: print it, or take its `data`."""

    networks: Sequence[Network]
    dtype: Dtype
    layers: bool

    def __str__(self) -> str:
        return self.to("table")

    @property
    def data(self) -> dict[str, Any]:
        """Figures, ratios to the first network and, if asked for, changed layers."""
        from archspec.analysis import comparison

        return comparison.document(self.networks, self.dtype, layers=self.layers)

    def to(self, format: str) -> str:
        """As a table, json, csv or markdown; raises InvalidArgument for others."""
        from archspec.analysis import comparison

        one_of("format", format, FORMATS)
        if format == "json":
            return json.dumps(self.data, indent=2) + "\n"
        if format == "csv":
            return comparison.to_csv(self.networks, self.dtype, layers=self.layers)
        is_markdown = format == "markdown"
        return comparison.text(
            self.networks, self.dtype, layers=self.layers, markdown=is_markdown
        )


def compare(
    networks: Iterable[Network], *, dtype: Dtype = "float32", layers: bool = False
) -> SideBySide:
    """Compare the costs of networks with those of the first.

    Args:
        networks: one or more.
        dtype: the type of activations in memory: `float32`, `float16` or `int8`.
        layers: also the layers in which each differs from the first.

    Raises:
        InvalidArgument: another type, or no network.
    """
    from archspec.analysis.usage import Usage

    found = [*networks]
    if not found:
        raise InvalidArgument("there is no network to compare")
    return SideBySide(found, Usage.of(dtype=dtype).dtype, layers)
