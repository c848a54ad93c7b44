"""Which uses of a block share one class or function.

A framework needs some attributes as constants, and has different modules for vectors,
sequences and feature maps. Uses that differ in these get a block each: the first keeps
the name, the others are named after the difference (`conv_bn_valid`), or numbered.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count
from typing import Any

from archspec.expressions import Items
from archspec.language import (
    AgainLayer,
    Block,
    Document,
    Formula,
    JoinLayer,
    Layer,
    Table,
)
from archspec.language.layers import inner_layers
from archspec.network import Instance, Step
from archspec.ops import JOINS, PRIMITIVES
from archspec.ops.convolution import TransposedConv
from archspec.ops.shapes import KINDS, is_sequence, rank
from archspec.targets.code import class_name
from archspec.targets.specialise.uses import Uses, all_calls, callees_first
from archspec.targets.symbols import names_in
from archspec.targets.unprintable import Unprintable

Given = Mapping[str, Formula | None]
Written = Mapping[str, str]
Key = tuple[Hashable, ...]
Needs = dict[Key, frozenset[Hashable]]
"""What uses have to agree in: for each attribute the forms that would be right."""

_PADDINGS = {
    "none": "valid",
    "half": "symmetric",
    "dilated": "symmetric",
    "same": "same",
}


def split(
    document: Document,
    roots: Sequence[Instance],
    finest: Collection[str] = (),
    taken: Collection[str] = (),
) -> Uses:
    """The uses of each block in groups that one text can serve.

    `roots` are private copies, in which the blocks get the names of their groups. Each
    use of a block in `finest` that differs at all gets a group of its own. What a file
    has `taken` names no group but the first, whose name is the block's.
    """
    fixed = {*document.blocks, document.name, *taken}
    blocks: dict[str, Block] = {}
    written: dict[str, str] = {}
    steps = list(all_calls(roots))
    for name in callees_first(steps):
        block = document.blocks[name]
        uses = [step.inner for _, step in steps if step.op == name and step.inner]
        groups = _groups(block, uses, name in finest)
        for own, group in _named(block, groups, {*fixed, *blocks}, written):
            written[own] = name
            blocks[own] = block
            _rename(group.uses, own)
    for root in roots:
        _rename_callees(root)
    calls: dict[str, list[Step]] = {}
    for _, step in all_calls(roots):
        calls.setdefault(step.op, []).append(step)
    return Uses(document, roots, blocks, calls, written)


def fitting(uses: Uses) -> list[int]:
    """The numbers of the roots that one text can serve, of which the first is one."""
    layers = uses.document.layers
    needs = _needs(layers, uses.roots[0])
    found: list[int] = []
    for number, root in enumerate(uses.roots):
        both = merged(needs, _needs(layers, root))
        if both is not None:
            needs = both
            found.append(number)
    return found


def _rename(uses: Sequence[Instance], block: str) -> None:
    for instance in uses:
        instance.block = block


def _rename_callees(instance: Instance) -> None:
    """Let each step call its block by the name of the block's group."""
    for name, steps in instance.steps.items():
        instance.steps[name] = [
            step._replace(op=step.inner.block or "") if step.inner else step
            for step in steps
        ]


@dataclass
class _Group:
    """Uses of a block, and what is right for all of them."""

    needs: Needs
    uses: list[Instance]

    def takes(self, instances: Sequence[Instance], needs: Needs) -> bool:
        """Add uses, unless they contradict the others."""
        both = merged(self.needs, needs)
        if both is None:
            return False
        self.needs = both
        self.uses += instances
        return True


def _groups(block: Block, uses: Sequence[Instance], finest: bool) -> list[_Group]:
    """The uses, each in the first group that it does not contradict."""
    groups: list[_Group] = []
    joined: dict[frozenset[tuple[Key, frozenset[Hashable]]], _Group] = {}
    for instances in _with_later_runs(uses):
        needs = _needs_of_all(block.layers, instances)
        if finest:
            instance = instances[0]
            arguments = {name: instance.scope[name] for name in block.values}
            needs[("use",)] = frozenset({repr((arguments, instance.inputs))})
        same = frozenset(needs.items())
        if same in joined:  # Whoever needs the same went through all of this.
            joined[same].uses += instances
            continue
        group = next((g for g in groups if g.takes(instances, needs)), None)
        if group is None:
            group = _Group(needs, instances)
            groups.append(group)
        joined[same] = group
    return groups


def _with_later_runs(uses: Sequence[Instance]) -> list[list[Instance]]:
    """Each use of a block, with those that run it again."""
    found: list[list[Instance]] = []
    latest: dict[str, list[Instance]] = {}  # the elaborations follow each other
    for instance in uses:
        if instance.first_run:
            latest[instance.first_run].append(instance)
        else:
            latest[instance.path] = [instance]
            found.append(latest[instance.path])
    return found


def _needs_of_all(written: Mapping[str, Layer], instances: Sequence[Instance]) -> Needs:
    """What one text for all of them has to have; Unprintable if there is none."""
    needs: Needs = {}
    for instance in instances:
        _rename_callees(instance)
        both = merged(needs, _needs(written, instance))
        if both is None:
            message = "a layer that runs again, where it needs other settings"
            help = "give it a feature map of the same size"
            raise Unprintable(message, instance.path, help)
        needs = both
    return needs


def merged(first: Needs, second: Needs) -> Needs | None:
    """What is right for both; None if they contradict each other."""
    shared = first.keys() & second.keys()
    if any(first[key].isdisjoint(second[key]) for key in shared):
        return None
    return {**first, **second, **{key: first[key] & second[key] for key in shared}}


