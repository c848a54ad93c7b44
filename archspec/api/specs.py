"""From the name of a spec to its network."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from archspec import reading
from archspec.frameworks import SOURCES

if TYPE_CHECKING:
    from archspec.api.network import Network

Changes = Mapping[str, object] | Sequence[str]
"""Values by their paths, or texts of the form `a.b=value`."""


def load(
    spec: str | Path, *, variant: str | Sequence[str] = (), set: Changes = ()
) -> Network:
    """The network of a spec.

    Args:
        spec: a path to a .yaml file, or the name of a bundled spec.
        variant: the name of a variant, or several, applied in order.
        set: values by their paths, applied last: `{"classes": 10}`,
            `{"multipliers.width": 0.5, "input.size": [160, 128]}`. A text is read as
            YAML, `None` takes away what is there. A list of texts `a.b=value` does,
            too, as `--set` has them.

    Raises:
        SpecError: everything that is wrong with the spec, with its places; there is no
            such spec (AS501), variant (AS209) or path (AS2xx, AS504).
        TypeError: an argument is of another type.
    """
    names, changes = variant_list(variant), change_list(set)
    source = reading.read_source(_path(spec))
    # After this, that a document which is refused costs no import of Pydantic.
    from archspec.api.network import Network
    from archspec.elaboration import elaborate

    return Network.of(elaborate(source, names, changes))


def bundled_specs() -> list[str]:
    """The names of the specs that come with archspec."""
    return [path.stem for path in reading.bundled_specs()]


def variants(spec: str | Path) -> list[str]:
    """The names of a spec's variants, in its order; raises SpecError."""
    from archspec.language import variant_names

    return variant_names(_path(spec))


def source_targets() -> tuple[str, ...]:
    """The names of the targets that are written as source code."""
    return SOURCES


def variant_list(variant: object) -> list[str]:
    """The names of variants; raises TypeError for anything else."""
    names = [variant] if isinstance(variant, str) else variant
    if isinstance(names, list | tuple):
        found = [
            name for name in cast("Sequence[object]", names) if isinstance(name, str)
        ]
        if len(found) == len(cast("Sequence[object]", names)):
            return found
    message = f"'variant' is a name or a list of names, found {variant!r}"
    raise TypeError(message)


def change_list(set: object) -> list[str]:
    """Changes as `a.b=value`, in YAML; raises TypeError for anything else."""
    if isinstance(set, Mapping):
        changes = cast("Mapping[object, object]", set)
        return [f"{path}={_yaml(path, value)}" for path, value in changes.items()]
    if isinstance(set, list | tuple):
        texts = cast("Sequence[object]", set)
        found = [text for text in texts if isinstance(text, str)]
        if len(found) == len(texts):
            return found
    raise TypeError(f"'set' is a mapping such as {{'classes': 10}}, found {set!r}")


def _yaml(path: object, value: object) -> str:
    if value is None or isinstance(value, str):
        return value or "~"
    try:
        return json.dumps(value, allow_nan=False, ensure_ascii=False)
    except (TypeError, ValueError):
        message = f"the value of '{path}' is none that YAML has: {value!r}"
        raise TypeError(message) from None


def _path(spec: object) -> str | Path:
    if isinstance(spec, str | Path):
        return spec
    message = f"a spec is a path or the name of a bundled spec, found {spec!r}"
    raise TypeError(message)
