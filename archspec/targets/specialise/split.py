"""Which uses of a block share one class or function: those whose needs agree.

The first group of uses keeps the name, the others are named after the difference
(`conv_bn_valid`), or numbered.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count

from archspec.language import (
    Block,
    Document,
    Layer,
)
from archspec.network import Instance, Step
from archspec.ops.shapes import KINDS
from archspec.targets.code import class_name
from archspec.targets.specialise.needs import Key, Needs, merged, needs_of_use
from archspec.targets.specialise.uses import Uses, all_calls, callees_first
from archspec.targets.unprintable import Unprintable

Written = Mapping[str, str]

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
    needs = needs_of_use(layers, uses.roots[0])
    found: list[int] = []
    for number, root in enumerate(uses.roots):
        both = merged(needs, needs_of_use(layers, root))
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
        both = merged(needs, needs_of_use(written, instance))
        if both is None:
            message = "a layer that runs again, where it needs other settings"
            help = "give it a feature map of the same size"
            raise Unprintable(message, instance.path, help)
        needs = both
    return needs


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
