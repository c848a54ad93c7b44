"""Networks side by side: their figures, and the layers in which two differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any, NamedTuple, cast

from archspec.analysis.counts import Counts
from archspec.analysis.memory import fused_activations
from archspec.analysis.usage import Dtype
from archspec.network import Network, NetworkLayer
from archspec.ops.shapes import by
from archspec.tables import Column, Page, Table, Value

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
    counted: tuple[int, int] | None = None
    """Both figures of another counter, if one is chosen."""

    def document(self) -> dict[str, Any]:
        """Plain data, without a counter that was not chosen."""
        found = self._asdict()
        counted = found.pop("counted")
        return found if counted is None else {**found, "count": counted}


class Compared(NamedTuple):
    """Networks side by side, for a type of numbers; `counts` are another counter's."""

    networks: Sequence[Network]
    dtype: Dtype = "float32"
    counts: Sequence[Counts] = ()

    @property
    def figures(self) -> tuple[str, ...]:
        """The names of the figures that are compared."""
        return (*FIGURES, "count") if self.counts else FIGURES

    @property
    def unit(self) -> str:
        """What the tables call the figures of the counter."""
        first = next(iter(self.counts), None)
        return f"{first.unit} ({first.counter})" if first else "MACs"


def named(network: Network) -> str:
    """SPEC or SPEC@VARIANT, as the command takes it."""
    variant = network.spec.variant
    return network.spec.stem + (f"@{variant}" if variant else "")


def figures(compared: Compared) -> list[dict[str, Any]]:
    """The figures of each network, and their ratios to those of the first.

    Activations are those of the fused network at their peak.
    """
    networks, dtype, counts = compared
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
    for own, counted in zip(found, counts, strict=False):
        own["count"] = counted.total
    names = compared.figures
    return [
        own | {"ratios": {name: _ratio(own[name], found[0][name]) for name in names}}
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


def document(compared: Compared, *, layers: bool = False) -> dict[str, Any]:
    """All of it as plain data; `layers` compares each network with the first."""
    found: dict[str, Any] = {"dtype": compared.dtype, "networks": figures(compared)}
    if compared.counts:
        counter = compared.counts[0].as_data()
        found["counter"] = {key: counter[key] for key in ("name", "tool", "unit")}
    if layers:
        found["differences"] = [
            {
                "network": named(network),
                "changes": [change.document() for change in changed],
            }
            for network, changed in _compared_layers(compared)
        ]
    return found


def page(compared: Compared, *, layers: bool = False) -> Page:
    """The same as tables."""
    groups: list[list[str | Table]] = [[_overview(compared)]]
    for network, found in _compared_layers(compared) if layers else ():
        groups.append([f"{named(compared.networks[0])} -> {named(network)}"])
        table = _differences(found, compared.unit)
        groups.append([table if found else "no layer differs"])
    return Page(groups)


def to_csv(compared: Compared, *, layers: bool = False) -> str:
    """A line for each network, or for each layer that differs from the first's."""
    names = compared.figures
    if not layers:
        header = ["network", *names, *(f"{name}_ratio" for name in names)]
        rows: list[list[Value]] = [
            [own["network"], *(own[name] for name in names), *own["ratios"].values()]
            for own in figures(compared)
        ]
        return Table([*map(Column, header)], rows).to_csv()
    header = "network change layer op changed output parameters_before"
    header = [*header.split(), "parameters_after", "macs_before", "macs_after"]
    header += ["count_before", "count_after"] if compared.counts else []
    rows = [
        [
            *(named(network), *change[:5]),
            *(*change.parameters, *change.macs, *(change.counted or ())),
        ]
        for network, found in _compared_layers(compared)
        for change in found
    ]
    return Table([*map(Column, header)], rows).to_csv()


def _compared_layers(compared: Compared) -> Iterator[tuple[Network, list[Change]]]:
    """Each network but the first, and the layers in which it differs from that."""
    first, *others = compared.networks
    counts = [
        {layer.path: n for layer, n in zip(network.layers, found.layers, strict=True)}
        for network, found in zip(compared.networks, compared.counts, strict=False)
    ]
    for number, network in enumerate(others, 1):
        found = changes(first, network)
        if counts:
            found = [_counted(change, counts[0], counts[number]) for change in found]
        yield network, found


def _counted(
    change: Change, before: Mapping[str, int], after: Mapping[str, int]
) -> Change:
    """The change with both figures of another counter, 0 where a layer is not."""
    one = 0 if change.mark == "+" else before[change.path]
    other = 0 if change.mark == "-" else after[change.path]
    return change._replace(counted=(one, other))


def _overview(compared: Compared) -> Table:
    """A line for each network; ratios to the first stand behind each figure."""
    columns = [Column("network", "name"), Column("input", "text")]
    shown = ["parameters", "count" if compared.counts else "macs", *FIGURES[2:]]
    for name in ("parameters", compared.unit, f"activations, {compared.dtype}"):
        columns += [Column(name), Column("", "ratio")]
    rows: list[list[Value]] = []
    for own, network in zip(figures(compared), compared.networks, strict=True):
        row = [own["network"], ", ".join(map(by, network.inputs.values()))]
        for name in shown:
            row += [own[name], own["ratios"][name]]
        rows.append(row)
    return Table(columns, rows)


def _differences(found: Sequence[Change], unit: str) -> Table:
    rows = [
        [
            *change[:5],
            *(
                _pair(*map("{:,}".format, numbers))
                for numbers in (change.parameters, change.counted or change.macs)
            ),
        ]
        for change in found
    ]
    names = Column("", "name"), Column("layer", "name")
    texts = [Column(name, "text") for name in ("op", "changed", "output")]
    return Table([*names, *texts, Column("parameters"), Column(unit)], rows)
