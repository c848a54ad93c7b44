"""Putting a patch over a document, both in canonical form.

Mappings merge, lists replace, null takes away, another op replaces the layer. A layer
that the base does not have must say where it goes, since otherwise its name would be a
typing mistake.
"""

from __future__ import annotations

import re
from pathlib import Path

from archspec.errors import Advice, Place, did_you_mean, fixes_of
from archspec.language.canonical_layers import TABLE
from archspec.language.tables import column_names, patched_table
from archspec.reading.identifiers import builtin_fault, identifier_fault
from archspec.reading.nodes import (
    EMPTY,
    NOTHING,
    Mapping,
    Node,
    Scalar,
    Sequence,
    expect_mapping,
    fail,
    is_null,
    mappings,
    text_of,
)

_LEVELS_OF_NAMES = {
    **dict.fromkeys(("attributes", "let", "multipliers", "keep", "outputs"), 1),
    **dict.fromkeys(("inputs", "search"), 1),
    **dict.fromkeys(("define", "branches"), 1),
    "defaults": 2,
}
"""Levels of user-defined names below a key of the language."""


_CHANGING = ("define", "defaults", "blocks", "layers", "outputs")
"""Keys of a document that make another network of the one that it extends."""

_BASED_ON = "Based on "

_WAITING = "+"
"""The key of patches of a block; no spec can have it."""


def inherit(base: Mapping, document: Mapping) -> Mapping:
    """A document over the one that it extends, but without the figures of that."""
    inherited = {} if is_null(document.get("variants")) else _without_figures(base)
    own = document.section("variants")
    entries = {**inherited, **own.entries}
    for name in inherited.keys() & own.entries.keys():
        patches = (*patches_of(inherited[name]), own.entries[name])
        entries[name] = Sequence(patches, own.place_of(name))
    kept = {name: v for name, v in entries.items() if not is_null(own.get(name))}
    merged = apply(_credited(base, document), document.replaced(extends=None))
    return merged.replaced(variants=Mapping(kept, own.place))


def _credited(base: Mapping, document: Mapping) -> Mapping:
    """The base, without what it says of a network that the document changes."""
    if document.entries.keys().isdisjoint(_CHANGING):
        return base
    if "extends" in document.entries:
        base = _named(base, document.place)
    if "summary" not in document.entries:
        base = base.replaced(summary=None)
    source = base.section("source")
    title = text_of(source.get("title"))
    own = document.section("source").entries
    if title is None or "title" in own or title.startswith(_BASED_ON):
        return base
    text = f"{_BASED_ON}{title}"
    credit = Scalar(text, text, source.place_of("title"))
    return base.replaced(source=source.replaced(title=credit))


def _named(base: Mapping, place: Place) -> Mapping:
    """The base, named after the file at this place if that makes a name.

    `mobilenetv2_wide.yaml` over MobileNetV2 is MobileNetV2Wide.
    """
    inherited, stem = text_of(base.get("name")), Path(place.file).stem
    if inherited is None:
        return base
    start = inherited if stem.lower().startswith(inherited.lower()) else ""
    words = re.split("[-_. ]+", stem[len(start) :])
    name = start + "".join(word[:1].upper() + word[1:] for word in words)
    if identifier_fault(name) or builtin_fault(name):
        return base
    return base.replaced(name=Scalar(name, name, place))


def _without_figures(base: Mapping) -> dict[str, Node]:
    return {
        name: Sequence(tuple(p.replaced(reported=None) for p in patches_of(v)), v.place)
        for name, v in base.section("variants").entries.items()
    }


def patches_of(variant: Node) -> tuple[Mapping, ...]:
    """The patches of a variant, one from each file that has it."""
    items = variant.items if isinstance(variant, Sequence) else (variant,)
    return tuple(expect_mapping(item, "a variant") for item in items)


def apply(document: Mapping, patch: Mapping) -> Mapping:
    """A document with a variant or override; its figures no longer hold.

    Nor do means and deviations of each channel for another number of channels.
    """
    before = document.replaced(reported=None)
    channels = patch.section("input").get("channels")
    if text_of(channels) not in (
        None,
        text_of(document.section("input").get("channels")),
    ):
        before = _without_lists(before)
    merged = merge(before, patch.replaced(variants=None))
    return merged.replaced(variants=document.get("variants"))


def _without_lists(document: Mapping) -> Mapping:
    said = document.section("preprocessing")
    lists = [key for key, value in said.entries.items() if isinstance(value, Sequence)]
    without = said.replaced(**dict.fromkeys(lists))
    return document.replaced(preprocessing=without) if lists else document


def merge(base: Mapping, patch: Mapping, names: int = 0) -> Mapping:
    """Any two mappings of the language, the first `names` levels of them names."""
    entries = dict(base.entries)
    for key, value in patch.entries.items():
        merged = _merged(key, entries.get(key), value, names)
        if merged is None:
            entries.pop(key, None)
        else:
            entries[key] = merged
    return Mapping(entries, patch.place)


def _merged(key: str, old: Node | None, value: Node, names: int) -> Node | None:
    """One merged entry; None if the patch removes it."""
    if is_null(value):
        return None
    if names == 0 and key == "layers":
        return merge_layers(old, expect_mapping(value, "'layers'"))
    if not isinstance(value, Mapping) or (names == 0 and key in TABLE):
        return value  # a table is merged before
    known = old if isinstance(old, Mapping) else Mapping({}, value.place)
    if names == 0 and key == "blocks":
        return _blocks(known, value)
    if names == 0 and key == "arguments":
        return _arguments(known, value)
    if names == 0 and key == "then":
        return _then(known, value)
    return merge(known, value, names - 1 if names else _LEVELS_OF_NAMES.get(key, 0))


