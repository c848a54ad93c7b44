"""Networks as source code: one folder of templates and one package a framework."""

from archspec.frameworks import SOURCES as TARGETS
from archspec.targets.render import check_printable, render

__all__ = ["TARGETS", "check_printable", "render"]
