"""From a document to a network: every expression evaluated, every shape known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar, cast

from archspec import language
from archspec.elaboration.features import featuring
from archspec.elaboration.frames import Frame, Names, Tensor
from archspec.elaboration.scopes import document_scope, whole_number
from archspec.elaboration.settings import Defaults
from archspec.elaboration.walk import Elaborator
from archspec.errors import Diagnostic, SpecError, raise_if_any
from archspec.expressions import Constant, limited_effort
from archspec.language import Formula, Spec, family, load
from archspec.language.document import Document, Input
from archspec.network import INPUT, Instance, Network, NetworkLayer
from archspec.ops import Pair, Shape
from archspec.reading import Source

__all__ = [
    "changed",
    "elaborate",
    "featuring",
    "folded",
    "keeping",
    "with_classes",
    "with_input_size",
    "with_multipliers",
]

T = TypeVar("T", bound=Elaborator)


def elaborate(
    spec: Spec | Source | str | Path,
    variants: Sequence[str] = (),
    overrides: Sequence[str] = (),
) -> Network:
    """The network of a spec: loaded or read, or a path, or a bundled spec's name.

    Raises SpecError, with the place of the fault, and TypeError for variants or
    overrides of a spec that is loaded already.
    """
    unused: list[Diagnostic] = []
    if not isinstance(spec, Spec):
        spec = load(spec, variants, overrides, unused)
    elif variants or overrides:
        message = "variants and overrides change a spec as it is loaded: archspec.load"
        raise TypeError(message)
    with limited_effort():
        return _elaborated(spec, unused)


def _elaborated(spec: Spec, unused: Sequence[Diagnostic]) -> Network:
    document, shapes, elaborator = spec.document, *opened(spec)
    root = Instance(None, "", elaborator.scope, tuple(shapes.values()))
    images = {
        name: Tensor(shape, INPUT - number)
        for number, (name, shape) in enumerate(shapes.items())
    }
    frame = Frame(root, elaborator.scope, {**images}, {})
    last = elaborator.run(document.layers, frame, next(iter(images.values())))
    raise_if_any([*unused, *elaborator.faults])
    root.output = last.shape
    ends = {
        name: frame.source(reference, last)
        for name, reference in document.outputs.items()
    }
    layers = elaborator.record.layers
    check_used(layers, {end.source for end in ends.values()} or {last.source})
    return Network(
        spec,
        shapes,
        {name: end.source for name, end in ends.items()} or {"": last.source},
        {name: end.shape for name, end in ends.items()} or last.shape,
        tuple(layers),
        root,
        elaborator.record.later_runs,
    )


def opened(
    spec: Spec, kind: Callable[[Document, Names, Defaults], T] = Elaborator
) -> tuple[dict[str, Shape], T]:
    """The shapes of the inputs, and what elaborates the layers; raises SpecError."""
    document = spec.document
    scope = document_scope(document)
    shapes = {n: _shape(image, scope) for n, image in document.images.items()}
    for shape in shapes.values():
        _check_preprocessing(spec, shape[0])
    defaults = Defaults(document, scope)
    if document.classes is not None:
        scope = {**scope, "classes": document.classes}
    return shapes, kind(document, scope, defaults)


def changed(
    network: Network, variants: Sequence[str] = (), overrides: Sequence[str] = ()
) -> Network:
    """The network with further variants, then overrides; raises SpecError."""
    return elaborate(language.changed(network.spec, variants, overrides))


def with_classes(network: Network, classes: int) -> Network:
    """The same spec for another number of classes; raises SpecError if it has none."""
    return _with(network, "classes", classes)


def with_input_size(network: Network, size: Pair) -> Network:
    """The same spec for images of another height and width; raises SpecError.

    Other inputs become larger or smaller as the first does; a size of 1 remains.
    """
    first, changed = network.image[1:], dict[str, Input]()
    for name, before in network.document.images.items():
        own = zip(size, network.inputs[name][1:], first, before.size, strict=True)
        lengths = [
            Formula(Constant(max(1, length * mine // other)), old.place)
            if mine > 1
            else old
            for length, mine, other, old in own
        ]
        changed[name] = replace(before, size=lengths)
    if network.document.input:
        return _with(network, "input", changed["input"])
    return _with(network, "inputs", changed)


def with_multipliers(network: Network, changed: Mapping[str, float]) -> Network:
    """The same spec with other values of some multipliers; raises SpecError."""
    known = network.document.multipliers
    own = {n: known[n]._replace(expression=Constant(v)) for n, v in changed.items()}
    return _with(network, "multipliers", {**known, **own})


def keeping(network: Network, names: Sequence[str] = ()) -> Network:
    """The same network, whose source has these multipliers as arguments.

    Those that its spec marks are kept, too; `in_channels` keeps the channels of the
    image. Raises SpecError (AS404) for a name that is no multiplier.
    """
    spec = family.keeping(network.spec, names)
    if spec.document is not network.document:
        return elaborate(spec)
    return replace(network, spec=spec)


def _with(network: Network, key: str, value: object) -> Network:
    changes: dict[str, Any] = {key: value}
    document = replace(network.document, **changes)
    return elaborate(replace(network.spec, document=document))


def folded(network: Network) -> Network:
    """The network with its batch norms folded into the linear layers before them.

    `weights.fold` folds its weights.
    """
    from archspec.language.fold import fold_batch_norm  # noqa: PLC0415 - few fold

    spec = network.spec
    if spec.folded:
        return network
    document = fold_batch_norm(spec.document)
    return elaborate(replace(spec, document=document, folded=True))


def check_used(layers: Sequence[NetworkLayer], ends: set[int]) -> None:
    """Raise SpecError for a network without layers, or with one that is never used."""
    if not layers:
        help = "every layer has a 'when', and all are false"
        raise SpecError.single("AS310", "the network has no layers", help=help)
    used = ends | {s for layer in layers for s in layer.sources}
    for number, layer in enumerate(layers):
        if number not in used:
            message = f"layer '{layer.path}' is never used"
            help = "refer to it by 'from' or 'outputs', or remove it"
            raise SpecError.single("AS309", message, layer.place, help=help)


def _check_preprocessing(spec: Spec, channels: int) -> None:
    """Raise SpecError (AS203) for a list that has no entry for each channel."""
    for key in ("mean", "std"):
        given = getattr(spec.document.preprocessing, key, None)
        if isinstance(given, list) and len(cast("list[float]", given)) != channels:
            found = len(cast("list[float]", given))
            entries = f"{channels} {'entry' if channels == 1 else 'entries'}"
            message = f"'{key}' must have {entries}, one per channel, found {found}"
            place = spec.tree.section("preprocessing").place_of(key)
            help = "write one number for all channels"
            raise SpecError.single("AS203", message, place, help=help)


def _shape(image: Input, scope: Names) -> Shape:
    return (
        whole_number(image.channels, scope, "'channels'"),
        *(whole_number(length, scope, "'size'") for length in image.size),
    )
