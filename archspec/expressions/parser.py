"""Text to tree: Python's own parser, then a whitelist."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from archspec.errors import Advice, Fix
from archspec.expressions.tree import (
    MAX_MAGNITUDE,
    Binary,
    Call,
    Conditional,
    Constant,
    Expression,
    ExpressionError,
    Logic,
    Name,
    Unary,
    bounded,
)
from archspec.synonyms import VALUES
from archspec.words import WORDS

MAX_LENGTH = 500
MAX_DEPTH = 40
_LARGEST_FACTOR = 1024
"""Of a power whose value help states."""
KEYWORDS = ("divisor", "keep")

_ROW = re.compile(r"[A-Za-z]\w{0,63}\.[A-Za-z0-9]\w{0,63}", re.ASCII)
"""A reference to the row of a table, which is an expression as a whole only."""

_NUMBER = re.compile(r"(\d{1,15}(\.\d{0,30})?|\.\d{1,30})([eE][-+]?\d{1,3})?")
_SYMBOLS: Mapping[type[ast.AST], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.USub: "-",
    ast.Not: "not",
    ast.And: "and",
    ast.Or: "or",
}
_REFUSED: Mapping[type[ast.AST], str] = {
    ast.Pow: "a power",
    ast.LShift: "a shift",
    ast.RShift: "a shift",
    ast.BitAnd: "a bit operation",
    ast.BitOr: "a bit operation",
    ast.BitXor: "a bit operation",
    ast.Invert: "a bit operation",
    ast.MatMult: "a matrix product",
    ast.UAdd: "a leading +",
    ast.Is: "'is'",
    ast.IsNot: "'is'",
    ast.In: "'in'",
    ast.NotIn: "'in'",
    ast.Attribute: "an attribute",
    ast.JoinedStr: "a string",
    ast.Lambda: "a lambda",
    ast.Starred: "a star argument",
    ast.NamedExpr: "an assignment",
    ast.List: "a list inside an expression",
    ast.Tuple: "a list inside an expression",
    ast.Dict: "a mapping",
    ast.Set: "a set",
    ast.ListComp: "a comprehension",
    ast.SetComp: "a comprehension",
    ast.DictComp: "a comprehension",
    ast.GeneratorExp: "a comprehension",
}
_REFUSED_CONSTANTS: Mapping[type, str] = {
    str: "a string",
    bytes: "a string",
    complex: "a complex number",
}
_INSTEAD: Mapping[type[ast.AST], str] = {
    ast.Pow: "write a product, such as channels * channels",
    ast.LShift: "multiply: 2 * 16",
    ast.RShift: "divide: 16 // 2",
    ast.Subscript: "write the number, or put the values in a column of a table",
    ast.Call: "call a function by its name: max(8, channels)",
    ast.Attribute: "use a name of the spec, or 'channels'",
}
"""What to write instead of common parts of Python."""

_GRAMMAR = (
    "expressions consist of numbers, names, + - * / // %, comparison, and, or, not, "
    "'a if b else c' and function calls"
)


@lru_cache(maxsize=10_000)
def parse(text: str) -> Expression:
    """Read one expression; raises ExpressionError where it is not of the language."""
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"an expression has at most {MAX_LENGTH} characters")
    if not text.isascii():
        raise ExpressionError(f"an expression is plain ASCII, found {text!r}")
    if "#" in text:
        raise ExpressionError("an expression has no comment", text.index("#"), 1)
    if _ROW.fullmatch(text):
        return Name(text)
    line = re.sub(r"[\r\n]", " ", text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            tree = ast.parse(line, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        offset = getattr(error, "offset", None) or 1
        start = max(0, min(offset, len(text)) - 1)
        message = f"'{text}' is not an expression"
        help = _meant(text)
        raise ExpressionError(message, start, help=help, whole=True) from None
    return _Converter(line).convert(tree.body, 0)


_COMMON = {
    r"([\d.]+) +([\d.]+)": ("write a list in brackets: {}", r"[\1, \2]"),
    r"(\d+) *[xX] *(\d+)": ("write {}", r"[\1, \2]"),
    r"(\d+) *[xX] *(\d+) *[xX] *(\d+)": ("write {}", r"{channels: \1, size: [\2, \3]}"),
    r"([\d.]+) *%": ("write {}", r"\1 / 100"),
    r"(.*)(?<![=!<>])=(?!=)(.*)": ("write == to compare", r"\1==\2"),
    r".*(&&|\|\||!(?!=)).*": ("write and, or, not", None),
    r".*\?.*:.*": ("write a if b else c", None),
    r"([A-Za-z_]\w*) +(\S+)": (
        "write {} for an op or a key with its value",
        r"{\1: \2}",
    ),
}
"""Common mistakes as patterns; the help on each, and what to write instead."""


def _meant(text: str) -> str:
    """Help on a text that is not an expression."""
    for pattern, (help, instead) in _COMMON.items():
        match = re.fullmatch(pattern, text)
        if match and instead is None:
            return help
        if match and instead is not None:
            written = match.expand(instead)
            return Advice(help.format(written), Fix(written))
    return _GRAMMAR


@dataclass(frozen=True)
class _Converter:
    """Python's tree to ours; `text` is what Python's tree was parsed from."""

    text: str

    def convert(self, node: ast.expr, depth: int) -> Expression:
        if depth > MAX_DEPTH:
            message = f"nested deeper than {MAX_DEPTH} levels"
            raise ExpressionError(message, node.col_offset)
        depth += 1
        match node:
            case ast.Constant(value=int() | float() as value) if value is not True and (
                value is not False
            ):
                return self.number(node, value)
            case ast.Name(id=name):
                return _name(name, node.col_offset)
            case ast.UnaryOp(op=ast.USub() | ast.Not() as op, operand=operand):
                return _unary(_SYMBOLS[type(op)], self.convert(operand, depth))
            case ast.BinOp(left, op, right) if type(op) in _SYMBOLS:
                operands = self.convert(left, depth), self.convert(right, depth)
                return Binary(_SYMBOLS[type(op)], *operands)
            case ast.BoolOp(op, values):
                parts = tuple(self.convert(value, depth) for value in values)
                return Logic(_SYMBOLS[type(op)], parts)
            case ast.Compare(ops=ops) if all(type(op) in _SYMBOLS for op in ops):
                return self.comparison(node, depth)
            case ast.IfExp(test, body, orelse):
                parts = (self.convert(part, depth) for part in (test, body, orelse))
                return Conditional(*parts)
            case ast.Call(func=ast.Name(id=function)):
                return self.call(node, function, depth)
            case _:
                raise self.refusal(node)

    def number(self, node: ast.Constant, value: float) -> Constant:
        written = self.source(node)
        if not _NUMBER.fullmatch(written):
            help = "at most 15 digits before and 30 after the point, no _, no 0x"
            message = f"invalid number '{written}'"
            raise ExpressionError(message, node.col_offset, len(written), help)
        return Constant(bounded(value, node.col_offset))

    def comparison(self, node: ast.Compare, depth: int) -> Expression:
        """`a < b < c` is two comparisons."""
        operands = [self.convert(o, depth) for o in (node.left, *node.comparators)]
        pairs = tuple(
            Binary(_SYMBOLS[type(op)], left, right)
            for op, left, right in zip(node.ops, operands, operands[1:], strict=False)
        )
        return pairs[0] if len(pairs) == 1 else Logic("and", pairs)

    def call(self, node: ast.Call, function: str, depth: int) -> Call:
        keywords: dict[str, Expression] = {}
        for keyword in node.keywords:
            name = keyword.arg or "**"
            if name not in KEYWORDS:
                message = f"'{name}' is no keyword: only 'divisor' and 'keep' are"
                raise ExpressionError(message, keyword.col_offset, len(name))
            if name in keywords:
                message = f"'{name}' is given twice"
                raise ExpressionError(message, keyword.col_offset, len(name))
            keywords[name] = self.convert(keyword.value, depth)
        arguments = tuple(self.convert(argument, depth) for argument in node.args)
        return Call(function, arguments, tuple(keywords.items()), node.col_offset)

    def refusal(self, node: ast.expr) -> ExpressionError:
        """The error for a part of Python that the language lacks."""
        signs = [getattr(node, "op", node), *getattr(node, "ops", ())]
        known = [_REFUSED[type(sign)] for sign in signs if type(sign) in _REFUSED]
        written = self.source(node)
        if isinstance(node, ast.Call):
            known = ["a call of anything but a name"]
        what = known[0] if known else "this"
        message = f"{what} is not part of the expression language: '{written}'"
        help = next((_INSTEAD[t] for t in map(type, signs) if t in _INSTEAD), _GRAMMAR)
        match node:
            case ast.Constant(bool() | None):
                near = VALUES.match(written, ("true", "false", "~"))
                message, help = f"unknown name '{written}'", _writing(near or "~")
            case ast.Constant(value):
                what = _REFUSED_CONSTANTS.get(type(value), "this")
                message = f"{what} is not part of the expression language: '{written}'"
            case ast.Call(ast.Attribute()):
                message = f"expressions have no method calls: '{written}'"
            case ast.Subscript():
                message = f"expressions have no subscripts: '{written}'"
            case ast.Tuple():
                items = f"[{written.strip('( ,)')}]"
                help = Advice(f"a list is written in brackets: {items}", Fix(items))
                if re.fullmatch(r"\d+,\d+", written):
                    help = _writing(written.replace(",", "."))
            case ast.BinOp():
                help = _computed(node) or help
            case _:
                pass
        return ExpressionError(message, node.col_offset, len(written), help)

    def source(self, node: ast.expr) -> str:
        return self.text[node.col_offset : node.end_col_offset]


def _writing(text: str) -> Advice:
    return Advice(f"write {text}", Fix(text))


def _computed(node: ast.BinOp) -> str:
    """Help on a power or a shift of two small numbers: what it is."""
    match node:
        case ast.BinOp(
            ast.Constant(int() as a),
            ast.Pow() | ast.LShift() as op,
            ast.Constant(int() as b),
        ) if a <= _LARGEST_FACTOR and b <= _LARGEST_FACTOR:
            value = a**b if isinstance(op, ast.Pow) else a << b
            return _writing(str(value)) if value <= MAX_MAGNITUDE else ""
        case _:
            return ""


def _name(name: str, offset: int) -> Expression:
    if name in ("true", "false"):
        return Constant(name == "true")
    return Constant(name) if name in WORDS else Name(name, offset)


def _unary(op: str, operand: Expression) -> Expression:
    """A negative number is a number."""
    match operand:
        case Constant(int() | float() as value) if (
            op == "-" and type(value) is not bool
        ):
            return Constant(-value)
        case _:
            return Unary(op, operand)
