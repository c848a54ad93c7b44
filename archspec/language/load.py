"""From a file's name to a document: `extends`, variants and `--set` put together."""

from __future__ import annotations

import json
from collections.abc import Sequence as AbstractSequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from archspec import resources
from archspec.errors import Place, SpecError, did_you_mean
from archspec.language.blocks import MAX_EXTENDS, standard_blocks
from archspec.language.canonical import Vocabulary, canonical_document
from archspec.language.document import Document
from archspec.language.fields import identifier_fault
from archspec.language.merge import apply, cleaned, inherit
from archspec.language.names import variant_name_faults
from archspec.language.nodes import (
    Mapping,
    Node,
    Scalar,
    Sequence,
    describe,
    expect_mapping,
    fail,
    is_null,
)
from archspec.language.reader import read, read_file
from archspec.language.validate import raise_if_any, validate


@dataclass(frozen=True)
class Spec:
    """A document and where it came from."""

    document: Document
    stem: str
    variant: str | None
    tree: Mapping = field(repr=False)
    folded: bool = False
    """Whether the document has been folded since (`elaboration.fold`)."""

    @cached_property
    def digest(self) -> str:
        """What tells this spec from every other, wherever its file is."""
        import hashlib  # noqa: PLC0415 - slow to import, and `flops` needs no digest

        said = _texts(self.tree)
        text = json.dumps([said, "folded"] if self.folded else said)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def module_name(self) -> str:
        """The file's name: `<spec>_<variant>_folded`, plain characters only."""
        parts = (self.stem, self.variant, "folded" if self.folded else None)
        name = "_".join(part for part in parts if part is not None)
        return "".join(c if c.isalnum() and c.isascii() else "_" for c in name)


def load(
    spec: str | Path,
    variants: AbstractSequence[str] = (),
    overrides: AbstractSequence[str] = (),
) -> Spec:
    """Read a spec, apply variants in order, then `a.b=value` overrides.

    `spec` is a path or the name of a bundled spec. Raises SpecError.
    """
    path = find_spec(spec)
    if fault := identifier_fault(path.stem):
        raise SpecError.single("AS207", fault, help="a spec's file is named by a name")
    tree = _read_tree(path, ())
    for name in variants:
        tree = apply(tree, _variant(tree, name))
    for override in overrides:
        tree = apply(tree, _override(tree, override))
    tree = tree.replaced(variants=None)
    variant = "+".join(variants) or None
    return Spec(validate(tree), path.stem, variant, tree)


def variant_names(spec: str | Path) -> list[str]:
    """The variants that a spec offers, in its order."""
    variants = _read_tree(find_spec(spec), ()).get("variants")
    return list(variants.entries) if isinstance(variants, Mapping) else []


def bundled_specs() -> list[Path]:
    """The specs directly in the bundled folder, without blocks and tutorials."""
    return sorted(resources.SPECS.glob("*.yaml"))


def find_spec(spec: str | Path) -> Path:
    """The file that a path or a bundled spec's name means."""
    path = Path(spec)
    if path.suffix in (".yaml", ".yml") and _is_file(path):
        return path
    bundled = resources.SPECS / f"{spec}.yaml"
    if _is_file(bundled) and _is_inside(bundled, resources.SPECS):
        return bundled
    names = [known.stem for known in bundled_specs()]
    beside = f"{spec}.yaml"
    near = f"did you mean '{beside}'?" if _is_file(Path(beside)) else ""
    raise SpecError.single(
        "AS501",
        f"there is no spec '{spec}'",
        help=near
        or did_you_mean(path.stem, names)
        or f"a path to a .yaml file, or one of: {', '.join(names)}",
    )


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # too long, or with a NUL
        return False


def _is_inside(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())


def _read_tree(path: Path, above: tuple[Path, ...]) -> Mapping:
    """The file in canonical form, put over what it extends."""
    node = expect_mapping(read_file(path), "a spec")
    base = _base(node, (*above, path.resolve()))
    vocabulary = Vocabulary(standard_blocks().entries, {})
    vocabulary = vocabulary.extended(base.get("blocks") if base else None)
    document = canonical_document(node, vocabulary).replaced(extends=None)
    raise_if_any(variant_name_faults(document.section("variants")))
    return cleaned(document) if base is None else inherit(base, document)


def _base(node: Mapping, chain: tuple[Path, ...]) -> Mapping | None:
    """The tree that a file extends; the last of `chain` is the file itself."""
    extends = node.get("extends")
    if extends is None or is_null(extends):
        return None
    if not isinstance(extends, Scalar):
        message = f"'extends' names a file, found {describe(extends)}"
        fail("AS203", message, extends.place)
    base = _base_path(extends, chain[-1].parent)
    if base.resolve() in chain:
        fail("AS503", "'extends' goes round in a circle", extends.place)
    if len(chain) > MAX_EXTENDS:
        message = f"more than {MAX_EXTENDS} files extend each other"
        fail("AS503", message, extends.place)
    return _read_tree(base, chain)


def _base_path(extends: Scalar, folder: Path) -> Path:
    for root in (folder, resources.SPECS):
        candidate = root / extends.text
        if _is_file(candidate) and _is_inside(candidate, root):
            return candidate
    help = "it is looked for beside the spec, then among the bundled specs"
    fail("AS503", f"'extends' finds no file '{extends.text}'", extends.place, help)


def _variant(tree: Mapping, name: str) -> Mapping:
    variants = tree.section("variants").entries
    if name not in variants:
        help = (
            did_you_mean(name, variants) or f"it has: {', '.join(variants) or 'none'}"
        )
        raise SpecError.single("AS209", f"there is no variant '{name}'", help=help)
    return expect_mapping(variants[name], f"variant {name}")


def _override(tree: Mapping, override: str) -> Mapping:
    """`a.b=value` as a patch of one entry; raises SpecError for a new multiplier."""
    name, equals, text = override.partition("=")
    place = Place("--set", 1, 1, override, len(name))
    keys = [key.strip() for key in name.split(".")]
    if not equals or not all(keys) or not text.strip():
        help = "to take something away, write a.b=~"
        fail("AS504", f"'{override}' is not of the form a.b=value", place, help)
    node = read(text, f"--set {name}")
    for key in reversed(keys):
        node = Mapping({key: node}, place, {key: place})
    vocabulary = Vocabulary(standard_blocks().entries, {})
    patch = canonical_document(node, vocabulary.extended(tree.get("blocks")))
    known = tree.section("multipliers").entries
    for multiplier in patch.section("multipliers").entries:
        if multiplier not in known:
            has = f"it has: {', '.join(known) or 'none'}"
            help = did_you_mean(multiplier, known) or has
            fail("AS504", f"there is no multiplier '{multiplier}'", place, help)
    return patch


def _texts(node: Node) -> object:
    match node:
        case Mapping(entries):
            return {key: _texts(value) for key, value in entries.items()}
        case Scalar():
            return None if is_null(node) else node.text
        case Sequence(items):
            return [_texts(item) for item in items]
