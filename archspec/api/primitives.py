"""The primitives, described from their classes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from textwrap import dedent, indent
from typing import Any, NamedTuple

from archspec.api.catalogue import unknown_op
from archspec.api.network import Network
from archspec.elaboration import elaborate
from archspec.frameworks import SOURCES
from archspec.ops import FAMILIES, JOINS, OPS, Join, Op
from archspec.ops.fields import Examples, OneOf, written
from archspec.reading import parsed
from archspec.tables import Column, Table

_SPEC = """\
archspec: 1
name: Net
input: {channels: %d, size: %s}
layers:
  %s
"""
_SEQUENCE = "sequence: tokens\n  "
_SENTENCE_END = re.compile(r"(?<! al)\. ")
_BRANCHES = "{%s: {a: {b: max_pool}, c: {d: avg_pool}}}"
_ROLES = "{%s: {query: {one: {slice_channels: {stop: 1}}}}}"


class Attribute(NamedTuple):
    """An attribute: its default in YAML, None if required, and example values."""

    name: str
    default: str | None
    examples: tuple[str, ...]


class Primitive(NamedTuple):
    """A primitive or a join of branches; `str()` is what `archspec ops NAME` prints.

    `output` is the shape, channels first, for an input (channels, height, width).
    """

    name: str
    family: str
    summary: str
    attributes: tuple[Attribute, ...] = ()
    output: str = "unchanged"
    weights: str = ""
    example: str = ""

    @property
    def title(self) -> str:
        """The first sentence of the summary."""
        return _SENTENCE_END.split(self.summary, maxsplit=1)[0].removesuffix(".") + "."

    @property
    def is_join(self) -> bool:
        """Whether it joins branches."""
        return self.name in JOINS

    @property
    def signature(self) -> str:
        """The name, and the attributes with their defaults."""
        parts = [
            a.name if a.default is None else f"{a.name}={a.default}"
            for a in self.attributes
        ]
        plain = self.is_join and not parts
        return self.name if plain else f"{self.name}({', '.join(parts)})"

    def network(self) -> Network:
        """The network of the example, which reads 32x32 pixels or a short sequence."""
        op = OPS.get(self.name, Op)
        layer, size = f"layer: {self.example}", "32"
        if "feature map" not in op.kinds:
            layer, size = _SEQUENCE + layer, f"[3, {op.sample[1] // 3}]"
        text = _SPEC % (op.sample[0], size, layer)
        spec = parsed(text, Path("example.yaml"))
        return Network.of(elaborate(spec))

    def code(self) -> dict[str, str]:
        """The source code of the example, by target."""
        network = self.network()
        return {target: _own_lines(network.source(target)) for target in SOURCES}

    def document(self) -> dict[str, Any]:
        """All of it as plain data, with the code of the example."""
        own = self._asdict() | {"attributes": [a._asdict() for a in self.attributes]}
        return {**own, "code": self.code()}

    def __str__(self) -> str:
        network = self.network()
        read = "x".join(map(str, network.image))
        shape = "x".join(map(str, network.layers[-1].output))
        costs = f"{network.parameters:,} parameters, {network.macs:,} MACs"
        parts = [
            f"{self.name}: {self.summary}",
            _attributes(self.attributes),
            f"output   {self.output}\nweights  {self.weights or 'none'}",
            f"Example, input {read}, output {shape}, {costs}:",
            indent(f"layer: {self.example}", "  "),
            *(f"{target}:\n\n{indent(c, '  ')}" for target, c in self.code().items()),
        ]
        return "\n\n".join(part for part in parts if part)


def primitives() -> dict[str, Primitive]:
    """All primitives by name, family by family, then the joins of branches."""
    found: dict[str, Primitive] = {}
    for family in FAMILIES:
        title = (family.__doc__ or "").strip().removesuffix(".")
        own = [op for op in OPS.values() if op.__module__ == family.__name__]
        found |= {op.name: _primitive(op, title) for op in own}
    for name, join in JOINS.items():
        found[name] = _primitive(join, "Joins of branches")
        if join.needs_branches or not join.roles:
            example = (_ROLES if join.roles else _BRANCHES) % name
            found[name] = found[name]._replace(example=example)
    return found


def primitive(name: str) -> Primitive:
    """One primitive; raises SpecError (AS205) for unknown names."""
    known = primitives()
    if name in known:
        return known[name]
    raise unknown_op(name, "primitive", "ops")


def _primitive(op: type[Op], family: str) -> Primitive:
    attributes = tuple(_attribute(op, name) for name in op.fields)
    given = ", ".join(
        f"{attribute.name}: {attribute.examples[0]}"
        for number, attribute in enumerate(attributes)
        if attribute.examples and _is_shown(op, attribute, number == 0)
    )
    return Primitive(
        op.name,
        family,
        _said(op),
        attributes,
        "unchanged" if op.infer is Op.infer else _last(op.infer),
        "" if op.weights in (Op.weights, Join.weights) else _last(op.weights),
        f"{{{op.name}: {{{given}}}}}" if given else f"{{{op.name}: {{}}}}",
    )


def _is_shown(op: type[Op], attribute: Attribute, main: bool) -> bool:
    """Whether an example sets it: the main one, unless a flag, and what is required."""
    is_flag = attribute.examples[:1] == ("true",)
    is_required = op.fields[attribute.name].required
    return is_required or attribute.name == "kernel" or (main and not is_flag)


def _attribute(op: type[Op], name: str) -> Attribute:
    field = op.fields[name]
    default = op.fallbacks.get(name, field.default)
    required = field.required and name not in op.fallbacks
    found = [known for known in field.metadata if isinstance(known, Examples)]
    examples = found[-1].values if found else ()
    shown = examples if any(isinstance(k, OneOf) for k in found) else examples[:4]
    texts = tuple(map(written, shown))
    return Attribute(name, None if required else written(default), texts)


def _attributes(attributes: Sequence[Attribute]) -> str:
    if not attributes:
        return ""
    columns = [Column(name, "text") for name in ("attribute", "default", "such as")]
    rows = [
        (attribute.name, attribute.default or "required", ", ".join(attribute.examples))
        for attribute in attributes
    ]
    return Table(columns, rows).to_text()


def _said(described: Any) -> str:
    return " ".join((described.__doc__ or "").split())


def _last(method: Any) -> str:
    """What the first line of a method's docstring has behind the arrow."""
    line = (method.__doc__ or "").partition("\n")[0]
    return line.rpartition("-> ")[2].removesuffix(".")


