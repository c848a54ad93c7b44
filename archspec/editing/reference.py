"""What ops, blocks and their attributes are, from their classes and files."""

from __future__ import annotations

import functools

from archspec.api.primitives import Attribute, Primitive, primitives
from archspec.editing.vocabulary import Ops
from archspec.language.fields import TYPES


@functools.cache
def known_primitives() -> dict[str, Primitive]:
    """The primitives, which take a moment to describe."""
    return primitives()


def about_op(ops: Ops, name: str) -> str:
    """A primitive or block in Markdown: its summary, attributes and output."""
    found = known_primitives().get(name)
    if found is None or name in ops.own:
        return about_block(ops, name)
    lines = [f"**{name}** · {found.family.lower()}", found.summary]
    lines.append("\n".join(map(_line, found.attributes)))
    output = f"output: {found.output}"
    lines.append(f"{output}, weights: {found.weights}" if found.weights else output)
    return "\n\n".join(filter(None, lines))


def about_block(ops: Ops, name: str) -> str:
    """A block in Markdown: its summary and arguments."""
    if not ops.has(name):
        return ""
    arguments = ops.arguments(name)
    lines = [f"- `{own}: {declared}`" for own, declared in arguments.items()]
    return "\n\n".join(
        filter(None, [f"**{name}** · block", ops.summary(name), "\n".join(lines)])
    )


def about_attribute(ops: Ops, op: str, name: str) -> str:
    """An attribute of a primitive or argument of a block."""
    attribute = attribute_of(op, name)
    if attribute is not None and op not in ops.own:
        return f"**{name}** of `{op}`: {_declared(attribute)}"
    declared = ops.arguments(op).get(name)
    if declared is None:
        return ""
    return f"**{name}** of `{op}`: {argument(declared)}"


def argument(declared: str) -> str:
    """What an argument of a block is declared to be."""
    if declared == "input":
        return "tensor, the block's input by default"
    if declared in TYPES:
        return f"{declared}, required"
    return "unset by default" if declared == "~" else f"`{declared}` by default"


def attribute_of(op: str, name: str) -> Attribute | None:
    """An attribute of a primitive."""
    found = known_primitives().get(op)
    known = found.attributes if found is not None else ()
    return next((own for own in known if own.name == name), None)


def _line(attribute: Attribute) -> str:
    return f"- `{attribute.name}`: {_declared(attribute)}"


def _declared(attribute: Attribute) -> str:
    default = attribute.default
    said = "required" if default is None else f"`{default}` by default"
    examples = ", ".join(f"`{example}`" for example in attribute.examples)
    return f"{said}; such as {examples}" if examples else said
