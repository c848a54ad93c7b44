"""Joins as nodes."""

from __future__ import annotations

from archspec.ops.join import Join
from archspec.targets.onnx.graph import Site


def add(site: Site, _: Join) -> None:
    """`Add` of two, `Sum` of more."""
    site.end("Add" if len(site.inputs) == 2 else "Sum", *site.inputs)


def subtract(site: Site, _: Join) -> None:
    """`Sub`."""
    site.end("Sub", *site.inputs)


def multiply(site: Site, _: Join) -> None:
    """`Mul` of the first two, then of each other; it broadcasts axes of size 1."""
    product, *factors, last = site.inputs
    for number, factor in enumerate(factors):
        product = site.part(f"product{number}", "Mul", product, factor)
    site.end("Mul", product, last)


def concat(site: Site, _: Join) -> None:
    """`Concat` along the channels."""
    site.end("Concat", *site.inputs, axis=site.channels)
