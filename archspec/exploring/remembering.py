"""Elaboration that remembers blocks by their arguments and the shapes they read."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, TypeVar, cast

from archspec.elaboration.faults import Faults
from archspec.elaboration.frames import Call, Frame, Names, Outcome, Tensor
from archspec.elaboration.record import Record
from archspec.elaboration.settings import Defaults, evaluated
from archspec.elaboration.walk import Elaborator
from archspec.errors import SpecError
from archspec.exploring.names import Dependencies, typed
from archspec.exploring.segments import Counts, Facts, Segment
from archspec.expressions import limited_effort, spend
from archspec.language import Document
from archspec.network import INPUT, NetworkLayer

MAX_KEPT = 200_000
"""Things that are remembered; then all are forgotten, lest memory runs out."""

T = TypeVar("T")
Run = Callable[[Sequence[Tensor]], tuple[Tensor, Mapping[str, Tensor]]]


class Memo:
    """What was computed for a spec, by all that it depends on."""

    def __init__(self, dependencies: Dependencies):
        self.dependencies = dependencies
        self._kept: dict[Hashable, Any] = {}
        self._numbers: dict[Hashable, int] = {}

    def keep(self, key: Hashable, compute: Callable[[], T]) -> T:
        """What was computed for this key before, or else now."""
        found = self._kept.get(key)
        if found is None:
            found = compute()
            if len(self._kept) >= MAX_KEPT:
                self._kept.clear()
            self._kept[key] = found
        return cast("T", found)

    def number(self, key: Hashable) -> int:
        """A number that stands for the key."""
        return self._numbers.setdefault(key, len(self._numbers))

    def counted(self, segment: Segment) -> tuple[Counts, int]:
        """What the layers add up to, and a number for the segment's structure."""
        if segment.known is None:
            facts = [self._facts(layer) for layer in segment.layers]
            sources = (layer.sources for layer in segment.layers)
            kinds = (each.kind for each in facts)
            number = self.number(tuple(zip(sources, kinds, strict=True)))
            segment.known = Counts.of(facts), number
        return segment.known

    def _facts(self, layer: NetworkLayer) -> Facts:
        # The facts have the op, and so keep alive what is in the key.
        key = Facts, id(layer.primitive), layer.inputs, bool(layer.first_run)
        return self.keep(key, lambda: Facts.of(layer))

    def elaborator(
        self, document: Document, scope: Names, defaults: Defaults
    ) -> Remembering:
        """What elaborates a document with values of its own."""
        return Remembering(document, scope, defaults, memo=self)


class _Refusing(Faults):
    """The first fault ends it: who wants to know all elaborates the document anew."""

    def note(self, error: SpecError, frame: Frame) -> None:
        raise error


class Remembering(Elaborator):
    """Elaborates blocks that it does not remember; records what was within them.

    What was elaborated has no instances: it is to be counted, not to be printed.
    """

    def __init__(
        self, document: Document, scope: Names, defaults: Defaults, memo: Memo
    ):
        super().__init__(document, scope, defaults)
        self.faults = _Refusing(document)
        self.memo = memo
        self.key = memo.number(
            tuple(
                (op, name, *typed([setting.value]))
                for op, settings in defaults.settings.items()
                for name, setting in settings.items()
            )
        )
        self._seen: dict[str, Any] = {}

    def remembered(
        self, key: Hashable, read: Sequence[Tensor], run: Run, prefix: str = ""
    ) -> Segment:
        """What `run` records when it reads tensors of these shapes.

        `prefix` begins the paths of its layers, and is no part of the result.
        """
        return self.memo.keep(key, lambda: self._recorded(read, run, prefix))

    def _recorded(self, read: Sequence[Tensor], run: Run, prefix: str) -> Segment:
        around, self.record = self.record, Record()
        starts = [Tensor(t.shape, INPUT - n) for n, t in enumerate(read)]
        try:
            with limited_effort() as budget:
                output, ends = run(starts)
            found = self.record
        finally:
            self.record = around
        layers = [
            layer._replace(
                path=layer.path.removeprefix(prefix),
                first_run=layer.first_run.removeprefix(prefix),
            )
            for layer in found.layers
        ]
        return Segment(tuple(layers), output, ends, found.runs, budget.spent)

    def block(self, call: Call, frame: Frame, tensor: Tensor) -> Outcome:
        """The layers of a block, without an instance."""
        block, path = self.document.blocks[call.op], frame.path(call.name)
        names = [name for name in block.tensors if name in call.tensors]
        read = [tensor, *(frame.source(call.tensors[name], tensor) for name in names)]
        given = evaluated(call.given, frame.sees(tensor), frame.written)
        values = typed(setting.value for setting in given.values())
        shapes = tuple(each.shape for each in read)
        said = *given, *names
        key = call.op, frame.depth, self.key, said, values, shapes, self._outer(call.op)

        def run(read: Sequence[Tensor]) -> tuple[Tensor, Mapping[str, Tensor]]:
            own = call._replace(tensors={name: name for name in names})
            inner = frame._replace(known=dict(zip(names, read[1:], strict=True)))
            return super(Remembering, self).block(own, inner, read[0]).output, {}

        segment = self.remembered(key, read, run, path)
        sources = [each.source for each in read]
        start = len(self.record.layers)
        layers = segment.placed(start, sources, path)
        self.record.insert(layers, segment.runs, call.op.place)
        spend(segment.effort)
        shape, source = segment.output
        source = source + start if source > INPUT else sources[INPUT - source]
        all_read = (frame.source(call.tensors.get(n), tensor) for n in block.tensors)
        inputs = (tensor.shape, *(each.shape for each in all_read))
        return Outcome(inputs, Tensor(shape, source))

    def _outer(self, name: str) -> Any:
        """The values that blocks of the document take from around them."""
        found = self._seen.get(name)
        if found is None:
            names = self.memo.dependencies.of((), [name])
            found = self._seen[name] = typed(map(self.scope.get, names))
        return found
