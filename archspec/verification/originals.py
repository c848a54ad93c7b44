"""Run a model of another library on adopted weights, beside the network.

The library is imported in a process of its own, as generated code is. The network is
evaluated layer by layer in NumPy, which needs no framework.
"""

from __future__ import annotations

import ast
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from archspec.errors import InvalidArgument, WeightsError
from archspec.network import Network
from archspec.runtime.order import (
    ArrayFile,
    Order,
    Precision,
    as_inputs,
    write_arrays,
)
from archspec.runtime.session import SECONDS, Session, installed
from archspec.verification.differences import Errors, errors
from archspec.verification.random_data import random_inputs
from archspec.verification.reference import Array, evaluate
from archspec.weights.adoption import Adoption
from archspec.weights.adoption.heads import in_thirds
from archspec.weights.adoption.proposals import alternatives
from archspec.weights.adoption.settings import input_chain
from archspec.weights.checkpoints import opened
from archspec.weights.checks import Arrays
from archspec.words import ACTIVATIONS

_TORCH = """\
import {library}


def Original():
    return {library}.{call}
"""
_KERAS = """\
import keras


def Original():
    model = keras.applications.{name}({arguments})
    model.load_weights({path!r})
    return model
"""
_FILE = """\
import keras


def Original():
    return keras.saving.load_model({path!r}, compile=False)
"""
_CALLS = {
    "torchvision": "models.get_model({name!r}, weights=None, {arguments})",
    "timm": "create_model({name!r}, {arguments})",
}
_FIXED = re.compile(r"expected shape=\(None, (\d+), (\d+), \d+\), found")
"""What Keras says of images of another size."""

LIMITS: Mapping[Precision, float] = {"float64": 1e-6, "float32": 1e-4}
"""Of the largest output; constants of an original are in single precision anyway."""


class Original(NamedTuple):
    """A model of a library by its name there, or a file of Keras."""

    said: str
    library: str
    name: str = ""
    options: dict[str, Any] = {}  # noqa: RUF012 - never changed

    @classmethod
    def of(cls, said: str) -> Original:
        """From `timm:mobilenetv2_100`, `keras:MobileNetV2:alpha=0.5`, `model.keras`.

        Raises InvalidArgument for anything else.
        """
        library, *words = said.split(":")
        if not words and said.endswith((".keras", ".h5")):
            return cls(said, "file")
        if library not in (*_CALLS, "keras") or not words:
            known = "torchvision:NAME, timm:NAME, keras:NAME or a .keras file"
            raise InvalidArgument(f"unknown original '{said}'; expected {known}")
        name, *given = words
        options = dict(_option(said, each) for each in given)
        if not all(word.isidentifier() for word in (name.replace(".", "_"), *options)):
            raise InvalidArgument(f"'{said}' has no plain name of a model")
        return cls(said, library, name, options)

    @property
    def framework(self) -> str:
        """The framework that runs it."""
        return "torch" if self.library in _CALLS else "keras"

    @property
    def precision(self) -> Precision:
        """Keras keeps the precision that a file states."""
        return "float64" if self.framework == "torch" else "float32"

    def source(self, network: Network, path: Path) -> str:
        """A module that builds it, for images and classes as the network has them."""
        if self.library == "file":
            return _FILE.format(path=str(Path(self.said).resolve()))
        classes, own = network.document.classes, dict[str, Any]()
        if self.library in _CALLS:
            own = {"num_classes": classes} if classes else {}
            call = _CALLS[self.library].format(
                name=self.name, arguments=_arguments(own | self.options)
            )
            return _TORCH.format(library=self.library, call=call)
        channels, height, width = network.image
        own = {"weights": None, "input_shape": (height, width, channels)}
        own |= {"classes": classes} if classes else {"include_top": False}
        own |= {"classifier_activation": None} if classes else {}
        arguments = _arguments(own | self.options)
        where = str(path.resolve())
        return _KERAS.format(name=self.name, arguments=arguments, path=where)


def _option(said: str, text: str) -> tuple[str, Any]:
    name, _, value = text.partition("=")
    try:
        return name, ast.literal_eval(value)
    except (ValueError, SyntaxError):
        message = f"'{text}' in '{said}' is not of the form name=value"
        raise InvalidArgument(message) from None


def _arguments(options: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in options.items())


