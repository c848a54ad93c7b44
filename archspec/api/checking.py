"""Static checks of a spec: errors, or else warnings.

The base and every variant are elaborated and printed for every target; no file is
written.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, product
from pathlib import Path

from archspec.analysis.lint import warnings_of
from archspec.api.specs import Changes, change_list, selected
from archspec.elaboration import elaborate
from archspec.errors import ERROR, WARNING, Diagnostic, SpecError, in_order, one_of
from archspec.language import Offer, lost_paths, offer
from archspec.language.literals import literal_faults
from archspec.network import Network
from archspec.reading import Source, read_source
from archspec.targets import TARGETS, check_printable

MAX_LAYERS = 50_000
"""Of a spec's networks together."""


class Findings(list[Diagnostic]):
    """The diagnostics of one spec, in order of position; empty if there are none.

    `variants` are those that were checked besides the base.
    """

    def __init__(self, spec: str, found: Iterable[Diagnostic] = ()):
        super().__init__(found)
        self.spec = spec
        self.variants: list[str] = []
        self.more = 0
        """Number of errors beyond those listed."""

    def __str__(self) -> str:
        return "\n".join(map(str, self))

    @property
    def errors(self) -> int:
        """Number of errors."""
        return sum(found.severity == ERROR for found in self) + self.more

    @property
    def warnings(self) -> int:
        """Number of warnings."""
        return sum(found.severity == WARNING for found in self)

    @property
    def notes(self) -> int:
        """Number of notes."""
        return len(self) + self.more - self.errors - self.warnings


def check(
    spec: str | Path,
    *,
    variant: str | Sequence[str] = (),
    set: Changes = (),
    targets: Sequence[str] | None = None,
) -> Findings:
    """Report errors and warnings of a spec as a list of diagnostics.

    Checks the base and every variant, or only the combination `variant`, for the given
    targets, by default all. Warnings and notes are reported if there are no errors,
    which might be their cause; an inherited variant that does not apply is a note.
    `variant` and `set` are those of `load`. Raises InvalidArgument for unknown targets.
    """
    for target in targets or ():
        one_of("target", target, TARGETS)
    findings = Findings(str(spec))
    (spec, chosen), changes = selected(spec, variant), change_list(set)
    for _ in checking(
        findings, lambda: read_source(spec), chosen, changes, targets or TARGETS
    ):
        pass
    return findings


def checking(
    findings: Findings,
    read: Callable[[], Source],
    chosen: Sequence[str] = (),
    changes: Sequence[str] = (),
    targets: Iterable[str] = (),
) -> Iterator[Network]:
    """Fill in the findings of a spec, and yield each network as soon as it is known.

    The base comes first; an editor stops there when its text has changed again.
    """
    spec = findings.spec
    findings.variants = [*chosen]
    networks: list[Network] = []
    with _noted(findings, chosen):
        networks.append(elaborate(read(), chosen, changes))
    if findings:
        findings[:] = in_order(findings)
        return
    yield networks[0]
    source = networks[0].spec.source
    offered = Offer() if chosen else offer(source)
    for name in [*offered.names]:
        with _noted(findings, [name]), offered.lenient(name):
            networks.append(elaborate(source, [name], changes))
            yield networks[-1]
        if sum(len(network.layers) for network in networks) > MAX_LAYERS:
            findings.append(_too_many(spec))
            break
    findings.variants = [*chosen, *offered.names]
    findings += lost_paths(networks[0].spec)
    if not findings:
        found = (literal_faults(network.spec.document) for network in networks)
        findings += {fault.position: fault for fault in chain(*found)}.values()
    if not findings:
        _print(findings, networks, targets)
    findings[:] = in_order(findings)
    if not findings:
        warnings = warnings_of(networks, str(source.path))
        findings[:] = in_order([*warnings, *offered.notes()])


def _too_many(spec: str) -> Diagnostic:
    message = f"the variants come to more than {MAX_LAYERS} layers together"
    help = f"check one at a time: archspec check {spec} --variant V"
    return Diagnostic("AS306", message, help=help)


@contextmanager
def _noted(findings: Findings, variants: Sequence[str]) -> Generator[None]:
    """Collect the errors raised inside, with the variant in their paths."""
    variant = f"variant {'+'.join(variants)}" if variants else ""
    try:
        yield
    except SpecError as error:
        findings.more = max(findings.more, error.more)
        for fault in error.diagnostics:
            path = ", ".join(filter(None, (variant, fault.path)))
            findings.append(fault._replace(path=path))


def _print(
    findings: Findings, networks: Sequence[Network], targets: Iterable[str]
) -> None:
    """Collect what targets do not support (AS4xx), up to the first exceeded limit."""
    for network, target in product(networks, targets):
        if any(fault.code == "AS306" for fault in findings):
            return
        variant = network.spec.variant
        with _noted(findings, [variant] if variant else []):
            check_printable(network, target)
