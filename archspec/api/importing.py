"""Models that exist, as specs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archspec.api.network import SECONDS, Network
from archspec.api.specs import load
from archspec.api.weights import Weights
from archspec.errors import one_of, optional_packages
from archspec.frameworks import ALL_TARGETS

if TYPE_CHECKING:
    from archspec.importing.became import Became
    from archspec.importing.pipeline import Imported


MOST = 3
"""Names of weights that a summary lists."""


@dataclass(frozen=True, eq=False, repr=False)
class ImportedModel:
    """What became of a model: `text` is the spec, `network` and `weights` what it says.

    `names` has the source's name of each weight, `unused` those that its outputs do not
    depend on, such as of heads for training, `notes` what was read otherwise than it is
    written. `difference` is how far the outputs of
    the generated PyTorch module are from the source's, over the largest output, at
    `sizes`; None where the source was not run, for which `unmeasured` has the reason.
    `became` says which modules of the source each layer of the spec was made of.
    """

    source: str
    text: str
    network: Network
    weights: Weights
    names: Mapping[str, str]
    operations: int
    unused: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    difference: float | None = None
    sizes: tuple[tuple[int, ...], ...] = ()
    unmeasured: str = ""
    became: Became | None = None

    def __repr__(self) -> str:
        return f"<ImportedModel of {self.source}: {self.network!r}>"

    @property
    def summary(self) -> str:
        """What was found to be equal, in a few lines."""
        net, lines = self.network, len(self.text.splitlines())
        found = [
            f"{self.source}: {self.operations} operations in {lines} lines of YAML",
            *(f"  {line}" for line in (self.became.lines if self.became else ())),
            "the graph, parameters and MACs are equal: "
            f"{net.parameters:,} parameters, {net.macs:,} MACs",
        ]
        if self.unused:
            some = ", ".join(self.unused[:MOST]) + ", ..." * (len(self.unused) > MOST)
            found.append(f"{len(self.unused)} weights are not needed: {some}")
        found += [f"note: {note}" for note in self.notes]
        if self.difference is None:
            return "\n".join([*found, self.unmeasured])
        sizes = " and ".join("x".join(map(str, size)) for size in self.sizes)
        apart = f"they differ by {self.difference:.1e} of the largest, in float64"
        return "\n".join([*found, f"outputs are equal at {sizes}: {apart}"])

    def document(self) -> dict[str, Any]:
        """Plain data, as in `archspec import --format json`."""
        return {
            "source": self.source,
            "spec": self.text,
            "operations": self.operations,
            "lines": len(self.text.splitlines()),
            "parameters": self.network.parameters,
            "macs": self.network.macs,
            "difference": self.difference,
            "sizes": [list(size) for size in self.sizes],
            "weights": dict(self.names),
            "unused": list(self.unused),
            "notes": list(self.notes),
            **(self.became.document() if self.became else {}),
        }

    def files(self, targets: Sequence[str]) -> dict[Path, str]:
        """The spec, and for each target its module and a script that runs it."""
        from archspec.importing.scripts import script

        found = {Path(f"{self.network.spec.stem}.yaml"): self.text}
        for target in targets:
            one_of("target", target, ALL_TARGETS)
            if target != "onnx":
                found[self.network.path(target)] = self.network.source(target)
            found[Path(target, "run.py")] = script(self.network, target)
        return found

    def save_weights(self, target: str, root: Path, *, force: bool = False) -> Path:
        """Write the weights that a target's module loads; returns the file's path."""
        from archspec.importing.scripts import SUFFIXES

        path = root / target / (self.network.spec.module_name + SUFFIXES[target])
        self.weights.save(path, target, force=force)
        return path


@optional_packages()
def import_model(
    model: Any,
    example: Any = None,
    *,
    call: str = "",
    name: str = "",
    size: Sequence[int] = (),
    flat: bool = False,
    checkpoint: str | Path | None = None,
    key: str = "",
    until: str = "",
    like: str = "",
    seconds: float = SECONDS,
    progress: Callable[[str], None] = lambda text: None,
) -> ImportedModel:
    """The spec and weights of a model that exists.

    Args:
        model: a name, such as `torchvision:mobilenet_v2` or `package.module:factory`,
            whose Python is run in a process of its own; a .pt2, .onnx or .keras file,
            which is read as data; or a `torch.nn.Module` or `keras.Model`.
        example: for a `torch.nn.Module`, an image or a tuple of them, with a batch of
            2 or more.
        call: the arguments of a factory, such as `num_classes=10`.
        name: what the network is called; by default as its class.
        size: the shape of the image, channels first.
        flat: write a layer for each operation, without blocks and tables.
        checkpoint: weights to use instead of the model's own.
        key: the entry of the checkpoint that holds them, such as `state_dict_ema`.
        until: the layer that the network ends with, by the source's name for it: the
            path of a module, a node or tensor of ONNX, or a layer of Keras.
        like: a spec, or `SPEC@VARIANT`, of which `model` is a checkpoint whose layers
            have other widths, as after structured pruning.
        seconds: time limit of running the model's Python.
        progress: called with a text before each step.

    Raises:
        ImportFailed: the model cannot be read (AS701) or run (AS702), the language
            lacks some of its operations (AS703), outputs differ (AS704), the
            checkpoint is not of this model (AS705), or differs from the spec in more
            than widths (AS706).
        InvalidArgument: there is no such model or layer.
        SpecError: there is no such spec, or it has errors.
        FrameworkMissing: a framework is not installed.
    """
    from archspec.importing.models import Model
    from archspec.importing.pipeline import Wish, import_module, import_source

    file = None if checkpoint is None else Path(checkpoint)
    wish = Wish(name, tuple(size), flat, file, key, until)
    if like:
        from archspec.importing.pruned import import_pruned

        network, path = load(like), Path(model)
        return _of(str(path), import_pruned(network, path, wish, seconds, progress))
    if isinstance(model, str | Path):
        found = import_source(Model.of(str(model), call), wish, seconds, progress)
        return _of(str(model), found)
    found = import_module(model, example, wish, seconds, progress)
    return _of(type(model).__name__, found)


def _of(source: str, found: Imported) -> ImportedModel:
    network, outputs = Network.of(found.network), found.outputs
    return ImportedModel(
        source,
        found.text,
        network,
        Weights(network, found.stored),
        found.names,
        found.operations,
        found.unused,
        found.notes,
        outputs.relative if outputs else None,
        outputs.sizes if outputs else (),
        "" if outputs else found.unmeasured,
        found.became,
    )
