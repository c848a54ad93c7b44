"""The file that Keras writes for a model, read as data: nothing in it is run.

It is an archive with the layers as JSON and their weights as HDF5. Functions that were
written as a `Lambda` are bytecode, and never decoded.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np

from archspec.errors import ImportFailed, WeightsError
from archspec.importing.building import Constant
from archspec.importing.keras.model import Layer, Model, Ref, in_order, sources
from archspec.importing.keras.scopes import scopes_of
from archspec.importing.keras.weights import MAX_DEPTH, Names, weights
from archspec.importing.parts import End, Step, chosen, ends
from archspec.weights.checkpoints.hdf5 import opened
from archspec.weights.checkpoints.keras import member, unzipped

Array = Any
MAX_LAYERS = 20_000
_MALFORMED = (
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What reading a file raises that Keras did not write."""


class Program(NamedTuple):
    """A network as layers.

    `weights` are names in `state`, in the order in which a layer makes its weights.
    """

    name: str
    model: Model
    weights: Names
    state: Mapping[str, Array]
    constants: Mapping[str, Constant] = {}
    end: str = ""
    """The layer that it ends with, if it is the part of a network."""
    surplus: Sequence[str] = ()
    """Names in a checkpoint that the model does not have."""

    @property
    def layers(self) -> Mapping[str, End]:
        """Where each module and layer ends."""
        return dict(_ends(self.model))

    def with_state(self, state: Mapping[str, Array], surplus: Sequence[str]) -> Program:
        """The same network with the weights of a checkpoint."""
        return self._replace(state=state, surplus=surplus)

    def until(self, layer: str) -> Program:
        """The part that ends with a layer; raises InvalidArgument."""
        end = chosen(self.layers, layer)
        assert isinstance(end.tensor, Ref)
        model = self.model._replace(outputs={"": end.tensor})
        return self._replace(model=model, end=end.tensor.layer)


def read(path: Path, size: Sequence[int] = ()) -> Program:
    """The program in a `.keras` file; raises ImportFailed (AS701).

    `size` is the shape of images, channels first, where the file leaves it open.
    """
    try:
        with unzipped(path) as members:
            config = json.loads(member(path, members, "config.json"))
            data = BytesIO(member(path, members, "model.weights.h5"))
        if "layers" not in config["config"]:
            raise _own(path, str(config["class_name"]))
        model = _Models().model(config, 0)
        with opened(path, data) as root:
            names, arrays = weights(path, root)
        model = _sized(model, size) if size else model
        return Program(path.stem, model, names, arrays)
    except WeightsError as error:
        raise _failed(path, str(error)) from None
    except _MALFORMED as error:
        raise _failed(path, f"it is malformed: {error!r:.300}") from None


def _own(path: Path, kind: str) -> ImportFailed:
    message = (
        f"{path} does not have the code of its model: {kind} is a class of your own"
    )
    help = "import the class or a function that returns it, as PACKAGE.MODULE:NAME"
    return ImportFailed.single("AS701", message, help=help)


def _failed(path: Path, why: str) -> ImportFailed:
    message = f"cannot read {path} as a Keras model: {why}"
    help = "write it by model.save('model.keras'), Keras 3.5 or newer"
    return ImportFailed.single("AS701", message, help=help)


def _ends(model: Model) -> Iterator[tuple[str, End]]:
    """Where layers end, by their names and by the modules that these tell."""
    given = dict.fromkeys(model.inputs)
    refs, around = [*in_order(model, given)], scopes_of(model, ())
    steps = [
        Step(
            [each._replace(output=0) for each in sources(model, ref)],
            [ref],
            around[ref.layer],
        )
        for ref in refs
    ]
    yield from ends(steps, model.outputs.values()).items()
    yield from ((ref.layer, End(n, ref)) for n, ref in enumerate(refs))


def _sized(model: Model, size: Sequence[int]) -> Model:
    """The model for images of a size; raises ValueError for what it does not read."""
    channels, height, width = size
    shape = [None, height, width, channels]
    layers = dict(model.layers)
    for name in (ref.layer for ref in model.inputs):
        config = layers[name].config
        known = config["batch_shape"]
        pairs = zip(known[1:], shape[1:], strict=False)
        if len(known) != 4 or any(n not in (None, m) for n, m in pairs):
            raise ValueError(f"the input '{name}' is of another size: {known[1:]}")
        config = {**config, "batch_shape": shape}
        layers[name] = layers[name]._replace(config=config)
    return model._replace(layers=layers)


