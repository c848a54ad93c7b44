"""Networks as source code: one folder of templates and one package a framework."""

from archspec.targets.render import TARGETS, render

__all__ = ["TARGETS", "render"]
