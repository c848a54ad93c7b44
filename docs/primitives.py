"""Write the tables of primitives in docs/language.md, from the classes of the ops.

python docs/primitives.py
"""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from archspec.api.primitives import Primitive, primitives

PAGE = Path(__file__).parent / "language.md"
BEGIN, END = "<!-- docs/primitives.py writes from here -->\n", "<!-- to here -->\n"


def row(op: Primitive) -> str:
    """What an op does, gives and learns."""
    cells = op.summary, op.output, op.weights
    return f"| `{op.signature}` | {' | '.join(cells)} |\n"


def tables() -> Iterator[str]:
    """A table a family."""
    ops = (op for op in primitives().values() if not op.is_join)
    for family, own in groupby(ops, key=lambda op: op.family):
        yield f"\n{family}:\n\n"
        yield "| op | does | output | weights |\n| --- | --- | --- | --- |\n"
        yield from map(row, own)
    yield "\n"


def page(text: str) -> str:
    """The page with its tables written anew."""
    before, rest = text.split(BEGIN)
    return before + BEGIN + "".join(tables()) + END + rest.split(END)[1]


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text("utf-8")), "utf-8")
