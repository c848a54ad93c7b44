"""From the name of a spec to its network."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from archspec import reading
from archspec.frameworks import SOURCES

if TYPE_CHECKING:
    from archspec.api.network import Network

Changes = Mapping[str, object] | Sequence[str]
"""Values by path, or strings of the form `a.b=value`."""


def load(
    spec: str | Path | reading.Source,
    *,
    variant: str | Sequence[str] = (),
    set: Changes = (),
) -> Network:
    """The network of a spec.

    Args:
        spec: a path to a .yaml file, the name of a bundled spec, either followed by
            `@VARIANT` or `@A,B`, `-` for standard input, or the `source` of a spec that
            was read.
        variant: the name of a variant, or several, applied in order.
        set: values by path, applied last: `{"classes": 10}`,
            `{"multipliers.width": 0.5, "input.size": [160, 128]}`. Strings are read as
            YAML, `None` removes an entry. A list of strings `a.b=value`, as `--set`
            takes, works as well.

    Raises:
        SpecError: the spec has errors, listed with their places, or the spec (AS501),
            the variant (AS209) or a path (AS2xx, AS504) does not exist.
        TypeError: an argument has the wrong type.
    """
    (spec, names), changes = selected(spec, variant), change_list(set)
    source = spec if isinstance(spec, reading.Source) else _read(spec)
    # Imported late: a document with errors is refused before the ops are imported.
    from archspec.api.network import Network
    from archspec.elaboration import elaborate

    return Network.of(elaborate(source, names, changes))


def bundled_specs() -> list[str]:
    """The names of the specs that come with archspec."""
    return [path.stem for path in reading.bundled_specs()]


def specs_in(folder: str | Path) -> tuple[list[str], list[str]]:
    """The paths of the specs in a folder, and of the YAML files that are none.

    A spec has the key `archspec`. Raises SpecError (AS501, AS502).
    """
    found, others = reading.specs_in(Path(folder))
    return [str(path) for path in found], [str(path) for path in others]


def variants(spec: str | Path) -> list[str]:
    """The names of a spec's variants, in its order; raises SpecError."""
    from archspec.language import variant_names

    return variant_names(_read(spec))


def spec_source(
    spec: str | Path, *, variant: str | Sequence[str] = (), set: Changes = ()
) -> str:
    """The YAML of a spec: as it is, or with variants and changes merged in.

    A merged spec stands alone: it extends no other and has no variants. Unchanged parts
    keep their comments. Raises the errors of `load`.
    """
    spec, names = selected(spec, variant)
    if not names and not set:
        return _read(spec).text
    from archspec.language.written import written

    return written(load(spec, variant=names, set=set).spec)


def spec_tree(
    spec: str | Path, *, variant: str | Sequence[str] = (), set: Changes = ()
) -> dict[str, Any]:
    """The same as plain data; expressions are text."""
    from archspec.language.written import plain
    from archspec.reading.nodes import values

    spec, names = selected(spec, variant)
    source = _read(spec)
    if not names and not set:
        return values(source.tree)
    return plain(load(source, variant=names, set=set).spec)


def source_targets() -> tuple[str, ...]:
    """The targets that are generated as source code."""
    return SOURCES


SpecLike = TypeVar("SpecLike", bound=str | Path | reading.Source)


def selected(
    spec: SpecLike, variant: str | Sequence[str]
) -> tuple[SpecLike | str, list[str]]:
    """A spec and its variants, first those of `SPEC@VARIANT` or `SPEC@A,B`.

    A file whose name has an @ is that file. Raises TypeError for what is no name.
    """
    names = variant_list(variant)
    if not isinstance(spec, str) or "@" not in spec or Path(spec).exists():
        return spec, names
    name, _, own = spec.rpartition("@")
    return name, [*own.split(","), *names]


def variant_list(variant: object) -> list[str]:
    """A list of variant names; raises TypeError for anything else."""
    names = [variant] if isinstance(variant, str) else variant
    if isinstance(names, list | tuple):
        found = [
            name for name in cast("Sequence[object]", names) if isinstance(name, str)
        ]
        if len(found) == len(cast("Sequence[object]", names)):
            return found
    message = f"'variant' must be a name or a list of names, not {variant!r}"
    raise TypeError(message)


def change_list(set: object) -> list[str]:
    """Changes as `a.b=value`, in YAML; raises TypeError for anything else."""
    if isinstance(set, Mapping):
        changes = cast("Mapping[object, object]", set)
        return [f"{path}={yaml_text(path, value)}" for path, value in changes.items()]
    if isinstance(set, list | tuple):
        texts = cast("Sequence[object]", set)
        found = [text for text in texts if isinstance(text, str)]
        if len(found) == len(texts):
            return found
    raise TypeError(f"'set' must be a mapping such as {{'classes': 10}}, not {set!r}")


def yaml_text(path: object, value: object) -> str:
    """The value of a path in YAML; raises TypeError if it cannot be written."""
    if value is None or isinstance(value, str):
        return value or "~"
    try:
        return json.dumps(value, allow_nan=False, ensure_ascii=False)
    except (TypeError, ValueError):
        message = f"cannot write the value of '{path}' as YAML: {value!r}"
        raise TypeError(message) from None


def _read(spec: object) -> reading.Source:
    if isinstance(spec, str | Path):
        return reading.read_source(spec)
    message = f"'spec' must be a path or the name of a bundled spec, not {spec!r}"
    raise TypeError(message)
