"""One file to be printed: its lowered program, signatures, and what they need."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any

from archspec.network import Network
from archspec.targets.code import literal
from archspec.targets.dialect import Dialect
from archspec.targets.lowering import lower
from archspec.targets.program.calls import FrameworkLayer, Printed
from archspec.targets.program.statements import Program
from archspec.targets.signatures import (
    Signature,
    Signatures,
    names_in_call,
    with_optional_classifier,
)
from archspec.targets.templates import Templates


@dataclass(frozen=True)
class File:
    """One file to be printed; nothing here changes while it is."""

    network: Network
    dialect: Dialect

    @property
    def templates(self) -> Templates:
        """The templates of the dialect."""
        return self.dialect.templates

    @property
    def manifest(self) -> Mapping[str, Any]:
        """What the framework calls things."""
        return self.templates.manifest

    @cached_property
    def program(self) -> Program:
        """The program in the dialect's layers, its classifier perhaps optional."""
        program = lower(self.dialect)
        if self.network.document.outputs:
            return program
        return with_optional_classifier(self._signatures_of(program))

    @cached_property
    def layers(self) -> list[FrameworkLayer]:
        """All layers of primitives that the file has."""
        return [layer for call in self.program.primitives for layer in call.layers]

    @cached_property
    def signatures(self) -> dict[str, Signature]:
        """The signatures of all blocks and stages."""
        return self._signatures.all()

    @cached_property
    def root(self) -> Signature:
        """The network's own signature."""
        return self._signatures.root(self.network.name, self.signatures)

    @cached_property
    def _signatures(self) -> Signatures:
        return self._signatures_of(self.program)

    def _signatures_of(self, program: Program) -> Signatures:
        dialect = self.dialect
        said = not (dialect.passes_channels or dialect.takes_input_shape)
        return Signatures(
            program,
            self.manifest,
            dialect.passes_channels,
            dialect.constants,
            [*chain.from_iterable(program.images)] if said else (),
        )

    @cached_property
    def flags(self) -> Mapping[str, Any]:
        """What some layer needs of a helper, false for anything else."""
        needed = {
            name: True
            for layer in self.layers
            for name, value in layer.arguments.items()
            if value is True
        }
        return defaultdict(bool, needed, package=literal(self.network.name))

    @cached_property
    def printed_names(self) -> list[str]:
        """What the file defines, helpers included."""
        signed = [str(signature.name) for signature in self.signatures.values()]
        return [*signed, *self.manifest["helpers"], *self.dialect.constants]

    def reads_step(self, *calls: Printed) -> bool:
        """Whether the text of a call reads the number of its copy."""
        known = self.signatures
        return any("step" in names_in_call(call, known) for call in calls)
