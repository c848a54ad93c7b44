"""How each layer is printed: a module of the framework, or of a class of the file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from archspec.network import Network
from archspec.targets.classes.modules import modules
from archspec.targets.render import printed


class Form(NamedTuple):
    """The expression that builds a module; `own`: of a class of the file."""

    code: str
    own: bool


def forms(network: Network, target: str) -> Mapping[str, Form]:
    """The form of each layer that is a module, by its path.

    Raises:
        SpecError: the target does not support the network (AS4xx).
    """
    file = printed(network, target).file
    own = {*file.manifest["helpers"]}
    found = {path: str(code) for path, code in modules(file).items()}
    return {path: Form(code, _class(code) in own) for path, code in found.items()}


def _class(code: str) -> str:
    return code.removeprefix("without(").partition("(")[0]
