"""Lint warnings: valid, but probably a mistake.

The base and all variants of a spec are considered together: a definition that only one
of them uses is used. Warnings about other files, `extends` and standard blocks, are
dropped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from archspec.analysis.lint.costs import cost_warnings
from archspec.analysis.lint.idle import idle_warnings
from archspec.analysis.lint.left_out import left_out_warnings
from archspec.analysis.lint.unused import unused_warnings
from archspec.analysis.lint.unusual import unusual_warnings
from archspec.errors import Diagnostic, in_order
from archspec.network import Network

__all__ = ["own_warnings", "warnings_of"]


def warnings_of(networks: Sequence[Network], file: str) -> list[Diagnostic]:
    """The warnings (AS22x, AS32x) of a spec's networks about lines of `file`."""
    found = [
        *unused_warnings(networks),
        *idle_warnings(networks),
        *left_out_warnings(networks),
        *(warning for network in networks for warning in _of_one(network)),
    ]
    return _in_file(found, file)


def own_warnings(network: Network) -> list[Diagnostic]:
    """Those of a network that other variants of its spec hardly change."""
    found = [*left_out_warnings([network]), *_of_one(network)]
    return _in_file(found, str(network.spec.source.path))


def _of_one(network: Network) -> Iterator[Diagnostic]:
    yield from cost_warnings(network)
    yield from unusual_warnings(network)


def _in_file(found: Iterable[Diagnostic], file: str) -> list[Diagnostic]:
    return in_order(w for w in found if w.place is not None and w.place.file == file)