def _blocks(base: Mapping, patch: Mapping) -> Mapping:
    """Blocks by name; changes of one that extends another wait until that is known."""
    waiting = {
        name: _waiting(base.section(name), block)
        for name, block in mappings(patch)
        if "extends" in block.entries or "extends" in base.section(name).entries
    }
    others = {n: b for n, b in patch.entries.items() if n not in waiting}
    merged = merge(base, Mapping(others, patch.place), names=1)
    return merged.replaced(**waiting)


def _waiting(base: Mapping, patch: Mapping) -> Mapping:
    if not base.entries:
        return patch
    patches = (*patches_of(base.get(_WAITING) or EMPTY), patch.replaced(extends=None))
    arguments = _arguments(base.section("arguments"), patch.section("arguments"))
    waiting = {"arguments": arguments, _WAITING: Sequence(patches, patch.place)}
    extends = patch.get("extends") or base.get("extends")
    return base.replaced(**waiting, extends=extends)


def merged_block(inherited: Mapping, block: Mapping) -> Mapping:
    """A block over the one that it extends, with what has waited for this."""
    own = block.replaced(**{"extends": None, _WAITING: None})
    for patch in (own, *patches_of(block.get(_WAITING) or EMPTY)):
        inherited = merge(inherited, patch)
    return inherited


def _arguments(base: Mapping, patch: Mapping) -> Mapping:
    """In `arguments` null is a value: "taken from `defaults`"."""
    entries = {**base.entries, **patch.entries}
    return Mapping(entries, patch.place)


def _then(base: Mapping, patch: Mapping) -> Mapping:
    """Null removes a value of the base; otherwise it means "not given"."""
    merged = merge(base, patch, names=1)
    nulls = {
        name: value
        for name, value in patch.entries.items()
        if is_null(value) and name not in base.entries
    }
    return merged.replaced(**nulls)


def merge_layers(base: Node | None, patch: Mapping) -> Mapping:
    """Layers in their order, those of the patch put in where they say."""
    known = base if isinstance(base, Mapping) else NOTHING
    entries = dict(known.entries)
    for name, layer in patch.entries.items():
        place = patch.place_of(name)
        if name in entries:
            _change(entries, name, layer, place)
        elif is_null(layer) or known.entries or (base and _anchors(layer)):
            entries = _insert(entries, name, layer, place)
        else:
            entries[name] = _new_layer(expect_mapping(layer, f"layer {name}"))
    return Mapping(entries, patch.place)


def _change(entries: dict[str, Node], name: str, layer: Node, place: Place) -> None:
    if is_null(layer):
        del entries[name]
        return
    patch = expect_mapping(layer, f"layer {name}")
    for key in ("after", "before"):
        if key in patch.entries:
            message = f"layer '{name}' exists already, and '{key}' cannot move it"
            fail("AS210", message, patch.place_of(key))
    entries[name] = _merge_layer(expect_mapping(entries[name], "a layer"), patch)


def _insert(
    entries: dict[str, Node], name: str, layer: Node, place: Place
) -> dict[str, Node]:
    anchors = _anchors(layer)
    if not anchors or not isinstance(layer, Mapping):
        new = f"{name}: {{..., after: {next(reversed(entries), 'NAME')}}}"
        verb, near = "change", f"a new layer needs a place: {new}"
        if is_null(layer):
            verb, near = "remove", f"it has no value; to add a layer, write {new}"
        meant = did_you_mean(name, entries)
        help = Advice(" ".join(filter(None, (meant, near))), *fixes_of(meant))
        fail("AS210", f"there is no layer '{name}' to {verb}", place, help)
    if len(anchors) > 1:
        place = layer.place_of("before")
        fail("AS210", f"layer '{name}' has both 'after' and 'before'", place)
    (key,) = anchors
    anchor = text_of(layer.entries[key]) or ""
    if anchor not in entries:
        where = layer.entries[key].place
        fail("AS210", f"unknown layer '{anchor}'", where, did_you_mean(anchor, entries))
    new = _new_layer(layer.replaced(after=None, before=None))
    items = list(entries.items())
    items.insert(list(entries).index(anchor) + (key == "after"), (name, new))
    return dict(items)


def _anchors(layer: Node) -> list[str]:
    keys = ("after", "before")
    return [k for k in keys if isinstance(layer, Mapping) and k in layer.entries]


def _merge_layer(old: Mapping, patch: Mapping) -> Mapping:
    becomes_table = any(key in patch.entries for key in TABLE) and "op" in old.entries
    if becomes_table or _has_other_op(old, patch):
        return _new_layer(patch)
    table = patched_table(old, patch)
    whole = {key: table.get(key) or patch.get(key) for key in ("columns", "rows")}
    if isinstance(each := patch.get("each"), Mapping):
        whole["each"] = _each(old.section("each"), each, table)
    merged = merge(old, patch.replaced(**whole))
    return Mapping(merged.entries, old.place)


def _new_layer(layer: Mapping) -> Mapping:
    return Mapping(_merge_layer(NOTHING, layer).entries, layer.place)


def _has_other_op(old: Mapping, patch: Mapping) -> bool:
    """Whether both are layers, and the patch puts another op in place of the old."""
    own = patch.entries.keys() & {"attributes", "branches", "again"}
    if not old.entries or not own:
        return False
    runs_again = "again" in own, "again" in old.entries
    return len({*runs_again}) > 1 or text_of(patch.get("op")) != text_of(old.get("op"))


def _each(base: Mapping, patch: Mapping, table: Mapping) -> Mapping:
    """Without a column `op`, another op replaces the one before."""
    has_op = "op" in column_names(table)
    same = has_op or not base.entries.keys().isdisjoint(patch.entries)
    return merge(base if same else NOTHING, patch, names=2)
