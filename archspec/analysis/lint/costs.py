"""Suspicious layers, and reported figures that differ from the computed ones."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from archspec.analysis.cost import compared_figures
from archspec.errors import WARNING, Diagnostic
from archspec.network import Network
from archspec.ops.sequence import PrefixTokens, Rotary
from archspec.ops.shapes import by, kind


def cost_warnings(network: Network) -> Iterator[Diagnostic]:
    """Classifiers at each position (AS321), figures that differ (AS324), and AS328."""
    yield from _dense_on_maps(network)
    yield from _unturned(network)
    yield from _figures(network)


def _dense_on_maps(network: Network) -> Iterator[Diagnostic]:
    for number, layer in enumerate(network.layers):
        shape = layer.inputs[0]
        ends = number in network.outputs.values()  # blocks mix channels on purpose
        if layer.op != "dense" or set(shape[1:]) <= {1} or not ends:
            continue
        size = by(shape[1:])
        message = f"dense is applied at each of the {size} positions of a {kind(shape)}"
        help = _TO_VECTOR[kind(shape)]
        yield Diagnostic(
            "AS321", message, layer.place, layer.path, help, severity=WARNING
        )


_TO_VECTOR: dict[str, str] = {
    "sequence": "use 'take' or 'global_avg_pool' before it to get a vector",
    "feature map": "use 'global_avg_pool' or 'flatten' before it to get a vector",
}


def _unturned(network: Network) -> Iterator[Diagnostic]:
    """`rotary` with another size than that of the feature map before `tokens`."""
    extra = sum(
        layer.primitive.count
        for layer in network.layers
        if isinstance(layer.primitive, PrefixTokens)
    )
    for layer in network.layers:
        op = layer.primitive
        if not isinstance(op, Rotary):
            continue
        length, area = layer.output[1], prod(op.size)
        if length - area <= extra:
            continue
        message = (
            f"rotary leaves {length - area} of {length} tokens as they are, but only "
            f"{extra} are put before the feature map"
        )
        help = (
            f"'size' is {by(op.size)}: make it the size of the feature map that "
            "'tokens' reads"
        )
        yield Diagnostic(
            "AS328", message, layer.place, layer.path, help, severity=WARNING
        )


def _figures(network: Network) -> Iterator[Diagnostic]:
    reported, variant = network.reported, network.spec.variant
    if reported is None or reported.erratum:
        return
    section = network.spec.tree.section("reported")
    for found in compared_figures(network):
        if found.difference == "none":
            continue
        message = (
            f"{found.quantity.text} {found.name} are reported, but "
            f"{found.computed:,} are computed ({found.difference})"
        )
        help = "fix the spec or the figure, or explain the difference in 'erratum'"
        path = f"variant {variant}" if variant else ""
        place = section.place_of(found.key)
        yield Diagnostic("AS324", message, place, path, help, severity=WARNING)
