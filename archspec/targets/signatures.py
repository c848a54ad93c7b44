"""The parameters of every class and function of a file: those that its text reads."""

from __future__ import annotations

import builtins
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from typing import Any

from archspec.expressions import Expression, Name, Value
from archspec.targets.code import Code, class_name, identifier
from archspec.targets.program.calls import (
    Attribute,
    Call,
    Loop,
    Parameter,
    Printed,
    Stage,
    StageCall,
    Unrolled,
)
from archspec.targets.program.statements import (
    BranchPart,
    JoinStatement,
    OpStatement,
    Program,
    Routine,
    Statement,
    TableStatement,
)
from archspec.targets.symbols import names_in

CLASSES = Name("classes")
"""How many there are: an argument of the network that a spec reads by this name."""


@dataclass(frozen=True)
class Signature:
    """A printed class or function: which of its parameters are really there.

    `names` is how the spec's names are printed, `read` which of them the text reads.
    `shared` are arguments of the network that are handed on to it.
    """

    name: Code
    names: Mapping[str, str]
    parameters: tuple[Parameter, ...]
    read: frozenset[str]
    in_channels: bool = False
    shared: tuple[Parameter, ...] = ()

    def printed(self, parameter: str) -> str:
        """The printed name of a parameter."""
        return self.names.get(parameter, parameter)

    @property
    def ordered(self) -> list[Parameter]:
        """Those without a default first."""
        return sorted(self.parameters, key=lambda p: p.default is not None)


@dataclass(frozen=True)
class Signatures:
    """The signatures of a lowered program, callees first.

    `image` is what the text says of the image.
    """

    program: Program
    manifest: Mapping[str, Any]
    passes_channels: bool
    constants: Collection[str]
    image: Sequence[Expression] = ()

    def all(self) -> dict[str, Signature]:
        """By the name of the block or stage."""
        known: dict[str, Signature] = {}
        for stage in self.program.stages:
            if stage.loop.first.op not in self.program.blocks:
                known[stage.name] = self.stage(stage, known)
        for name, routine in self.program.blocks.items():
            known[name] = self.block(name, routine, known)
            stacking = (s for s in self.program.stages if s.loop.first.op == name)
            known |= {stage.name: self.stage(stage, known) for stage in stacking}
        return known

    def root(self, name: str, known: Mapping[str, Signature]) -> Signature:
        """The signature of the network, which all that blocks share is read from."""
        routine = self.program.root
        found = chain(_in_routine(routine, known), _in_tests(*self.image))
        read = frozenset(_expanded(found, routine))
        kept = tuple(p for p in routine.parameters if p.name in read)
        return Signature(identifier(name), self.names_of(routine), kept, read)

    def block(
        self, name: str, routine: Routine, known: Mapping[str, Signature]
    ) -> Signature:
        printed = class_name(name) if self.manifest["classes"] else name
        read = frozenset(_expanded(_in_routine(routine, known), routine))
        own = routine.names
        # Functions see the channels of tensors.
        seen = set[str]() if self.passes_channels else {*routine.widths}
        shared = [parameter for parameter in self.shared if parameter.name not in own]
        return Signature(
            identifier(printed),
            self.names_of(routine),
            tuple(p for p in routine.parameters if p.name in read - seen),
            read,
            self.passes_channels and "in_channels" in read,
            tuple(p for p in shared if p.name in read),
        )

    def stage(self, stage: Stage, known: Mapping[str, Signature]) -> Signature:
        """The signature of a function that stacks; the `only` one is `stage`."""
        calls = (stage.loop.first, stage.loop.rest)
        read = {name for call in calls for name in _in_call(call, known)}
        name = "stage" if len(self.program.stages) == 1 else stage.name
        callee = known.get(stage.loop.first.op)
        kept = tuple(p for p in stage.parameters if p.name in read)
        own = Signature(
            identifier(name),
            self.names([p.name for p in kept], callee.names if callee else {}),
            kept,
            frozenset(read),
            self.passes_channels and "in_channels" in read,
        )
        if callee is None:
            return own
        return replace(own, in_channels=callee.in_channels, shared=callee.shared)

    @property
    def shared(self) -> list[Parameter]:
        """What blocks may be handed of the network's parameters.

        `in_channels` is theirs there, whatever the image has.
        """
        own = self.program.root.parameters
        return [parameter for parameter in own if parameter.name != "in_channels"]

    def names_of(self, routine: Routine) -> dict[str, str]:
        """The printed names of a routine's parameters and definitions."""
        shared = (parameter.name for parameter in self.shared)
        usual = {"classes"} if routine.block else {"classes", "dropout"}
        own = [n for n in dict.fromkeys((*routine.names, *shared)) if n not in usual]
        output, width = self.manifest.get("output_parameter"), routine.output_channels
        # `skip_channels` says more, also where the output has as many.
        named = {*own} - {*routine.widths} if routine.block else set[str]()
        if output and isinstance(width, Name) and width.id in named:
            return self.names(own, {width.id: output})
        return self.names(own, {})

    def names(self, own: Sequence[str], wanted: Mapping[str, str]) -> dict[str, str]:
        """The printed name of each of the spec's names.

        One that the file needs itself gets a `_`, as `lambda_` does by custom.
        """
        usual: dict[str, str] = {**self.manifest["parameters"], **wanted}
        free = {*own} - self.reserved  # the others will not be printed as they are
        names = {old: new for old, new in usual.items() if new not in free}
        for name in own:
            printed = names.pop(name, name)
            others = {*names.values(), *own} - {name}
            while printed in self.reserved or printed in others:
                printed += "_"
            names[name] = printed
        return names

    @cached_property
    def reserved(self) -> frozenset[str]:
        """What variables of the file cannot be called."""
        manifest, stages = self.manifest, self.program.stages
        blocks = self.program.blocks
        printed = map(class_name, blocks) if manifest["classes"] else blocks
        lists = (manifest[key] for key in ("locals", "globals", "helpers"))
        named = [*printed, "stage", *(stage.name for stage in stages)]
        return frozenset(chain(dir(builtins), named, self.constants, *lists))