class _Models:
    """Reads models within models, and counts their layers."""

    def __init__(self) -> None:
        self.count = 0

    def model(self, about: Mapping[str, Any], depth: int) -> Model:
        config = about["config"]
        if depth > MAX_DEPTH:
            raise ValueError("models within models, too deeply")
        shapes: dict[Ref, Sequence[Any]] = {}
        layers = [self._layer(each, depth, shapes) for each in config["layers"]]
        known = {layer.name: layer for layer in layers}
        if len(known) < len(layers):
            raise ValueError("two layers of one name")
        if "input_layers" not in config:
            return _chained(layers)
        inputs = list(_named_refs(config["input_layers"]).values())
        if not inputs or not known.keys() >= {ref.layer for ref in inputs}:
            raise ValueError("a model without inputs")
        outputs = _named_refs(config["output_layers"])
        return Model(known, inputs, outputs, shapes)

    def _layer(
        self, about: Mapping[str, Any], depth: int, shapes: dict[Ref, Sequence[Any]]
    ) -> Layer:
        self.count += 1
        if self.count > MAX_LAYERS:
            raise ValueError(f"more than {MAX_LAYERS:,} layers")
        config = about["config"]
        found = Layer(
            str(config.get("name") or about["name"]),
            str(about["class_name"]),
            str(about.get("module") or ""),
            config,
            [
                (
                    _resolved(list(call["args"]), shapes),
                    _resolved(dict(call["kwargs"]), shapes),
                )
                for call in about.get("inbound_nodes", [])
            ],
        )
        if not isinstance(config.get("layers"), list):
            return found
        first = int("input_layers" in config)
        return found._replace(model=self.model(about, depth + 1), first=first)


def _chained(layers: Sequence[Layer]) -> Model:
    """The layers of a Sequential, each reading the one before it."""
    if layers[0].kind != "InputLayer":
        raise ValueError("a Sequential model of which no input shape is known")
    known = {layers[0].name: layers[0]}
    for before, layer in pairwise(layers):
        source = Ref(before.name, before.first, 0)
        known[layer.name] = layer._replace(calls=[([source], {})])
    last = Ref(layers[-1].name, layers[-1].first, 0)
    return Model(known, [Ref(layers[0].name, 0, 0)], {"": last}, {})


def _named_refs(given: Any) -> dict[str, Ref]:
    """The tensors of `[name, 0, 0]`, of a list of those, or of them by names."""
    if isinstance(given, dict):
        named = cast("dict[str, Any]", given)
        return {name: _ref(one) for name, one in named.items()}
    if isinstance(given[0], str):
        return {"": _ref(given)}
    refs = [_ref(one) for one in given]
    several = Counter(ref.layer for ref in refs)
    return {
        f"{ref.layer}_{ref.output}" if several[ref.layer] > 1 else ref.layer: ref
        for ref in refs
    }


def _ref(history: Any) -> Ref:
    name, call, output = history
    return Ref(str(name), int(call), int(output))


def _resolved(given: Any, shapes: dict[Ref, Sequence[Any]]) -> Any:
    """Arguments as Python has them, with `Ref`s for tensors, whose shapes are noted."""
    if isinstance(given, list):
        return [_resolved(each, shapes) for each in cast("list[Any]", given)]
    if not isinstance(given, dict):
        return given
    found = cast("dict[str, Any]", given)
    config: Any = found.get("config")
    match found.get("class_name"):
        case "__keras_tensor__":
            ref = _ref(config["keras_history"])
            shapes[ref] = config["shape"]
            return ref
        case "__tensor__" | "__numpy__":
            return np.asarray(config["value"], np.float64)
        case "__slice__":
            return slice(config["start"], config["stop"], config["step"])
        case "__ellipsis__":
            return Ellipsis
        case _:
            return {name: _resolved(each, shapes) for name, each in found.items()}
