"""A network, and all that can be made of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, get_args

from archspec import network
from archspec.errors import InvalidArgument, one_of, optional_packages

if TYPE_CHECKING:
    from archspec.api.weights import AdoptedWeights, Weights
    from archspec.verification import Report
    from archspec.weights.checks import Arrays

Format = Literal["text", "markdown", "csv", "html"]
SECONDS = 300


class Network(network.Network):
    """A spec, evaluated: layers with their shapes, weights and costs.

    `archspec.load` makes them. Shapes are channels first and without the batch. What a
    method needs is imported when it is called; it raises FrameworkMissing where that
    is not installed.
    """

    @classmethod
    def of(cls, found: network.Network) -> Self:
        """A network of the inner modules, with the methods of this class."""
        return cls(**{part.name: getattr(found, part.name) for part in fields(found)})

    def _repr_html_(self) -> str:
        return self.table("html")

    def table(self, format: Format = "text") -> str:
        """What each layer costs, with totals and the reported figures.

        `format` is text, markdown, html or csv, which has a line for each primitive.
        `costs` has the same as data. Raises InvalidArgument for another format.
        """
        from archspec.analysis import table

        one_of("format", format, get_args(Format))
        if format == "csv":
            return table.to_csv([self])
        return getattr(table, f"to_{format}")(self)

    def costs(self) -> dict[str, Any]:
        """The totals and every primitive's costs, as `flops --format json` has them.

        Plain data: `pandas.DataFrame(network.costs()["layers"])`.
        """
        from archspec.analysis.cost import cost_document

        return cost_document(self)

    def fold_batch_norm(self) -> Network:
        """The network for inference, batch norm folded into the layers before it."""
        from archspec.elaboration import folded

        return Network.of(folded(self))

    def keep(self, *multipliers: str) -> Network:
        """The network whose source has multipliers as arguments, such as `width`.

        The source is one file for all variants that change nothing but multipliers:
        `VARIANTS` there has their arguments. Raises SpecError (AS404) for a name that
        is no multiplier; `source` raises it where a multiplier cannot be an argument.
        """
        from archspec.elaboration import keeping

        return Network.of(keeping(self, multipliers))

    def path(self, target: str) -> Path:
        """Where `archspec generate` writes it, below its folder."""
        suffix = ".onnx" if target == "onnx" else ".py"
        return Path(target, self.spec.module_name + suffix)

    def source(self, target: str, *, templates: Path | None = None) -> str:
        """The text of the file that `archspec generate` writes for a target.

        `templates` is a folder of your own templates, which are run, before ours.

        Raises:
            InvalidArgument: there is no source for this target.
            SpecError: the target does not support it (AS4xx), with the place, or a
                template failed (AS507).
        """
        from archspec.targets import TARGETS, render

        if target == "onnx":
            message = "ONNX has no source: Network.onnx() gives the bytes of a model"
            raise InvalidArgument(message)
        one_of("target", target, TARGETS)
        return render(self, target, templates)

    @optional_packages()
    def build(self, target: str, **arguments: Any) -> Any:
        """The framework's model: the generated source, imported and called.

        `arguments` are those of the generated class or function, such as
        `num_classes=10`. This runs generated code in your process. Raises as `source`
        does, and TypeError for arguments that there are not.
        """
        from archspec.api.build import module_of

        module = module_of(self.source(target), f"{self.spec.module_name}_{target}")
        return getattr(module, self.name)(**arguments)

    @optional_packages()
    def onnx(self, weights: Arrays | None = None, *, seed: int = 0) -> bytes:
        """The bytes of an ONNX model, batch norm folded.

        `weights` are canonical; without them, fresh ones are drawn by `seed`. Raises
        SpecError (AS402) where ONNX does not support it, WeightsError for weights that
        do not fit.
        """
        from archspec.targets import onnx
        from archspec.weights.checks import check

        onnx.check_size(self)
        chosen = self.init_weights(seed) if weights is None else weights
        check(chosen, self.weight_shapes)
        return onnx.file(self, chosen)

    def verify(
        self,
        targets: Sequence[str] | None = None,
        *,
        train: bool = False,
        seed: int = 0,
        seconds: float = SECONDS,
    ) -> Report:
        """Whether all targets compute the same; `verify` explains the arguments."""
        (report,) = verify([self], targets, train=train, seed=seed, seconds=seconds)
        return report

    @optional_packages()
    def init_weights(self, seed: int = 0) -> Weights:
        """Fresh weights, as the spec's initialisers say; one seed, the same numbers."""
        from archspec.api.weights import Weights
        from archspec.weights.initial import fresh

        return Weights(self, fresh(self, seed))

    @optional_packages()
    def read_weights(self, path: str | Path, source: str | None = None) -> Weights:
        """The weights in a file: canonical, or saved by the generated module.

        `source` is the target whose module saved it. Raises InvalidArgument for
        another, WeightsError for a file that cannot be read or does not fit.
        """
        from archspec.api.weights import read

        return read(self, Path(path), source)

    @optional_packages()
    def adopt(self, path: str | Path, ignore: Sequence[str] = ()) -> AdoptedWeights:
        """The weights in a checkpoint of torchvision, timm, keras.applications, ...

        Layers are matched with tensors by shapes, order and names; the result, printed,
        shows which is which. Tensors whose names fit a pattern of `ignore`, as the
        shell has them, are passed over.

        Raises:
            WeightsError: the file cannot be read (AS511); a tensor is missing or left
                over (AS512), or has another shape (AS513); numbers are not
                floating-point or not finite (AS514, AS515); a pattern fits nothing
                (AS516); it is not clear which is which (AS517).
        """
        from archspec.api.weights import adopt

        return adopt(self, Path(path), ignore)


def verify(
    networks: Iterable[Network],
    targets: Sequence[str] | None = None,
    *,
    train: bool = False,
    seed: int = 0,
    seconds: float = SECONDS,
    progress: Callable[[str], None] = lambda text: None,
) -> Iterator[Report]:
    """Compare what all targets compute, layer by layer; a report for each network.

    Runs generated code, each target in a process of its own, which serves all networks.

    Args:
        networks: what to verify.
        targets: two or more of torch, keras, onnx and the like; else all usual ones.
        train: whether to compare gradients and a step of training, too.
        seed: of the weights and images.
        seconds: the limit of one run in one target.
        progress: called with what is done next.

    Raises:
        VerifyError: there is no such target (AS601); a process died, took too long or
            would need too much memory (AS602 to AS604).
        SpecError: a target does not support a network (AS4xx).
        FrameworkMissing: a target's framework is not installed.
    """
    if isinstance(targets, str):
        raise TypeError(f"'targets' is a list of names, found {targets!r}")
    with optional_packages():
        from archspec.verification import Verifier
    with optional_packages(), Verifier(targets, seconds, progress=progress) as verifier:
        for network in networks:
            yield verifier.verify(network, seed, train)
