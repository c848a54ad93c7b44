"""`archspec list`, `show`, `ops`, `blocks` and `explain`: what comes with archspec."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from itertools import chain, groupby
from typing import Annotated

import typer

from archspec.cli import completion
from archspec.cli.beforehand import networks
from archspec.cli.options import (
    Format,
    MaybeSpecs,
    Overrides,
    Spec,
    TableFormat,
    Variants,
    argument,
)
from archspec.cli.printing import faults_told, show_json, show_overview
from archspec.cli.printing import show as show_page


def list_specs(specs: MaybeSpecs = None, format: TableFormat = "table") -> None:
    """List the bundled specs, or the variants of a spec, with costs.

    Parameters include moving statistics, which are not trainable. JSON also has the
    summary and source of each spec, and the names of its variants.

    Examples:
        archspec list
        archspec list mobilenetv2
        archspec list --json
    """
    with faults_told():
        from archspec.api import catalogue
        from archspec.api.specs import bundled_specs

        if not specs and format == "json":
            show_json([catalogue.list_specs()])
            return
        found = networks(specs or bundled_specs(), all_variants=bool(specs))
        show_overview([*found], format)


def show(
    spec: Spec,
    variant: Variants = None,
    override: Overrides = None,
    format: Format = "text",
) -> None:
    """Print the YAML of a spec.

    Without --variant and --set, prints the file as it is. With them, prints a complete
    spec with the changes merged in, which can be saved and edited; comments of changed
    parts are lost.

    Examples:
        archspec show mobilenetv2
        archspec show mobilenetv2 --variant 0.5_160 > net.yaml
        archspec show net.yaml --set classes=10 --json
    """
    with faults_told():
        from archspec.api.specs import spec_source, spec_tree

        names = {"variant": variant or (), "set": override or ()}
        _tell(
            format,
            lambda: spec_source(spec, **names),
            lambda: spec_tree(spec, **names),
        )


def ops(
    name: Annotated[
        str | None,
        argument("OP", "A primitive.", completion.ops),
    ] = None,
    format: Format = "text",
) -> None:
    """List the primitives, or describe one in every framework.

    An attribute without a default must be given, by the layer or by `defaults`.

    Examples:
        archspec ops
        archspec ops conv
        archspec ops batch_norm --json
    """
    with faults_told():
        from archspec.api import primitives
        from archspec.api.forms import FORMS

        if form := FORMS.get(name or ""):
            _tell(format, lambda: str(form), form._asdict)
            return
        if name is not None:
            found = primitives.primitive(name)
            _tell(format, lambda: str(found), found.document)
            return
        known = primitives.primitives()
        families = groupby(known.values(), key=lambda op: op.family)
        _tell_names(
            format,
            {family: {op.name: op.title for op in own} for family, own in families},
        )


def blocks(
    name: Annotated[
        str | None,
        argument("BLOCK", "A standard block.", completion.blocks),
    ] = None,
    format: Format = "text",
) -> None:
    """List the standard blocks, or print the YAML of one.

    Blocks consist of primitives, which `archspec ops` lists.

    Examples:
        archspec blocks
        archspec blocks inverted_residual
    """
    with faults_told():
        from archspec.api import catalogue

        if name is not None:
            source = catalogue.block_source(name)
            _tell(format, lambda: source, lambda: {"name": name, "source": source})
            return
        _tell_names(format, {"": catalogue.blocks()})


def explain(
    code: Annotated[
        str | None,
        argument("CODE", "Such as AS204.", completion.codes),
    ] = None,
    format: Format = "text",
) -> None:
    """Explain an error or warning with an example, or list all codes.

    Examples:
        archspec explain
        archspec explain AS204
    """
    with faults_told():
        from archspec.api import catalogue

        if code is not None:
            found = catalogue.explain(code)
            _tell(format, lambda: found.text, lambda: {"code": code, **found._asdict()})
            return
        titles = {n: e.title for n, e in catalogue.explanations().items()}
        _tell_names(format, {"": titles})


def _tell(format: str, text: Callable[[], str], document: Callable[[], object]) -> None:
    """Print a text or a JSON document; only one of them is made."""
    told = json.dumps(document(), indent=2) if format == "json" else text()
    typer.echo(told.removesuffix("\n"))


def _tell_names(format: str, sections: Mapping[str, Mapping[str, str]]) -> None:
    """Print names with a sentence about each, in sections with titles."""
    if format == "json":
        show_json([dict(chain.from_iterable(s.items() for s in sections.values()))])
        return
    from archspec.tables import Column, Page, Table, Title

    columns = [Column("", "text")] * 2
    width = max(len(name) for own in sections.values() for name in own)
    groups: list[list[str | Table]] = []
    for title, own in sections.items():
        indent = "  " if title else ""
        lines = [[f"{indent}{name:<{width}}", said] for name, said in own.items()]
        groups.append([*([Title(f"{title}:")] if title else []), Table(columns, lines)])
    show_page(Page(groups))
