"""A merged tree as a checked document."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from archspec.errors import MAX_FAULTS, Diagnostic, raise_if_any
from archspec.language.attributes import attribute_faults
from archspec.language.blocks import with_blocks
from archspec.language.document import KEYS, Document
from archspec.language.names import name_faults
from archspec.language.parts import At, part
from archspec.language.references import reference_faults
from archspec.language.tensors import tensor_faults, with_tensors
from archspec.reading.nodes import Mapping

_UNREAD = frozenset(("AS203", "AS204", "AS205"))
"""What is misunderstood may be what uses a layer that seems unused."""


def validate(
    tree: Mapping,
    known: Iterable[Diagnostic] = (),
    unused: list[Diagnostic] | None = None,
) -> Document:
    """The document of a merged tree.

    Raises SpecError (AS2xx, AS301, AS305, AS309), also for the faults that are `known`
    already: other faults at their places only follow from them. Layers and inputs
    that are never used (AS309), if nothing else is wrong, are appended to `unused`.
    """
    at = At([], (), tree.place, tree)
    document = part(Document, KEYS)(tree, at)
    _check_inputs(tree, document, at)
    document = with_blocks(document, tree.section("blocks"), at)
    faults = [*at.faults, *islice(tensor_faults(document), MAX_FAULTS)]
    document = with_tensors(document)
    for check in (attribute_faults, name_faults, reference_faults):
        faults += islice(check(document), MAX_FAULTS)
    known = [*known]
    places = {fault.position for fault in known}
    faults = [*known, *(fault for fault in faults if fault.position not in places)]
    helps = [fault.help for fault in faults if fault.code == "AS201"]
    faults = [fault for fault in faults if not _follows(fault, helps)]
    if any(fault.code in _UNREAD for fault in faults):
        faults = [fault for fault in faults if fault.code != "AS309"]
    if unused is None or any(fault.code != "AS309" for fault in faults):
        raise_if_any(faults)
    else:
        unused += faults
    return document


def _check_inputs(tree: Mapping, document: Document, at: At) -> None:
    """Report that `input` is missing (AS202) or beside `inputs` (AS204)."""
    if not document.images and "inputs" not in tree.entries:
        at.missing("input", tree)
    if document.input and document.inputs:
        place = tree.place_of("inputs")
        message = "a spec has 'input' or 'inputs', not both"
        at.complain(
            "AS204",
            message,
            place,
            "remove one of them; an inherited one by 'input: ~'",
        )


def _follows(fault: Diagnostic, helps: Iterable[str]) -> bool:
    """Whether a key is missing only because it is misspelt."""
    key = fault.path.rpartition(".")[2] if fault.code == "AS202" else ""
    if fault.code == "AS301" and fault.message == "unknown name 'classes'":
        key = "classes"
    ways = f"did you mean '{key}'?", f"write {key}: "
    return bool(key) and any(way in help for help in helps for way in ways)
