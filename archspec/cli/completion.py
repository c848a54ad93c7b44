"""What the shell completes: specs, variants, targets, ops, blocks and error codes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress

import typer

from archspec.errors import ArchspecError

Found = list[tuple[str, str]]
"""Words, each with a help text."""


def specs(incomplete: str) -> Found:
    """Bundled specs; where none match, the shell completes file names."""
    from archspec.api.specs import bundled_specs

    return starting(incomplete, bundled_specs())


def variants(ctx: typer.Context, incomplete: str) -> Found:
    """The variants of the first SPEC on the line."""
    from archspec.api.specs import variants

    # Before an option without its value, Click leaves the arguments in `args`.
    given = [*(ctx.params.get("specs") or ()), ctx.params.get("spec"), *ctx.args]
    spec = next((word for word in given if word), "")
    with suppress(ArchspecError):
        return starting(incomplete, variants(spec))
    return []


def ops(incomplete: str) -> Found:
    """Primitives."""
    from archspec.api.primitives import primitives

    return described(incomplete, {n: op.title for n, op in primitives().items()})


def blocks(incomplete: str) -> Found:
    """Standard blocks."""
    from archspec.api.catalogue import blocks

    return described(incomplete, blocks())


def codes(incomplete: str) -> Found:
    """Error codes."""
    from archspec.api.catalogue import explanations

    return described(incomplete, {n: e.title for n, e in explanations().items()})


def starting(incomplete: str, names: Iterable[str]) -> Found:
    """The names that complete the last of several words, which commas separate."""
    return described(incomplete, dict.fromkeys(names, ""))


def described(incomplete: str, helps: Mapping[str, str]) -> Found:
    """The same of names with help texts."""
    before, comma, word = incomplete.rpartition(",")
    found = (item for item in helps.items() if item[0].startswith(word))
    return [(f"{before}{comma}{name}", help) for name, help in found]
