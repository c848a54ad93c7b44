"""A network and its variants as one family: multipliers kept as arguments."""

from __future__ import annotations

from collections.abc import Mapping as AbstractMapping
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from archspec.errors import SpecError, did_you_mean
from archspec.expressions import Constant, Name, evaluate
from archspec.language.document import Document
from archspec.language.validate import validate
from archspec.language.variants import with_variant
from archspec.reading.nodes import Mapping, texts

if TYPE_CHECKING:
    from archspec.language.load import Spec

_DESCRIBING = "name summary source preprocessing reported multipliers keep".split()
"""What two variants of one family may say differently."""


@dataclass(frozen=True)
class Family:
    """The multipliers that generated code has as arguments.

    `kept` has their values, `variants` what each variant of the family changes of them;
    the `others` change something else.
    """

    kept: AbstractMapping[str, float]
    variants: AbstractMapping[str, AbstractMapping[str, float]]
    others: tuple[str, ...]


IN_CHANNELS = "in_channels"
"""The channels of the image, kept as if they were a multiplier."""


def keeping(spec: Spec, names: Sequence[str]) -> Spec:
    """The spec whose generated code has these multipliers as arguments.

    A variant belongs to the family if it changes nothing but multipliers, a kept one
    among them; the others that it changes are kept as well. `in_channels` keeps the
    channels of the image. Raises SpecError (AS404) for a name that is no multiplier.
    """
    names = [*names, *(name for name, keep in spec.document.keep.items() if keep)]
    if IN_CHANNELS in names:
        spec = _with_channels(spec)
    base = _multipliers(spec.document)
    for name in names:
        if name not in base:
            help = _is_argument(spec.document, name) or did_you_mean(name, base)
            help = help or f"it has: {', '.join(base) or 'none'}"
            message = f"there is no multiplier '{name}' to keep"
            raise SpecError.single("AS404", message, help=help)
    applied = (spec.variant or "").split("+")
    offered = {
        name: tree
        for name in spec.variants.entries
        if name not in applied and (tree := _with_variant(spec, name))
    }
    structure = _structure(spec.tree)
    values = {name: _values(tree, structure) for name, tree in offered.items()}
    alike = {
        name: {key: value for key, value in own.items() if value != base[key]}
        for name, own in values.items()
        if own is not None
    }
    found: set[str] = set()
    more = {*names}
    while more - found:
        found |= more
        own = [change for change in alike.values() if change.keys() & found]
        more = set[str]().union(*own)
    variants = {n: own for n, own in alike.items() if not own or own.keys() & found}
    others = tuple(name for name in offered if name not in variants)
    kept = {name: value for name, value in base.items() if name in found}
    return replace(spec, family=Family(kept, variants, others))


def _is_argument(document: Document, name: str) -> str:
    """Help with what generated code has as an argument anyway, if this is such."""
    ops = {getattr(layer, "op", None) for layer in document.layers.values()}
    if name in ("classes", "num_classes") and document.classes is not None:
        return "generated code has the argument 'num_classes' without --keep"
    if name == "dropout" and name in ops:
        return "generated code has the argument 'dropout' without --keep"
    return ""


def _with_channels(spec: Spec) -> Spec:
    """The spec with a multiplier that is the number of channels of the image."""
    given, known = spec.document.input, spec.document.multipliers
    if given is None:
        message = "'in_channels' is for networks with one input"
        help = "write the channels of each as a multiplier, and keep these"
        raise SpecError.single("AS404", message, help=help)
    if not isinstance(given.channels.expression, Constant):
        message = "the channels of the image depend on other names"
        help = "keep the multiplier that sets them instead"
        raise SpecError.single("AS404", message, given.channels.place, help=help)
    named = replace(
        given, channels=given.channels._replace(expression=Name(IN_CHANNELS))
    )
    multipliers = {**known, IN_CHANNELS: given.channels}
    document = replace(spec.document, input=named, multipliers=multipliers)
    return replace(spec, document=document)


def _with_variant(spec: Spec, name: str) -> Mapping | None:
    """The document with a variant; None if it does not apply."""
    try:
        tree = with_variant(spec.tree.replaced(variants=spec.variants), name)
    except SpecError:
        return None
    return tree.replaced(variants=None)


def _values(tree: Mapping, structure: object) -> dict[str, float] | None:
    """The multipliers of a variant; None if it changes anything else."""
    try:
        return _multipliers(validate(tree)) if _structure(tree) == structure else None
    except SpecError:  # It is for another base.
        return None


def _multipliers(document: Document) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, multiplier in document.multipliers.items():
        value = evaluate(multiplier.expression, {})
        assert isinstance(value, int | float)
        found[name] = value
    return found


def _structure(tree: Mapping) -> object:
    """All that generated code says besides docstrings and multipliers."""
    return texts(tree.replaced(**dict.fromkeys(_DESCRIBING), variants=None))
