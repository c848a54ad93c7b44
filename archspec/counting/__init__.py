"""The figures that other counters print for generated modules, without running them."""

from archspec.counting.counters import COUNTERS, count

__all__ = ["COUNTERS", "count"]
