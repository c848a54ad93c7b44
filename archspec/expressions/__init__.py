"""The expression language: a checked subset of Python, parsed, evaluated and printed.

Expressions are trees of frozen classes, so that code generation can compare and rewrite
them before it prints them again.
"""

from archspec.expressions.checking import check
from archspec.expressions.evaluation import evaluate
from archspec.expressions.functions import BUILTINS, round_channels
from archspec.expressions.parser import parse
from archspec.expressions.printing import to_text
from archspec.expressions.tree import (
    WORDS,
    Binary,
    Call,
    Conditional,
    Constant,
    Expression,
    ExpressionError,
    Function,
    Items,
    Logic,
    Name,
    Scope,
    Unary,
    Value,
    bounded,
    children,
    walk,
)

__all__ = [
    "BUILTINS",
    "WORDS",
    "Binary",
    "Call",
    "Conditional",
    "Constant",
    "Expression",
    "ExpressionError",
    "Function",
    "Items",
    "Logic",
    "Name",
    "Scope",
    "Unary",
    "Value",
    "bounded",
    "check",
    "children",
    "evaluate",
    "parse",
    "round_channels",
    "to_text",
    "walk",
]
