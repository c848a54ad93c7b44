"""Networks as source code: one folder of templates and one package a framework."""

from archspec.frameworks import SOURCES as TARGETS
from archspec.targets.render import render

__all__ = ["TARGETS", "render"]
