"""The files of a spec as they are written: its own, and those that it `extends`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from archspec import resources
from archspec.errors import Diagnostic, SpecError, did_you_mean, raise_if_any
from archspec.reading.identifiers import identifier_fault, identifier_help
from archspec.reading.nodes import (
    Mapping,
    Node,
    Scalar,
    describe,
    expect_mapping,
    fail,
    is_null,
)
from archspec.reading.reader import read_file, scan
from archspec.reading.static_checks import screened

MAX_EXTENDS = 8


class Source(NamedTuple):
    """A file's tree, and the file that it extends."""

    path: Path
    tree: Mapping
    base: Source | None


def read_source(spec: str | Path) -> Source:
    """Read a spec and what it extends; `spec` is a path or a bundled spec's name.

    Raises SpecError: AS1xx, AS206, AS207, AS301 for names and expressions, AS5xx for
    files.
    """
    path = find_spec(spec)
    if fault := identifier_fault(path.stem):
        help = f"a spec's file is named by a name: {identifier_help(path.stem)}"
        raise SpecError.single("AS207", fault, help=help.removesuffix(": "))
    return _read(path, ())


def _read(path: Path, above: tuple[Path, ...]) -> Source:
    tree = screen(*scan(*read_file(path)))
    chain = (*above, path.resolve())
    base = _base_path(tree, chain)
    return Source(path, tree, _read(base, chain) if base else None)


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


def _base_path(tree: Mapping, chain: tuple[Path, ...]) -> Path | None:
    """The file that a tree extends; the last of `chain` is its own file."""
    extends = tree.get("extends")
    if extends is None or is_null(extends):
        return None
    if not isinstance(extends, Scalar):
        message = f"'extends' must be a file name, found {describe(extends)}"
        fail("AS203", message, extends.place)
    base = _looked_for(extends, chain[-1].parent)
    if base.resolve() in chain:
        fail("AS503", "circular 'extends'", extends.place)
    if len(chain) > MAX_EXTENDS:
        message = f"more than {MAX_EXTENDS} files extend each other"
        fail("AS503", message, extends.place)
    return base


def _looked_for(extends: Scalar, folder: Path) -> Path:
    roots = (folder, resources.SPECS)
    for root in roots:
        candidate = root / extends.text
        if _is_file(candidate) and _is_inside(candidate, root):
            return candidate
    help = "archspec looks beside the spec, then among the bundled specs"
    bundled = [path.name for path in bundled_specs()]
    help = did_you_mean(extends.text, bundled) or help
    if any(_is_file(root / f"{extends.text}.yaml") for root in roots):
        help = f"did you mean '{extends.text}.yaml'?"
    fail("AS503", f"'extends': file not found: '{extends.text}'", extends.place, help)
