"""All that can be told of a spec without running it: errors, else warnings.

The base and every variant are elaborated and printed for every target; nothing is
written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from archspec.analysis.lint import warnings_of
from archspec.elaboration import elaborate
from archspec.errors import ERROR, Diagnostic, SpecError, in_order
from archspec.language import variant_names
from archspec.network import Network
from archspec.reading import Source, find_spec, read_source
from archspec.targets import render


class Checked(NamedTuple):
    """What was found of one spec, in order of position."""

    spec: str
    variants: tuple[str, ...]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def errors(self) -> int:
        """How many of the diagnostics are errors."""
        return sum(found.severity == ERROR for found in self.diagnostics)

    @property
    def warnings(self) -> int:
        """How many of the diagnostics are warnings."""
        return len(self.diagnostics) - self.errors


def checked(
    spec: str,
    variants: Sequence[str] = (),
    overrides: Sequence[str] = (),
    *,
    targets: Sequence[str] = (),
) -> Checked:
    """Check a spec: its base and each variant, or only what `variants` compose.

    Warnings are looked for where there is no error, since an error may be their cause.
    """
    faults: list[Diagnostic] = []
    networks: list[Network] = []
    file, chosen = "", [tuple(variants)]
    try:
        file = str(find_spec(spec))
        source = read_source(spec)
        if not variants:
            chosen += [(name,) for name in variant_names(source)]
        for names in chosen:
            networks += _elaborated(source, names, overrides, faults)
    except SpecError as error:
        faults += error.diagnostics
    if not faults:
        faults += chain.from_iterable(
            _refusal(network, target) for network in networks for target in targets
        )
    warnings = [] if faults else warnings_of(networks, file)
    names = tuple("+".join(names) for names in chosen if names)
    return Checked(spec, names, tuple(in_order([*faults, *warnings])))


def _elaborated(
    source: Source,
    variants: Sequence[str],
    overrides: Sequence[str],
    faults: list[Diagnostic],
) -> Iterator[Network]:
    """The network; none where it has faults, which are noted."""
    try:
        yield elaborate(source, variants, overrides)
    except SpecError as error:
        faults += _of_variant(error.diagnostics, variants)


def _refusal(network: Network, target: str) -> Iterator[Diagnostic]:
    """What the target cannot say (AS4xx)."""
    variant = network.spec.variant
    try:
        render(network, target)
    except SpecError as error:
        yield from _of_variant(error.diagnostics, [variant] if variant else [])


def _of_variant(
    faults: Iterable[Diagnostic], variants: Sequence[str]
) -> Iterator[Diagnostic]:
    """With the variant in their paths."""
    name = f"variant {'+'.join(variants)}" if variants else ""
    for fault in faults:
        path = ", ".join(filter(None, (name, fault.path)))
        yield fault._replace(path=path)
