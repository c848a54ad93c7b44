"""From a file's name to a document: `extends`, variants and `--set` put together."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from collections.abc import Sequence as AbstractSequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from archspec.errors import Diagnostic, SpecError, raise_if_any
from archspec.language.blocks import standard_blocks
from archspec.language.canonical import canonical_document
from archspec.language.document import Document
from archspec.language.family import Family
from archspec.language.merge import apply, inherit
from archspec.language.overrides import override_patch
from archspec.language.tables import fewer_rows
from archspec.language.validate import validate
from archspec.language.variants import Offer, with_variant
from archspec.language.vocabulary import Vocabulary
from archspec.reading.nodes import NOTHING, Mapping, placed, texts
from archspec.reading.source import Source, read_source

_SHARED = {"define", "defaults", "blocks", "variants"}
"""Keys of a file that other specs extend, and that is no network itself."""


@dataclass(frozen=True)
class Spec:
    """A document and where it came from."""

    document: Document = field(repr=False)
    source: Source = field(repr=False)
    variant: str | None
    tree: Mapping = field(repr=False)
    folded: bool = False
    """Whether the document has been folded since (`language.fold`)."""
    variants: Mapping = field(default=NOTHING, repr=False)
    family: Family | None = None
    """What generated code has as arguments (`keeping`)."""
    features: tuple[str, ...] = ()
    """The layers whose outputs generated code returns, too (`featuring`)."""

    @property
    def stem(self) -> str:
        """The name of the file, without its suffix."""
        return self.source.path.stem

    @cached_property
    def digest(self) -> str:
        """A digest of the content, wherever the file is."""
        import hashlib  # noqa: PLC0415 - slow to import, and `flops` needs no digest

        said = texts(self.tree.replaced(search=None))
        others = ["folded"] if self.folded else []
        others += [family.kept, family.variants] if (family := self.family) else []
        others += [self.features] if self.features else []
        text = json.dumps([said, *others] if others else said)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def module_name(self) -> str:
        """`<spec>_<variant>_family_folded_features`, plain characters only."""
        family = "family" if self.family else None
        folded = "folded" if self.folded else None
        features = "features" if self.features else None
        parts = (self.stem, self.variant, family, folded, features)
        name = "_".join(part for part in parts if part is not None)
        return "".join(c if c.isalnum() and c.isascii() else "_" for c in name)


def load(
    spec: Source | str | Path,
    variants: AbstractSequence[str] = (),
    overrides: AbstractSequence[str] = (),
    unused: list[Diagnostic] | None = None,
) -> Spec:
    """Read a spec, apply variants in order, then `a.b=value` overrides.

    `spec` is a path, the name of a bundled spec, or a `Source`. Layers and inputs that
    are never used are appended to `unused`, if that is given. Raises SpecError, and
    TypeError for one text where a list of them is expected.
    """
    for names in (variants, overrides):
        if isinstance(names, str):
            raise TypeError(f"expected a list of texts, such as [{names!r}]")
    source = spec if isinstance(spec, Source) else read_source(spec)
    faults: list[Diagnostic] = []
    tree = _merged((*source.bases, source.tree), faults)
    tree = _applied(tree, source, variants, overrides, faults)
    return _spec(tree, source, variants, faults, unused)


def changed(
    spec: Spec,
    variants: AbstractSequence[str] = (),
    overrides: AbstractSequence[str] = (),
) -> Spec:
    """A spec with further variants, then overrides; raises SpecError."""
    faults: list[Diagnostic] = []
    tree = spec.tree.replaced(variants=spec.variants)
    tree = _applied(tree, spec.source, variants, overrides, faults)
    names = [*(spec.variant.split("+") if spec.variant else ()), *variants]
    return _spec(tree, spec.source, names, faults)


def _applied(
    tree: Mapping,
    source: Source,
    variants: AbstractSequence[str],
    overrides: AbstractSequence[str],
    faults: list[Diagnostic],
) -> Mapping:
    for name in variants:
        tree = with_variant(tree, name, source.tree)
    for override in overrides:
        tree = apply(tree, override_patch(tree, override, faults))
    return tree


def _spec(
    tree: Mapping,
    source: Source,
    variants: AbstractSequence[str],
    faults: list[Diagnostic],
    unused: list[Diagnostic] | None = None,
) -> Spec:
    if tree.entries and tree.entries.keys() <= _SHARED:
        help = "list this file under 'extends' of a spec that has layers"
        message = "the file describes no network"
        raise_if_any([*faults, Diagnostic("AS202", message, tree.place, help=help)])
    offered = tree.section("variants")
    tree = tree.replaced(variants=None)
    document = validate(tree, faults, unused)
    variant = "+".join(variants) or None
    return Spec(document, source, variant, tree, variants=offered)


def lost_paths(spec: Spec) -> Iterator[Diagnostic]:
    """Why paths of `search` lead nowhere, at their places."""
    for path, (value, *_) in placed(spec.document.search):
        try:
            apply(spec.tree, override_patch(spec.tree, f"{path}={value}", []))
        except SpecError as error:
            yield error.diagnostics[0]._replace(place=path.place)


def variant_names(spec: Source | str | Path) -> list[str]:
    """The variants that a spec offers, in its order."""
    return offer(spec).names


def offer(spec: Source | str | Path) -> Offer:
    """The variants that a spec offers; raises SpecError."""
    source = spec if isinstance(spec, Source) else read_source(spec)
    faults: list[Diagnostic] = []
    base = _merged(source.bases, faults)
    tree = _merged([source.tree], faults, base)
    raise_if_any(faults)
    return Offer.of(tree, source.tree, fewer_rows(base, source.tree))


def _merged(
    files: Iterable[Mapping], faults: list[Diagnostic], tree: Mapping = NOTHING
) -> Mapping:
    """The files in canonical form, each merged over those before it."""
    standard = Vocabulary(standard_blocks().entries, {}, faults)
    for written in files:
        vocabulary = standard.extended(tree.get("blocks"))
        tree = inherit(tree, canonical_document(written, vocabulary))
    return tree
