"""A network, with a method for everything archspec can do with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, Unpack, get_args

from archspec import network
from archspec.api.counting import counts_of, other_counts
from archspec.errors import InvalidArgument, one_of, optional_packages

if TYPE_CHECKING:
    from archspec.analysis.counts import Counter, Counts
    from archspec.analysis.usage import UsageWords
    from archspec.api.weights import AdoptedWeights, Weights
    from archspec.benching import Benchmark
    from archspec.drawing import Picture, Share
    from archspec.errors import Diagnostic
    from archspec.tables import Page
    from archspec.verification import Report
    from archspec.weights.checks import Arrays

Format = Literal["text", "markdown", "csv", "html"]
SECONDS = 300


class Network(network.Network):
    """A spec, evaluated: layers with their shapes, weights and costs.

    Returned by `archspec.load`. Shapes are channels first, without the batch. Methods
    import what they need when they are called, and raise FrameworkMissing if a package
    is not installed.
    """

    @classmethod
    def of(cls, found: network.Network) -> Self:
        """Add the methods of this class to an elaborated network."""
        return cls(**{part.name: getattr(found, part.name) for part in fields(found)})

    def _repr_html_(self) -> str:
        return self.table("html")

    @property
    def variants(self) -> list[str]:
        """The names of the spec's variants, for `with_variants`."""
        from archspec.language import variant_names

        return variant_names(self.spec.source)

    def with_variants(
        self, *names: str, set: Mapping[str, object] | Sequence[str] = ()
    ) -> Network:
        """The network of the same file with these variants and changes instead."""
        from archspec.api.specs import load

        return load(self.spec.source, variant=names, set=set)

    def warnings(self) -> list[Diagnostic]:
        """Lint warnings about this network; `archspec.check` covers all variants."""
        from archspec.analysis.lint import own_warnings

        return own_warnings(self)

    def table(
        self,
        format: Format = "text",
        counter: Counter = "archspec",
        **usage: Unpack[UsageWords],
    ) -> str:
        """The cost of each layer, the totals, memory and the reported figures.

        `format` is text, markdown, html or csv (a line per primitive). `costs` returns
        the same as data, and documents the further arguments. Raises InvalidArgument.
        """
        one_of("format", format, get_args(Format))
        if format != "csv":
            return self.page(counter, **usage).to(format)
        from archspec.analysis.table import to_csv

        return to_csv(self, other_counts(self, counter))

    def page(self, counter: Counter = "archspec", **usage: Unpack[UsageWords]) -> Page:
        """The texts and tables that `table` prints, as data."""
        from archspec.analysis.table import page
        from archspec.analysis.usage import Usage

        return page(self, Usage.of(**usage), other_counts(self, counter))

    def totals(self, counter: Counter = "archspec") -> dict[str, Any]:
        """The shapes and total costs as plain data."""
        from archspec.analysis.cost import totals

        counts = other_counts(self, counter)
        return totals(self) | ({"counter": counts.as_data()} if counts else {})

    def count(self, counter: Counter) -> Counts:
        """The figures that another tool would print for the generated module.

        `counter` is `torch` (FlopCounterMode), `fvcore`, `ptflops`, `thop`,
        `torchinfo` or `keras` (TensorFlow's profiler, as Keras has no counter);
        `archspec` counts MACs. The tool is not imported. `total` and
        `layers`, one figure for each of the network's `layers`, are in the tool's
        `unit`, for one image.

        Raises:
            InvalidArgument: another word.
            SpecError: the tool's framework does not support the network (AS4xx).
        """
        return counts_of(self, counter)

    def costs(
        self, counter: Counter = "archspec", **usage: Unpack[UsageWords]
    ) -> dict[str, Any]:
        """The totals and the costs of every primitive, as in `flops --format json`.

        Plain data, such as for `pandas.DataFrame(network.costs()["layers"])`.

        Args:
            counter: whose figures to add, see `count`.
            dtype: the type of weights and activations at inference: `float32`,
                `float16` or `int8`.
            optimizer: `sgd`, `momentum` or `adam`, for the memory of a training step.
            batch: images in that step.

        Raises:
            InvalidArgument: another word, or a batch of less than one image.
            SpecError: the counter's framework does not support the network (AS4xx).
        """
        from archspec.analysis.cost import cost_document
        from archspec.analysis.usage import Usage

        return cost_document(self, Usage.of(**usage), other_counts(self, counter))

    def draw(
        self,
        format: Picture = "svg",
        *,
        share: Share = "macs",
        compared_with: network.Network | None = None,
    ) -> str:
        """The network as a picture, with the wiring of its blocks.

        Args:
            format: `svg`, `html` (blocks unfold), `mermaid` or `dot`.
            share: whether boxes show their fraction of the `macs` or `parameters`.
            compared_with: another network, such as a variant; the picture marks what
                this one adds, removes and changes.

        Raises:
            InvalidArgument: another word.
        """
        from archspec.drawing import draw

        return draw(self, format, share, compared_with)

    def fold_batch_norm(self) -> Network:
        """The network for inference, batch norm folded into the layers before it."""
        from archspec.elaboration import folded

        return Network.of(folded(self))

    def keep(self, *multipliers: str) -> Network:
        """The network whose source has multipliers as arguments, such as `width`.

        The source is one file for all variants that change nothing but multipliers:
        `VARIANTS` there has their arguments. `in_channels` keeps the channels of the
        image. Raises SpecError (AS404) for a name that
        is no multiplier; `source` raises it where a multiplier cannot be an argument.
        """
        from archspec.elaboration import keeping

        return Network.of(keeping(self, multipliers))

    def features(self, *layers: str) -> Network:
        """The network whose source also returns feature maps by their layers' names.

        `layers` are names, or `TABLE.ROW` for a row such as `stages.2`; `"strides"`,
        the default, selects the last feature map of each stride. Raises SpecError
        (AS405) for other names and for a network with named outputs.
        """
        from archspec.elaboration import featuring

        return Network.of(featuring(self, layers or ("strides",)))

    def path(self, target: str) -> Path:
        """The file that `archspec generate` writes, relative to its output folder.

        Raises SpecError (AS207) if the spec's file has a name that no module can have.
        """
        from archspec.api.files import generated_path

        return generated_path(self.spec, target)

    def source(self, target: str, *, templates: Path | None = None) -> str:
        """The source code that `archspec generate` writes for a target.

        `templates` is a folder of custom templates, which take precedence and are run.

        Raises:
            InvalidArgument: the target is unknown.
            SpecError: the target does not support the network (AS4xx), or a template
                failed (AS507).
        """
        from archspec.targets import TARGETS, render

        if target == "onnx":
            message = "ONNX has no source code; Network.onnx() returns a model"
            raise InvalidArgument(message)
        one_of("target", target, TARGETS)
        return render(self, target, templates)

    def report(self) -> str:
        """One self-contained HTML page: costs, plots, variants, code, spec and weights.

        The page loads nothing, and its bytes depend on the spec and archspec alone. It
        states where a target does not support the network.
        """
        from archspec.reporting import report

        return report(self)

    @optional_packages()
    def build(self, target: str, **arguments: Any) -> Any:
        """Import the generated source and return the framework's model.

        `arguments` are passed to the generated class or function, such as
        `num_classes=10`. This runs generated code in your process. Raises the errors of
        `source`, and TypeError for unknown arguments.
        """
        from archspec.api.build import module_of

        module = module_of(self.source(target), f"{self.spec.module_name}_{target}")
        return getattr(module, self.name)(**arguments)

    @optional_packages()
    def onnx(self, weights: Arrays | None = None, *, seed: int = 0) -> bytes:
        """The bytes of an ONNX model, batch norm folded.

        Without `weights`, they are initialised randomly with `seed`. Raises SpecError
        (AS402) if ONNX does not support the network, WeightsError if the weights do not
        fit.
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
        """Compare all targets; `archspec.verify` documents the arguments."""
        from archspec.api.verifying import verify

        (report,) = verify([self], targets, train=train, seed=seed, seconds=seconds)
        return report

    def bench(
        self,
        target: str = "torch",
        *,
        threads: int | None = None,
        batch: int = 1,
        rounds: int = 30,
        seconds: float = SECONDS,
    ) -> Benchmark:
        """Measure where its time goes; `archspec.bench` documents the arguments."""
        from archspec.api.benching import bench

        (found,) = bench(
            [self],
            [target],
            threads=threads,
            batch=batch,
            rounds=rounds,
            seconds=seconds,
        )
        return found

    @optional_packages()
    def init_weights(self, seed: int = 0) -> Weights:
        """Random weights from the spec's initialisers, reproducible by seed."""
        from archspec.api.weights import Weights
        from archspec.weights.initial import fresh

        return Weights(self, fresh(self, seed))

    @optional_packages()
    def read_weights(self, path: str | Path, source: str | None = None) -> Weights:
        """Read a canonical weight file, or one that a generated module saved.

        `source` is the target of that module. Raises InvalidArgument for unknown
        targets, WeightsError if the file cannot be read or does not fit.
        """
        from archspec.api.weights import read

        return read(self, Path(path), source)

    @optional_packages()
    def adopt(
        self,
        path: str | Path,
        ignore: Sequence[str] = (),
        *,
        key: str = "",
        accept: Sequence[str] = (),
        qkv_by_head: bool = False,
        verify: str | None = None,
    ) -> AdoptedWeights:
        """Import a checkpoint of torchvision, timm, keras.applications and others.

        Layers are matched with tensors by shape, order and name; print the result to
        see the matches. If the checkpoint has another number of classes, the `network`
        of the result has, too.

        Args:
            path: a file of torch.save, .safetensors, .keras, .h5, or an Orbax folder.
            ignore: shell patterns of tensors to skip.
            key: the entry of the file that holds the weights, such as `ema.model`.
            accept: settings, such as `epsilon`, that may differ from what the
                checkpoint states.
            qkv_by_head: the checkpoint has query, key and value of a head of attention,
                then those of the next, as timm's CoAtNet does.
            verify: the original, such as `torchvision:mobilenet_v2` or a .keras file.
                It is run beside the network, and the outputs are compared. This imports
                the library in its own process.

        Raises:
            WeightsError: the file cannot be read (AS511); tensors are missing or
                unexpected (AS512) or have the wrong shape (AS513); numbers are not
                floating-point or not finite (AS514, AS515); a pattern matches nothing
                (AS516); a match is ambiguous (AS517); the file states other settings
                (AS518); the original computes something else (AS519).
            InvalidArgument: an unknown setting or original, or `qkv_by_head` without
                queries, keys and values of one layer.
        """
        from archspec.api.weights import adopt

        return adopt(
            self,
            Path(path),
            ignore,
            key=key,
            accept=accept,
            qkv_by_head=qkv_by_head,
            verify=verify,
        )
