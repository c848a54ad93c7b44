"""A table as a statement, with the stages that its rows call."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain, count

from archspec.expressions import Expression
from archspec.language import Table
from archspec.language.tensors import reads_several
from archspec.targets.program.statements import TableStatement
from archspec.targets.specialise.context import Context, all_same
from archspec.targets.specialise.rows import RowCompiler, compile_stages, total_repeats
from archspec.targets.specialise.site import Site, Surroundings, whole
from archspec.targets.symbols import names_in


def compile_table(
    around: Surroundings, site: Site, table: Table
) -> tuple[TableStatement, Expression]:
    """The rows, each one call, loop or stage."""
    context = _counting(around, site, table)
    # What reads several tensors cannot be part of a stack.
    single = reads_several(table, context.uses.document.blocks)
    stages = {} if single else compile_stages(context, table, site.runs)
    for op, stage in stages.items():
        stages[op] = replace(stage, name=_stage_name(around, site.name, stage.name))
    around.stages += stages.values()
    widths = {row: around.widths_of(own) for row, own in table.tensors.items()}
    rows, channels = RowCompiler(context, table, stages, widths).compile(
        site.runs, site.channels
    )
    for row, end in rows:
        around.known[f"{site.name}.{row.name}"] = end
    ops = {step.row: step.op for step in site.runs.steps}
    printed = tuple(
        replace(row, others=around.others(ops[row.name], table.tensors.get(row.name)))
        for row, _ in rows
    )
    statement = TableStatement(
        site.name, table.place, printed, table.named, site.when, site.origin
    )
    return statement, channels


def _counting(around: Surroundings, site: Site, table: Table) -> Context:
    """The context in which `count` has a name, if something reads it and it varies.

    Of several such tables only the first has it.
    """
    context, rows = around.context, tuple(table.rows)
    values = [steps[0].scope["count"] for steps in site.steps if steps]
    said = chain.from_iterable(each.values() for each in table.each.values())
    read = any(f and "count" in names_in(f.expression) for f in said)
    taken = "count" in dict(around.widths.found)
    if not read or taken or all_same(values):
        return context
    total = context.express(total_repeats(table, rows), site.there, site.channels)
    counted = context.attribute(total, site.there, [whole(v) for v in values])
    around.widths.found.append(("count", counted))
    return context.having("count")


def _stage_name(around: Surroundings, table: str, usual: str) -> str:
    """A name that no other stage, block or network has."""
    uses = around.context.uses
    taken = {stage.name for stage in around.stages}
    taken |= {uses.document.name, *uses.blocks, *uses.document.blocks}
    named = f"{table}_{usual}"
    numbered = (f"{named}_{number}" for number in count(2))
    return next(n for n in chain([usual, named], numbered) if n not in taken)