def with_optional_classifier(signatures: Signatures) -> Program:
    """The program, which gives features where it is asked for no classes.

    That is so if only the last layer reads how many there are, a dense one.
    """
    program, root = signatures.program, signatures.program.root
    *before, last = root.body
    match last:
        case OpStatement(call=Call(op="dense") as call, when=None):
            rest = replace(root, body=tuple(before))
            elsewhere = _expanded(_in_routine(rest, signatures.all()), rest)
        case _:
            return program
    if call.attributes["units"].expression != CLASSES or CLASSES.id in elsewhere:
        return program
    body = (*before, replace(last, when=CLASSES))
    return replace(program, root=replace(root, body=body))


def names_in_call(call: Printed, known: Mapping[str, Signature]) -> set[str]:
    """The names that the text of a call reads, its arguments and its count."""
    return set(_in_call(call, known))


def _expanded(read: Iterable[str], routine: Routine) -> set[str]:
    """The names, and those that the definitions of the names read."""
    found = set(read)
    defined = [(function.name, function.body) for function in routine.functions]
    defined += [(name, attribute.expression) for name, attribute in routine.lets]
    for name, expression in reversed(defined):
        found |= names_in(expression) if name in found else set()
    return found


def _in_routine(routine: Routine, known: Mapping[str, Signature]) -> Iterator[str]:
    yield from _in_tests(routine.residual)
    yield from _in_body(routine.body, known)


def _in_body(
    body: Sequence[Statement], known: Mapping[str, Signature]
) -> Iterator[str]:
    for statement in body:
        match statement:
            case OpStatement(call=call, when=when, times=times):
                yield from _in_tests(when, times.expression if times else None)
                yield from _in_call(call, known)
            case TableStatement(rows=rows, when=when):
                yield from _in_tests(when)
                for row in rows:
                    yield from _in_call(row.call, known)
            case JoinStatement(call=call, branches=branches, when=when):
                yield from _in_tests(when)
                yield from _in_call(call, known)
                for part in branches:
                    yield from _in_branch(part, known)
            case _:
                pass


def _in_branch(part: BranchPart, known: Mapping[str, Signature]) -> Iterator[str]:
    count = part.count.expression if part.count else None
    yield from _in_tests(part.when, count)
    yield from _in_body(part.body, known)


def _in_call(call: Printed, known: Mapping[str, Signature]) -> Iterator[str]:
    match call:
        case Loop(first=first, rest=rest, count=count):
            yield from _in_tests(count.expression)
            yield from (*_in_call(first, known), *_in_call(rest, known))
        case Unrolled(calls=calls):
            for each in calls:
                yield from _in_call(each, known)
        case StageCall():
            yield from _in_arguments(call, call.arguments, known[call.stage.name])
            yield from _in_tests(call.count.expression)
        case Call(layers=layers) if layers:
            for layer in layers:
                yield from layer.names_read()
        case Call():
            yield from _in_arguments(call, call.attributes, known[call.op])


def _in_arguments(
    call: Call | StageCall, given: Mapping[str, Attribute], callee: Signature
) -> Iterator[str]:
    if callee.in_channels:
        yield from names_in(call.channels.expression)
    yield from (parameter.name for parameter in callee.shared)
    for parameter in callee.parameters:
        if parameter.name in given:
            yield from names_in(given[parameter.name].expression)


def _in_tests(*expressions: Expression | None) -> Iterator[str]:
    for expression in expressions:
        yield from names_in(expression) if expression is not None else ()


def annotation(values: Sequence[Value], manifest: Mapping[str, Any]) -> Code:
    """The type of a parameter that takes these values."""
    kinds = {_kind(value, manifest) for value in values}
    if kinds == {"int", "float"}:
        kinds = {"float"}
    return Code(" | ".join(sorted(kinds)))


def _kind(value: Value, manifest: Mapping[str, Any]) -> str:
    if isinstance(value, str):
        return (
            str(manifest["activation_type"])
            if value in manifest["activations"]
            else "str"
        )
    if isinstance(value, tuple) and len(value) == 4:
        return str(manifest["padding_type"])
    if isinstance(value, tuple):
        return f"tuple[{', '.join(_kind(v, manifest) for v in value)}]"
    return type(value).__name__
