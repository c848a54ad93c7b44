"""What an editor shows about the name at the cursor, as Markdown."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from archspec.api.forms import FORMS
from archspec.editing.document import Document
from archspec.editing.figures import Cost, Figures
from archspec.editing.positions import Span
from archspec.editing.reference import about_attribute, about_op
from archspec.editing.roles import Role, Symbol, signature
from archspec.editing.symbols import EXPRESSIONS, occurrence_at, role_at, words_in
from archspec.expressions import BUILTINS, Function
from archspec.network import Network, Step
from archspec.ops import PRIMITIVES
from archspec.ops.fields import shown
from archspec.ops.shapes import by

MAX_VALUES = 8
"""Different values of a name that are listed."""

_FUNCTIONS = {
    "int": "Round towards 0.",
    "min": "The smallest of its arguments.",
    "max": "The largest of its arguments.",
}
"""Functions of Python whose own descriptions are about other uses."""


class Hover(NamedTuple):
    """A text in Markdown about a part of the document."""

    span: Span
    text: str


def hover(document: Document, offset: int) -> Hover | None:
    """What is known about the key, value or name at an offset."""
    role = role_at(document, offset)
    if role is None:
        return None
    if found := _name(document, role, offset):
        return found
    text = _about(document, role)
    return Hover(Span(role.part.start, role.part.end), text) if text else None


def _name(document: Document, role: Role, offset: int) -> Hover | None:
    """About a name, or a function of the language, in an expression."""
    found = occurrence_at(document, offset)
    if found is not None and found.symbol.kind not in ("layer", "row", "block"):
        text = about_symbol(document, found.symbol, found.role)
        return Hover(found.span, text) if text else None
    for span in words_in(document, role) if role.kind in EXPRESSIONS else ():
        word = document.text[span.start : span.end]
        if span.start <= offset <= span.end and word in BUILTINS:
            return Hover(span, about_builtin(word))
    return None


def _about(document: Document, role: Role) -> str:
    figures, around, word = document.good, role.around, role.part.text
    if role.kind in ("op", "block"):
        return about_op(document.ops, word)
    if role.kind == "key" and word in FORMS:
        return f"**{word}** · {FORMS[word].summary}, such as `{FORMS[word].example}`"
    if role.kind == "attribute":
        known = about_attribute(document.ops, around.op, word)
        return _lines(known, _values_of_attribute(figures, role))
    if figures is None:
        return ""
    if role.kind in ("row", "cell"):
        return about_layer(figures, around.block, around.layer, around.row)
    if role.kind == "reference" and role.symbol is not None:
        return _reference(figures, role.symbol)
    if role.kind == "layer":
        return about_layer(figures, around.block, around.layer)
    return _values_of_attribute(figures, role) if role.kind == "expression" else ""


def _lines(*parts: str) -> str:
    return "\n\n".join(filter(None, parts))


def _reference(figures: Figures, symbol: Symbol) -> str:
    """About the layer or row that a reference names, or an input."""
    if symbol.kind == "row":
        block, _, layer = symbol.owner.rpartition("/")
        return about_layer(figures, block, layer, symbol.name)
    if symbol.kind == "input" and symbol.name in figures.network.inputs:
        return f"**{symbol.name}** · {by(figures.network.inputs[symbol.name])}"
    return about_layer(figures, symbol.owner, symbol.name)


def _values_of_attribute(figures: Figures | None, role: Role) -> str:
    """What an attribute is in each run of its layer."""
    around = role.around
    if figures is None or not around.attribute or around.variant:
        return ""
    steps = figures.steps(around.block, around.layer, around.row)
    values = (
        step.attributes[around.attribute]
        for step in steps
        if step.op == around.op and around.attribute in step.attributes
    )
    listed = _listed(values)
    return f"`{around.attribute}` is {listed}" if listed else ""


def _listed(values: Iterable[object]) -> str:
    """Different values in their order."""
    texts = [*dict.fromkeys("unset" if v is None else shown(v) for v in values)]
    more = ", …" if len(texts) > MAX_VALUES else ""
    return ", ".join(texts[:MAX_VALUES]) + more


def about_symbol(document: Document, symbol: Symbol, role: Role) -> str:
    """What a name is, and its values."""
    figures = document.good
    kind = {"let": "value of a block", "predefined": "predefined"}.get(symbol.kind)
    kind = kind or symbol.kind
    if symbol.kind == "variant":
        return _variant(figures, symbol.name)
    title = f"**{symbol.name}** · {kind}"
    if symbol.kind in ("multiplier", "definition"):
        return _lines(title, _written(document, symbol), _of_document(figures, symbol))
    if symbol.kind == "argument" and role.kind == "attribute":
        known = about_attribute(document.ops, role.around.op, symbol.name)
        return _lines(known, _values_of_attribute(figures, role))
    return _lines(title, _written(document, symbol), _seen(figures, symbol, role))


def _written(document: Document, symbol: Symbol) -> str:
    """How a name is defined, as code."""
    if symbol.kind == "argument":
        declared = document.ops.arguments(symbol.owner).get(symbol.name, "")
        return f"`{symbol.name}: {declared}`"
    if symbol.kind == "let":
        return f"`{symbol.name}: {document.ops.lets(symbol.owner).get(symbol.name)}`"
    if symbol.kind != "definition":
        return ""
    for key, body in document.known("define"):
        name = next((part.text for part in signature(key)), "")
        if name == symbol.name and body is not None:
            return f"`{key.text} = {body.text}`"
    return ""


def _of_document(figures: Figures | None, symbol: Symbol) -> str:
    """The value of a multiplier or constant, and in which variants it is another."""
    if figures is None:
        return ""
    base = _constant(figures.network, symbol.name)
    if base is None:
        return ""
    others: dict[str, list[str]] = {}
    for name, network in figures.variants.items():
        value = _constant(network, symbol.name)
        if value is not None and value != base:
            others.setdefault(value, []).append(f"`{name}`")
    lines = [f"- {value} in {', '.join(names)}" for value, names in others.items()]
    return _lines(f"is {base}", "\n".join(lines))


def _constant(network: Network, name: str) -> str | None:
    value = network.root.scope.get(name)
    return None if value is None or isinstance(value, Function) else shown(value)


def _seen(figures: Figures | None, symbol: Symbol, role: Role) -> str:
    """The values of a name where it is seen: at a layer, in all uses of a block."""
    if figures is None:
        return ""
    around = role.around
    block = symbol.owner if symbol.kind in ("argument", "let") else around.block
    layer = around.layer or symbol.owner.rpartition("/")[2]
    scopes: list[Mapping[str, Any]] = [
        step.scope for step in figures.steps(block, layer, around.row)
    ]
    if symbol.kind in ("argument", "let", "predefined") and not scopes:
        scopes = [use.scope for use in figures.uses.get(block, ())]
    values = (s[symbol.name] for s in scopes if symbol.name in s)
    listed = _listed(v for v in values if not isinstance(v, Function))
    return f"is {listed}" if listed else ""


def _variant(figures: Figures | None, name: str) -> str:
    network = figures.variants.get(name) if figures is not None else None
    if network is None:
        return ""
    costs = f"{network.parameters:,} parameters · {network.macs:,} MACs"
    shapes = ", ".join(map(by, network.inputs.values()))
    return _lines(f"**{name}** · variant", f"input {shapes}", costs)


def about_builtin(name: str) -> str:
    """A function of the language."""
    function: Callable[..., Any] = BUILTINS[name]
    try:
        parameters = str(inspect.signature(function)).partition(" ->")[0]
    except ValueError:
        parameters = "(...)"
    parameters = parameters.replace(": float | None", "").replace(": float", "")
    parameters = parameters.replace(": int | None", "").replace(", /", "")
    said = _FUNCTIONS.get(name) or (function.__doc__ or "").partition("\n\n")[0]
    return _lines(f"`{name}{parameters}`", " ".join(said.split()))


def about_layer(figures: Figures, block: str, layer: str, row: str = "") -> str:
    """The shapes, costs and attributes of a layer or row."""
    steps = figures.steps(block, layer, row)
    name = f"{layer}.{row}" if row else layer
    if not steps:
        return ""
    inputs = ", ".join(dict.fromkeys(map(by, steps[0].inputs)))
    shapes = f"{inputs} → {by(steps[-1].output)}"
    uses = len(figures.uses.get(block, ()))
    cost = _cost(figures.cost(block, layer, row), figures.total)
    where = f" in {uses} uses" if uses > 1 else ""
    attributes = _attributes(steps, figures)
    return _lines(_title(name, steps), shapes, cost + where, attributes)


def _title(name: str, steps: list[Step]) -> str:
    ops = [*dict.fromkeys(step.op for step in steps)]
    runs = {step.row for step in steps}
    times = f"{len(steps)} x " if len(runs) == 1 and len(steps) > 1 else ""
    return f"**{name}** · {times}{', '.join(f'`{op}`' for op in ops)}"


def _cost(cost: Cost, total: Cost) -> str:
    parameters = f"{cost.parameters:,} parameters"
    parameters += _share(cost.parameters, total.parameters)
    return f"{parameters} · {cost.macs:,} MACs{_share(cost.macs, total.macs)}"


def _share(part: int, whole: int) -> str:
    return f" ({part / whole:.1%})" if part and whole else ""


def _attributes(steps: list[Step], figures: Figures) -> str:
    """The values of attributes, of those that change the first and the last."""
    first, last = steps[0], steps[-1]
    found: list[str] = []
    blocks = figures.network.document.blocks
    own = blocks.get(first.op)
    names = PRIMITIVES[first.op].fields if own is None else own.arguments
    for name in (name for name in names if name in first.attributes):
        value = first.attributes[name]
        after = last.attributes.get(name, value)
        if value is None and after is None:
            continue
        text = f"{shown(value)} … {shown(after)}" if after != value else shown(value)
        found.append(f"`{name}: {text}`")
    return ", ".join(found)
