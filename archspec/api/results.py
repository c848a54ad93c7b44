"""What functions return that has a table: printed, or as data."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from archspec.errors import one_of

if TYPE_CHECKING:
    from archspec.tables import Page

FORMATS = "table", "json", "csv", "markdown"


class Result(ABC):
    """Print it, or take its `data`."""

    @property
    @abstractmethod
    def data(self) -> Any:
        """Plain data, as for `pandas.DataFrame`."""

    @property
    @abstractmethod
    def page(self) -> Page:
        """What is printed, as texts and tables."""

    @abstractmethod
    def _csv(self) -> str: ...

    def __str__(self) -> str:
        return self.to("table")

    def to(self, format: str) -> str:
        """As a table, json, csv or markdown; raises InvalidArgument for others."""
        one_of("format", format, FORMATS)
        if format == "json":
            return json.dumps(self.data, indent=2) + "\n"
        return self._csv() if format == "csv" else self.page.to(format)
