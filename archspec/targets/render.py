"""A network as the source text of one file."""

from __future__ import annotations

import ast
from functools import lru_cache, partial
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from jinja2 import TemplateError, TemplateSyntaxError

from archspec.elaboration import keeping
from archspec.errors import Diagnostic, Place, SpecError
from archspec.expressions import limited_effort
from archspec.frameworks import SOURCES
from archspec.network import Network
from archspec.targets import digest
from archspec.targets.arguments import variant_views
from archspec.targets.code import Code
from archspec.targets.file import File
from archspec.targets.header import header
from archspec.targets.names import check_names, taken_names
from archspec.targets.specialise import specialise
from archspec.targets.templates import InjectionError, Templates, manifest
from archspec.targets.tidy import tidy
from archspec.targets.unprintable import Unprintable, refined

_HELPERS = Code("# \x1f")
"""Where a page has its helpers, in a character that no text of a spec keeps."""
MAX_EFFORT = 600_000
"""Parts of expressions that are visited for a file; the zoo's largest needs 40,000."""


def render(network: Network, target: str, templates: Path | None = None) -> str:
    """The formatted, signed text of `target`'s file.

    `templates` is a folder of templates that come before the bundled ones. Raises
    SpecError: AS4xx if the target does not support it, AS507 if such a template fails.
    """
    try:
        text = printed(network, target, templates).text
        return digest.sign(tidy(text), network.spec.digest)
    except (
        TemplateError,
        InjectionError,
        ValueError,
        RuntimeError,
        SyntaxError,
    ) as error:
        if templates is None:
            raise
        raise SpecError([_failed(error, templates / target)]) from None


def check_printable(network: Network, target: str) -> None:
    """Raise SpecError (AS4xx) if the target does not support it; format nothing."""
    printed(network, target)


def _failed(error: Exception, folder: Path) -> Diagnostic:
    """The error of a custom template, with a place if Jinja gives one."""
    place = None
    if isinstance(error, TemplateSyntaxError) and error.name:
        place = Place(str(folder / error.name), error.lineno, 1)
    help = "see the bundled templates for the variables of each"
    reason = str(error).partition("\n")[0] or type(error).__name__
    return Diagnostic("AS507", f"a template failed: {reason}", place, help=help)


class Page(NamedTuple):
    """A file before it is formatted, and what it was printed from."""

    file: File
    text: str


def printed(network: Network, target: str, own: Path | None = None) -> Page:
    """The page of a network; `own` is a folder of templates, as in `render`.

    Raises SpecError: AS4xx if the target does not support it.
    """
    templates = Templates(target, own)
    try:
        with limited_effort(MAX_EFFORT):
            network = _with_marked(network)
            return refined(partial(_page, network, target, templates))
    except Unprintable as error:
        found = (layer.place for layer in network.layers if layer.path == error.path)
        place = next(found, error.place)
        message = f"not supported by the {templates.manifest['name']} target: {error}"
        raise SpecError.single(
            "AS402", message, place, path=error.path, help=error.help
        ) from None


@lru_cache(maxsize=4)
def _with_marked(network: Network) -> Network:
    """With the multipliers that its spec marks as arguments: one for all targets."""
    marked = any(network.document.keep.values())
    return keeping(network) if marked and network.spec.family is None else network


def _page(
    network: Network, target: str, templates: Templates, finest: frozenset[str]
) -> Page:
    """The page, uses of the blocks in `finest` kept apart."""
    framework = import_module(f"archspec.targets.{target}")
    program = specialise(network, finest, _taken_names(templates.own))
    check_names(network, program, templates.manifest)
    file = File(network, framework.Dialect(network, program, templates))
    view = framework.view(file)
    view["header"] = header(file.dialect)
    view |= {"variants": variant_views(file), "helpers": [_HELPERS]}
    text = templates.page(module=view)
    own = "\n\n".join(map(str, helpers(file, text)))
    return Page(file, text.replace(str(_HELPERS), own))


def _taken_names(own: Path | None) -> frozenset[str]:
    """Those of all targets: a block is called alike everywhere, and compiled once."""
    every = (taken_names(manifest(target, own)) for target in SOURCES)
    return frozenset[str]().union(*every)


def helpers(file: File, text: str) -> list[Code]:
    """The helpers that the text calls, and those that these call, in their order."""
    found: list[Code] = []
    called = _names(text)
    for name in reversed(file.manifest["helpers"]):
        if name in called:
            helper = file.templates.helper(name, file.flags)
            found.insert(0, helper)
            called |= _names(helper.text)
    return found


def _names(text: str) -> set[str]:
    """The names that code reads, except attributes and names in text."""
    return {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
