"""A spec whose other values change: each is read once, and put into its document."""

from __future__ import annotations

from collections.abc import Sequence

from archspec.analysis.usage import Dtype
from archspec.errors import Diagnostic, raise_if_any
from archspec.exploring.changes import Change, Path, are_apart, changes
from archspec.exploring.counting import Counter
from archspec.language import Spec, load
from archspec.reading import Source

Item = tuple[str, str]
"""A path and a value."""

MAX_BASES = 32
"""Specs that are remembered; then all are forgotten, lest memory runs out."""


class Bases:
    """Specs of one source by the changes that are more than other values."""

    def __init__(
        self, source: Source, variants: Sequence[str], overrides: Sequence[str]
    ):
        self._given = source, variants, overrides
        self._bases: dict[tuple[Item, ...], _Base] = {}

    def figures(
        self, items: Sequence[Item], names: Sequence[str], dtype: Dtype
    ) -> dict[str, int] | None:
        """The figures with these values; None where all has to be elaborated anew.

        Raises SpecError where a value cannot be read.
        """
        base, left = self._base(()), items
        fixed = [item for item in items if base.changes(item) is None]
        if fixed:
            fixed = [
                item
                for number, item in enumerate(items)
                if item in fixed or _is_changed(item, items[number:], fixed)
            ]
            base = self._base(tuple(fixed))
            left = [item for item in items if item not in fixed]
        return base.figures(left, names, dtype) if left else None

    def _base(self, items: tuple[Item, ...]) -> _Base:
        if items not in self._bases:
            if len(self._bases) >= MAX_BASES:
                self._bases.clear()
            self._bases[items] = _Base(*self._given, items)
        return self._bases[items]


def _is_changed(item: Item, after: Sequence[Item], fixed: Sequence[Item]) -> bool:
    """Whether one of the fixed changes behind it may be of the same part."""
    section = _section(item)
    return any(
        section == _section(other) or "blocks" in (section, _section(other))
        for other in after
        if other in fixed
    )


def _section(item: Item) -> str:
    return item[0].partition(".")[0].strip()


class _Base:
    def __init__(
        self,
        source: Source,
        variants: Sequence[str],
        overrides: Sequence[str],
        items: Sequence[Item],
    ):
        self._given = source, variants, [*overrides, *map("=".join, items)]
        spec = self._spec([])
        self._document = spec.document
        self._counter = Counter(spec)
        self._changes: dict[Item, tuple[Change, ...] | None] = {}
        self._apart: dict[tuple[Path, ...], bool] = {}

    def _spec(self, overrides: Sequence[str]) -> Spec:
        """Raises SpecError, also where something is never used."""
        source, variants, before = self._given
        unused: list[Diagnostic] = []
        spec = load(source, variants, [*before, *overrides], unused)
        raise_if_any(unused)
        return spec

    def changes(self, item: Item) -> tuple[Change, ...] | None:
        """What a value changes; None if that is more than values."""
        if item not in self._changes:
            after = self._spec(["=".join(item)]).document
            self._changes[item] = changes(self._document, after)
        return self._changes[item]

    def figures(
        self, items: Sequence[Item], names: Sequence[str], dtype: Dtype
    ) -> dict[str, int] | None:
        """The figures with these values; None where all has to be elaborated anew."""
        found: list[Change] = []
        for item in items:
            own = self.changes(item)
            if own is None:
                return None
            found += own
        paths = tuple(change.path for change in found)
        if paths not in self._apart:
            self._apart[paths] = are_apart(found)
        if not self._apart[paths]:
            return None
        return self._counter.figures(found, names, dtype)
