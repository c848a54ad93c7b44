"""`archspec compare`."""

from __future__ import annotations

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
    pass


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

    Ratios are to the first network; activations are those of
    the fused network at their peak.

    Examples:
        archspec compare mobilenetv2 mobilenetv2@0.5_160 mobilenetv3_large
        archspec compare mobilenetv2 --all-variants --format csv
        archspec compare before.yaml after.yaml --layers --format markdown
    """
    with faults_told():
        from archspec.api.comparison import compare

        found = [*networks(specs, variant, override, all_variants)]
        compared = compare(found, dtype=dtype, layers=layers, counter=counter)
        show_as(compared, format)
