"""What verification found, as data."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any, NamedTuple

from archspec.network import Network
from archspec.ops import Shape
from archspec.runtime.order import Precision
from archspec.tables import Page

NETWORK = "network"
"""What comparisons call the network's own layers, evaluated without any target."""


class Difference(NamedTuple):
    """The first layer that differs, and where it is written.

    `at_fault` are those targets that differ from the network itself; `lines` has
    FILE:LINE for each target, as `generate` writes the file.
    """

    layer: str
    op: str
    relative_error: float | None
    at_fault: tuple[str, ...]
    spec: str
    lines: Mapping[str, str]


class Comparison(NamedTuple):
    """Two targets, or the network and a target, compared at one size.

    Errors are of the outputs: the largest difference, and that over the largest number.
    They are None where there was nothing to compare: `fault` says why. `note` is what
    one has to know to read them, `not_judged` names layers that they leave out because
    roundings alone make them differ as much. `other_inputs` are the shapes of
    the inputs after the first.
    """

    targets: tuple[str, str]
    compared: str
    precision: Precision
    input_shape: Shape
    tolerance: float
    max_abs_error: float | None = None
    relative_error: float | None = None
    first_difference: Difference | None = None
    fault: str = ""
    note: str = ""
    not_judged: str = ""
    other_inputs: tuple[Shape, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether all that could be judged is equal."""
        error = self.relative_error
        small = bool(self.not_judged) if error is None else error <= self.tolerance
        return small and self.first_difference is None and not self.fault


class Report(NamedTuple):
    """All comparisons of one network, and the parameters of each target.

    `surplus` are weights of the ONNX file that no layer has; in source they are faults.
    """

    network: Network
    seed: int
    parameters: Mapping[str, int | None]
    comparisons: tuple[Comparison, ...]
    surplus: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether every count is exact and every comparison fine."""
        counts = set(self.parameters.values())
        exact = counts == {self.network.parameters}
        return exact and all(comparison.ok for comparison in self.comparisons)

    def __repr__(self) -> str:
        verdict = "equal" if self.ok else "DIFFERENT"
        return f"<Report of {self.network.name}: {verdict}>"

    def __str__(self) -> str:
        return self.page.to("text")

    @property
    def page(self) -> Page:
        """The verdict, the errors at each size, and where the first difference is."""
        from archspec.verification.text import page  # noqa: PLC0415 - it reads ours

        return page(self)

    def document(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "name": self.network.name,
            "variant": self.network.spec.variant,
            "ok": self.ok,
            "seed": self.seed,
            "parameters": dict(self.parameters),
            "surplus": list(self.surplus),
            "comparisons": [_document(found) for found in self.comparisons],
        }


def _document(comparison: Comparison) -> dict[str, Any]:
    first = comparison.first_difference
    found = first and _finite(first)
    return {**_finite(comparison), "first_difference": found, "ok": comparison.ok}


def _finite(found: Comparison | Difference) -> dict[str, Any]:
    """The fields as JSON can say them: no number is null."""
    return {
        key: None if isinstance(value, float) and not isfinite(value) else value
        for key, value in found._asdict().items()
    }
