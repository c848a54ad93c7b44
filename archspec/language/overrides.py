"""`--set a.b=value` as a patch of a document."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from archspec.errors import Diagnostic, Place, did_you_mean
from archspec.language.blocks import standard_blocks
from archspec.language.canonical import canonical_document
from archspec.language.canonical_layers import TABLE
from archspec.language.document import OWN_KEYS
from archspec.language.vocabulary import Vocabulary
from archspec.reading.nodes import Mapping, Word, fail, text_of, words
from archspec.reading.nodes import Sequence as Nodes
from archspec.reading.reader import read
from archspec.reading.source import screen
from archspec.synonyms import ATTRIBUTES, KEYS
from archspec.words import MODIFIERS

_NUMBER = re.compile(r"\[ *([0-9]+) *\]")
"""`[3]` after a name, which is `.3`."""


def override_patch(tree: Mapping, override: str, faults: list[Diagnostic]) -> Mapping:
    """`a.b=value` as a patch of one entry; raises SpecError for a new multiplier."""
    name, equals, text = override.partition("=")
    place = Place("--set", 1, 1, override, len(name))
    keys = keys_of(name)
    if not equals or not all(keys) or not text.strip():
        help = "to delete a key, write a.b=~"
        fail("AS504", f"'{override}' is not of the form a.b=value", place, help)
    if keys[0] not in OWN_KEYS:
        fail("AS504", f"unknown key '{keys[0]}'", place, _meant(tree, keys))
    if any(b.isdigit() and a != "rows" for a, b in pairwise(keys)):
        help = "only rows have numbers: layers.stages.rows[3]; write other lists whole"
        fail("AS504", f"'{name}' is no row of a table", place, help)
    vocabulary = Vocabulary(standard_blocks().entries, {}, faults)
    vocabulary = vocabulary.extended(tree.get("blocks"))
    if keys[0] == "layers" and len(keys) > 2:
        layer = tree.section("layers").section(keys[1])
        if (missing := _missing(layer, keys, vocabulary)) is not None:
            message, help = missing
            fail("AS504", message, place, help)
    node = read(text, f"--set {name}")
    for key in reversed(keys):
        node = Mapping({Word(key, place): node}, place)
    node = screen(node)
    patch = canonical_document(node, vocabulary)
    known = tree.section("multipliers").entries
    for multiplier in patch.section("multipliers").entries:
        if multiplier not in known:
            has = f"it has: {', '.join(known) or 'none'}"
            help = did_you_mean(multiplier, known) or has
            fail("AS504", f"there is no multiplier '{multiplier}'", place, help)
    return patch


def keys_of(path: str) -> list[str]:
    """The keys of a dotted path, one below the other."""
    return [key.strip() for key in _NUMBER.sub(r".\1", path).split(".")]


def _meant(tree: Mapping, keys: Sequence[str]) -> str:
    """Help on a key that is not the document's, but perhaps of a part of it."""
    for part in ("multipliers", "define", "layers", "defaults"):
        if keys[0] in tree.section(part).entries:
            return f"did you mean '{'.'.join((part, *keys))}'?"
    return KEYS.help(keys[0], OWN_KEYS) or f"a path starts with {', '.join(OWN_KEYS)}"


def _missing(
    layer: Mapping, keys: Sequence[str], vocabulary: Vocabulary
) -> tuple[str, str] | None:
    """A message and its help about a key that a layer or table does not have."""
    path, key = [*keys[:2]], keys[2]
    calls = [text_of(layer.get("op")) or ""]
    is_table = any(name in layer.entries for name in TABLE)
    if is_table:
        calls = [*words(layer.section("each").entries)]
        path.append("each")
        if key in calls and len(keys) > 3:
            write = ".".join((*path, *keys[2:]))
            return f"'{key}' is the op of a table", f"write {write}"
        if key == "each" and len(keys) > 3:
            key, keys = keys[3], [*keys[:2], *keys[3:]]
    if vocabulary.has(key) or key in (*MODIFIERS, *TABLE, "again"):
        return None
    for op in calls:
        if key in vocabulary.attributes(op):
            write = ".".join((*path, op, *keys[2:]))
            return f"'{key}' is an attribute of {op}", f"write {write}"
    near = (ATTRIBUTES.help(key, vocabulary.attributes(op)) for op in calls)
    help = next(filter(None, near), "")
    if not is_table:
        return (f"{calls[0]} has no attribute '{key}'", help) if help else None
    names, own = layer.get("columns"), ".".join(keys[:2])
    columns = [text_of(n) for n in names.items] if isinstance(names, Nodes) else []
    if key in columns:
        write = f"{own}.rows[0].{key} for a row, {own}.columns.{key} for all"
        return f"'{key}' is a column of a table", f"write {write}"
    settable = [f"rows[0].{column}" for column in columns]
    settable += [f"each.{op}.ATTRIBUTE" for op in calls]
    help = help or f"below {own} you can set {', '.join(settable)}"
    return f"the table '{keys[1]}' has no '{key}'", help
