"""The network that a spec elaborates to: concrete layers, and how blocks were used.

`Network.layers` is what costs, weights and verification read. `Network.root` keeps, for
every use of a block, the values that its expressions had: code generation needs both
the expression and all the values that it ever takes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import NamedTuple

from archspec.errors import Place
from archspec.expressions import Scope, Value
from archspec.language import Document, Spec
from archspec.language.document import Figures
from archspec.ops import Op, Shape, Weight

INPUT = -1
"""The number of the network's input among the sources of layers.

That of each further input is one less than that of the one before.
"""

RUN_CHANNELS = "channels of the run"
"""What scopes call the channels that a run of a branch reads; no spec can name it."""


class NetworkLayer(NamedTuple):
    """One primitive or join, with its shapes, weights and cost.

    `sources` are the numbers of the layers whose outputs it reads; INPUT is the image.
    `first_run` is the path of the layer that it runs again, with its weights.
    """

    path: str
    op: str
    primitive: Op
    sources: tuple[int, ...]
    inputs: tuple[Shape, ...]
    output: Shape
    place: Place
    first_run: str = ""

    def __repr__(self) -> str:
        return f"<NetworkLayer {self.path}: {self.op}, output {self.output}>"

    @property
    def weights(self) -> dict[str, Weight]:
        """Its own weights by the op's names; a later run has none."""
        return {} if self.first_run else self.weights_read

    @property
    def weights_read(self) -> dict[str, Weight]:
        """The weights that it works with, be they those of its first run."""
        return self.primitive.weights(*self.inputs)

    @property
    def weight_names(self) -> dict[str, str]:
        """The canonical name of each weight that it works with, by the op's name."""
        owner = self.first_run or self.path
        return {name: f"{owner}.{name}" for name in self.weights_read}

    @property
    def is_idle(self) -> bool:
        """Whether its output is its input, outside training."""
        return self.primitive.is_idle(*self.inputs)

    @property
    def parameters(self) -> int:
        """All weights, moving statistics included."""
        return sum(weight.size for weight in self.weights.values())

    @property
    def trainable_parameters(self) -> int:
        """The weights that training changes by gradient."""
        return sum(w.size for w in self.weights.values() if w.trainable)

    @property
    def macs(self) -> int:
        """Multiply-accumulates for one image."""
        return self.primitive.macs(*self.inputs)

    @property
    def scratch(self) -> int:
        """Numbers held while it runs, besides its inputs and output."""
        return self.primitive.scratch(*self.inputs)

    @property
    def attention_macs(self) -> int:
        """Those of them that multiply activations, not weights."""
        return self.macs if self.primitive.attends else 0

    @property
    def flops(self) -> int:
        """Two for each multiply-accumulate."""
        return 2 * self.macs


class Step(NamedTuple):
    """One run of a layer, at one repeat, in one row; `path` is its path in the network.

    `scope` is what its expressions saw, `attributes` what the op got (a block: its
    arguments), `given` the names of those that the layer itself said.
    """

    op: str
    path: str
    scope: Scope
    attributes: Mapping[str, Value]
    given: frozenset[str]
    inputs: tuple[Shape, ...]
    output: Shape
    inner: Instance | None = None
    row: str | None = None
    number: int = 0


@dataclass(slots=True, repr=False)
class Instance:
    """One use of a block, or the document itself (whose block is None).

    `inputs` are the shapes of its input and then of its tensor arguments. `scopes` has
    the names that each layer, branch (`join/branch`) and table sees, whether it is left
    out or not; `steps` has its runs, none where it is left out. `first_run` is the path
    of the use that it runs again.
    """

    block: str | None
    path: str
    scope: Scope
    inputs: tuple[Shape, ...]
    output: Shape = ()
    residual: bool = False
    scopes: dict[str, Scope] = field(default_factory=dict[str, Scope])
    steps: dict[str, list[Step]] = field(default_factory=dict[str, list[Step]])
    first_run: str = ""

    def walk(self) -> Iterator[Instance]:
        """This use, and those of blocks within it."""
        yield self
        for step in chain.from_iterable(self.steps.values()):
            yield from step.inner.walk() if step.inner else ()


@dataclass(frozen=True, eq=False, repr=False)
class Network:
    """A spec's layers in written order, and what they add up to."""

    spec: Spec
    inputs: Mapping[str, Shape]
    outputs: Mapping[str, int]
    output_shape: Shape | dict[str, Shape]
    layers: tuple[NetworkLayer, ...]
    root: Instance
    later_runs: Mapping[str, str] = field(default_factory=dict[str, str])
    """Layers and uses of blocks that run another one beside them again."""

    def __repr__(self) -> str:
        variant = f" {self.spec.variant}" if self.spec.variant else ""
        counts = f"{self.parameters:,} parameters, {self.macs:,} MACs"
        return f"<Network {self.spec.stem}{variant}: {counts}>"

    @property
    def document(self) -> Document:
        """The document that it was elaborated from."""
        return self.spec.document

    @property
    def image(self) -> Shape:
        """The shape of the only input, or of the first."""
        return next(iter(self.inputs.values()))

    @property
    def input_shape(self) -> Shape | dict[str, Shape]:
        """The shape of the input; of several, those of all by their names."""
        return self.image if len(self.inputs) == 1 else dict(self.inputs)

    def shape(self, source: int) -> Shape:
        """The shape of what a layer reads: an input, or a layer's output."""
        if source > INPUT:
            return self.layers[source].output
        return [*self.inputs.values()][INPUT - source]

    @property
    def name(self) -> str:
        """The name of the class or function that is generated."""
        return self.document.name

    @property
    def reported(self) -> Figures | None:
        """What the paper says of it."""
        return self.document.reported

    @cached_property
    def parameters(self) -> int:
        """All weights, moving statistics included: Keras's total."""
        return sum(layer.parameters for layer in self.layers)

    @cached_property
    def trainable_parameters(self) -> int:
        """PyTorch's total."""
        return sum(layer.trainable_parameters for layer in self.layers)

    @cached_property
    def macs(self) -> int:
        """Multiply-accumulates for one image, those of attention among them."""
        return sum(layer.macs for layer in self.layers)

    @cached_property
    def attention_macs(self) -> int:
        """Products of activations that attention sums, for one image."""
        return sum(layer.attention_macs for layer in self.layers)

    @property
    def flops(self) -> int:
        """Two for each multiply-accumulate."""
        return 2 * self.macs

    @cached_property
    def weight_shapes(self) -> dict[str, Shape]:
        """Every weight by its canonical name, `stem.conv.weight`, in written order."""
        return {
            f"{layer.path}.{name}": weight.shape
            for layer in self.layers
            for name, weight in layer.weights.items()
        }
