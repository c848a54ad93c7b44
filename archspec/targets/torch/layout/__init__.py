"""Where feature maps are channels last in PyTorch, and what permutes them.

Feature maps are (N, C, H, W) between blocks, rows and stages. A layer that works on the
channels of each position wants (N, H, W, C). Where several of them follow each other,
a body permutes the map before the first and its result behind the last; one by itself
is a module that permutes. Sequences are (N, L, C) everywhere, so they need nothing.

`layouts` of the manifest lists the ops that want channels last, and those that take
either layout; all others need channels first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from archspec.targets.program.statements import Body, Program, Routine, every
from archspec.targets.torch.layout.marks import Layouts, Marks
from archspec.targets.torch.layout.permutations import Permutations


def arranged(program: Program, layouts: Layouts, pinned: Sequence[str] = ()) -> Program:
    """The program with its layouts: statements that permute, the others marked.

    `pinned` are layers of the network whose outputs have to be channels first.
    """
    marks = Marks(program, layouts)

    def arrange(routine: Routine, pinned: Sequence[str] = ()) -> Routine:
        marked = replace(routine, body=marks.body(routine.body))
        named = frozenset([*pinned, *_read_as_they_are(routine.body)])
        return replace(routine, body=Permutations(marked, named).body())

    blocks = {name: arrange(routine) for name, routine in program.blocks.items()}
    return replace(program, blocks=blocks, root=arrange(program.root, pinned))


def _read_as_they_are(body: Body) -> Iterator[str]:
    """What is read besides a source, or what side by side branches start from.

    Blocks read channels first, and a list of modules has no place for a permutation.
    """
    for statement in every(body):
        yield from filter(None, statement.others)
        starts = (part.source for part in statement.branches if part.count)
        yield from filter(None, starts)
