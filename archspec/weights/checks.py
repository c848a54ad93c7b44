"""Whether arrays are the weights that are wanted: names, shapes, numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from archspec.errors import Diagnostic, WeightsError, did_you_mean
from archspec.ops import Shape

Array = np.ndarray[Any, Any]
Arrays = Mapping[str, Array]


def check(weights: Arrays, expected: Mapping[str, Shape]) -> None:
    """Raise WeightsError (AS512 to AS515) unless names, shapes and numbers fit."""
    _raise_if(_names(weights, expected))
    _raise_if(_shapes(weights, expected))
    check_numbers(weights)


def check_numbers(weights: Arrays) -> None:
    """Raise WeightsError (AS514, AS515) unless all are floating-point and finite."""
    _raise_if(_numbers(weights))


def _raise_if(found: Iterator[Diagnostic]) -> None:
    diagnostics = list(found)
    if diagnostics:
        raise WeightsError.most(diagnostics)


def _names(weights: Arrays, expected: Mapping[str, Shape]) -> Iterator[Diagnostic]:
    left_over = [name for name in weights if name not in expected]
    for name, shape in expected.items():
        if name not in weights:
            help = did_you_mean(name, left_over)
            message = f"weight '{name}' {listed(shape)} is missing"
            yield Diagnostic("AS512", message, help=help)
    for name in left_over:
        help = did_you_mean(name, expected.keys() - weights.keys())
        message = f"the network has no weight '{name}' {listed(weights[name].shape)}"
        yield Diagnostic("AS512", message, help=help)


def _shapes(weights: Arrays, expected: Mapping[str, Shape]) -> Iterator[Diagnostic]:
    for name, shape in expected.items():
        found = weights[name].shape
        if found != shape:
            message = (
                f"'{name}' is {listed(found)}, but the network expects {listed(shape)}"
            )
            yield Diagnostic("AS513", message)


def _numbers(weights: Arrays) -> Iterator[Diagnostic]:
    for name, array in weights.items():
        if not np.issubdtype(array.dtype, np.floating):
            message = f"'{name}' holds {array.dtype}, but weights are floating-point"
            yield Diagnostic("AS514", message)
        elif odd := array.size - int(np.isfinite(array).sum()):
            message = f"'{name}' has {odd} of {array.size} numbers that are not finite"
            yield Diagnostic("AS515", message)


def listed(shape: Shape) -> str:
    """A shape for readers: (32, 3, 3, 3)."""
    return f"({', '.join(map(str, shape))})"
