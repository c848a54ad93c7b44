"""A network as the source text of one file."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jinja2 import TemplateError, TemplateSyntaxError

from archspec.errors import Diagnostic, Place, SpecError
from archspec.expressions import limited_effort
from archspec.language.names import inner_layers
from archspec.network import Network
from archspec.targets import digest
from archspec.targets.code import Code
from archspec.targets.file import File
from archspec.targets.header import header
from archspec.targets.keras import view as keras_view
from archspec.targets.names import check_names, place_of_name
from archspec.targets.specialise import specialise
from archspec.targets.symbols import names_in
from archspec.targets.templates import InjectionError, Templates
from archspec.targets.tidy import tidy
from archspec.targets.torch import view as torch_view
from archspec.targets.unprintable import Differing, Named, Unprintable

_VIEWS: dict[str, Callable[[File, Network], dict[str, Any]]] = {
    "torch": torch_view,
    "keras": keras_view,
}
TARGETS = tuple(_VIEWS)
MAX_EFFORT = 1_000_000
"""Parts of expressions that are visited for a file; the zoo's largest needs 40,000."""


def render(network: Network, target: str, templates: Path | None = None) -> str:
    """The formatted, signed text of `target`'s file.

    `templates` is a folder of templates that come before the bundled ones. Raises
    SpecError: AS4xx where the target cannot say it, AS507 where such a template fails.
    """
    try:
        with limited_effort(MAX_EFFORT):
            return _rendered(network, target, templates)
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


def _failed(error: Exception, folder: Path) -> Diagnostic:
    """What is wrong with somebody's own template, and where if Jinja says it."""
    place = None
    if isinstance(error, TemplateSyntaxError) and error.name:
        place = Place(str(folder / error.name), error.lineno, 1)
    help = "'templates' of archspec's sources shows what a template is given"
    reason = str(error).partition("\n")[0] or type(error).__name__
    return Diagnostic("AS507", f"a template failed: {reason}", place, help=help)


def _rendered(network: Network, target: str, templates: Path | None) -> str:
    program = specialise(network)
    file = File(program, Templates(target, templates))
    check_names(network, program, file.templates.manifest)
    try:
        view = _VIEWS[target](file, network)
    except Unprintable as error:
        message = f"the target {target} cannot say this: {error}"
        found = (layer.place for layer in network.layers if layer.path == error.path)
        place = next(found, error.place)
        if isinstance(error, Differing):
            own = dict(inner_layers(network.document.layers))
            place = own[error.path.split(".")[0]].place
        if isinstance(error, Named):
            block = error.path.removeprefix("block ")
            place = place_of_name(network.spec.tree, block, error.name) or place
        raise SpecError.single(
            "AS402", message, place, path=error.path, help=error.help
        ) from None
    last = file.templates.manifest["channels"] == "last"
    by_classes = "classes" in names_in(program.root.output_channels)
    view |= {"header": header(network, last, by_classes), "helpers": []}
    view["helpers"] = helpers(file, file.templates.page(module=view))
    text = file.templates.page(module=view)
    return digest.sign(tidy(text), network.spec.digest)


def helpers(file: File, text: str) -> list[Code]:
    """The helpers that the text calls, and those that these call, in their order."""
    found: list[Code] = []
    called = _names(text)
    for name in reversed(file.templates.manifest["helpers"]):
        if name in called:
            helper = file.templates.helper(name, file.flags)
            found.insert(0, helper)
            called |= _names(helper.text)
    return found


def _names(text: str) -> set[str]:
    """The names that code reads; no attributes, and nothing that a text says."""
    return {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
