"""Reads specs before the command line is loaded.

A document with errors, which no option could fix, is refused in half the time: the
YAML, names and expressions before the ops are imported, the rest before Typer.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING

from archspec.cli import colour
from archspec.errors import SpecError, printable

if TYPE_CHECKING:
    from archspec.api.network import Network

COMMANDS = ("flops", "generate")
CHANGING = ("--variant", "--set", "--help", "-h")
"""Options that change the spec, or after which it is not read."""

SUFFIXES = (".yaml", ".yml")

_networks: dict[str, Network] = {}


def refuse(arguments: Sequence[str]) -> None:
    """Exit with code 2 for a spec with errors; keep the networks of the others."""
    if not arguments or arguments[0] not in COMMANDS:
        return
    if any(argument.startswith(CHANGING) for argument in arguments):
        return
    words = takewhile(lambda word: not word.startswith("-"), arguments[1:])
    files = (word for word in words if Path(word).suffix in SUFFIXES)
    try:
        _networks.update((f, loaded(f)) for f in files if not _is_folder(f))
    except SpecError as error:
        if sys.stderr is not None:  # which `2>&-` closes
            print(colour.message(str(error)), file=sys.stderr)
        sys.exit(2)


def loaded(
    spec: str,
    variant: Sequence[str] | None = None,
    override: Sequence[str] | None = None,
) -> Network:
    """The network of a spec, unless kept already; raises SpecError."""
    if spec in _networks and not variant and not override:
        return _networks[spec]
    from archspec.api.specs import load

    return load(spec, variant=variant or (), set=override or ())


def chosen(specs: Sequence[str] | None, bundled: bool) -> list[str]:
    """Each SPEC, after the bundled ones with `--bundled`."""
    from archspec.api.specs import bundled_specs

    return [*(bundled_specs() if bundled else ()), *(specs or ())]


def expanded(specs: Iterable[str]) -> Iterator[str]:
    """The specs, with those of a folder in its place; raises SpecError (AS501)."""
    from archspec.api.specs import bundled_specs, specs_in

    for spec in specs:
        if not _is_folder(spec) or spec in bundled_specs():
            yield spec
            continue
        found, others = specs_in(spec)
        yield from found
        for path in others:
            note = printable(f"note: skipped {path}: it has no key 'archspec'")
            print(colour.message(note), file=sys.stderr)


def _is_folder(spec: str) -> bool:
    try:
        return Path(spec).is_dir()
    except (OSError, ValueError):  # too long, or with a NUL
        return False


def networks(
    specs: Sequence[str],
    variant: Sequence[str] | None = None,
    override: Sequence[str] | None = None,
    all_variants: bool = False,
) -> Iterator[Network]:
    """Each spec with the chosen variants; or as it is, then with each of its own.

    A folder stands for the specs in it.
    """
    for spec in expanded(specs):
        base = loaded(spec, variant, override)
        yield base
        for name in base.variants if all_variants else ():
            yield base.with_variants(name, set=override or ())
