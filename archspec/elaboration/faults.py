"""The faults of layers, at the lines that a user wrote."""

from __future__ import annotations

from archspec.elaboration.frames import Frame
from archspec.errors import MAX_FAULTS, Diagnostic, SpecError, raise_if_any
from archspec.language import Document


class Faults(list[Diagnostic]):
    """Those found so far, each cause once."""

    def __init__(self, document: Document):
        super().__init__()
        blocks = document.blocks.values()
        self._standard = {b.place.file for b in blocks if b.standard}

    def note(self, error: SpecError, frame: Frame) -> None:
        """Note the faults of a layer; raises SpecError at a limit, or if too many."""
        for fault in error.at(path=frame.trail).diagnostics:
            found = self._at_users_line(fault, frame)
            if not any(_have_one_cause(found, other) for other in self):
                self.append(found)
        # Stop at the first limit error; later layers would exceed it too.
        is_end = "AS306" in {fault.code for fault in error.diagnostics}
        if is_end or len(self) > MAX_FAULTS:
            raise_if_any(self)

    def _at_users_line(self, fault: Diagnostic, frame: Frame) -> Diagnostic:
        """A fault in a standard block is reported where the block was called."""
        caller, place = frame.caller, fault.place
        if caller is None or place is None or place.file not in self._standard:
            return fault
        help = fault.help or f"see 'archspec blocks {caller}'"
        return fault._replace(place=caller.place, help=help)


def _have_one_cause(fault: Diagnostic, other: Diagnostic) -> bool:
    """Whether two faults are of one value, or of one default that is missing."""
    helps = {found.help.rpartition("defaults: ")[2] for found in (fault, other)}
    if fault.code != other.code or len(helps) > 1:
        return False
    same_value = fault.code == "AS302" and fault.position == other.position
    return fault.code == "AS304" or same_value
