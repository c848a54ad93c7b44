"""What a file needs to know of its layers of attention."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from archspec.expressions import Value
from archspec.network import Network
from archspec.ops import Shape
from archspec.ops.shapes import is_map
from archspec.targets.code import literal
from archspec.targets.program.calls import Argument, Call
from archspec.targets.unprintable import Unprintable


@dataclass(frozen=True)
class Attending:
    """The layers of attention of one network."""

    network: Network

    @cached_property
    def inputs(self) -> dict[str, tuple[Shape, ...]]:
        """The shapes that each of these layers reads, by its path."""
        layers = (layer for layer in self.network.layers if layer.primitive.attends)
        return {layer.path: layer.inputs for layer in layers}

    def shares_keys(self, call: Call) -> bool:
        """Whether heads have keys and values in common at some use."""
        return any(
            len({shape[0] for shape in self.inputs.get(path, ())[:2]}) > 1
            for path in call.paths
        )

    def reads_maps(self, call: Call) -> bool:
        """Whether it reads a feature map at some use."""
        return any(any(map(is_map, self.inputs.get(path, ()))) for path in call.paths)

    def forms(
        self, call: Call, arguments: Mapping[str, Argument]
    ) -> dict[str, Argument]:
        """Of `attention`: with the forms that a text for all uses has to have."""
        given = call.attributes
        bias = given.get("relative_bias")
        return {
            "scale": None,
            **arguments,
            "size": None if bias is None else literal(_table_size(call)),
            "signed": bias is not None and bias.is_only("signed"),
            "absolute": bias is not None and bias.is_only("absolute"),
            "biased": bias is not None,
            "scaled": "scale" in given,
            "windowed": not given["window"].is_only(0),
            "shifted": not given["shift"].is_only(0),
            "dilated": not given["dilation"].is_only(1),
            "dropping": not given["dropout"].is_only(0),
            "grouped": self.shares_keys(call),
            "on_maps": self.reads_maps(call),
            "uneven": any(map(_is_uneven, call.inputs, call.outputs)),
        }


def _is_uneven(before: Shape, after: Shape) -> bool:
    """Whether values have other channels than queries."""
    return before[0] not in (after[0], 3 * after[0])


def _table_size(call: Call) -> tuple[int, ...]:
    """Rows and columns of the positions between which there is a relative bias."""
    given = (call.attributes[name].values for name in ("window", "dilation"))
    sizes = set(map(_group_size, call.inputs, *given))
    if len(sizes) > 1:
        message = "a relative bias whose size differs from use to use"
        raise Unprintable(message, call.paths[0])
    return sizes.pop()


def _group_size(shape: Shape, window: Value, dilation: Value) -> tuple[int, ...]:
    """Height and width of the positions that see each other."""
    assert isinstance(window, int)
    assert isinstance(dilation, int)
    return (window, window) if window else tuple(n // dilation for n in shape[1:])
