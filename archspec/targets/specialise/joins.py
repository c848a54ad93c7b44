"""The channels of what branches become together."""

from __future__ import annotations

from collections.abc import Sequence

from archspec.expressions import Binary, Conditional, Constant, Expression
from archspec.ops import JOINS
from archspec.targets.program.statements import BranchPart
from archspec.targets.specialise.context import Context, choose
from archspec.targets.specialise.site import Site
from archspec.targets.sums import simplified
from archspec.targets.symbols import names_in

Compiled = tuple[BranchPart, Expression]
"""A branch, and the channels behind it."""


def joined_width(
    context: Context, op: str, site: Site, branches: Sequence[Compiled]
) -> Expression:
    """The channels behind a join; raises Unprintable where nothing says them."""
    scopes = site.runs.scopes
    candidates = [width for _, width in branches]
    if op == "concat":
        candidates = [_total([_share(part, width) for part, width in branches])]
    elif JOINS[op].roles:
        candidates = _attended(candidates or [_third(site.channels)] * 3)
        # These quotients are no roundings that a spec has.
        candidates = [context.reduced(c, scopes) for c in candidates]
    # How the branches count themselves is not known behind them.
    known = [c for c in candidates if "step" not in names_in(c)]
    widths = [step.output[0] for step in site.runs.steps]
    return choose([context.express(c, scopes) for c in known], scopes, widths)


def _third(channels: Expression) -> Expression:
    return Binary("//", channels, Constant(3))


def _attended(widths: Sequence[Expression]) -> list[Expression]:
    """What the channels of attention may be: the last one is always right."""
    query, key, value = widths
    return [value, query, Binary("//", Binary("*", value, query), key)]


def _share(part: BranchPart, width: Expression) -> Expression:
    """What a branch adds to a concatenation."""
    if part.count is not None:
        width = Binary("*", part.count.expression, width)
    return width if part.when is None else Conditional(part.when, width, Constant(0))


def _total(parts: Sequence[Expression]) -> Expression:
    whole = parts[0]
    for part in parts[1:]:
        whole = Binary("+", whole, part)
    # As one sum: of the first two alone, `a // 2 + a // 2` may be `a`.
    return simplified(whole)
