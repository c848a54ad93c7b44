"""Lint warnings: valid, but probably a mistake.

The base and all variants of a spec are considered together: a definition that only one
of them uses is used. Warnings about other files, `extends` and standard blocks, are
dropped.
"""

from __future__ import annotations

from collections.abc import Sequence

from archspec.analysis.lint.costs import cost_warnings
from archspec.analysis.lint.idle import idle_warnings
from archspec.analysis.lint.unused import unused_warnings
from archspec.errors import Diagnostic, in_order
from archspec.network import Network

__all__ = ["warnings_of"]


def warnings_of(networks: Sequence[Network], file: str) -> list[Diagnostic]:
    """The warnings (AS22x, AS32x) of a spec's networks about lines of `file`."""
    found = [
        *unused_warnings(networks),
        *idle_warnings(networks),
        *(warning for network in networks for warning in cost_warnings(network)),
    ]
    own = (w for w in found if w.place is not None and w.place.file == file)
    return in_order(own)
