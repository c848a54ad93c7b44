"""What is no fault, and yet hardly meant: warnings.

All that a file offers is looked at together, its base and its variants: what only one
of them uses is used. What stands in other files, `extends` and standard blocks, is
theirs.
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
