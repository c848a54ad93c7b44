"""A module of this process."""

from __future__ import annotations

import copy
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np

from archspec.errors import ImportFailed, InvalidArgument, needed
from archspec.importing.outputs import Run, Unable
from archspec.importing.torch.archive import Program, read
from archspec.runtime.order import canonical, laid_out, named

Array = np.ndarray[Any, Any]


def export(module: Any, example: Any) -> Program:
    """What `torch.export` writes of a copy of a module; raises ImportFailed (AS702)."""
    torch = needed("torch")
    if not isinstance(module, torch.nn.Module):
        message = f"expected a torch.nn.Module or a name, not {type(module).__name__}"
        raise InvalidArgument(message)
    inputs = cast(
        "tuple[Any, ...]", example if isinstance(example, tuple) else (example,)
    )
    if not all(isinstance(each, torch.Tensor) and len(each) > 1 for each in inputs):
        message = "'example' must be an image, or a tuple of them, with a batch of 2"
        raise InvalidArgument(message)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.pt2")
        try:
            own = copy.deepcopy(module).eval()
            torch.export.save(torch.export.export(own, inputs, strict=False), path)
        except Exception as error:
            message = f"{type(module).__name__} cannot be exported"
            help = " ".join(f"{type(error).__name__}: {error}".split())
            raise ImportFailed.single("AS702", message, help=help) from error
        return read(path)


def runner(module: Any, state: Mapping[str, Array], end: str = "") -> Run:
    """Runs a copy of a module in double precision, or its part until a module."""
    torch = needed("torch")
    own = copy.deepcopy(module).eval().double()
    whole = own.state_dict()  # which says the versions of modules
    whole.update({n: torch.from_numpy(np.array(a)) for n, a in state.items()})
    own.load_state_dict(whole)
    if end:
        _end_at(own, own.get_submodule(end))

    def run(images: Sequence[Array]) -> Sequence[Array]:
        try:
            with torch.no_grad():
                found = named(own(*(torch.from_numpy(laid_out(x)) for x in images)))
        except Exception as error:
            raise Unable(f"{type(error).__name__}: {error}") from error
        return [canonical(tensor.numpy()) for tensor in found.values()]

    return run


def _end_at(module: Any, inner: Any) -> None:
    """Make a module return what one of its modules gave in its last run."""
    found: list[Any] = []

    def keep(module: Any, inputs: Any, output: Any) -> None:
        found.append(output.clone())  # what follows may change it in place

    inner.register_forward_hook(keep)
    module.register_forward_hook(lambda *_: found[-1])  # pyright: ignore[reportUnknownLambdaType]
