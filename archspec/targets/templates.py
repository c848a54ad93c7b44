"""A target's manifest and macros, and the choke point against injection."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping
from functools import cache, cached_property
from math import isfinite
from pathlib import Path
from typing import Any

import jinja2
import yaml
from markupsafe import Markup

from archspec import resources
from archspec.reading.reader import LOADER
from archspec.targets.code import Code
from archspec.targets.unprintable import Unprintable


class InjectionError(Exception):
    """A plain string reached a template: a bug of archspec, never of a spec."""


def _finalize(value: Any) -> Any:
    if isinstance(value, float) and not isfinite(value):
        raise InjectionError(f"a template was given the number {value}")
    # A StrictUndefined says itself what is missing.
    known = bool, int, float, Code, Markup, jinja2.Undefined
    if value is None or isinstance(value, known):
        return value
    raise InjectionError(f"a template was given the plain value {value!r}")


def manifest(target: str, own: Path | None = None) -> dict[str, Any]:
    """What a target calls things: its `target.yaml`, of `own` if that has one."""
    roots = (own, resources.TEMPLATES) if own else (resources.TEMPLATES,)
    paths = [root / target / "target.yaml" for root in roots]
    path = next((path for path in paths if path.exists()), paths[-1])
    return _parsed(path, path.stat().st_mtime_ns)


@cache
def _parsed(path: Path, _modified: int) -> dict[str, Any]:
    return yaml.load(path.read_text(encoding="utf-8"), LOADER)  # noqa: S506 - safe


@cache
def _environment(target: str, own: Path | None) -> jinja2.Environment:
    """Jinja's environment, which keeps what it has compiled for the whole process."""
    bundled = resources.TEMPLATES
    folders = [bundled / target, bundled / "python"]
    if own is not None:
        folders.insert(0, own / target)
    environment: Any = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folders),
        undefined=jinja2.StrictUndefined,
        # Code has __html__ and passes; whatever else a template prints is escaped.
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    words = manifest(target, own).get("words", {})
    shown = {key: Code(w) if isinstance(w, str) else w for key, w in words.items()}
    environment.globals["words"] = shown
    return environment


class Templates:
    """The templates of one target: those of `own`, and the bundled ones for the rest.

    Templates are code: they are run.
    """

    def __init__(self, target: str, own: Path | None = None):
        self.target = target
        self.own = own
        self.manifest = manifest(target, own)
        self._environment = _environment(target, own)

    @cached_property
    def _macros(self) -> Mapping[str, Any]:
        return self._macros_of("classes.jinja", "ops.jinja")

    @cached_property
    def _helpers(self) -> Mapping[str, Any]:
        return self._macros_of("shared.jinja", "helpers.jinja")

    def _macros_of(self, *names: str) -> Mapping[str, Any]:
        """The macros of these templates, those of the last before all others."""
        modules = (self._environment.get_template(name).module for name in names)
        return ChainMap(*reversed([vars(module) for module in modules]))

    def macro(self, name: str, *arguments: Any, **named: Any) -> Code:
        """What a macro prints; raises Unprintable where the templates have none."""
        if name not in self._macros:
            raise Unprintable(f"'{name}', for which its templates have no macro")
        return Code(str(self._macros[name](*arguments, **named)).strip())

    def helper(self, name: str, flags: Mapping[str, Any]) -> Code:
        """A helper function or class."""
        return Code(str(self._helpers[name](flags)).strip())

    def page(self, **view: Any) -> str:
        """The whole file, before it is formatted."""
        return self._environment.get_template("module.jinja").render(**view)
