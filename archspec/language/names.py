"""The rules for names: what may be defined, and what would shadow something else."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from collections.abc import Mapping as AbstractMapping

from archspec.errors import Diagnostic, Place
from archspec.expressions import BUILTINS
from archspec.language.document import JoinLayer, Layer, Table
from archspec.language.layers import mappings, placed_layers
from archspec.ops import JOINS, OPS
from archspec.reading.lexicon import builtin_fault, identifier_fault
from archspec.reading.nodes import Mapping, Scalar, Sequence
from archspec.words import WORDS

PREDEFINED = frozenset(
    "channels in_channels classes residual row step index count".split()
)
RESERVED_LAYERS = frozenset(
    "when repeat then from after before columns rows each op input extends "
    "residual".split()
)
MAX_NAMES = 100
MAX_BRANCHES = 100
MAX_ROWS = 1000

Names = list[tuple[str, Place]]


def inner_layers(
    layers: AbstractMapping[str, Layer], branches: bool = True
) -> Iterator[tuple[str, Layer]]:
    """The layers with their names, those inside branches included."""
    for name, layer in layers.items():
        yield name, layer
        inside = layer.branches if isinstance(layer, JoinLayer) and branches else {}
        for branch in inside.values():
            yield from inner_layers(branch.layers)


def inner_ops(layers: AbstractMapping[str, Layer]) -> Iterator[str]:
    """The words of the ops, blocks and joins that layers name, inside branches too."""
    for _, layer in inner_layers(layers):
        yield from layer.each if isinstance(layer, Table) else (layer.op.text,)


def name_faults(tree: Mapping) -> Iterator[Diagnostic]:
    """Names that cannot be defined or that meet (AS207), and too many (AS208).

    Standard blocks are left out: the tests look at them.
    """
    defined = [*_names(tree.section("multipliers")), *_names(tree.section("define"))]
    yield from _definitions(defined, ())
    outer = frozenset(name for name, _ in defined)
    for name, definition in mappings(tree.section("define")):
        place = tree.section("define").place_of(name)
        yield from _function(name, definition, place, outer)
    yield from _layers(tree.section("layers"), (), outer)
    for name, block in mappings(tree.section("blocks")):
        if getattr(block.get("standard"), "value", False) is not True:
            yield from _block(name, block, outer)


def _block(name: str, block: Mapping, outer: Collection[str]) -> Iterator[Diagnostic]:
    place = block.entries["name"].place
    taken = f"'{name}' is a primitive" if name in OPS or name in JOINS else None
    faults = identifier_fault(name), builtin_fault(name), taken
    yield from _complaints(place, *faults, help=_another(f"{name}_block", ()))
    values = [*_names(block.section("arguments")), *_names(block.section("let"))]
    yield from _definitions(values, outer)
    names = {value for value, _ in values}
    yield from _layers(block.section("layers"), names, {*outer, *names})


def _function(
    name: str, definition: Mapping, place: Place, outer: Collection[str]
) -> Iterator[Diagnostic]:
    parameters = definition.get("parameters")
    items = parameters.items if isinstance(parameters, Sequence) else ()
    found = [(i.text, i.place) for i in items if isinstance(i, Scalar)]
    if found:
        yield from _complaints(place, builtin_fault(name))
    yield from _definitions(found, outer)


def _layers(
    layers: Mapping, values: Collection[str], outer: Collection[str]
) -> Iterator[Diagnostic]:
    """Layers of a document, or of a block whose arguments and lets are `values`."""
    seen: set[str] = set()
    for name, layer, around in placed_layers(layers):
        reserved = (
            f"no layer can be named '{name}'" if name in RESERVED_LAYERS else None
        )
        twice = f"two layers are named '{name}'" if name in seen else None
        place = around.place_of(name)
        yield from _complaints(place, reserved, twice, help=_another(name, seen))
        seen.add(name)
        yield from _table(layer, outer)
        branches = _names(layer.section("branches"))
        for _, where in branches[MAX_BRANCHES : MAX_BRANCHES + 1]:
            message = f"at most {MAX_BRANCHES} branches, found {len(branches)}"
            yield Diagnostic("AS208", message, where)
        for branch, where in branches:
            taken = f"the branch '{branch}' has the name of an argument or 'let'"
            fault = taken if branch in values else None
            yield from _complaints(where, fault, help=_another(branch, values))


def _table(table: Mapping, outer: Collection[str]) -> Iterator[Diagnostic]:
    columns, rows = table.get("columns"), table.get("rows")
    items = columns.items if isinstance(columns, Sequence) else ()
    found = [(i.text, i.place) for i in items if isinstance(i, Scalar)]
    ops = [place for name, place in found if name == "op"]
    for place in ops[1:]:
        yield from _complaints(place, "'op' is defined twice")
    yield from _definitions([pair for pair in found if pair[0] != "op"], outer)
    if isinstance(rows, Mapping):
        yield from _definitions(_names(rows), outer, MAX_ROWS)
    elif isinstance(rows, Sequence) and len(rows.items) > MAX_ROWS:
        message = f"at most {MAX_ROWS} rows, found {len(rows.items)}"
        yield Diagnostic("AS208", message, rows.place)
    each = table.get("each")
    if found and not ops and isinstance(each, Mapping) and len(each.entries) > 1:
        message = "without a column 'op', 'each' names one op"
        help = "columns: [op, ...] says which of them a row is"
        yield Diagnostic("AS204", message, each.place, help=help)


def _definitions(
    names: Names, outer: Iterable[str], most: int = MAX_NAMES
) -> Iterator[Diagnostic]:
    """Names that expressions see, or that stand where such names do."""
    outer = frozenset(outer)
    seen: set[str] = set()
    for name, place in names:
        shadows = f"'{name}' shadows a name of the spec or block"
        twice = f"'{name}' is defined twice"
        fault = (
            identifier_fault(name)
            or _language_fault(name)
            or (shadows if name in outer else None)
            or (twice if name in seen else None)
        )
        if fault is not None:
            help = _another(name, {*outer, *seen})
            yield Diagnostic("AS207", fault, place, help=help)
        seen.add(name)
    for _, place in names[most : most + 1]:
        message = f"at most {most} names, found {len(names)}"
        yield Diagnostic("AS208", message, place)


def _language_fault(name: str) -> str | None:
    if name in WORDS or name in ("true", "false", "null"):
        return f"'{name}' is a word of the language and stands for itself"
    if name in PREDEFINED or name in BUILTINS:
        return f"'{name}' is the language's own name"
    return None


def _another(name: str, taken: Collection[str]) -> str:
    """Help with a name that nothing has yet, if there is one that is much like it."""
    free = name if name.endswith("_block") else f"{name}_"
    usable = free not in taken and identifier_fault(free) is None
    return f"try '{free}'" if usable else ""


def _names(section: Mapping) -> Names:
    return [(name, section.place_of(name)) for name in section.entries]


def _complaints(
    place: Place, *faults: str | None, help: str = ""
) -> Iterator[Diagnostic]:
    for fault in faults:
        if fault is not None:
            yield Diagnostic("AS207", fault, place, help=help)
