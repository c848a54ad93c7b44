"""One version of a file in an editor, and what is known of its network."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain
from pathlib import Path

from archspec.api.checking import Findings, checking
from archspec.editing.figures import Figures
from archspec.editing.outline import outline
from archspec.editing.part import Part
from archspec.editing.positions import Lines
from archspec.editing.roles import Role, roles
from archspec.editing.vocabulary import Ops
from archspec.errors import ERROR, Diagnostic, SpecError, in_order
from archspec.network import Network
from archspec.reading import parsed
from archspec.reading.reader import read_file
from archspec.reading.source import MAX_EXTENDS, extended_file
from archspec.targets import TARGETS, check_printable

_IS_SPEC = re.compile(
    r"^\ufeff?(?:archspec[ \t]*:|extends[ \t]*:(?:.*|\s*-.*)\.ya?ml\b)", re.MULTILINE
)

Read = Callable[[Path], str]


@dataclass(frozen=True)
class Document:
    """A file's text, with the network of the last text that had no error."""

    path: Path
    text: str
    read: Read = field(default=read_file, repr=False)
    """Gives the texts of other files, which may be open, too; raises SpecError."""
    good: Figures | None = field(default=None, repr=False)
    found: tuple[Diagnostic, ...] | None = field(default=None, repr=False)
    """The diagnostics of this text, once they are known."""
    is_broken: bool = False
    """Whether the last text that was analysed has errors without any variant."""

    @property
    def is_spec(self) -> bool:
        """Whether it is a spec, and no other YAML file."""
        return _IS_SPEC.search(self.text) is not None

    @cached_property
    def outline(self) -> Part:
        """The tree of the text, be it complete or not."""
        return outline(self.text)

    @cached_property
    def lines(self) -> Lines:
        """The lines of the text."""
        return Lines(self.text)

    @cached_property
    def bases(self) -> dict[Path, Document]:
        """The files that it extends, directly or not, those that come first first."""
        found: dict[Path, Document] = {}
        self._extended(found, (self.path,))
        return found

    def _extended(self, found: dict[Path, Document], above: tuple[Path, ...]) -> None:
        for name in extended_names(self.outline):
            path = extended_file(name, self.path)
            path = path.resolve() if path is not None else None
            if path is None or path in (*found, *above) or len(above) > MAX_EXTENDS:
                continue
            try:
                base = Document(path, self.read(path), self.read)
            except SpecError:
                continue
            base._extended(found, (*above, path))
            found[path] = base

    def extends(self, file: Path) -> bool:
        """Whether it extends a file, or would if the file existed."""
        names = chain.from_iterable(map(extended_names, self.outlines))
        return file in self.bases or any(Path(own).name == file.name for own in names)

    @cached_property
    def outlines(self) -> tuple[Part, ...]:
        """The trees of the files that it extends, and its own."""
        return (*(base.outline for base in self.bases.values()), self.outline)

    @cached_property
    def ops(self) -> Ops:
        """What its layers can name."""
        return Ops(self.outlines)

    @cached_property
    def roles(self) -> list[Role]:
        """What each key and value is."""
        return [*roles(self.outlines, self.ops)]

    def known(self, section: str) -> Iterator[tuple[Part, Part | None]]:
        """The entries of a section, those of the files that it extends first."""
        for root in self.outlines:
            yield from root.section(section).entries

    @property
    def errors(self) -> list[Diagnostic]:
        """The diagnostics of this text that are errors, as far as they are known."""
        return [found for found in self.found or () if found.severity == ERROR]

    def changed(self, text: str) -> Document:
        """Another version, for which the last good network stays."""
        return replace(self, text=text, found=None)

    def analysed(self) -> Iterator[Document]:
        """The same version with its network, then with its diagnostics, too.

        Between them an editor can stop. What targets do not support comes last, of the
        base alone.
        """
        if not self.is_spec:
            yield replace(self, found=(), is_broken=False)
            return
        findings = Findings(str(self.path))
        networks: list[Network] = []
        for network in checking(
            findings, lambda: parsed(self.text, self.path, self.read)
        ):
            networks.append(network)
            yield replace(self, good=_good(networks), is_broken=False)
        good = _good(networks) if networks else self.good
        found = tuple(findings)
        done = replace(self, good=good, found=found, is_broken=not networks)
        yield done
        if not findings.errors:
            for faults in _unprintable(networks[0]):
                yield replace(done, found=faults or found)


def _unprintable(base: Network) -> Iterator[tuple[Diagnostic, ...]]:
    """What targets do not support, of one target more each time."""
    found: list[Diagnostic] = []
    for target in TARGETS:
        try:
            check_printable(base, target)
        except SpecError as error:
            found += error.diagnostics
        yield tuple(in_order(found))


def _good(networks: list[Network]) -> Figures:
    first, *others = networks
    variants: Mapping[str, Network] = {n.spec.variant or "": n for n in others}
    return Figures(first, variants)


def extended_names(root: Part) -> list[str]:
    """The files that a document extends, as it names them."""
    value = root.get("extends")
    if value is None:
        return []
    parts = value.items if value.kind == "list" else [value]
    return [part.text for part in parts if part.kind == "scalar"]
