"""Write the rules of other counters to docs/costs.md, from `counters.yaml`.

python docs/counters.py
"""

from collections import defaultdict
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from archspec.counting.counters import COUNTERS, OTHERS, Rules, every, quantities
from archspec.ops import OPS

PAGE = Path(__file__).parent / "costs.md"
BEGIN, END = "<!-- docs/counters.py writes from here -->\n", "<!-- to here -->\n"


def cell(rules: Rules, op: str) -> str:
    """What a counter counts of an op; a star: as a module of the framework only."""
    names = [op, op.partition(".")[0]]
    if op == OTHERS or (names[-1] in OPS and OPS[names[-1]].has_weights()):
        names.append(OTHERS)
    always, module = (
        next((rule[name] for name in names if name in rule), None)
        for rule in (rules.always, rules.modules)
    )
    return " + ".join([*filter(None, [always]), *(f"{m}*" for m in [module] if m)])


def rows() -> dict[tuple[str, ...], list[str]]:
    """The ops that each combination of rules is for."""
    every_op = (chain(rules.always, rules.modules) for rules in every().values())
    found: dict[tuple[str, ...], list[str]] = defaultdict(list)
    ops = dict.fromkeys(chain.from_iterable(every_op))
    for op in sorted(ops, key=OTHERS.__eq__):
        found[tuple(cell(every()[counter], op) for counter in COUNTERS)].append(op)
    return found


def table(*lines: tuple[str, ...]) -> str:
    """A table whose first line is its header."""
    header, *rest = lines
    every_line = [header, ("---",) * len(header), *rest]
    return "".join(f"| {' | '.join(line)} |\n" for line in every_line)


def code(name: str) -> str:
    """A name in the font of code."""
    return f"`{name}`"


def parts() -> Iterator[str]:
    """The tools, the rules and the quantities."""
    tools = (
        (code(name), code(rules.tool), rules.unit, rules.note)
        for name, rules in every().items()
    )
    yield table(("`--counter`", "prints what", "in", ""), *tools)
    counted = ((", ".join(map(code, ops)), *cells) for cells, ops in rows().items())
    yield table(("counted for one image", *map(code, COUNTERS)), *counted)
    yield table(("quantity", ""), *quantities().items())


def page(text: str) -> str:
    """The page with its tables written anew."""
    before, rest = text.split(BEGIN)
    return before + BEGIN + "\n".join(parts()) + END + rest.split(END)[1]


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text("utf-8")), "utf-8")
