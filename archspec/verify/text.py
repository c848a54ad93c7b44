"""A report for readers."""

from __future__ import annotations

from collections.abc import Sequence

from archspec.verify.report import Comparison, Difference, Report


def to_text(report: Report) -> str:
    """The verdict, then one line a comparison, and where the first difference is."""
    spec = report.network.spec
    title = " ".join(filter(None, (spec.stem, spec.variant)))
    lines = [f"{title}: {'equal' if report.ok else 'DIFFERENT'}", _parameters(report)]
    lines += _aligned([_row(comparison) for comparison in report.comparisons])
    told = [line for found in report.comparisons for line in _explained(found)]
    return "\n".join([*lines, *dict.fromkeys(told)]) + "\n"


def _parameters(report: Report) -> str:
    wanted = report.network.parameters
    wrong = {name: n for name, n in report.parameters.items() if n != wanted}
    if not wrong:
        return f"  parameters {wanted:,} in {', '.join(report.parameters)}"
    found = ", ".join(f"{n or 'unknown'} in {name}" for name, n in wrong.items())
    return f"  parameters {wanted:,}, but {found}"


def _row(comparison: Comparison) -> list[str]:
    _, height, width = comparison.input_shape
    error = comparison.relative_error
    return [
        f"  {height}x{width}",
        comparison.precision,
        " = ".join(comparison.targets),
        comparison.compared,
        "-" if error is None else f"{error:.1e}",
        f"of {comparison.tolerance:.0e}",
        "" if comparison.ok else "DIFFERENT",
    ]


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(f"{cell:<{w}}" for cell, w in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _explained(comparison: Comparison) -> list[str]:
    lines = [f"  {comparison.fault}"] if comparison.fault else []
    if comparison.first_difference:
        lines += _told(comparison.first_difference)
    return lines


def _told(difference: Difference) -> list[str]:
    found = f"  first difference: {difference.layer} ({difference.op})"
    if difference.at_fault:
        found += f", at fault: {', '.join(difference.at_fault)}"
    places = [f"    {place}" for place in difference.lines.values()]
    return [found, *places, f"    {difference.spec}"]
