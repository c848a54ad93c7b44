"""Putting a patch over a document, both in canonical form.

Mappings merge, lists replace, null takes away, another op replaces the layer. A layer
that the base does not have must say where it goes, since otherwise its name would be a
typing mistake.
"""

from __future__ import annotations

from archspec.errors import Place, did_you_mean
from archspec.language.canonical import TABLE
from archspec.reading.nodes import (
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
    **dict.fromkeys(("attributes", "rows", "let", "multipliers", "keep", "outputs"), 1),
    **dict.fromkeys(("define", "branches"), 1),
    **dict.fromkeys(("each", "defaults"), 2),
}
"""Levels of user-defined names below a key of the language."""


def cleaned(document: Mapping) -> Mapping:
    """A document that extends no other, without its nulls."""
    variants = document.get("variants")
    return merge(NOTHING, document.replaced(variants=None)).replaced(variants=variants)


def inherit(base: Mapping, document: Mapping) -> Mapping:
    """A document over the one that it extends, whose figures are not its own."""
    variants = base.section("variants")
    entries = {
        name: v.replaced(reported=None) if isinstance(v, Mapping) else v
        for name, v in variants.entries.items()
    }
    for name, variant in document.section("variants").entries.items():
        if is_null(variant):
            entries.pop(name, None)
        else:
            entries[name] = _over(entries.get(name), variant)
    own = document.section("variants")
    merged = Mapping(entries, own.place)
    return apply(base, document).replaced(variants=merged)


def apply(document: Mapping, patch: Mapping) -> Mapping:
    """A document with a variant or override; its figures no longer hold."""
    merged = merge(document.replaced(reported=None), patch.replaced(variants=None))
    return merged.replaced(variants=document.get("variants"))


def _overlay(base: Mapping, patch: Mapping) -> Mapping:
    """A patch of a patch, which keeps `after`, `before` and nulls for the base."""
    if _has_other_op(base, patch):
        return patch
    entries = dict(base.entries)
    for key, value in patch.entries.items():
        entries[key] = _over(entries.get(key), value)
    return Mapping(entries, patch.place)


def _over(old: Node | None, new: Node) -> Node:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return _overlay(old, new)
    return new


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
    if not isinstance(value, Mapping):
        return value
    known = old if isinstance(old, Mapping) else Mapping({}, value.place)
    if names == 0 and key == "blocks":
        return _blocks(known, value)
    if names == 0 and key == "arguments":
        return _arguments(known, value)
    if names == 0 and key == "then":
        return _then(known, value)
    return merge(known, value, names - 1 if names else _LEVELS_OF_NAMES.get(key, 0))


def _blocks(base: Mapping, patch: Mapping) -> Mapping:
    """A block that extends another is a patch of it until that is known."""
    patches = {
        name: _overlay(base.section(name), block)
        for name, block in mappings(patch)
        if "extends" in block.entries or "extends" in base.section(name).entries
    }
    others = {n: b for n, b in patch.entries.items() if n not in patches}
    merged = merge(base, Mapping(others, patch.place), names=1)
    return merged.replaced(**patches)


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
        elif isinstance(base, Mapping) or is_null(layer):
            entries = _insert(entries, name, layer, place)
        else:
            entries[name] = merge(NOTHING, expect_mapping(layer, f"layer {name}"))
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
        near = (
            ""
            if is_null(layer)
            else "a new layer needs 'after: NAME' or 'before: NAME'"
        )
        help = " ".join(filter(None, (did_you_mean(name, entries), near)))
        fail("AS210", f"there is no layer '{name}' to change", place, help)
    if len(anchors) > 1:
        place = layer.place_of("before")
        fail("AS210", f"layer '{name}' has both 'after' and 'before'", place)
    (key,) = anchors
    anchor = text_of(layer.entries[key]) or ""
    if anchor not in entries:
        where = layer.entries[key].place
        fail("AS210", f"unknown layer '{anchor}'", where, did_you_mean(anchor, entries))
    new = merge(NOTHING, layer.replaced(after=None, before=None))
    items = list(entries.items())
    items.insert(list(entries).index(anchor) + (key == "after"), (name, new))
    return dict(items)


def _anchors(layer: Node) -> list[str]:
    keys = ("after", "before")
    return [k for k in keys if isinstance(layer, Mapping) and k in layer.entries]


def _merge_layer(old: Mapping, patch: Mapping) -> Mapping:
    becomes_table = any(key in patch.entries for key in TABLE) and "op" in old.entries
    if becomes_table or _has_other_op(old, patch):
        return merge(NOTHING, patch)
    merged = merge(old, patch.replaced(each=None))
    if isinstance(each := patch.get("each"), Mapping):
        merged = merged.replaced(each=_each(old.section("each"), each, merged))
    return Mapping(merged.entries, old.place)


def _has_other_op(old: Mapping, patch: Mapping) -> bool:
    """Whether both are layers, and the patch puts another op in place of the old."""
    is_layer = "attributes" in patch.entries or "branches" in patch.entries
    return is_layer and text_of(patch.get("op")) != text_of(old.get("op"))


def _each(base: Mapping, patch: Mapping, table: Mapping) -> Mapping:
    """Without a column `op`, another op replaces the one before."""
    columns = table.get("columns")
    items = columns.items if isinstance(columns, Sequence) else ()
    has_op = any(isinstance(item, Scalar) and item.text == "op" for item in items)
    same = has_op or not base.entries.keys().isdisjoint(patch.entries)
    return merge(base if same else NOTHING, patch, names=2)
