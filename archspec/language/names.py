"""The rules for names: which can be defined, and which an expression sees.

`elaboration` finds their values, and whether a cell or argument is given.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from archspec.errors import Advice, Diagnostic, Fix, Related
from archspec.expressions import (
    BUILTINS,
    Constant,
    ExpressionError,
    Function,
    check_names,
)
from archspec.language.document import Block, Document
from archspec.language.fields import Formula
from archspec.language.layers import (
    MAX_ROWS,
    AgainLayer,
    Branch,
    JoinLayer,
    Layer,
    OpLayer,
    Table,
)
from archspec.ops import JOINS, OPS
from archspec.reading.identifiers import expression_fault, identifier_fault
from archspec.reading.nodes import Word, placed, words
from archspec.words import CHOICES, MODIFIERS, WORDS

PREDEFINED = frozenset(
    "channels in_channels classes residual row step index count".split()
)
RESERVED_LAYERS: frozenset[str] = frozenset(
    "when repeat series then from after before columns rows each op input extends "
    "residual".split()
)
MAX_NAMES = 100
MAX_BRANCHES = 100

Names = Mapping[str, int | Function]
Words = Collection[str]


def name_faults(document: Document) -> Iterator[Diagnostic]:
    """Names that cannot be defined (AS207), too many (AS208), or undefined (AS301).

    Standard blocks are left out: the tests look at them.
    """
    defined: Names = {
        **dict.fromkeys(document.multipliers, 0),
        **{name: _stand_in(name, d.parameters) for name, d in document.define.items()},
    }
    yield from _definitions([*words(document.multipliers), *words(document.define)])
    yield from _unseen(document.multipliers.values(), {})
    for name in words(document.keep):
        if name not in document.multipliers:
            help = f"write {name}: {{value: 1.0, keep: true}}"
            message = f"multiplier '{name}' has no value"
            yield Diagnostic("AS202", message, name.place, help=help)
    for definition in document.define.values():
        yield from _definitions(definition.parameters, defined)
        seen = {**defined, **dict.fromkeys(definition.parameters, 0)}
        yield from _unseen([definition.body], seen)
    yield from _too_many("inputs", words(document.inputs), MAX_NAMES)
    yield from _too_many("paths of 'search'", words(document.search), MAX_NAMES)
    for image in document.images.values():
        yield from _unseen([image.channels, *image.size], defined)
    for attributes in document.defaults.values():
        yield from _unseen_in(attributes, defined)
    outer = defined if document.classes is None else {**defined, "classes": 0}
    body = _Body(defined, tensors=document.inputs)
    yield from body.layers(document.layers, outer, "")
    for block in document.blocks.values():
        if not block.standard:
            yield from _block(block, outer)


def _stand_in(name: str, parameters: list[Word]) -> int | Function:
    return Function(name, tuple(parameters), Constant(0), {}) if parameters else 0


def _block(block: Block, outer: Names) -> Iterator[Diagnostic]:
    """A block, whose arguments and `let` see the names before them."""
    name, trail, tensors = block.name, f"block {block.name}", block.tensors
    if name in (*OPS, *JOINS, "again"):
        help = _another(f"{name}_block")
        kind = "a word of the language" if name == "again" else "a primitive"
        yield Diagnostic("AS207", f"'{name}' is {kind}", name.place, help=help)
    widths = [Word(f"{n}_channels", n.place) for n in words(block.arguments)]
    widths = [width for width in widths if width.removesuffix("_channels") in tensors]
    defined = [*words(block.arguments), *widths, *words(block.let)]
    yield from _definitions(defined, outer)
    seen = {**outer, "in_channels": 0, **dict.fromkeys(widths, 0)}
    values = (*block.values.items(), *block.let.items())
    for value, formula in values:
        yield from _unseen_in({value: formula}, seen, trail)
        seen[value] = 0
    around = {**seen, **dict.fromkeys(tensors, 0)}
    yield from _unseen([block.residual], seen, trail)
    if block.residual is not None:
        seen["residual"] = 0
    body = _Body(around, {value for value, _ in values}, tensors=tensors)
    yield from body.layers(block.layers, seen, trail)


@dataclass
class _Body:
    """The layers of a document, or of a block whose arguments and lets are `values`."""

    defined: Names
    values: Collection[str] = ()
    known: set[str] = field(default_factory=set[str])
    tensors: Collection[str] = ()

    def layers(
        self, layers: Mapping[str, Layer], outer: Names, trail: str
    ) -> Iterator[Diagnostic]:
        """Layers that see the names of `outer`, and `channels`."""
        for name, layer in placed(layers):
            below = f"{trail}, layer {name}" if trail else f"layers.{name}"
            yield from self.name(name)
            seen = {**outer, "channels": 0}
            yield from _unseen([layer.when], seen, below)
            step = {"step": 0} if layer.repeat is not None else {}
            match layer:
                case Table():
                    yield from self.table(layer, seen, step, below)
                case OpLayer(repeat=repeat, attributes=attributes, then=then):
                    yield from _unseen([repeat], seen, below)
                    for given in attributes, then:
                        yield from _unseen_in(given, {**seen, **step}, below)
                case JoinLayer(repeat=repeat, attributes=given, branches=branches):
                    yield from _unseen([repeat], seen, below)
                    yield from _unseen_in(given, {**seen, **step}, below)
                    yield from self.branches(branches, {**outer, **step}, below)
                case AgainLayer(repeat=repeat):
                    yield from _unseen([repeat], seen, below)

    def name(self, name: Word) -> Iterator[Diagnostic]:
        if fault := identifier_fault(name):  # a number: static checks take it for a row
            yield _taken(name, fault, self.known)
        if name in RESERVED_LAYERS:
            yield _taken(name, f"no layer can be named '{name}'", self.known)
        if name in self.known:
            yield _taken(name, f"two layers are named '{name}'", self.known)
        if name in self.tensors:
            message = f"the layer '{name}' has the name of a tensor that it could read"
            yield _taken(name, message, {*self.known, *self.tensors})
        self.known.add(name)

    def branches(
        self, branches: Mapping[str, Branch], outer: Names, trail: str
    ) -> Iterator[Diagnostic]:
        yield from _too_many("branches", words(branches), MAX_BRANCHES)
        for name, branch in placed(branches):
            if name in self.values:
                message = f"the branch '{name}' has the name of an argument or 'let'"
                yield _taken(name, message, self.values)
            below = f"{trail} branch {name}"
            seen = {**outer, "channels": 0}
            yield from _unseen([branch.when, branch.runs], seen, below)
            step = {"step": 0} if branch.runs is not None else {}
            yield from self.layers(branch.layers, {**outer, **step}, below)

    def table(
        self, table: Table, seen: Names, step: Names, trail: str
    ) -> Iterator[Diagnostic]:
        ops = [column for column in table.columns if column == "op"]
        for op in ops[1:]:
            yield Diagnostic("AS207", "'op' is defined twice", op.place)
        columns = [column for column in table.columns if column != "op"]
        yield from _definitions([*columns, *table.references], self.defined)
        if table.named:
            yield from _definitions(words(table.rows), self.defined, MAX_ROWS)
        for row, cells in table.rows.items():
            yield from _unseen(cells, {**seen, "row": 0}, f"{trail} row {row}")
        if not table.columns and not table.references:
            return  # reported elsewhere, and their names are unknown
        seen = {**seen, **dict.fromkeys(columns, 0), "row": 0}
        yield from _unseen([table.repeat], seen, trail)
        seen = {**seen, "index": 0, "count": 0, **step}
        for attributes in (*table.each.values(), table.then):
            yield from _unseen_in(attributes, seen, trail)


def _unseen(
    values: Iterable[object], seen: Names, trail: str = "", choices: Words = ()
) -> Iterator[Diagnostic]:
    """The first name of each expression that is not seen (AS301)."""
    formulas = (value for value in values if isinstance(value, Formula))
    for part in (part for formula in formulas for part in formula.items or [formula]):
        try:
            check_names(part.expression, seen, choices)
        except ExpressionError as error:
            yield expression_fault(error, part.place)._replace(path=trail)


def _unseen_in(
    attributes: Mapping[str, object], seen: Names, trail: str = ""
) -> Iterator[Diagnostic]:
    """The same for attributes, some of which take one of a list of words."""
    for name, value in attributes.items():
        if name in (*MODIFIERS, "like"):  # an unknown attribute, and a reference
            continue
        yield from _unseen([value], seen, trail, CHOICES.get(name, ()))


def _definitions(
    names: list[Word], outer: Collection[str] = (), most: int = MAX_NAMES
) -> Iterator[Diagnostic]:
    """Faults of names that expressions see, and of rows."""
    seen: set[str] = set()
    for name in names:
        fault = identifier_fault(name) or _language_fault(name)
        related: tuple[Related, ...] = ()
        if fault is None and name in outer:
            fault = f"'{name}' shadows {_shadowed(name, outer)}"
            related = _defined_at(name, outer)
        if fault is None and name in seen:
            fault = f"'{name}' is defined twice"
            related = _defined_at(name, seen)
        if fault is not None:
            found = _taken(name, fault, {*outer, *seen})
            yield found._replace(related=related)
        seen.add(name)
    yield from _too_many("names", names, most)


def _shadowed(name: Word, outer: Collection[str]) -> str:
    """Which name, by its place."""
    found = (known for known in outer if known == name and isinstance(known, Word))
    word = next(found, None)
    if word is None:
        return "a name of the language"
    is_here = word.place.file == name.place.file
    where = f"line {word.place.line}" if is_here else str(word.place)
    return f"the '{name}' of {where}"


def _defined_at(name: Word, known: Collection[str]) -> tuple[Related, ...]:
    """The place of the name that it repeats, if a document has it."""
    places = (own.place for own in known if own == name and isinstance(own, Word))
    return tuple(Related(place, f"'{name}' is defined here") for place in places)


def _language_fault(name: str) -> str | None:
    if name in WORDS:
        return f"'{name}' is a reserved word of the language"
    if name in PREDEFINED or name in BUILTINS:
        return f"'{name}' is predefined by the language"
    return None


def _too_many(what: str, names: list[Word], most: int) -> Iterator[Diagnostic]:
    for name in names[most : most + 1]:
        message = f"at most {most} {what}, found {len(names)}"
        yield Diagnostic("AS208", message, name.place)


def _taken(name: Word, message: str, taken: Collection[str]) -> Diagnostic:
    """The fault of a name (AS207), with another if one much like it is free."""
    return Diagnostic("AS207", message, name.place, help=_another(f"{name}_", taken))


def _another(free: str, taken: Collection[str] = ()) -> str:
    """Help with another name, if nothing has it yet."""
    usable = free not in taken and identifier_fault(free) is None
    return Advice(f"try '{free}'", Fix(free)) if usable else ""
