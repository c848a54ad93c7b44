"""The figures of a network that a sweep lists and a search minimises, by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from archspec.analysis.memory import forms, litert_arena
from archspec.analysis.usage import Dtype
from archspec.errors import one_of
from archspec.network import Network

COUNTS = ("parameters", "trainable_parameters", "macs", "attention_macs")


class InForm(NamedTuple):
    """A figure of `analysis.memory.forms`: the number of the form, and its field."""

    form: int
    field: Literal["weights", "activations"]


FORMS: Mapping[str, InForm] = {
    "weight_bytes": InForm(1, "weights"),
    "peak_activation_bytes": InForm(1, "activations"),
    "weight_bytes_as_written": InForm(0, "weights"),
    "peak_activation_bytes_as_written": InForm(0, "activations"),
    "peak_activation_bytes_joins_in_place": InForm(2, "activations"),
    "peak_activation_bytes_attention_in_parts": InForm(3, "activations"),
}

ARENA = "litert_arena_bytes"

FIGURES = (*COUNTS, "layers", *FORMS, ARENA)
"""All there are. Bytes depend on the type of numbers, and are of one image."""

USUAL = ("parameters", "macs", "layers", "weight_bytes", "peak_activation_bytes")
"""Those that are listed unless others are chosen."""


def checked(names: Iterable[str]) -> tuple[str, ...]:
    """The names, each once; raises InvalidArgument for one that is no figure."""
    found = tuple(dict.fromkeys(names))
    for name in found:
        one_of("figure", name, FIGURES)
    return found


def figures(network: Network, names: Sequence[str], dtype: Dtype) -> dict[str, int]:
    """The named figures of a network; bytes are of numbers of that type."""
    found = {name: getattr(network, name) for name in COUNTS}
    found["layers"] = len(network.layers)
    if not FORMS.keys().isdisjoint(names):
        all_forms = forms(network, dtype)
        for name, (number, field) in FORMS.items():
            found[name] = getattr(all_forms[number], field)
    if ARENA in names:
        found[ARENA] = litert_arena(network, dtype)
    return {name: found[name] for name in names}
