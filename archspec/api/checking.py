"""All that can be told of a spec without running it: errors, else warnings.

The base and every variant are elaborated and printed for every target; nothing is
written.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from itertools import product
from pathlib import Path

from archspec.analysis.lint import warnings_of
from archspec.api.specs import Changes, change_list, variant_list
from archspec.elaboration import elaborate
from archspec.errors import ERROR, Diagnostic, SpecError, in_order, one_of
from archspec.language import variant_names
from archspec.network import Network
from archspec.reading import find_spec, read_source
from archspec.targets import TARGETS, render

MAX_LAYERS = 50_000
"""Of a spec's networks together."""


class Findings(list[Diagnostic]):
    """The diagnostics of one spec, in order of position; none is a spec without fault.

    `variants` are those that were looked at, besides the base.
    """

    def __init__(self, spec: str, found: Iterable[Diagnostic] = ()):
        super().__init__(found)
        self.spec = spec
        self.variants: list[str] = []
        self.more = 0
        """How many errors there are besides."""

    def __str__(self) -> str:
        return "\n".join(map(str, self))

    @property
    def errors(self) -> int:
        """How many errors there are."""
        return sum(found.severity == ERROR for found in self) + self.more

    @property
    def warnings(self) -> int:
        """How many warnings there are."""
        return len(self) + self.more - self.errors


def check(
    spec: str | Path,
    *,
    variant: str | Sequence[str] = (),
    set: Changes = (),
    targets: Sequence[str] | None = None,
) -> Findings:
    """Everything that is wrong with a spec, or looks so: a list of diagnostics.

    The base and each variant, or only what `variant` composes, are elaborated and
    printed for each of `targets`, else for all. Warnings are looked for where there is
    no error, since an error may be their cause. `variant` and `set` are as for `load`.
    Raises InvalidArgument for an unknown target.
    """
    for target in targets or ():
        one_of("target", target, TARGETS)
    chosen, changes = variant_list(variant), change_list(set)
    findings = Findings(str(spec))
    networks: list[Network] = []
    with _noted(findings, chosen):
        networks.append(elaborate(read_source(spec), chosen, changes))
    others = variant_names(spec) if networks and not chosen else []
    findings.variants = [*chosen, *others]
    for name in others:
        with _noted(findings, [name]):
            networks.append(elaborate(spec, [name], changes))
        if sum(len(network.layers) for network in networks) > MAX_LAYERS:
            findings.append(_too_many(spec))
            break
    if not findings:
        _print(findings, networks, targets or TARGETS)
    findings[:] = in_order(findings) or warnings_of(networks, str(find_spec(spec)))
    return findings


def _too_many(spec: str | Path) -> Diagnostic:
    message = f"the variants come to more than {MAX_LAYERS} layers together"
    help = f"check one at a time: archspec check {spec} --variant V"
    return Diagnostic("AS306", message, help=help)


@contextmanager
def _noted(findings: Findings, variants: Sequence[str]) -> Generator[None]:
    """Note the errors of what is done, with the variant in their paths."""
    variant = f"variant {'+'.join(variants)}" if variants else ""
    try:
        yield
    except SpecError as error:
        findings.more = max(findings.more, error.more)
        for fault in error.diagnostics:
            path = ", ".join(filter(None, (variant, fault.path)))
            findings.append(fault._replace(path=path))


def _print(
    findings: Findings, networks: Sequence[Network], targets: Sequence[str]
) -> None:
    """Note what targets do not support (AS4xx); a limit that one meets, all would."""
    for network, target in product(networks, targets):
        if any(fault.code == "AS306" for fault in findings):
            return
        variant = network.spec.variant
        with _noted(findings, [variant] if variant else []):
            render(network, target)
