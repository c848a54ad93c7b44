"""`archspec compare`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archspec.cli.beforehand import networks
from archspec.cli.options import (
    AllVariants,
    CounterName,
    Dtype,
    Overrides,
    Specs,
    TableFormat,
    Variants,
)
from archspec.cli.printing import faults_told, show_as

if TYPE_CHECKING:
    from archspec.api.network import Network


def compare(
    specs: Specs,
    *,
    variant: Variants = None,
    override: Overrides = None,
    all_variants: AllVariants = False,
    layers: Annotated[
        bool,
        typer.Option("--layers", help="Also show the layers that the first has not."),
    ] = False,
    dtype: Dtype = "float32",
    counter: CounterName = "archspec",
    format: TableFormat = "table",
) -> None:
    """Compare networks, and the layers in which they differ.

    SPEC@VARIANT is a variant. Ratios are to the first network; activations are those of
    the fused network at their peak.

    Examples:
        archspec compare mobilenetv2 mobilenetv2@0.5_160 mobilenetv3_large
        archspec compare mobilenetv2 --all-variants --format csv
        archspec compare before.yaml after.yaml --layers --format markdown
    """
    with faults_told():
        from archspec.api.comparison import compare

        found = [
            n for s in specs for n in networks_of(s, variant, override, all_variants)
        ]
        compared = compare(found, dtype=dtype, layers=layers, counter=counter)
        show_as(compared, format)


def networks_of(
    spec: str,
    variant: list[str] | None,
    override: list[str] | None,
    all_variants: bool = False,
) -> Iterator[Network]:
    """The networks of SPEC or SPEC@VARIANT, unless a file has that name."""
    name, at, own = spec.rpartition("@")
    if not at or Path(spec).exists():
        name, own = spec, ""
    chosen = [*(own.split(",") if own else ()), *(variant or ())]
    yield from networks([name], chosen, override, all_variants)
