"""The variants that a spec offers: its own, and the inherited ones that still apply."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field

from archspec.errors import NOTE, Diagnostic, SpecError, did_you_mean
from archspec.language.merge import apply, patches_of
from archspec.reading.nodes import NOTHING, Mapping, is_null


def with_variant(tree: Mapping, name: str, own: Mapping = NOTHING) -> Mapping:
    """The document with a variant.

    `own` is its file as written: if this does not mention the variant, the reason why
    it does not apply is given there. Raises SpecError (AS209, AS210).
    """
    variants = tree.section("variants").entries
    if name not in variants:
        has = f"available variants: {', '.join(variants) or 'none'}"
        help = did_you_mean(name, variants) or has
        raise SpecError.single("AS209", f"unknown variant '{name}'", help=help)
    try:
        for patch in patches_of(variants[name]):
            tree = apply(tree, patch)
    except SpecError as error:
        if own is NOTHING or name in own.section("variants").entries:
            raise
        cause = _cause(error.diagnostics[0], own)
        message = f"variant '{name}' does not apply: {cause.message}"
        raise SpecError([cause._replace(message=message)]) from None
    return tree


@dataclass
class Offer:
    """The variants of a spec that apply, and notes on what it inherits.

    `unfit` are inherited ones that do not, with the first error of each.
    """

    names: list[str] = field(default_factory=list[str])
    own: Mapping = NOTHING
    """The file, as written."""
    others: list[Diagnostic] = field(default_factory=list[Diagnostic])
    unfit: dict[str, Diagnostic] = field(default_factory=dict[str, Diagnostic])

    @classmethod
    def of(cls, tree: Mapping, own: Mapping, others: Iterable[Diagnostic]) -> Offer:
        """The variants of a merged document."""
        names = tree.section("variants").entries
        found = cls([*names], own, [*others])
        for name in (n for n in names if n not in own.section("variants").entries):
            with found.lenient(name):
                with_variant(tree, name)
        return found

    @contextmanager
    def lenient(self, name: str) -> Generator[None]:
        """Leave out an inherited variant that does not apply."""
        try:
            yield
        except SpecError as error:
            if name in self.own.section("variants").entries:
                raise
            self.names.remove(name)
            self.unfit[name] = error.diagnostics[0]

    def notes(self) -> list[Diagnostic]:
        """Why inherited variants do not apply (AS209), and the other notes."""
        alike: dict[Diagnostic, list[str]] = {}
        for name, fault in self.unfit.items():
            alike.setdefault(_cause(fault, self.own), []).append(name)
        return [*self.others, *(_note(*found) for found in alike.items())]


def _note(cause: Diagnostic, names: list[str]) -> Diagnostic:
    message = f"these inherited variants do not apply: {', '.join(names)}"
    message = f"{cause.message}, so {message}"
    without = ", ".join(f"{name}: ~" for name in names)
    help = f"to remove them, write variants: {{{without}}}"
    return cause._replace(message=message, help=help, severity=NOTE)


def _cause(fault: Diagnostic, own: Mapping) -> Diagnostic:
    """Why an inherited variant does not apply (AS209), with a place in the own file.

    It is the line that removed the layer which the variant changes, if one did.
    """
    name, layers = fault.place.text if fault.place else "", own.section("layers")
    if fault.place and fault.place.file == own.place.file:
        return Diagnostic("AS209", fault.message, fault.place)
    if is_null(layers.get(name)):
        help = f"'{name}: {{when: false}}' disables the layer and keeps the variant"
        message = f"layer '{name}' is removed"
        return Diagnostic("AS209", message, layers.place_of(name), help=help)
    return Diagnostic("AS209", fault.message, own.place_of("extends"))