def verify_original(said: str, adopted: Adoption, seconds: float = SECONDS) -> Errors:
    """How far a network is from the original of its weights, on random images.

    Raises:
        InvalidArgument: there is no such library.
        WeightsError: the outputs differ, or the original takes other weights (AS519).
        VerifyError: its process takes too long (AS602) or dies (AS603).
        FrameworkMissing: its framework is not installed.
    """
    original, network, weights = Original.of(said), adopted.network, adopted.weights
    images = _images(network)
    theirs = _run(original, adopted, images, seconds)
    found = _difference(network, weights, images, theirs)
    limit = LIMITS[original.precision]
    if found.relative <= limit:
        return found
    others = [
        option
        for option, other, arrays in _alternatives(network, weights)
        if _difference(other, arrays, images, theirs).relative <= limit
    ]
    message = (
        f"{said} computes something else with these weights: outputs differ by "
        f"{found.absolute:.2g}, {found.relative:.2g} of the largest"
    )
    help = (
        "its padding, epsilon, activations or input scaling are not those of the spec"
    )
    if others:
        help = f"the outputs are equal with {' or '.join(others)}"
    raise WeightsError.single("AS519", message, help=help)


def _alternatives(
    network: Network, weights: Arrays
) -> Iterator[tuple[str, Network, Arrays]]:
    """Options with which the same file means something else."""
    for option, other in alternatives(network):
        yield option, other, weights
    with suppress(InvalidArgument):
        yield "--qkv-by-head", network, in_thirds(network, weights)


def _images(network: Network) -> list[Array]:
    """Noise after what the network does to its input first; pixels may be up to 255."""
    chain = input_chain(network)
    mean, std = chain.last.after(chain.before).statistics
    noise, *others = random_inputs(network, 0)
    first = noise * np.reshape(std, (-1, 1, 1)) + np.reshape(mean, (-1, 1, 1))
    return [first, *others]


def _difference(
    network: Network, weights: Arrays, images: Sequence[Array], theirs: Sequence[Array]
) -> Errors:
    """The largest of all outputs; infinite where there are others."""
    found = evaluate(network, weights, images)
    paths = [network.layers[number].path for number in network.outputs.values()]
    if len(paths) != len(theirs):
        return Errors(np.inf, np.inf)
    pairs = zip(theirs, (found[path] for path in paths), strict=True)
    apart = [errors(*_alike(their, our)) for their, our in pairs]
    return max(apart, key=lambda each: each.relative)


def _alike(theirs: Array, ours: Array) -> tuple[Array, Array]:
    """Outputs without axes of 1; ours as shares where theirs are, after a softmax."""
    theirs, ours = (x.reshape(len(x), -1) for x in (theirs, ours))
    shares = theirs.min() >= 0 and np.allclose(theirs.sum(1), 1, atol=1e-4)
    return theirs, ACTIVATIONS["softmax"].of(ours, np) if shares else ours


def _run(
    original: Original, adopted: Adoption, images: Sequence[Array], seconds: float
) -> list[Array]:
    """Its outputs, with all weights of the file."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        module = folder / "original.py"
        text = original.source(adopted.network, adopted.path)
        module.write_text(text, encoding="utf-8")
        order = Order(
            task="run",
            module=str(module),
            name="Original",
            precision=original.precision,
            result=str(folder / "result.arrays"),
            images=str(folder / "images.arrays"),
        )
        write_arrays(order.images, as_inputs(images))
        if original.framework == "torch":
            order = order._replace(weights=str(folder / "weights.arrays"))
            write_arrays(order.weights, _all_arrays(adopted))
        with Session(installed(original.framework), seconds) as session:
            answer = session.ask(order)
        found = list(ArrayFile(order.result).values()) if not answer.fault else []
    if answer.fault:
        message = f"{original.said} cannot be run with these weights"
        help = " ".join(answer.fault.split())
        if size := _FIXED.search(help):
            message = f"{original.said} takes {size[1]}x{size[2]} images only"
            help = f"--set input.size=[{size[1]},{size[2]}]"
        raise WeightsError.single("AS519", message, help=help)
    return found


def _all_arrays(adopted: Adoption) -> Arrays:
    """All that the file has; without a word that all names begin with, `model.`."""
    with opened(adopted.path, adopted.key) as checkpoint:
        arrays = checkpoint.arrays()
    firsts = {name.partition(".")[0] for name in arrays}
    if len(firsts) > 1:
        return arrays
    return {name.partition(".")[2]: array for name, array in arrays.items()}
