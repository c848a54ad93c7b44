"""A network as the source text of one file."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from archspec.errors import SpecError
from archspec.language.names import inner_layers
from archspec.network import Network
from archspec.targets import digest
from archspec.targets.code import Code
from archspec.targets.file import File
from archspec.targets.header import header
from archspec.targets.keras import view as keras_view
from archspec.targets.names import check_names
from archspec.targets.specialise import specialise
from archspec.targets.symbols import names_in
from archspec.targets.templates import Templates
from archspec.targets.tidy import tidy
from archspec.targets.torch import view as torch_view
from archspec.targets.unprintable import Differing, Unprintable

_VIEWS: dict[str, Callable[[File, Network], dict[str, Any]]] = {
    "torch": torch_view,
    "keras": keras_view,
}
TARGETS = tuple(_VIEWS)


def render(network: Network, target: str, templates: Path | None = None) -> str:
    """The formatted, signed text of `target`'s file.

    Raises SpecError (AS4xx) where the target cannot say it.
    """
    program = specialise(network)
    file = File(program, Templates(target, templates))
    check_names(network.document, program, file.templates.manifest)
    try:
        view = _VIEWS[target](file, network)
    except Unprintable as error:
        message = f"the target {target} cannot say this: {error}"
        found = (layer.place for layer in network.layers if layer.path == error.path)
        place = next(found, error.place)
        if isinstance(error, Differing):
            own = dict(inner_layers(network.document.layers))
            place = own[error.path.split(".")[0]].place
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
    """The helpers that the text names, and those that these name, in their order."""
    found: list[Code] = []
    for name in reversed(file.templates.manifest["helpers"]):
        if re.search(rf"\b{name}\b", "\n".join([text, *map(str, found)])):
            found.insert(0, file.templates.helper(name, file.flags))
    return found
