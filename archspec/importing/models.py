"""What a user names as the model to import, and the Python that makes it."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any, NamedTuple

from archspec.errors import InvalidArgument

_LIBRARIES = {
    "torchvision": (
        "import torchvision",
        "torchvision.models.get_model({name!r}, **{{'weights': None, **{options}}})",
    ),
    "timm": ("import timm", "timm.create_model({name!r}, **{options})"),
}
_MODULE = """\
import sys

sys.path.insert(0, {folder!r})
{imports}


def Original():
    return {call}
"""
FILES = (".pt2", ".onnx")
_KNOWN = "torchvision:NAME, timm:NAME, PACKAGE.MODULE:FACTORY, a .pt2 or an .onnx file"


class Model(NamedTuple):
    """A model by what a user calls it: a file, or what makes it.

    A file is read as data. Any other model is made by running its Python, in a process
    of its own.
    """

    said: str
    call: str = ""

    @classmethod
    def of(cls, said: str, call: str = "") -> Model:
        """From `timm:mobilenetv2_100` and `num_classes=10`; raises InvalidArgument."""
        model = cls(said, call)
        if model.is_file:
            if call:
                raise InvalidArgument(f"'{said}' is a file, which takes no arguments")
            return model
        library, colon, name = said.partition(":")
        words = (
            [*library.split("."), *name.split(".")]
            if library not in _LIBRARIES
            else ["x"]
        )
        if not colon or not name or not all(word.isidentifier() for word in words):
            raise InvalidArgument(f"unknown model '{said}'; expected {_KNOWN}")
        model.options()
        return model

    @property
    def is_file(self) -> bool:
        """Whether it is a file."""
        return self.said.endswith(FILES)

    @property
    def path(self) -> Path:
        """The file."""
        return Path(self.said)

    @property
    def stem(self) -> str:
        """A name for files: `mobilenet_v2`."""
        return self.path.stem if self.is_file else self.said.rpartition(":")[2]

    def options(self) -> dict[str, Any]:
        """The arguments that it is made with; raises InvalidArgument."""
        try:
            found = ast.parse(f"f({self.call})", mode="eval").body
            assert isinstance(found, ast.Call)
            if found.args or any(each.arg is None for each in found.keywords):
                raise ValueError
            return {str(e.arg): ast.literal_eval(e.value) for e in found.keywords}
        except (SyntaxError, ValueError, AssertionError):
            message = f"'{self.call}' is not of the form name=value, name=value"
            raise InvalidArgument(message) from None

    def with_classes(self, classes: int) -> Model:
        """The same model for another number of classes."""
        others = {n: v for n, v in self.options().items() if n != "num_classes"}
        options = {**others, "num_classes": classes}
        call = ", ".join(f"{name}={value!r}" for name, value in options.items())
        return self._replace(call=call)

    def source(self) -> str:
        """A module whose `Original` makes it."""
        library, _, name = self.said.partition(":")
        options = repr(self.options())
        if library in _LIBRARIES:
            imports, call = _LIBRARIES[library]
            call = call.format(name=name, options=options)
        else:
            imports, call = f"import {library}", f"{library}.{name}(**{options})"
        folder = str(Path.cwd())
        return _MODULE.format(folder=folder, imports=imports, call=call)
