"""Arguments and parameters as they are printed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Literal

from archspec.expressions import Constant, Expression, Items, Name, Value
from archspec.network import Network
from archspec.ops.fields import Pair
from archspec.targets.code import Code, Printer, identifier, literal
from archspec.targets.file import File
from archspec.targets.signatures import Signature, annotation
from archspec.targets.specialise.model import (
    Attribute,
    Call,
    Parameter,
    Routine,
    StageCall,
)
from archspec.targets.symbols import constant, constant_value, rebuild
from archspec.targets.views import ParameterView

Argument = tuple[Code | None, Code]
"""A keyword, or None for a positional argument, and what is passed."""

Style = Literal["call", "keywords", "positions"]

MAX_UNNAMED = 4
"""Values by position that a reader still can tell apart."""


class ValuePrinter(Printer):
    """Expressions in which words of activations are what the framework calls them."""

    def __init__(self, file: File, names: Mapping[str, str]):
        super().__init__(names)
        self.file = file
        self.words: Mapping[str, str] = file.templates.manifest["activations"]

    def value(self, attribute: Attribute, prefix: str = "") -> Code:
        """An argument of a block: a number, a word, a pair, four paddings."""
        if attribute.pairs and (pair := constant_value(attribute.expression)):
            return literal(pair)
        return self.argument(attribute.expression, attribute.values, prefix)

    def argument(
        self, expression: Expression, values: Sequence[Value], prefix: str = ""
    ) -> Code:
        if isinstance(expression, Items) and len(expression.items) == 4:
            return self.file.templates.macro(
                "amounts", *[self.code(item, prefix) for item in expression.items]
            )
        if all(isinstance(value, str) and value in self.words for value in values):
            return self.code(self.activations(expression), prefix)
        return self.code(expression, prefix)

    def default(self, parameter: Parameter) -> Code:
        """What an argument is where nothing is said."""
        expression = constant(parameter.default)
        return self.value(Attribute(expression, (parameter.default,), parameter.pairs))

    def halves(self, kernel: Expression, dilation: Pair) -> Code:
        """Half of each side of a kernel that is a pair, rounded down."""
        name = self.code(kernel)
        each = [f"{name}[0] // 2", f"{name}[1] // 2"]
        for axis, factor in enumerate(dilation):
            if factor != 1:
                each[axis] = f"{factor} * ({each[axis]})"
        return Code(f"({', '.join(each)})")

    def activations(self, expression: Expression) -> Expression:
        """The expression with its words replaced by the framework's."""
        if isinstance(expression, Constant) and isinstance(expression.value, str):
            return Name(self.words[expression.value])
        return rebuild(expression, self.activations)


class CallPrinter:
    """Calls of printed blocks and stages."""

    def __init__(self, file: File, printer: ValuePrinter):
        self.file = file
        self.printer = printer

    def block_arguments(self, call: Call, style: Style) -> list[Argument]:
        """The arguments of a call, in one of three styles.

        call: by position as long as a value names itself or the block requires it,
        unless too many do not. keywords: only the first by position. positions: all.
        """
        signature = self.file.signatures[call.op]
        arguments = self.leading(signature, call)
        bare, unnamed = True, len(arguments)
        for index, parameter in enumerate(signature.ordered):
            attribute = call.attributes.get(parameter.name)
            if attribute is None and style != "positions":
                bare = False
                continue
            value = self.given(parameter, attribute)
            printed = identifier(signature.printed(parameter.name))
            plain = parameter.declared_required or value == printed
            if style == "keywords":
                plain = index == 0
            bare = style == "positions" or (bare and plain)
            unnamed += bare and value != printed
            arguments.append((None if bare else printed, value))
        if style == "call" and unnamed > MAX_UNNAMED:
            return self.block_arguments(call, "keywords")
        return arguments

    def stage_arguments(self, call: StageCall, style: Style) -> list[Argument]:
        """The channels, then everything by keyword, `index` and `repeats` last."""
        signature = self.file.signatures[call.stage.name]
        arguments = self.leading(signature, call)
        bare = True
        for position, parameter in enumerate(signature.parameters):
            bare = bare and parameter.name != "index"
            bare = bare and (style == "positions" or position == 0)
            keyword = None if bare else identifier(signature.printed(parameter.name))
            value = self.printer.value(call.arguments[parameter.name])
            arguments.append((keyword, value))
        return [*arguments, (Code("repeats"), self.printer.code(call.count.expression))]

    def leading(self, signature: Signature, call: Call | StageCall) -> list[Argument]:
        """What always comes first: the channels and the classes, if they are read."""
        arguments: list[Argument] = []
        if signature.in_channels:
            arguments.append((None, self.printer.code(call.channels.expression)))
        if signature.classes:
            arguments.append((None, self.printer.code(Name("classes"))))
        return arguments

    def given(self, parameter: Parameter, attribute: Attribute | None) -> Code:
        """What is passed, be it the default."""
        if attribute is not None:
            return self.printer.value(attribute)
        return self.printer.default(parameter)


def parameter_views(file: File, signature: Signature) -> list[ParameterView]:
    """The parameters in their order: required, then those with defaults."""
    printer = ValuePrinter(file, {})
    views: list[ParameterView] = []
    if signature.in_channels:
        views.append(ParameterView(Code("in_channels"), Code("int")))
    if signature.classes:
        views.append(ParameterView(Code("num_classes"), Code("int")))
    for parameter in signature.ordered:
        default = None
        if parameter.default is not None:
            default = printer.default(parameter)
        printed = identifier(signature.printed(parameter.name))
        kind = annotation(parameter.values, file.templates.manifest)
        views.append(ParameterView(printed, kind, default))
    return views


def root_parameters(
    file: File, network: Network, used: Collection[str]
) -> list[ParameterView]:
    """`num_classes` and `dropout`, as far as the network has them."""
    views: list[ParameterView] = []
    if "classes" in used:
        classes = literal(network.document.classes)
        views.append(ParameterView(Code("num_classes"), Code("int"), classes))
    if file.dropout is not None:
        rate = literal(file.dropout)
        views.append(ParameterView(Code("dropout"), Code("float"), rate))
    return views


def printed_lets(routine: Routine, printer: ValuePrinter) -> list[tuple[Code, Code]]:
    """What a routine computes first, as far as it uses it."""
    printed: list[tuple[Code, Code]] = []
    for name, attribute in reversed(routine.lets):
        if name in printer.used | printer.stored:
            local = identifier(printer.names.get(name, name))
            printed.append((local, printer.value(attribute)))
    return printed[::-1]
