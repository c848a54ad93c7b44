"""A framework's dialect: each primitive as the layers that a template can print."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property
from math import prod
from typing import Any, ClassVar

from archspec.expressions import Constant, Expression, Name, Value
from archspec.network import Network
from archspec.ops import JOINS, PRIMITIVES
from archspec.targets.attending import Attending
from archspec.targets.code import Code, literal, rounded
from archspec.targets.program.calls import Argument, Attribute, Call, FrameworkLayer
from archspec.targets.program.statements import Program, calls_of
from archspec.targets.symbols import constant, rebuild
from archspec.targets.templates import Templates
from archspec.targets.unprintable import Unprintable, located

Arguments = dict[str, Argument]
Layers = tuple[FrameworkLayer, ...]


def pair_of(size: Value) -> tuple[Value, Value]:
    """Height and width, for which a spec may have one number."""
    match size:
        case (height, width):
            return height, width
        case _:
            return size, size


class Dialect:
    """What a framework makes of the primitives: one method an op, of the op's name.

    A method takes a call and its arguments. It returns those of one layer, whose macro
    has the op's name, or layers; an op without a method is one layer. With
    `passes_channels` a module is given the number of channels that it reads.
    """

    passes_channels: ClassVar[bool]

    def __init__(self, network: Network, program: Program, templates: Templates):
        self.network = network
        self.program = program
        self.templates = templates
        self.manifest: Mapping[str, Any] = templates.manifest
        self.attending = Attending(network)

    @property
    def constants(self) -> Collection[str]:
        """What the file defines besides the manifest's globals."""
        return ()

    @cached_property
    def takes_input_shape(self) -> bool:
        """Whether the shape of the image is an argument of the network."""
        return False

    def layers(self, call: Call, root: bool) -> Layers:
        """The layers of a primitive, in order; Unprintable where there are none."""
        with located(None, call.paths[0]):
            arguments = self.arguments(call)
            if root and call.op == "dropout" and self.dropout_rate is not None:
                arguments["rate"] = Name("dropout")
            method = getattr(self, call.op, None)
            made: Arguments | Layers = arguments
            if method is not None:
                made = method(call, arguments)
            return made if isinstance(made, tuple) else (FrameworkLayer(call.op, made),)

    def arguments(self, call: Call) -> Arguments:
        """The attributes, constants where a framework needs them as constants."""
        kind = PRIMITIVES[call.op]
        found: Arguments = {
            name: constant(attribute.constant)
            if name in kind.static_fields
            else attribute.expression
            for name, attribute in call.attributes.items()
            if name not in {"padding", "initializer"}
        }
        if not kind.elementwise:
            found["rank"] = call.rank
        if self.passes_channels and kind.has_weights() and call.op not in JOINS:
            found["in_channels"] = call.channels.expression
            if kind.sized:
                found["positions"] = constant(prod(call.inputs[0][1:]))
        return found

    def activation(self, call: Call, arguments: Arguments) -> Arguments:
        """With the slope for `leaky_relu` alone."""
        kind = call.attributes["kind"]
        if kind.is_only("leaky_relu"):
            arguments["kind"] = constant("leaky_relu")
        else:
            del arguments["slope"]
        return {**arguments, "function": self.activations(kind.expression)}

    def attention(self, call: Call, arguments: Arguments) -> Arguments | Layers:
        """What of its function the file needs."""
        return self.attending.forms(call, arguments)

    def linear_attention(self, call: Call, arguments: Arguments) -> Arguments:
        """Whether heads share keys."""
        return {**arguments, "linear_grouped": self.attending.shares_keys(call)}

    def separable_attention(self, call: Call, arguments: Arguments) -> Arguments:
        """Whether it has grids."""
        return {**arguments, "grids": not call.attributes["dilation"].is_only(1)}

    def activations(self, expression: Expression) -> Expression:
        """The expression with its words replaced by the framework's."""
        if isinstance(expression, Constant) and isinstance(expression.value, str):
            return Name(self.manifest["activations"][expression.value])
        return rebuild(expression, self.activations)

    def rotary(self, call: Call, arguments: Arguments) -> Arguments:
        """Its size as a pair, and how many tokens are before the feature map."""
        height, width = pair_of(call.attributes["size"].constant)
        assert isinstance(height, int)
        assert isinstance(width, int)
        before = {shape[1] - height * width for shape in call.inputs}
        if len(before) > 1:
            raise Unprintable("rotary whose tokens before the patches differ")
        arguments["size"] = literal((height, width))
        arguments["in_channels"] = call.channels.expression
        return {**arguments, "tokens": before.pop()}

    def slice_positions(self, call: Call, arguments: Arguments) -> Arguments:
        """Without an end that is the last position."""
        ends = tuple(shape[1] for shape in call.inputs)
        whole = call.attributes["stop"].values == ends
        return {**arguments, "stop": None} if whole else arguments

    # Batch norm and dropout, whose settings a file says once where it can

    @cached_property
    def batch_norms(self) -> frozenset[tuple[Value, Value]]:
        """Epsilon and decay of all batch norms."""
        norms = [c.attributes for c in self.program.primitives if c.op == "batch_norm"]
        return frozenset(
            pair
            for norm in norms
            for pair in zip(norm["epsilon"].values, norm["decay"].values, strict=True)
        )

    @property
    def usual_norm(self) -> tuple[Value, Value]:
        """The framework's own settings of batch norm."""
        usual = self.manifest["batch_norm"]
        return usual["epsilon"], usual["decay"]

    def norm_form(self, call: Call) -> tuple[bool, bool]:
        """Whether a batch norm is the file's shared one, or gives its settings."""
        settings = (
            call.attributes["epsilon"].constant,
            call.attributes["decay"].constant,
        )
        usual, shared = settings == self.usual_norm, len(self.batch_norms) == 1
        return shared and not usual, not shared and not usual

    def norm_settings(self) -> tuple[Code | None, Code | None]:
        """Epsilon and momentum of all batch norms, None where they are the usual."""
        (epsilon, decay), usual = next(iter(self.batch_norms)), self.usual_norm
        return (
            None if epsilon == usual[0] else literal(epsilon),
            None if decay == usual[1] else self.momentum(decay),
        )

    def momentum(self, decay: Value) -> Code:
        """What the framework calls the momentum of batch norm: the decay."""
        return literal(decay)

    def batch_norm(self, call: Call, arguments: Arguments) -> Arguments:
        """The module-level partial, or arguments where settings differ."""
        shared, explicit = self.norm_form(call)
        momentum = self.momentum(call.attributes["decay"].constant)
        own = {"shared": shared, "explicit": explicit, "momentum": momentum}
        return {**arguments, **own}

    @cached_property
    def dropout_rate(self) -> float | None:
        """The rate of the network's own dropouts, an argument where they have one."""
        rates = {
            rate
            for call in calls_of(self.program.root.body)
            if call.op == "dropout"
            for rate in call.attributes["rate"].values
        }
        taken = "dropout" in {p.name for p in self.program.root.parameters}
        rate = rates.pop() if len(rates) == 1 and not taken else None
        return rounded(rate) if isinstance(rate, float) else None


def numbers(attribute: Attribute) -> tuple[Any, ...]:
    """A number, or one for each channel, as a tuple."""
    value = attribute.constant
    return rounded(value if isinstance(value, tuple) else (value,))
