"""Arguments and parameters as they are printed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from archspec.expressions import Expression, Items, Name
from archspec.targets.code import Code, Printer, identifier, literal
from archspec.targets.file import File
from archspec.targets.signatures import Signature, annotation
from archspec.targets.specialise.model import (
    Attribute,
    Call,
    FrameworkLayer,
    Parameter,
    Routine,
    StageCall,
    is_expression,
)
from archspec.targets.symbols import constant

Argument = tuple[Code | None, Code]
"""A keyword, or None for a positional argument, and what is passed."""

Style = Literal["call", "keywords", "positions"]

MAX_UNNAMED = 4
"""Values by position that a reader still can tell apart."""


@dataclass(frozen=True, slots=True)
class ParameterView:
    """A parameter of a class or function."""

    name: Code
    annotation: Code
    default: Code | None = None


class ValuePrinter(Printer):
    """Expressions in which words of activations are what the framework calls them."""

    def __init__(self, file: File, names: Mapping[str, str], prefix: str = ""):
        super().__init__(names, prefix)
        self.file = file
        self.words: Mapping[str, str] = file.manifest["activations"]

    def value(self, attribute: Attribute) -> Code:
        """An argument of a block: a number, a word, a pair, four amounts."""
        words = [value for value in attribute.values if isinstance(value, str)]
        if len(words) == len(attribute.values) and {*words} <= self.words.keys():
            return self.code(self.file.dialect.activations(attribute.expression))
        return self.argument(attribute.expression)

    def argument(self, expression: Expression) -> Code:
        """An expression; four amounts stand in the framework's order."""
        if isinstance(expression, Items) and len(expression.items) == 4:
            sides = [self.code(item) for item in expression.items]
            return self.file.templates.macro("amounts", *sides)
        return self.code(expression)

    def layer(self, layer: FrameworkLayer, *operands: Code, **settled: Any) -> Code:
        """A layer by its macro, which gets what is settled besides its arguments."""
        arguments = {
            name: self.argument(a) if is_expression(a) else a
            for name, a in layer.arguments.items()
        }
        view = {**arguments, **settled}
        return self.file.templates.macro(layer.macro, view, *operands)

    def default(self, parameter: Parameter) -> Code:
        """What an argument is where nothing is said."""
        expression = constant(parameter.default)
        return self.value(Attribute(expression, (parameter.default,)))


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
        kind = annotation(parameter.values, file.manifest)
        views.append(ParameterView(printed, kind, default))
    return views


def root_parameters(file: File) -> list[ParameterView]:
    """`num_classes` and `dropout`, as far as the network has them."""
    views: list[ParameterView] = []
    if "classes" in file.root_names:
        classes = literal(file.network.document.classes)
        views.append(ParameterView(Code("num_classes"), Code("int"), classes))
    if "dropout" in file.root_names:
        rate = literal(file.dialect.dropout_rate)
        views.append(ParameterView(Code("dropout"), Code("float"), rate))
    return views


def printed_lets(
    routine: Routine, signature: Signature, printer: ValuePrinter
) -> list[tuple[Code, Code]]:
    """What a routine computes first, as far as its text reads it."""
    return [
        (identifier(signature.printed(name)), printer.value(attribute))
        for name, attribute in routine.lets
        if name in signature.read
    ]
