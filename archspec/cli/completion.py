"""What the shell completes: specs, variants, targets, ops, blocks and error codes."""

from __future__ import annotations

from collections.abc import Iterable
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

    found = {name: op.title for name, op in primitives().items()}
    return [(n, title) for n, title in found.items() if n.startswith(incomplete)]


def blocks(incomplete: str) -> Found:
    """Standard blocks."""
    from archspec.api.catalogue import blocks

    found = blocks().items()
    return [(n, summary) for n, summary in found if n.startswith(incomplete)]


def codes(incomplete: str) -> Found:
    """Error codes."""
    from archspec.api.catalogue import explanations

    found = explanations().items()
    return [(code, e.title) for code, e in found if code.startswith(incomplete)]


def starting(incomplete: str, names: Iterable[str]) -> Found:
    """The names that complete the last of several words, which commas separate."""
    before, comma, word = incomplete.rpartition(",")
    found = (name for name in names if name.startswith(word))
    return [(f"{before}{comma}{name}", "") for name in found]
