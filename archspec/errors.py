"""The errors of archspec.

    ArchspecError
    ├── Diagnosed         has diagnostics, each with its place if it has one
    │   ├── SpecError     the document is wrong
    │   ├── WeightsError  weights, or their file, do not fit the network
    │   ├── VerifyError   a network could not be run or compared
    │   └── ImportFailed  a model could not be made into a spec
    ├── ShapeError        an op cannot take its input; elaboration adds the place
    ├── InvalidArgument   an argument is none of the accepted values
    ├── FileRefused       a file that a user may have edited is in the way
    └── FrameworkMissing  an optional package is not installed

A diagnostic has a stable code: AS1xx YAML, AS2xx schema and names, AS3xx shapes,
AS4xx unsupported by a target, AS50x files, AS51x weights, AS6xx verification, AS7xx
importing models.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Generator, Iterable, Sequence
from contextlib import contextmanager
from importlib import import_module
from itertools import islice
from typing import Any, NamedTuple, Self

from archspec.frameworks import FRAMEWORKS, OTHER_NAMES

MAX_SHOWN = 160
"""Characters of a line that are shown with a diagnostic."""

MAX_LINE = 500
"""Characters of any other line of a diagnostic."""

MAX_FAMILY = 10
"""Maximum number of names that a suggestion lists."""

MAX_KNOWN = 500
"""Maximum number of names that are searched for a suggestion."""

MAX_FAULTS = 100
"""Maximum number of errors per check, because computing suggestions is slow."""

MAX_DIAGNOSTICS = 20
"""Maximum number of diagnostics that are reported in one run."""

ERROR, WARNING, NOTE = "error", "warning", "note"


class Place(NamedTuple):
    """Where something stands in a file; lines and columns count from 1."""

    file: str
    line: int
    column: int
    source: str = ""
    length: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"

    @property
    def text(self) -> str:
        """What stands there, up to the end of the line."""
        return self.source[self.column - 1 :][: self.length]

    def shown(self) -> list[str]:
        """The line with a caret below; of a long line the part around the place."""
        if not self.source:
            return []
        start = (
            max(0, self.column - MAX_SHOWN // 2) if len(self.source) > MAX_SHOWN else 0
        )
        text = self.source[start : start + MAX_SHOWN]
        before = self.column - 1 - start
        caret = " " * before + "^" * max(1, min(self.length, len(text) - before))
        number = str(self.line)
        return [f"   {number} | {text}", f"   {' ' * len(number)} | {caret}"]


class Fix(NamedTuple):
    """What to write at a place, by default that of the diagnostic."""

    text: str
    place: Place | None = None


class Advice(str):
    """A help that editors can apply; `fixes` are alternatives, the best one first."""

    __slots__ = ("fixes",)
    fixes: tuple[Fix, ...]

    def __new__(cls, text: str, *fixes: Fix) -> Self:
        advice = super().__new__(cls, text)
        advice.fixes = fixes
        return advice

    def __reduce__(self) -> tuple[type[Advice], tuple[object, ...]]:
        return Advice, (str(self), *self.fixes)


def fixes_of(help: str) -> tuple[Fix, ...]:
    """The fixes of a help, if it has any."""
    return help.fixes if isinstance(help, Advice) else ()


class Related(NamedTuple):
    """Another place that a diagnostic is about, and what is there."""

    place: Place
    message: str


class Diagnostic(NamedTuple):
    """One problem, its place in the file, and help."""

    code: str
    message: str
    place: Place | None = None
    path: str = ""
    help: str = ""
    severity: str = ERROR
    related: tuple[Related, ...] = ()

    @property
    def fixes(self) -> tuple[Fix, ...]:
        """What its help proposes to write, each at its place."""
        own = (Fix(fix.text, fix.place or self.place) for fix in fixes_of(self.help))
        return tuple(fix for fix in own if fix.place is not None)

    @property
    def position(self) -> tuple[str, int, int]:
        """By which diagnostics are sorted."""
        place = self.place
        return (place.file, place.line, place.column) if place else ("", 0, 0)

    def __str__(self) -> str:
        lines = [f"{self.severity}[{self.code}]: {self.message}"]
        if self.place is not None:
            lines.append(f"  --> {self.place}")
            lines += self.place.shown()
        if self.path:
            lines.append(f"   in: {self.path}")
        if self.help:
            lines.append(f"   help: {self.help}")
        return "\n".join(map(printable, lines))


def printable(text: str) -> str:
    """The text at a bounded length and without control characters."""
    text = text if len(text) <= MAX_LINE else f"{text[:MAX_LINE]}..."
    text = text.replace("\t", " ")
    return "".join(c if c.isprintable() else "\ufffd" for c in text)


class ArchspecError(Exception):
    """The base of every error that a user can cause."""


class Diagnosed(ArchspecError):
    """An error with `diagnostics`, in order of position."""

    def __init__(self, diagnostics: Sequence[Diagnostic], more: int = 0):
        self.diagnostics = tuple(diagnostics)
        self.more = more
        """The number of further diagnostics."""
        rest = [f"and {more} more"] if more else []
        super().__init__("\n".join([*map(str, diagnostics), *rest]))

    @classmethod
    def single(
        cls,
        code: str,
        message: str,
        place: Place | None = None,
        *,
        path: str = "",
        help: str = "",
    ) -> Self:
        """One diagnostic as an error."""
        return cls([Diagnostic(code, message, place, path, help)])

    @classmethod
    def most(cls, found: Iterable[Diagnostic], help: str = "") -> Self:
        """The first MAX_DIAGNOSTICS as an error, with a help for all of them."""
        diagnostics = list(found)
        shown = diagnostics[:MAX_DIAGNOSTICS]
        if help:
            shown[-1] = shown[-1]._replace(help=help)
        return cls(shown, len(diagnostics) - len(shown))

    def at(self, place: Place | None = None, path: str = "") -> Self:
        """Fill in the place and path of the diagnostics that have none."""
        return type(self)(
            [
                found._replace(place=found.place or place, path=found.path or path)
                for found in self.diagnostics
            ]
        )


class SpecError(Diagnosed):
    """The spec is wrong (exit code 2)."""


class WeightsError(Diagnosed):
    """Weights, or the file that holds them, do not fit the network (exit code 2)."""


class VerifyError(Diagnosed):
    """A network could not be run or compared (exit code 2)."""


class ImportFailed(Diagnosed):
    """A model could not be made into a spec."""


class ShapeError(ArchspecError):
    """An op cannot take an input of this shape; the message gives the arithmetic."""

    def __init__(self, message: str, help: str = ""):
        super().__init__(message)
        self.help = help


class InvalidArgument(ArchspecError, ValueError):
    """An unknown target, format or code; the message lists the accepted ones."""


class FileRefused(ArchspecError):
    """Writing would overwrite a file that a user may have edited (exit code 3)."""


EXTRAS: dict[str, str] = {
    "numpy": "weights",
    "safetensors": "weights",
    "h5py": "weights",
    "joblib": "sweep",
    "matplotlib": "sweep",
    "pyarrow": "sweep",
    "optuna": "search",
    "pygls": "lsp",
    "lsprotocol": "lsp",
    **{
        name: framework.extra
        for framework in reversed([*FRAMEWORKS.values()])
        for name in framework.packages
    },
}
"""The extra of archspec-nn that brings each optional package."""


class FrameworkMissing(ArchspecError):
    """An optional package is not installed (exit code 4)."""

    def __init__(self, package: str):
        super().__init__(
            f"this needs {package}, which is not installed\n"
            f"   help: pip install 'archspec-nn[{EXTRAS[package]}]'"
        )


@contextmanager
def optional_packages() -> Generator[None]:
    """Raise FrameworkMissing where an optional package is not installed."""
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in EXTRAS:
            raise
        raise FrameworkMissing(package) from None


@optional_packages()
def needed(module: str) -> Any:
    """Import a module of an optional package; raises FrameworkMissing."""
    return import_module(module)


def one_of(kind: str, value: object, known: Collection[object]) -> None:
    """Raise InvalidArgument for an unknown value."""
    names = [str(name) for name in known if name is not None]
    if value in known:
        return
    near = did_you_mean(str(value), names)
    help = " ".join(filter(None, [near, f"expected one of: {', '.join(names)}"]))
    raise InvalidArgument(f"unknown {kind} '{value}'; {help}")


def raise_if_any(faults: Iterable[Diagnostic]) -> None:
    """Raise SpecError for the first faults in order of position, unless it is empty."""
    found = in_order(faults)
    if found:
        raise SpecError.most(found)


def in_order(faults: Iterable[Diagnostic]) -> list[Diagnostic]:
    """By position, each once: a block has its faults wherever it is used."""
    once: dict[tuple[object, ...], Diagnostic] = {}
    for fault in faults:
        once.setdefault((fault.code, fault.message, fault.position), fault)
    return sorted(once.values(), key=lambda fault: fault.position)


def _family(word: str, known: Sequence[str]) -> str:
    """Help with the beginning of several names, such as `mobilenet`."""
    if len(word) <= 2:
        return ""
    found = [name for name in known if name.startswith(word)]
    if not 1 < len(found) <= MAX_FAMILY:
        return ""
    *most, last = map(repr, found)
    text = f"did you mean {', '.join(most)} or {last}?"
    return Advice(text, *map(Fix, found))


def meaning(name: str) -> Advice:
    """The help with the only name that can be meant."""
    return Advice(f"did you mean '{name}'?", Fix(name))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The start of a help text: the nearest known name, or an empty string."""
    words = [*islice(known, MAX_KNOWN)]
    if (meant := OTHER_NAMES.get(word.lower())) in words:
        return meaning(meant)
    near = difflib.get_close_matches(word[:64], words, n=1, cutoff=0.7)
    family = _family(word, words)
    if family and all(name.startswith(word) for name in near):
        return family
    return meaning(near[0]) if near else ""