def _needs(written: Mapping[str, Layer], instance: Instance) -> Needs:
    """What a text for this use has to have as constants, by layer, row and repeat."""
    layers: dict[str, Layer] = dict(inner_layers(written))
    found: Needs = {}
    for name, steps in instance.steps.items():
        rows: dict[str | None, list[Step]] = {}
        for step in steps:
            rows.setdefault(step.row, []).append(step)
        for row, runs in rows.items():
            layer = layers[name]
            layer = layers[layer.again] if isinstance(layer, AgainLayer) else layer
            needs = _needs_of_runs(layer, runs)
            found |= {(name, row, *key): ways for key, ways in needs.items()}
    return found


def _needs_of_runs(layer: Layer, runs: Sequence[Step]) -> Needs:
    """The first run and all others; each by itself and their number if they differ."""
    needs = [needs_of(_given(layer, step), step) for step in runs]
    loop: Needs | None = {}
    for step, own in zip(runs, needs, strict=True):
        part = {(step.number > 0, *key): ways for key, ways in own.items()}
        loop = None if loop is None else merged(loop, part)
    if loop is not None:
        return {**loop, ("runs",): frozenset({0})}
    single: Needs = {("runs",): frozenset({len(runs)})}
    for number, own in enumerate(needs):
        single |= {(number, *key): ways for key, ways in own.items()}
    return single


def needs_of(given: Given, step: Step) -> Needs:
    """The op, and of a primitive the attributes that frameworks need as constants."""
    needs: Needs = {("op",): frozenset({step.op})}
    if step.op in JOINS and not JOINS[step.op].elementwise:
        needs[("rank",)] = frozenset({rank(step.output)})
    if step.inner is not None or step.op not in PRIMITIVES:
        return needs
    kind = PRIMITIVES[step.op]
    attributes = step.attributes
    for name in kind.static_fields & attributes.keys():
        needs[(name,)] = frozenset({attributes[name]})
    if kind.like is not None and given.get(kind.like) is None:
        del needs[(kind.like,)]  # The size of another tensor: printed is the tensor.
    if ("padding",) in needs and kind is not TransposedConv:
        needs[("padding",)] = _paddings(given, step)
    if not kind.elementwise:
        needs[("rank",)] = frozenset({rank(step.inputs[0])})
    if kind.sized:
        needs[("positions",)] = frozenset({step.inputs[0][1:]})
    if step.op == "activation":
        needs[("kind",)] = frozenset({_function(step)})
    return needs


def _function(step: Step) -> str:
    """The kind of an activation where it has to be known: it is no argument then.

    Softmax needs to know which axis of a sequence has the channels.
    """
    kind = step.attributes["kind"]
    if kind == "leaky_relu" or (kind == "softmax" and is_sequence(step.output)):
        return str(kind)
    return "other"


def _paddings(given: Given, step: Step) -> frozenset[Hashable]:
    """The ways to pad; four numbers that the layer computes need not be constant."""
    formula = given.get("padding")
    numbers = formula.expression if formula else None
    if isinstance(numbers, Items) and names_in(numbers):
        return frozenset({"computed"})
    primitive: Any = PRIMITIVES[step.op].model_validate(step.attributes)
    return primitive.window.ways()


def _given(layer: Layer, step: Step) -> Given:
    """The attributes that the layer or table itself gives to a primitive."""
    if step.inner is not None or isinstance(layer, AgainLayer):
        return {}
    if isinstance(layer, JoinLayer):
        return layer.attributes
    if isinstance(layer, Table):
        return {**layer.each[step.op], **(layer.then if step.number else {})}
    return {**layer.attributes, **(layer.then if step.number else {})}


def _named(
    block: Block, groups: Sequence[_Group], taken: Collection[str], written: Written
) -> Iterator[tuple[str, _Group]]:
    """The first group under the block's name, the others after how they differ."""
    classes = {class_name(name) for name in taken}
    numbered = (f"{block.name}_{number}" for number in count(2))
    for group in groups:
        names = chain(_telling(block.name, group, groups[0], written), numbered)
        if group is groups[0]:
            names = iter([block.name])
            classes.discard(class_name(block.name))
        name = next(name for name in names if class_name(name) not in classes)
        classes.add(class_name(name))
        yield name, group


def _telling(
    block: str, group: _Group, first: _Group, written: Written
) -> Iterator[str]:
    """The block's name and the one word in which the groups differ, if it is one."""
    words = {
        _word(key[-1], ways, written)
        for key, ways in group.needs.items()
        if key in first.needs and not ways & first.needs[key]
    }
    if len(words) == 1 and None not in words:
        yield f"{block}_{words.pop()}"


def _word(
    attribute: Hashable, ways: frozenset[Hashable], written: Written
) -> str | None:
    """What a name can say of a difference; None if it is only a number."""
    if attribute == "padding":
        return next((w for way, w in _PADDINGS.items() if way in ways), "padded")
    match attribute, next(iter(ways)):
        case "op", str(op):
            own = written.get(op)
            word = op.removeprefix(f"{own}_")
            return word if op != own and not word.isdecimal() else None
        case "rank", int(number):
            return KINDS[number].split()[-1]
        case "kernel" | "stride", (int(height), int(width)):
            return f"{height}x{width}"
        case _, str(word) if word.isidentifier() and word != "other":
            return word
        case _:
            return None
