"""The files of a spec as they are written: its own, and those that it `extends`."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from archspec import resources
from archspec.errors import (
    Diagnostic,
    SpecError,
    did_you_mean,
    meaning,
    raise_if_any,
)
from archspec.reading.nodes import (
    Mapping,
    Node,
    Scalar,
    Sequence,
    describe,
    expect_mapping,
    fail,
    is_null,
    text_of,
)
from archspec.reading.reader import read_file, read_stream, scan
from archspec.reading.static_checks import screened

MAX_EXTENDS = 8
SUFFIXES = (".yaml", ".yml")
STDIN = "-"
_VERSION = re.compile(r"^archspec *:", re.MULTILINE)


class Source(NamedTuple):
    """A file's text and tree, and the trees of the files that it extends.

    Each of these is after those that it extends itself.
    """

    path: Path
    text: str
    tree: Mapping
    bases: tuple[Mapping, ...]


def read_source(spec: str | Path) -> Source:
    """Read a spec and what it extends.

    `spec` is a path, a bundled spec's name, or `-` for standard input. Raises
    SpecError: AS1xx, AS206, AS207, AS301 for names and expressions, AS5xx for files.
    """
    if str(spec) == STDIN:
        path = Path("<stdin>")
        if sys.stdin is None:  # pyright: ignore[reportUnnecessaryComparison]
            raise SpecError.single("AS502", f"cannot read {path}: it is closed")
        return parsed(read_stream(sys.stdin.buffer, path), path)
    path = find_spec(spec)
    return parsed(read_file(path), path)


def parsed(text: str, path: Path, read: Callable[[Path], str] = read_file) -> Source:
    """A text as the spec in the file `path`, which need not exist.

    `read` gives the texts of the files that it extends, which an editor may have open.
    """
    trees: dict[Path, Mapping] = {}
    _read(text, path, (), trees, _Files(_reach(path), read))
    *bases, tree = trees.values()
    return Source(path, text, tree, tuple(bases))


class _Files(NamedTuple):
    """The folders whose files a spec may extend, and how their texts are read."""

    folders: tuple[Path, ...]
    read: Callable[[Path], str]


def _reach(path: Path) -> tuple[Path, ...]:
    """The folders whose files a spec may extend.

    They are its own, or the current one if that is above it, and the bundled one. The
    root of the file system does not count: services run there.
    """
    folder, here = path.resolve().parent, Path.cwd()
    if here != here.parent and folder.is_relative_to(here):
        folder = here
    return folder, resources.SPECS


def _read(
    text: str,
    path: Path,
    above: tuple[Path, ...],
    trees: dict[Path, Mapping],
    files: _Files,
) -> None:
    """Add the trees of a file and, before it, of those that it extends."""
    tree = screen(*scan(text, str(path)))
    chain = (*above, path.resolve())
    for extends in _extended(tree):
        base = _looked_for(extends, chain[-1].parent, files.folders)
        file = base.resolve()
        if file in chain:
            fail("AS503", "circular 'extends'", extends.place)
        if file in trees:
            continue
        if len({*chain, *trees}) > MAX_EXTENDS:
            message = f"more than {MAX_EXTENDS} files extend each other"
            fail("AS503", message, extends.place)
        _read(files.read(base), base, chain, trees, files)
    trees[chain[-1]] = tree


def screen(node: Node, faults: Iterable[Diagnostic] = ()) -> Mapping:
    """The node as a mapping without fault; raises SpecError."""
    if not isinstance(node, Mapping):
        raise_if_any(faults)
    tree = expect_mapping(node, "a spec")
    raise_if_any([*faults, *screened(tree)])
    return tree


def bundled_specs() -> list[Path]:
    """The specs directly in the bundled folder, without blocks and tutorials."""
    return sorted(resources.SPECS.glob("*.yaml"))


def specs_in(folder: Path) -> tuple[list[Path], list[Path]]:
    """The specs directly in a folder, and the YAML files that are none.

    A spec has the key `archspec`. Raises SpecError (AS501) if there is none.
    """
    try:
        files = sorted(p for p in folder.iterdir() if p.suffix in SUFFIXES)
    except OSError as error:
        message = f"cannot read {folder}: {error.strerror}"
        raise SpecError.single("AS502", message) from None
    found = [path for path in files if _is_spec(path)]
    if not found:
        help = "a spec is a .yaml file with the key 'archspec'"
        message = f"there is no spec in the folder '{folder}'"
        raise SpecError.single("AS501", message, help=help)
    return found, [path for path in files if path not in found]


def _is_spec(path: Path) -> bool:
    try:
        return _VERSION.search(read_file(path)) is not None
    except SpecError:
        return True  # whose reader reports what is wrong


def find_spec(spec: str | Path) -> Path:
    """The file that a path or a bundled spec's name means."""
    path = Path(spec)
    if path.suffix in SUFFIXES and _is_file(path):
        return path
    bundled = resources.SPECS / f"{spec}.yaml"
    if _is_file(bundled) and _is_inside(bundled, resources.SPECS):
        return bundled
    if _is_file(path):
        help = "a spec is a file that ends in .yaml or .yml"
        raise SpecError.single("AS501", f"'{spec}' is not a YAML file", help=help)
    names = [known.stem for known in bundled_specs()]
    raise SpecError.single(
        "AS501",
        f"there is no spec '{spec}'",
        help=_beside(path)
        or _as_variant(path.stem)
        or did_you_mean(path.stem, names)
        or f"a path to a .yaml file, or one of: {', '.join(names)}",
    )


