"""A report for readers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from archspec.tables import Column, Page, Table
from archspec.verification.report import NETWORK, Comparison, Difference, Report

COLUMNS = [Column("", "text")] * 5
"""Sizes, precision, what is compared, the tolerance and the errors."""

MAX_NAMES = 5
"""Of surplus weights, enough to see what they have in common."""


def page(report: Report) -> Page:
    """The verdict, the errors at each size, and where the first difference is."""
    spec = report.network.spec
    title = " ".join(filter(None, (spec.stem, spec.variant)))
    groups = groupby(report.comparisons, _thing)
    told = [text for found in report.comparisons for text in _remarks(found)]
    told += map(_told, _merged(report.comparisons))
    parts = [
        f"{title}: {'equal' if report.ok else 'DIFFERENT'}",
        _parameters(report),
        Table(COLUMNS, [_row([*group]) for _, group in groups]),
        *(line for text in dict.fromkeys(told) for line in text.split("\n")),
    ]
    return Page([parts])


def _thing(found: Comparison) -> tuple[object, ...]:
    """What is compared, and within what."""
    return found.compared, found.precision, found.input_shape, found.tolerance


def _parameters(report: Report) -> str:
    wanted = report.network.parameters
    wrong = {name: n for name, n in report.parameters.items() if n != wanted}
    if not wrong:
        return f"  {wanted:,} parameters in {', '.join(report.parameters)}"
    counts = {name: "unknown" if n is None else f"{n:,}" for name, n in wrong.items()}
    found = ", ".join(f"{count} in {name}" for name, count in counts.items())
    if report.surplus:
        listed = ", ".join(report.surplus[:MAX_NAMES])
        more = len(report.surplus) - MAX_NAMES
        others = f" and {more} more" if more > 0 else ""
        found += f"; onnx also stores {listed}{others}"
    return f"  {wanted:,} parameters, but {found}"


def _row(comparisons: Sequence[Comparison]) -> list[str]:
    """Comparisons of one thing at one size, each with its relative error."""
    first = comparisons[0]
    shapes = first.input_shape, *first.other_inputs
    sizes = ", ".join(f"{height}x{width}" for _, height, width in shapes)
    errors = ", ".join(map(_error, comparisons))
    limit = f"within {first.tolerance:.0e}"
    return [f"  {sizes}", first.precision, first.compared, limit, errors]


def _error(comparison: Comparison) -> str:
    one, other = comparison.targets
    pair = other if one == NETWORK else f"{one} = {other}"
    error = comparison.relative_error
    missing = "not judged" if comparison.not_judged else "failed"
    size = missing if error is None else f"{error:.1e}"
    return f"{pair} {size}{'' if comparison.ok else ' DIFFERENT'}"


def _remarks(comparison: Comparison) -> Iterator[str]:
    """What went wrong, and what has to be known."""
    if comparison.fault:
        yield f"  {comparison.fault}"
    if comparison.not_judged:
        yield f"  {comparison.compared}, not judged: {comparison.not_judged}"
    if comparison.note:
        yield f"  {comparison.compared}: {comparison.note}"


def _merged(comparisons: Sequence[Comparison]) -> list[Difference]:
    """The first differences, those of one layer put together."""
    merged: dict[str, Difference] = {}
    for found in (comparison.first_difference for comparison in comparisons):
        if found is not None:
            known = merged.get(found.layer, found)
            merged[found.layer] = found._replace(
                at_fault=tuple(dict.fromkeys(known.at_fault + found.at_fault)),
                lines={**known.lines, **found.lines},
            )
    return list(merged.values())


def _told(difference: Difference) -> str:
    found = f"  first difference: {difference.layer} ({difference.op})"
    if difference.at_fault:
        found += f", at fault: {', '.join(difference.at_fault)}"
    places = [*difference.lines.values(), difference.spec]
    return "\n".join([found, *(f"    {place}" for place in places)])
