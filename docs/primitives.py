"""Write the tables of primitives in docs/language.md, from the classes of the ops.

python docs/primitives.py
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from archspec.ops import FAMILIES, OPS, Op

PAGE = Path(__file__).parent / "language.md"
BEGIN, END = "<!-- docs/primitives.py writes from here -->\n", "<!-- to here -->\n"


def written(value: Any) -> str:
    """A default as YAML has it; a pair of equal numbers is one."""
    if isinstance(value, tuple):
        if value == (value[0],) * 2:
            return written(value[0])
        return f"[{', '.join(map(written, value))}]"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def signature(op: type[Op]) -> str:
    """An op with its attributes, and what they are if nothing is given."""
    parts: list[str] = []
    for attribute, field in op.model_fields.items():
        default = op.fallbacks.get(attribute, field.default)
        given = field.is_required() and attribute not in op.fallbacks
        parts.append(attribute if given else f"{attribute}={written(default)}")
    return f"{op.name}({', '.join(parts)})"


def own(op: type[Op], method: str) -> str:
    """The first line of what a method of the op says; nothing if it has none."""
    found = getattr(op, method)
    if found is getattr(Op, method):
        return ""
    return found.__doc__.splitlines()[0].rpartition("-> ")[2].removesuffix(".")


def row(op: type[Op]) -> str:
    """What an op does, gives and learns."""
    does = " ".join(op.__doc__.split())
    cells = does, own(op, "infer") or "unchanged", own(op, "weights")
    return f"| `{signature(op)}` | {' | '.join(cells)} |\n"


def tables() -> Iterator[str]:
    """A table a family."""
    for family in FAMILIES:
        yield f"\n{family.__doc__.strip().removesuffix('.')}:\n\n"
        yield "| op | does | output | weights |\n| --- | --- | --- | --- |\n"
        own_ops = (op for op in OPS.values() if op.__module__ == family.__name__)
        yield from map(row, own_ops)
    yield "\n"


def page(text: str) -> str:
    """The page with its tables written anew."""
    before, rest = text.split(BEGIN)
    return before + BEGIN + "".join(tables()) + END + rest.split(END)[1]


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text("utf-8")), "utf-8")
