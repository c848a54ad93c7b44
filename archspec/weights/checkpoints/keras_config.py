"""What the configuration of a Keras model states of its layers, read as data.

That is `config.json` of a `.keras` file, or `model_config` of an older one.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, cast

import numpy as np

from archspec.targets.templates import manifest
from archspec.weights.checkpoints.units import Affine, Settings, Unit

_ALIASES = {"silu": "swish", "hard_silu": "hard_swish", "linear": "identity"}
_NUMBERS = {"epsilon": "epsilon", "momentum": "decay"}
_PAIRS = {"strides": "stride", "dilation_rate": "dilation"}
_WEIGHTED = re.compile(r".*(Conv2D|Conv2DTranspose|Dense|Normalization)")
_JOINS = {"Add", "Multiply", "Concatenate"}
_PLAIN = _WEIGHTED, re.compile("|".join([*_JOINS, r".*Pooling2D|Flatten"]))
"""Layers that apply no activation first."""

_OTHER_FORM = (ValueError, RecursionError, LookupError, TypeError, AttributeError)
"""What a configuration of another form raises."""

Layer = Mapping[str, Any]
_NOTHING: Settings = {}


class Configuration(NamedTuple):
    """The layers of a model in its order, by their paths in its weights.

    `settings` is by name; `scalings` are the layers that scale the input, in order.
    """

    paths: tuple[str, ...]
    settings: Mapping[str, Settings]
    scalings: Sequence[Layer]

    def stated(self, unit: Unit) -> Settings:
        """What it states of a layer or, in a separable convolution, of its part."""
        words = unit.name.split("/")
        found = dict(next(filter(None, map(self.settings.get, words[::-1])), _NOTHING))
        if words[-1] == "1":
            return _NOTHING
        if words[-1] == "0":
            found.pop("activation", None)
        return found

    def scaling(self, constants: Mapping[str, Affine]) -> Affine:
        """What is done to the input first; `constants` are those in the weights."""
        whole = Affine()
        for layer in self.scalings:
            whole = _scaling(layer, constants).after(whole)
        return whole


def configuration(text: str | bytes) -> Configuration | None:
    """What a configuration states; None for one that lists no layers."""
    try:
        config = json.loads(text)
        layers = list(_layers(config, ""))
        names = Counter(layer["config"]["name"] for _, layer, _ in layers)
        settings = {
            name: _settings(layer, level)
            for _, layer, level in layers
            if names[name := layer["config"]["name"]] == 1
        }
        scalings = list(_scalings(config))
    except _OTHER_FORM:
        return None
    return Configuration(tuple(path for path, _, _ in layers), settings, scalings)


class _Level:
    """The layers of one model, and which reads which."""

    def __init__(self, model: Layer):
        self.layers: dict[str, Layer] = {}
        self.readers: dict[str, list[str]] = {}
        self.sources: dict[str, list[str]] = {}
        before: list[str] = []
        for layer in model["config"]["layers"]:
            name = layer["config"]["name"]
            known = [
                n for n in _sources(layer.get("inbound_nodes")) if n in self.layers
            ]
            found = known if "inbound_nodes" in layer else before
            self.layers[name], self.sources[name], before = layer, found, [name]
            for source in found:
                self.readers.setdefault(source, []).append(name)

    def next(self, name: str) -> Layer | None:
        """The only layer that reads another."""
        readers = self.readers.get(name, [])
        return self.layers[readers[0]] if len(readers) == 1 else None


def _sources(node: Any) -> Iterator[str]:
    """The layers of all tensors, `[name, 0, 0]`, in what a layer was called with."""
    if isinstance(node, dict):
        node = list(cast("Layer", node).values())
    if not isinstance(node, list):
        return
    inner = cast("list[Any]", node)
    if len(inner) > 2 and isinstance(inner[0], str) and isinstance(inner[1], int):
        yield inner[0]
    for value in inner:
        yield from _sources(value)


def _layers(model: Layer, before: str) -> Iterator[tuple[str, Layer, _Level]]:
    """Each layer with its path in the weights, and the layers around it."""
    counts: Counter[str] = Counter()
    level = _Level(model)
    for layer in level.layers.values():
        name = re.sub(
            r"(?<=.)(?=[A-Z][a-z])|(?<=[a-z])(?=[A-Z])", "_", layer["class_name"]
        ).lower()
        number = counts[name]
        counts[name] += 1
        path = f"{before}layers/{name}" + (f"_{number}" if number else "")
        yield path, layer, level
        if isinstance(layer["config"].get("layers"), list):
            yield from _layers(layer, f"{path}/")


def _settings(layer: Layer, level: _Level) -> Settings:
    config = layer["config"]
    if not _WEIGHTED.fullmatch(layer["class_name"]):
        return {}
    found: dict[str, Any] = {}
    for name in config.keys() & _NUMBERS.keys():
        found[_NUMBERS[name]] = float(config[name])
    for name in config.keys() & _PAIRS.keys():
        found[_PAIRS[name]] = tuple(map(int, config[name]))
    if config.get("padding") in ("same", "valid"):
        found["padding"] = config["padding"]
    sources = level.sources[config["name"]]
    before = level.layers[sources[0]] if sources else layer
    if found.get("padding") == "valid" and before["class_name"] == "ZeroPadding2D":
        (top, bottom), (left, right) = before["config"]["padding"]
        found["padding"] = int(top), int(bottom), int(left), int(right)
    if kind := _activation(layer, level):
        found["activation"] = kind
    return found


def _activation(layer: Layer, level: _Level) -> str:
    """The kind that a layer ends in or that follows it; "" where that is unknown."""
    if own := _kind(layer):
        return own
    after = level.next(layer["config"]["name"])
    if after is None:
        return ""
    if after.get("module", "keras.layers") != "keras.layers":
        return ""  # a function of its own
    sources = level.sources[after["config"]["name"]]
    if after["class_name"] in _JOINS and len(sources) < 2:
        return ""  # older files name no module: a sum with 3, as in a hard sigmoid
    sure = any(plain.fullmatch(after["class_name"]) for plain in _PLAIN)
    return "identity" if sure else _kind(after)


def _kind(layer: Layer) -> str:
    """What a layer does last, as specs call it; "" for nothing or nothing known."""
    config, name = layer["config"], layer["class_name"]
    if name == "ReLU" and not config.get("negative_slope") and not config["threshold"]:
        return {None: "relu", 6: "relu6"}.get(config.get("max_value"), "")
    if name == "Softmax":
        return "softmax"
    word = config.get("activation", "linear")
    word = word if isinstance(word, str) else word.get("config")
    word = _ALIASES.get(word, word)
    return (
        word if word in manifest("keras")["activations"] and word != "identity" else ""
    )


def _scalings(model: Layer) -> Iterator[Layer]:
    """The layers that scale the input, which comes before all others."""
    level = _Level(model)
    first = next(iter(level.layers))
    layer = level.layers[first]
    if layer["class_name"] == "InputLayer":
        layer = level.next(first)
    while layer is not None:
        if isinstance(layer["config"].get("layers"), list):
            yield from _scalings(layer)
            return
        if layer["class_name"] not in ("Rescaling", "Normalization"):
            return
        yield layer
        layer = level.next(layer["config"]["name"])


def _scaling(layer: Layer, constants: Mapping[str, Affine]) -> Affine:
    config = layer["config"]
    if layer["class_name"] == "Rescaling":
        return Affine.of(config["scale"], config["offset"])
    if config.get("mean") is not None:
        return Affine.normalization(config["mean"], np.sqrt(config["variance"]))
    return constants.get(config["name"], Affine())