def _beside(path: Path) -> str:
    """Help with the path of a file that is not there: another one in its folder."""
    if path.suffix not in SUFFIXES:
        file = Path(f"{path}.yaml")
        return f"did you mean '{file}'?" if _is_file(file) else ""
    try:
        beside = sorted(path.parent.iterdir())
    except (OSError, ValueError):  # no folder, too long, or with a NUL
        return ""
    files = [str(p) for p in beside if p.suffix in SUFFIXES and _is_file(p)]
    return did_you_mean(str(path), files)


def _as_variant(word: str) -> str:
    """Help with a name that is a variant of a bundled spec: `resnet34`."""
    wanted = _letters(word)
    like = [path for path in bundled_specs() if path.stem[:3] == wanted[:3]]
    for path, (variant, patch) in ((p, v) for p in like for v in _variants(p)):
        own = patch.get("name") if isinstance(patch, Mapping) else None
        stems = path.stem, path.stem.rstrip("0123456789")
        names = [*(stem + variant for stem in stems), text_of(own) or ""]
        if wanted in map(_letters, names):
            return f"did you mean '{path.stem} --variant {variant}'?"
    return ""


def _variants(path: Path) -> Iterable[tuple[str, Node]]:
    tree, _ = scan(read_file(path), str(path))
    return tree.section("variants").entries.items() if isinstance(tree, Mapping) else ()


def _letters(name: str) -> str:
    return "".join(c for c in name.lower() if c.isalnum())


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # too long, or with a NUL
        return False


def _is_inside(path: Path, *folders: Path) -> bool:
    """Whether a path, without links, is below a folder; it need not exist."""
    try:
        real = os.path.realpath(path)
    except ValueError:  # with a NUL
        return True
    return any(Path(real).is_relative_to(folder.resolve()) for folder in folders)


def _extended(tree: Mapping) -> Iterator[Scalar]:
    """The files that a tree extends, as it names them."""
    extends = tree.get("extends")
    if extends is None or is_null(extends):
        return
    for name in extends.items if isinstance(extends, Sequence) else (extends,):
        if not isinstance(name, Scalar) or is_null(name):
            message = f"'extends' must be a file name, found {describe(name)}"
            fail("AS203", message, name.place)
        yield name


def extended_file(name: str, path: Path) -> Path | None:
    """The file that a spec at `path` extends by this name, if it may read it."""
    return _found(name, path.resolve().parent, _reach(path))


def _found(name: str, folder: Path, reach: tuple[Path, ...]) -> Path | None:
    for candidate in (root / name for root in (folder, resources.SPECS)):
        is_readable = candidate.suffix in SUFFIXES and _is_inside(candidate, *reach)
        if is_readable and _is_file(candidate):
            return candidate
    return None


def _looked_for(extends: Scalar, folder: Path, reach: tuple[Path, ...]) -> Path:
    if found := _found(extends.text, folder, reach):
        return found
    roots = (folder, resources.SPECS)
    if not _is_inside(folder / extends.text, *reach):
        message = f"'extends': '{extends.text}' is outside the folders that it may read"
        help = "run archspec from a folder that contains both files; 'extends' reads "
        help += ".yaml files below the current folder or the spec's folder"
        fail("AS503", message, extends.place, help)
    help = "archspec looks for a .yaml file beside the spec, then among the bundled"
    bundled = [path.name for path in bundled_specs()]
    help = did_you_mean(extends.text, bundled) or help
    if any(_is_file(root / f"{extends.text}.yaml") for root in roots):
        help = meaning(f"{extends.text}.yaml")
    fail("AS503", f"'extends': file not found: '{extends.text}'", extends.place, help)
