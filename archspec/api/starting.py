"""A first spec to edit: a small network with comments, or a copy of a bundled spec."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from archspec import resources
from archspec.api.specs import Changes, bundled_specs, load, selected, spec_source
from archspec.errors import FileRefused, SpecError
from archspec.frameworks import SOURCES
from archspec.reading import find_spec
from archspec.reading.identifiers import identifier_fault, identifier_help

STARTER = resources.TEMPLATES / "start" / "net.yaml"
SUFFIXES = (".yaml", ".yml")
_NAME = re.compile(r"^(name: *)(\w+)", re.MULTILINE)


class Started(NamedTuple):
    """The file that `start` wrote, and the name of its network."""

    path: Path
    name: str

    @property
    def next(self) -> dict[str, str]:
        """Commands to continue with, and what each does."""
        file = shlex.quote(str(self.path))
        return {
            f"archspec flops {file}": "count parameters and MACs",
            f"archspec generate {file} --target torch": "write PyTorch source",
            f"archspec watch {file} --target torch": "do both at every save",
        }


def start(
    name: str | Path = "",
    *,
    source: str = "",
    variant: str | Sequence[str] = (),
    set: Changes = (),
) -> Started:
    """Write NAME.yaml, whose network is called after the file.

    `source` is a bundled spec, whose copy has the changes of `variant` and `set` merged
    in, as `spec_source` returns it; without `name`, file and network keep its name.

    Raises:
        SpecError: `source` is no bundled spec (AS501), a change does not apply, no
            module can have the name (AS207), or the file cannot be written (AS505).
        FileRefused: the file exists; it is never overwritten.
    """
    source, names = selected(source, variant)
    path = _path(str(name) or _own_name(source, names, set))
    text = _text(source, names, set)
    if name or not source:
        text = _NAME.sub(rf"\g<1>{network_name(path.stem)}", text, count=1)
    _write(path, text)
    found = _NAME.search(text)
    return Started(path, found[2] if found else path.stem)


def network_name(stem: str) -> str:
    """The name of the class or function: `my_net` is MyNet.

    `Net` is added to a name that a generated file uses itself, such as `Tensor`.
    """
    from archspec.targets.code import class_name
    from archspec.targets.names import taken_names
    from archspec.targets.templates import manifest

    name = class_name(stem)
    taken = any(name in taken_names(manifest(target)) for target in SOURCES)
    return f"{name}Net" if taken else name


def _own_name(source: str, variant: str | Sequence[str], set: Changes) -> str:
    """The name of the file where none is given."""
    if not source:
        return STARTER.stem
    return (
        load(source, variant=variant, set=set).spec.module_name if variant else source
    )


def _path(name: str) -> Path:
    """The file of a name; raises SpecError (AS207) unless a module can have it."""
    path = Path(name)
    path = path if path.suffix in SUFFIXES else path.with_name(f"{path.name}.yaml")
    if fault := identifier_fault(path.stem):
        raise SpecError.single("AS207", fault, help=identifier_help(path.stem))
    return path


def _text(source: str, variant: str | Sequence[str], set: Changes) -> str:
    if not source:
        return STARTER.read_text("utf-8")
    if source not in bundled_specs():
        find_spec(source)  # raises, with the name that is meant
        message = f"'{source}' is not a bundled spec"
        help = f"copy the file, or write 'extends: {source}' in a new one"
        raise SpecError.single("AS501", message, help=help)
    return spec_source(source, variant=variant, set=set)


def _write(path: Path, text: str) -> None:
    """Create the file; never replace one."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _create(path, text)
    except FileExistsError:
        message = f"{path} exists; choose another name: archspec init NAME"
        raise FileRefused(message) from None
    except OSError as error:
        message = f"cannot write {path}: {error.strerror}"
        raise SpecError.single("AS505", message) from None


def _create(path: Path, text: str) -> None:
    """All or nothing."""
    file = path.open("x", encoding="utf-8", newline="\n")
    try:
        with file:
            file.write(text)
    except BaseException:
        path.unlink()
        raise
