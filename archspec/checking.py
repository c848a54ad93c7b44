"""All that can be told of a spec without running it: errors, else warnings.

The base and every variant are elaborated and printed for every target; nothing is
written.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import product
from typing import NamedTuple

from archspec.analysis.lint import warnings_of
from archspec.elaboration import elaborate
from archspec.errors import ERROR, Diagnostic, SpecError, in_order
from archspec.language import variant_names
from archspec.network import Network
from archspec.reading import find_spec, read_source
from archspec.targets import render

MAX_LAYERS = 50_000
"""Of a spec's networks together."""


class Checked(NamedTuple):
    """What was found of one spec, in order of position."""

    spec: str
    variants: tuple[str, ...]
    diagnostics: tuple[Diagnostic, ...]
    more: int = 0
    """How many errors there are besides."""

    @property
    def errors(self) -> int:
        """How many errors there are."""
        return sum(d.severity == ERROR for d in self.diagnostics) + self.more

    @property
    def warnings(self) -> int:
        """How many warnings there are."""
        return len(self.diagnostics) + self.more - self.errors


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
    findings = _Findings()
    networks: list[Network] = []
    names: list[str] = []
    with findings.of(variants):
        networks.append(elaborate(read_source(spec), variants, overrides))
    if networks and not variants:
        names = variant_names(spec)
    for name in names:
        with findings.of((name,)):
            networks.append(elaborate(spec, (name,), overrides))
        if sum(len(network.layers) for network in networks) > MAX_LAYERS:
            findings.faults.append(_too_many(spec))
            break
    if not findings.faults:
        findings.print(networks, targets)
    faults = in_order(findings.faults)
    warnings = [] if faults else warnings_of(networks, str(find_spec(spec)))
    return Checked(spec, (*variants, *names), (*faults, *warnings), findings.more)


def _too_many(spec: str) -> Diagnostic:
    message = f"the variants come to more than {MAX_LAYERS} layers together"
    help = f"check one at a time: archspec check {spec} --variant V"
    return Diagnostic("AS306", message, help=help)


@dataclass
class _Findings:
    """Errors, and how many of a run were not told."""

    faults: list[Diagnostic] = field(default_factory=list[Diagnostic])
    more: int = 0

    @contextmanager
    def of(self, variants: Sequence[str]) -> Generator[None]:
        """Note the errors of what is done, with the variant in their paths."""
        variant = f"variant {'+'.join(variants)}" if variants else ""
        try:
            yield
        except SpecError as error:
            self.more = max(self.more, error.more)
            for fault in error.diagnostics:
                path = ", ".join(filter(None, (variant, fault.path)))
                self.faults.append(fault._replace(path=path))

    def print(self, networks: Sequence[Network], targets: Sequence[str]) -> None:
        """What targets do not support (AS4xx); a limit that one meets, all would."""
        for network, target in product(networks, targets):
            if any(fault.code == "AS306" for fault in self.faults):
                return
            variant = network.spec.variant
            with self.of([variant] if variant else []):
                render(network, target)