def _own_lines(source: str) -> str:
    """The statements of a generated module that its one layer caused."""
    module, lines = ast.parse(source), source.splitlines()
    *others, network = module.body
    own = [part for part in _statements(network) if _is_own(part)]
    names = {n.id for part in own for n in ast.walk(part) if isinstance(n, ast.Name)}
    helpers = [part for part in others if _defined(part) in names]
    texts = [
        dedent("\n".join(lines[part.lineno - 1 : part.end_lineno])).partition("  # ")[0]
        for part in (*helpers, *own)
    ]
    return "\n".join(f"{text}\n" if _is_block(text) else text for text in texts)


def _is_block(text: str) -> bool:
    return text.startswith(("class ", "def "))


def _statements(part: ast.stmt) -> Iterator[ast.stmt]:
    """The statements in a class or function, those of its methods included."""
    for inner in ast.walk(part):
        if isinstance(inner, ast.stmt):
            yield inner


def _is_own(part: ast.stmt) -> bool:
    """Whether it makes the layer or calls it in another way than by its name."""
    match part:
        case ast.Assign(targets=[target]):
            return ast.unparse(target).startswith(("self.", "outputs", "x"))
        case ast.Return(value=ast.expr() as value):
            text = ast.unparse(value)
            return not text.startswith(("self.layer(", "keras.Model("))
        case _:
            return False


def _defined(part: ast.stmt) -> str:
    """The name that a statement defines, if it is a definition."""
    match part:
        case ast.Assign(targets=[ast.Name(name)]):
            return name
        case ast.ClassDef(name) | ast.FunctionDef(name):
            return name
        case _:
            return ""
