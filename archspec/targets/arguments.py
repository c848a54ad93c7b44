"""Arguments and parameters as they are printed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from archspec.expressions import Binary, Conditional, Constant, Expression, Items, Name
from archspec.expressions import Call as FunctionCall
from archspec.targets.code import Code, Printer, identifier, literal, term
from archspec.targets.file import File
from archspec.targets.program.calls import (
    Attribute,
    Call,
    FrameworkLayer,
    Parameter,
    StageCall,
    is_expression,
)
from archspec.targets.program.statements import Routine
from archspec.targets.signatures import Signature, annotation
from archspec.targets.symbols import constant

Argument = tuple[Code | None, Code]
"""A keyword, or None for a positional argument, and what is passed."""

Style = Literal["call", "keywords", "positions"]

KEYWORDS = ("index", "count")
"""What a stage is given by keyword, in rows too."""

MAX_UNNAMED = 4
"""Values by position that a reader still can tell apart."""


@dataclass(frozen=True, slots=True)
class ParameterView:
    """A parameter of a class or function."""

    name: Code
    annotation: Code
    default: Code | None = None


@dataclass(frozen=True, slots=True)
class LocalFunction:
    """A function of numbers that a routine defines for itself."""

    name: Code
    parameters: Sequence[ParameterView]
    returns: Code
    body: Code


@dataclass(frozen=True, slots=True)
class VariantView:
    """A variant by its name: arguments of the network, and the size of its image."""

    name: Code
    arguments: Sequence[tuple[Code, Code]]
    note: Code | None


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
        if isinstance(function := view.get("function"), Code):
            view["called"] = term(function)
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
        """The channels, then everything by keyword, numbers of repeats last."""
        signature = self.file.signatures[call.stage.name]
        arguments = self.leading(signature, call)
        bare = True
        for position, parameter in enumerate(signature.parameters):
            bare = bare and parameter.name not in KEYWORDS
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
        shared = (self.printer.code(Name(p.name)) for p in signature.shared)
        return [*arguments, *((None, value) for value in shared)]

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
    shared = (replace(parameter, default=None) for parameter in signature.shared)
    for parameter in (*shared, *signature.ordered):
        default = None
        if parameter.default is not None:
            default = printer.default(parameter)
        printed = identifier(signature.printed(parameter.name))
        kind = annotation(parameter.values, file.manifest)
        views.append(ParameterView(printed, kind, default))
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


def printed_functions(
    routine: Routine, signature: Signature, printer: ValuePrinter
) -> list[LocalFunction]:
    """The functions that a routine defines, as far as its text reads them."""
    return [
        LocalFunction(
            identifier(signature.printed(function.name)),
            [
                ParameterView(identifier(signature.printed(name)), Code("int"))
                for name in function.parameters
            ],
            Code("int" if _is_whole(function.body, function.parameters) else "float"),
            printer.code(function.body),
        )
        for function in routine.functions
        if function.name in signature.read
    ]


def _is_whole(expression: Expression, whole: Sequence[str]) -> bool:
    """Whether it is a whole number where those of these names are."""
    match expression:
        case Constant(value):
            return isinstance(value, int)
        case Name(id):
            return id in whole
        case Conditional(_, then, otherwise):
            return _is_whole(then, whole) and _is_whole(otherwise, whole)
        case Binary(op, left, right):
            return op != "/" and _is_whole(left, whole) and _is_whole(right, whole)
        case FunctionCall(function="min" | "max", arguments=arguments):
            return all(_is_whole(argument, whole) for argument in arguments)
        case FunctionCall():
            return True
        case _:
            return False


def variant_views(file: File) -> list[VariantView]:
    """The variants of a family, each with what it says for the network's arguments."""
    family, shapes = file.network.spec.family, file.program.variants
    if family is None:
        return []
    own = file.network.image
    says_shape = file.dialect.takes_input_shape
    noted = not says_shape and any(s[1:] != own[1:] for s in shapes.values())
    read = [parameter.name for parameter in file.root.parameters]
    views: list[VariantView] = []
    for variant, shape in shapes.items():
        arguments = [
            (literal(file.root.printed(name)), literal(value))
            for name, value in family.variants[variant].items()
            if name in read
        ]
        channels, height, width = shape
        if says_shape and shape != own:
            image = literal((height, width, channels))
            arguments.append((literal("input_shape"), image))
        note = Code(f"{height} x {width}") if noted else None
        views.append(VariantView(literal(variant), arguments, note))
    return views
