"""A spec that is counted and generated again whenever one of its files is saved.

The files are polled: that works on every file system and in containers, needs no
package, and sees a save within two intervals.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from archspec.api.files import write_reported
from archspec.api.specs import Changes, load, selected
from archspec.errors import ArchspecError, Diagnosed, SpecError, one_of
from archspec.frameworks import SOURCES
from archspec.reading import find_spec
from archspec.tables import Column, Page, Table, Value, change

if TYPE_CHECKING:
    from archspec.api.network import Network

INTERVAL = 0.1
"""Seconds between two looks at the files."""

RETRY = 1.0
"""Seconds after which a spec is read again that lacks a file."""

FIGURES = {
    "parameters": "parameters",
    "macs": "MACs",
    "weight_bytes": "bytes of weights",
    "peak_activation_bytes": "bytes of activations",
}
"""The totals, and what the table calls them; bytes as after `fused` in `flops`."""

_LACKING = ("AS501", "AS502", "AS503")
"""Codes of files that cannot be read, yet."""

State = dict[Path, tuple[int, int, int] | None]


@dataclass(frozen=True)
class Update:
    """What a save led to: written files and new totals, or an error."""

    figures: dict[str, int] = field(default_factory=dict[str, int])
    before: dict[str, int] = field(default_factory=dict[str, int])
    """Those of the last spec without errors; empty the first time."""
    files: dict[Path, str] = field(default_factory=dict[Path, str])
    """The file of each target: `wrote` or `unchanged`."""
    error: ArchspecError | None = None
    is_first: bool = False

    def __str__(self) -> str:
        return self.page.to("text").removesuffix("\n")

    @property
    def page(self) -> Page:
        """The totals as a table, with their change."""
        if self.figures == self.before:
            return Page([["totals unchanged"]])
        names = ("before", "now", "change") if self.before else ("now",)
        columns = [Column("", "name"), *map(Column, names)]
        return Page([[Table(columns, [*map(self._row, self.figures)])]])

    def _row(self, name: str) -> list[Value]:
        now, title = self.figures[name], FIGURES[name]
        if not self.before:
            return [title, now]
        before = self.before.get(name, 0)
        is_changed = before and now != before
        return [title, before, now, change(now, before) if is_changed else None]


def watch(
    spec: str,
    targets: Sequence[str] = SOURCES,
    *,
    variant: str | Sequence[str] = (),
    set: Changes = (),
    output: str | Path = "generated",
    force: bool = False,
) -> Iterator[Update]:
    """Write a spec's source now and after each save, forever; yields what happened.

    Files that were edited or not generated are not overwritten, which is an error of
    the update, as is every error in the spec. Files keep their last good content then.
    A spec may be deleted, renamed over and created again.

    Raises:
        InvalidArgument: an unknown target.
        SpecError: the spec does not exist at first (AS501).
    """
    for target in targets:
        one_of("target", target, SOURCES)
    spec, names = selected(spec, variant)
    files, before, told = [find_spec(spec)], dict[str, int](), ""
    read = partial(_read, files[0], names, set)
    write = partial(write_reported, root=Path(output), force=force)
    is_first = True
    while True:
        seen = _state(files)
        update, network = _updated(read, write, targets, before)
        if network is not None:
            files = _files_of(network)
            seen = _state(files) | seen
        text = str(update.error or "")
        if not text or text != told:
            yield replace(update, is_first=is_first)
            is_first = False
        before, told = update.figures or before, text
        if _saved(files, seen, RETRY if _lacks_a_file(update.error) else None):
            told = ""


def _read(path: Path, variant: str | Sequence[str], set: Changes) -> Network:
    if not path.exists():
        help = "archspec continues when it is there again"
        raise SpecError.single("AS501", f"'{path}' was deleted", help=help)
    return load(path, variant=variant, set=set)


def _updated(
    read: Callable[[], Network],
    write: Callable[[dict[Path, str]], dict[Path, str]],
    targets: Sequence[str],
    before: dict[str, int],
) -> tuple[Update, Network | None]:
    network = None
    try:
        network = read()
        figures = _figures(network)
        sources = {network.path(target): network.source(target) for target in targets}
        files = write(sources)
    except ArchspecError as error:
        return Update(before=before, error=error), network
    return Update(figures, before, files), network


def _figures(network: Network) -> dict[str, int]:
    from archspec.exploring.figures import figures

    return figures(network, [*FIGURES], "float32")


def _files_of(network: Network) -> list[Path]:
    """The spec's file and those that it extends."""
    source = network.spec.source
    return [source.path, *(Path(base.place.file) for base in source.bases)]


def _lacks_a_file(error: ArchspecError | None) -> bool:
    if not isinstance(error, Diagnosed):
        return False
    return any(found.code in _LACKING for found in error.diagnostics)


def _saved(files: Sequence[Path], seen: State, seconds: float | None) -> bool:
    """Wait until the files differ from `seen` and rest, or for some seconds."""
    end = time.monotonic() + (math.inf if seconds is None else seconds)
    while _state(files) == seen:
        if time.monotonic() > end:
            return False
        time.sleep(INTERVAL)
    _rest(files)
    return True


def _rest(files: Sequence[Path]) -> None:
    """Wait while the files change: an editor may write in several steps."""
    while True:
        before = _state(files)
        time.sleep(INTERVAL)
        if _state(files) == before:
            return


def _state(files: Iterable[Path]) -> State:
    """When each file was changed, its size and number; None if there is none."""
    return {path: _file_state(path) for path in files}


def _file_state(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
