"""What a user names as the model to import, and the Python that makes it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from archspec.errors import InvalidArgument
from archspec.importing.readers import READERS


class Library(NamedTuple):
    """Where models come from: a template of the call that makes one.

    `target` is the framework that runs them, "" if only the model itself shows it.
    `size` is the argument for the size of images, channels last; "" if there is none.
    `classes` are what the argument for the number of classes may be called.
    """

    imports: str
    call: str
    target: str = "torch"
    size: str = ""
    classes: Sequence[str] = ("num_classes",)


_LIBRARIES = {
    "torchvision": Library(
        "import torchvision",
        "torchvision.models.get_model({name!r}, **{{'weights': None, **{options}}})",
    ),
    "timm": Library("import timm", "timm.create_model({name!r}, **{options})"),
    "keras": Library(
        "import keras",
        "keras.applications.{name}(**{{'weights': None, **{options}}})",
        target="keras",
        size="input_shape",
        classes=("classes",),
    ),
}
_MODULE = """\
import sys

sys.path.insert(0, {folder!r})
{imports}


def Original():
    return {call}
"""
_KERAS = """\
import json
import zipfile

import keras


def plain(config):
    if isinstance(config, list):
        return [plain(each) for each in config]
    if not isinstance(config, dict):
        return config
    known = {{name: plain(each) for name, each in config.items()}}
    return known | {{"dtype": keras.config.floatx()}} if "dtype" in known else known


def Original():
    with zipfile.ZipFile({file!r}) as archive:
        config = plain(json.loads(archive.read("config.json")))
    config.pop("compile_config", None)
    network = keras.saving.deserialize_keras_object(config)
    network.load_weights({weights!r})
    return network
"""
"""Makes the model of a file with weights, in the precision that Keras was told."""
_PARTS = {
    "torch": """

_whole = Original


def Original():
    network, found = _whole(), []
    inner = network.get_submodule({end!r})
    inner.register_forward_hook(lambda *call: found.append(call[-1].clone()))
    network.register_forward_hook(lambda *_: found[-1])
    return network
""",
    "keras": """

_whole = Original


def Original():
    network = _whole()
    return keras.Model(network.inputs, network.get_layer({end!r}).output)
""",
}
"""Runs the whole and gives what the layer gave: in the end, or without what follows."""
_KNOWN = (
    "torchvision:NAME, timm:NAME, keras:NAME, PACKAGE.MODULE:FACTORY, "
    "a .pt2, .onnx or .keras file"
)


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
        library, _, name = said.partition(":")
        is_text = library in _LIBRARIES and "{name!r}" in model.library.call
        words = [*library.split("."), *name.split(".")]
        if not (name if is_text else all(word.isidentifier() for word in words)):
            raise InvalidArgument(f"unknown model '{said}'; expected {_KNOWN}")
        model.options()
        return model

    @property
    def is_file(self) -> bool:
        """Whether it is a file."""
        return self.path.suffix in READERS

    @property
    def path(self) -> Path:
        """The file."""
        return Path(self.said)

    @property
    def library(self) -> Library:
        """What makes it."""
        package, _, name = self.said.partition(":")
        call = f"{package}.{name}(**{{options}})"
        own = Library(f"import {package}", call, "", classes=("num_classes", "classes"))
        return _LIBRARIES.get(package, own)

    @property
    def stem(self) -> str:
        """A name for files: `mobilenet_v2`."""
        return self.path.stem if self.is_file else self.said.rpartition(":")[2]

    @property
    def title(self) -> str:
        """What a spec calls its source; a module of this process has no title."""
        library, _, name = self.said.partition(":")
        if self.is_file:
            return self.path.name
        return f"{library} {name}" if name else ""

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

    def of_size(self, size: Sequence[int]) -> Model:
        """The same model for images of a size, channels first."""
        if not size or not self.library.size:
            return self
        channels, height, width = size
        shape = height, width, channels
        return self._with(**{self.library.size: shape})

    def with_classes(self, classes: int) -> Iterator[Model]:
        """The same model for another number of classes, by any name for that."""
        yield from (self._with(**{name: classes}) for name in self.library.classes)

    def _with(self, **changed: Any) -> Model:
        options = {**self.options(), **changed}
        call = ", ".join(f"{name}={value!r}" for name, value in options.items())
        return self._replace(call=call)

    def source(self) -> str:
        """A module whose `Original` makes it."""
        name = self.said.rpartition(":")[2]
        call = self.library.call.format(name=name, options=repr(self.options()))
        return _MODULE.format(
            folder=str(Path.cwd()), imports=self.library.imports, call=call
        )


def of_file(file: Path, weights: Path) -> str:
    """A module whose `Original` is the model of a `.keras` file, with weights."""
    return _KERAS.format(file=str(file), weights=str(weights))


def part(source: str, target: str, end: str) -> str:
    """A module whose `Original` ends with a layer."""
    return source + _PARTS[target].format(end=end)
