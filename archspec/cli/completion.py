"""What the shell completes: specs, variants, paths, targets, layers and other names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import typer

from archspec.frameworks import FRAMEWORKS

Found = list[tuple[str, str]]
"""Words, each with a help text."""


def bundled(incomplete: str) -> Found:
    """Bundled specs."""
    from archspec.api import names

    return starting(incomplete, names.specs())


def specs(incomplete: str) -> Found:
    """Bundled specs, YAML files and folders; after SPEC@ the variants of one."""
    from archspec.api import names

    spec, at, _ = incomplete.rpartition("@")
    if at:
        found = (f"{spec}@{variant}" for variant in names.variants(spec))
        return [(name, "") for name in found if name.startswith(incomplete)]
    return starting(incomplete, [*names.files(incomplete), *names.specs()])


def variants(ctx: typer.Context, incomplete: str) -> Found:
    """The variants of the first SPEC on the line."""
    from archspec.api import names

    return starting(incomplete, names.variants(_spec(ctx)))


def settings(ctx: typer.Context, incomplete: str) -> Found:
    """Paths of the first SPEC on the line, with their values."""
    from archspec.api import names

    found = names.settings(_spec(ctx))
    return [(text, "") for text in found if text.startswith(incomplete)]


def layers(ctx: typer.Context, incomplete: str) -> Found:
    """Layers and rows of the first SPEC on the line, or the word for all strides."""
    from archspec.api import names

    return starting(incomplete, ["strides", *names.layers(_spec(ctx))])


def multipliers(ctx: typer.Context, incomplete: str) -> Found:
    """Multipliers of the first SPEC on the line."""
    from archspec.api import names

    return starting(incomplete, names.multipliers(_spec(ctx)))


def ops(incomplete: str) -> Found:
    """Primitives."""
    from archspec.api import names

    return starting(incomplete, names.ops())


def blocks(incomplete: str) -> Found:
    """Standard blocks."""
    from archspec.api import names

    return described(incomplete, names.blocks())


def codes(incomplete: str) -> Found:
    """Error codes."""
    from archspec.api.catalogue import explanations

    return described(incomplete, {n: e.title for n, e in explanations().items()})


def targets(incomplete: str) -> Found:
    """Frameworks."""
    return starting(incomplete, FRAMEWORKS)


def _spec(ctx: typer.Context) -> str:
    """The first SPEC on the line."""
    # Before an option without its value, Click leaves the arguments in `args`.
    given = [*(ctx.params.get("specs") or ()), ctx.params.get("spec"), *ctx.args]
    return next((word.partition("@")[0] for word in given if word), "")


def starting(incomplete: str, names: Iterable[str]) -> Found:
    """The names that complete the last of several words, which commas separate."""
    return described(incomplete, dict.fromkeys(names, ""))


def described(incomplete: str, helps: Mapping[str, str]) -> Found:
    """The same of names with help texts."""
    before, comma, word = incomplete.rpartition(",")
    found = (item for item in helps.items() if item[0].startswith(word))
    return [(f"{before}{comma}{name}", help) for name, help in found]
