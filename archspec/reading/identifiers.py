"""The form of names and expressions, and the places of their faults."""

from __future__ import annotations

import builtins
import keyword
import re

from archspec.errors import Advice, Diagnostic, Fix, Place, fixes_of, meaning
from archspec.expressions import ExpressionError
from archspec.synonyms import BESIDE, OPS_AND_BLOCKS

MAX_LETTERS = 64
IDENTIFIER = re.compile(rf"[A-Za-z][A-Za-z0-9_]{{0,{MAX_LETTERS - 1}}}")
REFERENCE = re.compile(rf"{IDENTIFIER.pattern}(\.[A-Za-z0-9_]{{1,64}})*")
"""A layer, or the row of a table: `stages.2`."""

CONSTANTS = ("true", "false", "null")
"""Values of YAML, which no name can be: editors read `from: true` as a truth value."""

ROW_NUMBER = re.compile(r"0|[1-9][0-9]{0,3}")

_DEFINITION = re.compile(r"\s*(\w+)\s*(?:\(\s*([\w\s,]*)\)\s*)?", re.ASCII)

VARIANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.]{0,63}")


def identifier_fault(name: str) -> str | None:
    """Why this is no name in every framework; None if it is one."""
    if keyword.iskeyword(name):
        return f"'{name}' is not a valid name: it is a keyword of Python"
    if name.lower() in CONSTANTS:
        return f"'{name}' is not a valid name: it is a value of YAML"
    if IDENTIFIER.fullmatch(name):
        return None
    if len(name) > MAX_LETTERS:
        return f"'{name}' is not a valid name: it has more than {MAX_LETTERS} letters"
    return (
        f"'{name}' is not a valid name: use letters, digits and _, starting with a "
        "letter"
    )


def identifier_help(name: str) -> str:
    """The word of the language that is meant, or the nearest name, if there is one."""
    for glossary in BESIDE, OPS_AND_BLOCKS:
        if meant := glossary.match(name, glossary.same):
            return meaning(meant)
    near = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")[:64]
    reserved = keyword.iskeyword(near) or near.lower() in CONSTANTS
    near = f"{near}_" if reserved else near
    usable = identifier_fault(near) is None
    return Advice(f"try '{near}'", Fix(near)) if usable else ""


def builtin_fault(name: str) -> str | None:
    """Why a class or function of generated code cannot have this name."""
    return f"'{name}' is a builtin of Python" if hasattr(builtins, name) else None


def definition(key: str) -> tuple[str, tuple[str, ...]] | None:
    """The name and the parameters of `scale(c)`, or of a constant; None if neither."""
    match = _DEFINITION.fullmatch(key)
    if match is None:
        return None
    parameters = (match[2] or "").split(",") if match[2] else []
    return match[1], tuple(name.strip() for name in parameters)


def expression_fault(error: ExpressionError, place: Place) -> Diagnostic:
    """The error of an expression, placed; the caret goes to the part that is wrong."""
    start = place.column - 1
    quoted = place.source[start : start + 1] in ("'", '"')
    column = place.column + quoted + error.offset
    exact = place
    if error.offset < place.length and column <= len(place.source):
        rest = place.length - 2 * quoted - error.offset
        length = max(1, min(error.length or rest, rest))
        exact = Place(place.file, place.line, column, place.source, length)
    if error.help_is_whole:
        # Of the expression; the caret points into it.
        whole = (Fix(fix.text, place) for fix in fixes_of(error.help))
        return Diagnostic(
            "AS301", error.message, exact, help=Advice(error.help, *whole)
        )
    return Diagnostic("AS301", error.message, exact, help=error.help)
