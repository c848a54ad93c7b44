"""One HTML file about a network: `report`."""

from archspec.reporting.page import report

__all__ = ["report"]
