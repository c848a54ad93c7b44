"""Numbers that surprise: of a network's layers, and of what is reported of it."""

from __future__ import annotations

from collections.abc import Iterator

from archspec.analysis.cost import compared_figures
from archspec.errors import WARNING, Diagnostic
from archspec.network import Network


def cost_warnings(network: Network) -> Iterator[Diagnostic]:
    """A dense layer on a map (AS321), and figures that are not so (AS324)."""
    yield from _dense_on_maps(network)
    yield from _figures(network)


def _dense_on_maps(network: Network) -> Iterator[Diagnostic]:
    for layer in network.layers:
        positions = layer.inputs[0][1:]
        if layer.op != "dense" or set(positions) <= {1}:
            continue
        height, width = positions
        message = f"dense is applied at each of the {height}x{width} positions of a map"
        help = "'global_avg_pool' or 'flatten' before it makes a vector of the map"
        yield Diagnostic(
            "AS321", message, layer.place, layer.path, help, severity=WARNING
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
            f"{found.quantity.text} {found.name} are reported, but there are "
            f"{found.computed:,} ({found.difference})"
        )
        help = "mend the spec or the figure, or say in an 'erratum' why it is another"
        path = f"variant {variant}" if variant else ""
        place = section.place_of(found.key)
        yield Diagnostic("AS324", message, place, path, help, severity=WARNING)
