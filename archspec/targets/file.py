"""One file being printed: what all its routines share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from archspec.expressions import Name, Value
from archspec.targets.code import Code, literal, rounded
from archspec.targets.signatures import Signature, stage_signature
from archspec.targets.specialise.model import (
    BranchPart,
    Call,
    JoinStatement,
    Loop,
    OpStatement,
    Parameter,
    PassStatement,
    Printed,
    Program,
    Routine,
    StageCall,
    Statement,
    TableStatement,
    Unrolled,
)
from archspec.targets.symbols import names_in
from archspec.targets.templates import Templates


class Built(NamedTuple):
    """Primitives of a class of PyTorch at `path`; if not `single`, in a container."""

    owner: Code
    path: Code
    calls: tuple[Call, ...]
    single: bool


@dataclass
class File:
    """One file being printed: its routines, and what it turns out to need."""

    program: Program
    templates: Templates
    signatures: dict[str, Signature] = field(default_factory=dict[str, Signature])
    flags: dict[str, Any] = field(default_factory=dict[str, Any])
    non_negative: frozenset[str] = frozenset()
    dropout: float | None = None
    batch_norms: frozenset[tuple[Value, Value]] = frozenset()
    partials: set[str] = field(default_factory=set[str])
    calls: list[Call] = field(default_factory=list[Call])
    built: list[Built] = field(default_factory=list[Built])

    def __post_init__(self) -> None:
        self.calls = list(_calls(self.program))
        norms = [call.attributes for call in self.calls if call.op == "batch_norm"]
        self.batch_norms = frozenset(
            pair
            for norm in norms
            for pair in zip(norm["epsilon"].values, norm["decay"].values, strict=True)
        )
        rates = {
            rate
            for call in _called(self.program.root.body)
            if call.op == "dropout"
            for rate in call.attributes["rate"].values
        }
        # The network's own dropout is an argument, where all of it has one rate.
        rate = rates.pop() if len(rates) == 1 else None
        self.dropout = rounded(rate) if isinstance(rate, float) else None

    def names(
        self, routine: Routine | None, parameters: Iterable[Parameter]
    ) -> dict[str, str]:
        """The printed name of each of the spec's names, unless two would meet."""
        wanted: dict[str, str] = dict(self.templates.manifest["parameters"])
        own = {parameter.name for parameter in parameters}
        if routine is not None:
            own |= {name for name, _ in routine.lets}
        output = self.templates.manifest.get("output_parameter")
        width = routine.output_channels if routine is not None else None
        if output and isinstance(width, Name) and width.id in own:
            wanted[width.id] = output
        return {old: new for old, new in wanted.items() if new not in own}

    def norm_settings(self) -> tuple[Code | None, float | None]:
        """What all batch norms share, each None where it is the framework's own."""
        usual = self.templates.manifest["batch_norm"]
        epsilon, decay = next(iter(self.batch_norms), (None, None))
        shown = None if epsilon in (None, usual["epsilon"]) else literal(epsilon)
        if not isinstance(decay, float) or decay == usual["decay"]:
            return shown, None
        return shown, decay

    def sign_primitives(self, in_channels: bool) -> None:
        """The signatures of stages that stack a primitive, which has none itself."""
        names = dict(self.templates.manifest["parameters"])
        for stage in self.program.stages:
            if stage.loop.first.op not in self.program.blocks:
                read = stage.loop.names_read()
                kept = tuple(p for p in stage.parameters if p.name in read)
                only = len(self.program.stages) == 1
                name = Code("stage" if only else stage.name)
                self.signatures[stage.name] = Signature(name, names, kept, in_channels)

    def sign(self, name: str, signature: Signature) -> None:
        """Put down a block's signature, and those of the stages that stack it."""
        self.signatures[name] = signature
        only = len(self.program.stages) == 1
        for stage in self.program.stages:
            if stage.loop.first.op == name:
                self.signatures[stage.name] = stage_signature(stage, signature, only)

    def printed_names(self) -> list[str]:
        """The classes and functions of the file so far, helpers included."""
        signed = [str(signature.name) for signature in self.signatures.values()]
        return [*signed, *self.templates.manifest["helpers"]]


def _calls(program: Program) -> Iterator[Call]:
    """Every call that the program prints."""
    routines = [*program.blocks.values(), program.root]
    for routine in routines:
        yield from _called(routine.body)
    for stage in program.stages:
        yield from (stage.loop.first, stage.loop.rest)


def _called(body: Sequence[Statement]) -> Iterator[Call]:
    for statement in body:
        match statement:
            case JoinStatement():
                yield from (
                    c for part in statement.branches for c in _called(part.body)
                )
            case TableStatement():
                yield from (c for row in statement.rows for c in calls_in(row.call))
            case OpStatement():
                yield from calls_in(statement.call)
            case PassStatement():
                pass


def calls_in(call: Printed) -> tuple[Call, ...]:
    """The calls that a layer or a row makes itself; a stage makes its own."""
    match call:
        case Loop():
            return call.first, call.rest
        case Unrolled():
            return call.calls
        case Call():
            return (call,)
        case StageCall():
            return ()


def names_read(call: Printed) -> set[str]:
    """The names that a layer reads in what it gives its op, its width included."""
    return {
        name
        for one in calls_in(call)
        for given in (one.channels, *one.attributes.values())
        for name in names_in(given.expression)
    }


def counter(part: BranchPart) -> str:
    """What counts the copies of a repeated branch: `step` if a layer reads it."""
    calls = [s.call for s in part.body if isinstance(s, OpStatement)]
    return "step" if any("step" in names_read(call) for call in calls) else "i"


def differs(call: Printed) -> bool:
    """Whether the copies of a repeated branch have tensors of other sizes there."""
    return any(
        "step" in names_in(one.output_channels)
        or len({shape[1:] for shape in one.outputs}) > 1
        for one in calls_in(call)[-1:]
    )
