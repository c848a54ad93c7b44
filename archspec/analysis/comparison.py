"""Networks side by side: their figures, and the layers in which two differ."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Any, NamedTuple, cast

from archspec.analysis.memory import fused_activations
from archspec.analysis.table import Grid, aligned, piped
from archspec.analysis.usage import Dtype
from archspec.network import Network, NetworkLayer
from archspec.ops.shapes import by

FIGURES = "parameters", "macs", "peak_activation_bytes"


class Change(NamedTuple):
    """A layer that only one of two networks has, or that differs, `~`.

    `mark` is that of a diff: `+` is added, `-` removed. `what` says which attributes
    changed; `op` and `output` have both values where they differ.
    """

    mark: str
    path: str
    op: str
    what: str
    output: str
    parameters: tuple[int, int]
    macs: tuple[int, int]


def named(network: Network) -> str:
    """SPEC or SPEC@VARIANT, as the command takes it."""
    variant = network.spec.variant
    return network.spec.stem + (f"@{variant}" if variant else "")


def figures(networks: Sequence[Network], dtype: Dtype) -> list[dict[str, Any]]:
    """The figures of each network, and their ratios to those of the first.

    Activations are those of the fused network at their peak.
    """
    found: list[dict[str, Any]] = [
        {
            "network": named(network),
            "input_shape": [*map(list, network.inputs.values())],
            "parameters": network.parameters,
            "macs": network.macs,
            "peak_activation_bytes": fused_activations(network, dtype),
        }
        for network in networks
    ]
    return [
        own | {"ratios": {name: _ratio(own[name], found[0][name]) for name in FIGURES}}
        for own in found
    ]


def _ratio(number: int, first: int) -> float | None:
    return number / first if first else None


def changes(one: Network, other: Network) -> list[Change]:
    """The layers in which two networks differ, in order; paths say which belong."""
    paths = [[layer.path for layer in network.layers] for network in (one, other)]
    matcher = SequenceMatcher(None, *paths, autojunk=False)
    found: list[Change] = []
    for kind, start, end, later_start, later_end in matcher.get_opcodes():
        before, after = one.layers[start:end], other.layers[later_start:later_end]
        if kind == "equal":
            found += _changed(before, after)
            continue
        found += [_alone("-", layer) for layer in before]
        found += [_alone("+", layer) for layer in after]
    return found


def _alone(mark: str, layer: NetworkLayer) -> Change:
    counts = layer.parameters, layer.macs
    parameters, macs = ((0, n) if mark == "+" else (n, 0) for n in counts)
    return Change(mark, layer.path, layer.op, "", by(layer.output), parameters, macs)


def _changed(
    before: Sequence[NetworkLayer], after: Sequence[NetworkLayer]
) -> Iterator[Change]:
    for one, other in zip(before, after, strict=True):
        said = _attributes_changed(one, other) if one.op == other.op else []
        sides = [(layer.op, layer.inputs, layer.output) for layer in (one, other)]
        if not said and sides[0] == sides[1]:
            continue
        yield Change(
            "~",
            one.path,
            _pair(one.op, other.op),
            ", ".join(said),
            _pair(by(one.output), by(other.output)),
            (one.parameters, other.parameters),
            (one.macs, other.macs),
        )


def _attributes_changed(one: NetworkLayer, other: NetworkLayer) -> list[str]:
    before, after = (dict(layer.primitive) for layer in (one, other))
    return [
        _pair(f"{name} {_value(value)}", _value(after[name]))
        for name, value in before.items()
        if value != after[name]
    ]


def _pair(before: str, after: str) -> str:
    """What became something else, or what both are."""
    return before if before == after else f"{before} -> {after}"


def _value(value: object) -> str:
    """An attribute as in a spec: a pair of equal numbers is one."""
    if isinstance(value, tuple):
        numbers = cast("tuple[object, ...]", value)
        return str(numbers[0] if len({*numbers}) == 1 else [*numbers])
    if value is None:
        return "~"
    return str(value).lower() if isinstance(value, bool) else str(value)


def document(
    networks: Sequence[Network], dtype: Dtype = "float32", *, layers: bool = False
) -> dict[str, Any]:
    """All of it as plain data; `layers` compares each network with the first."""
    found: dict[str, Any] = {"dtype": dtype, "networks": figures(networks, dtype)}
    if layers:
        found["differences"] = [
            {
                "network": named(network),
                "changes": [
                    change._asdict() for change in changes(networks[0], network)
                ],
            }
            for network in networks[1:]
        ]
    return found


def text(
    networks: Sequence[Network],
    dtype: Dtype = "float32",
    *,
    layers: bool = False,
    markdown: bool = False,
) -> str:
    """The same as tables for a terminal, or as Markdown."""
    printed = piped if markdown else aligned
    parts = [printed(_overview(networks, dtype))]
    for network in networks[1:] if layers else ():
        parts.append(f"{named(networks[0])} -> {named(network)}")
        found = changes(networks[0], network)
        parts.append(printed(_differences(found)) if found else "no layer differs")
    return "\n\n".join(parts) + "\n"


def to_csv(
    networks: Sequence[Network], dtype: Dtype = "float32", *, layers: bool = False
) -> str:
    """A line for each network, or for each layer that differs from the first's."""
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    if not layers:
        writer.writerow(["network", *FIGURES, *(f"{name}_ratio" for name in FIGURES)])
        for own in figures(networks, dtype):
            ratios = [own["ratios"][name] for name in FIGURES]
            writer.writerow([own["network"], *(own[name] for name in FIGURES), *ratios])
        return lines.getvalue()
    header = "network change layer op changed output parameters_before"
    writer.writerow([*header.split(), "parameters_after", "macs_before", "macs_after"])
    for network in networks[1:]:
        for change in changes(networks[0], network):
            counts = *change.parameters, *change.macs
            writer.writerow([named(network), *change[:5], *counts])
    return lines.getvalue()


def _overview(networks: Sequence[Network], dtype: Dtype) -> Grid:
    """A line for each network; ratios to the first stand behind each figure."""
    header = ["network", "input"]
    for name in ("parameters", "MACs", f"activations, {dtype}"):
        header += [name, ""]
    rows: list[list[str]] = []
    for own, network in zip(figures(networks, dtype), networks, strict=True):
        row = [own["network"], ", ".join(map(by, network.inputs.values()))]
        for name in FIGURES:
            ratio = own["ratios"][name]
            row += [f"{own[name]:,}", "-" if ratio is None else f"{ratio:.2f}"]
        rows.append(row)
    return Grid(header, rows, left=(0, 1))


def _differences(found: Sequence[Change]) -> Grid:
    rows = [
        [*change[:5], *(_pair(*map("{:,}".format, n)) for n in change[5:])]
        for change in found
    ]
    header = ["", "layer", "op", "changed", "output", "parameters", "MACs"]
    return Grid(header, rows, left=range(5))
