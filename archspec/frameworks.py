"""The frameworks, as data; what each one does is in modules of its name.

Those are `targets.NAME`, `runtime.NAME` and `weights.checkpoints`; its vocabulary is in
`templates/NAME/target.yaml`. Nothing here imports a framework.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import NamedTuple


class Framework(NamedTuple):
    """A framework that runs what is generated.

    `packages` must be installed, the pip extra `extra` does that. `writes` and `reads`
    are suffixes of its files of weights. While it runs or trains, its process keeps
    `run_memory` or `train_memory` outputs of each layer, counted in double precision.
    """

    packages: tuple[str, ...]
    extra: str
    writes: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    run_memory: float = 1
    train_memory: float = 2
    trains: bool = False
    """Whether its training is compared, and with it all that float64 shows."""
    is_optional: bool = False
    """Whether `verify` leaves it out by default where it is not installed."""

    @property
    def missing(self) -> str:
        """The first package that is not installed, or ""."""
        return next((name for name in self.packages if find_spec(name) is None), "")


_STATE_DICT = (".safetensors", ".pth", ".pt", ".bin")

FRAMEWORKS: Mapping[str, Framework] = {
    "torch": Framework(
        ("torch",),
        "torch",
        writes=_STATE_DICT,
        reads=(*_STATE_DICT, ".ckpt", ".tar"),
        run_memory=0,  # its process writes each output and lets it go
        train_memory=1,
        trains=True,
    ),
    "keras": Framework(
        ("tensorflow", "keras"),
        "keras",
        writes=(".weights.h5", ".safetensors"),
        reads=(".weights.h5", ".safetensors", ".keras", ".h5"),
        trains=True,
    ),
    "keras:jax": Framework(("jax", "keras"), "jax"),
    "keras:torch": Framework(("torch", "keras"), "keras"),
    "nnx": Framework(
        ("flax", "jax", "orbax", "tensorstore"),
        "nnx",
        writes=(".safetensors", ".orbax"),
        reads=(".safetensors", ".orbax"),
        trains=True,
        is_optional=True,
    ),
    "onnx": Framework(
        ("onnxruntime", "onnx"), "onnx", writes=(".onnx",), run_memory=0.5
    ),
}

SOURCES = tuple(name for name, framework in FRAMEWORKS.items() if framework.trains)
"""The targets that are written as source code."""

ALL_TARGETS = tuple(name for name in FRAMEWORKS if ":" not in name)
"""Those, and the targets that are written as models."""


OTHER_NAMES: Mapping[str, str] = {
    "pytorch": "torch",
    "tf": "keras",
    "tensorflow": "keras",
    "jax": "nnx",
    "flax": "nnx",
}
"""What users call a target, and its name."""


def target_of(framework: str) -> str:
    """The target whose files a framework runs: `keras` for `keras:jax`."""
    return framework.partition(":")[0]


def usual_targets() -> tuple[str, ...]:
    """The targets that `verify` takes by default."""
    return tuple(
        name
        for name in ALL_TARGETS
        if not (FRAMEWORKS[name].is_optional and FRAMEWORKS[name].missing)
    )
