"""What the shell completes: specs, variants, targets, ops, blocks and error codes."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

import typer

from archspec.errors import ArchspecError
from archspec.frameworks import ALL_TARGETS, FRAMEWORKS

Found = list[tuple[str, str]]
"""Words, each with a help text."""


def specs(incomplete: str) -> Found:
    """Bundled specs; where none match, the shell completes file names."""
    from archspec.api.specs import bundled_specs

    return _starting(incomplete, dict.fromkeys(bundled_specs(), ""))


def variants(ctx: typer.Context, incomplete: str) -> Found:
    """The variants of the first SPEC on the line."""
    from archspec.api.specs import variants

    given = ctx.params.get("specs") or [ctx.params.get("spec") or ""]
    with suppress(ArchspecError):
        return _starting(incomplete, dict.fromkeys(variants(given[0]), ""))
    return []


def targets(incomplete: str) -> Found:
    """Targets, also after a comma."""
    return _starting(incomplete, dict.fromkeys(ALL_TARGETS, ""))


def frameworks(incomplete: str) -> Found:
    """What `verify` compares."""
    return _starting(incomplete, dict.fromkeys(FRAMEWORKS, ""))


def ops(incomplete: str) -> Found:
    """Primitives."""
    from archspec.api.primitives import primitives

    return _starting(incomplete, {n: op.title for n, op in primitives().items()})


def blocks(incomplete: str) -> Found:
    """Standard blocks."""
    from archspec.api.catalogue import blocks

    return _starting(incomplete, blocks())


def codes(incomplete: str) -> Found:
    """Error codes."""
    from archspec.api.catalogue import explanations

    titles = {code: found.title for code, found in explanations().items()}
    return _starting(incomplete.upper(), titles)


def _starting(incomplete: str, helps: Mapping[str, str]) -> Found:
    """The names that complete the last of several words, which commas separate."""
    before, comma, word = incomplete.rpartition(",")
    return [
        (f"{before}{comma}{name}", help)
        for name, help in helps.items()
        if name.startswith(word)
    ]
