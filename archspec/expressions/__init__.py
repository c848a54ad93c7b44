"""The expression language: a checked subset of Python, parsed, evaluated and printed.

Expressions are trees of frozen classes, so that code generation can compare and rewrite
them before it prints them again.
"""

from archspec.expressions.checking import check, check_names
from archspec.expressions.effort import MAX_EFFORT, limited_effort, spend
from archspec.expressions.evaluation import evaluate
from archspec.expressions.functions import BUILTINS, round_channels
from archspec.expressions.parser import parse
from archspec.expressions.printing import to_text
from archspec.expressions.tree import (
    MAX_MAGNITUDE,
    UNKNOWN,
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
    Unknowable,
    Value,
    bounded,
    children,
    walk,
)

__all__ = [
    "BUILTINS",
    "MAX_EFFORT",
    "MAX_MAGNITUDE",
    "UNKNOWN",
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
    "Unknowable",
    "Value",
    "bounded",
    "check",
    "check_names",
    "children",
    "evaluate",
    "limited_effort",
    "parse",
    "round_channels",
    "spend",
    "to_text",
    "walk",
]
