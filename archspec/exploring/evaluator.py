"""The figures of one spec with some of its values changed."""

from __future__ import annotations

import functools
import pickle
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from threading import Lock
from typing import NamedTuple

from archspec.analysis.usage import Dtype
from archspec.elaboration import elaborate
from archspec.errors import SpecError
from archspec.exploring.bases import Bases
from archspec.exploring.figures import USUAL, checked, figures
from archspec.network import Network
from archspec.reading import Source

Assignment = Mapping[str, str]
"""Values by dotted paths, as `--set` takes them: `{"multipliers.width": "0.5"}`."""

NO_SUCH_PATH = "AS504"


class Evaluated(NamedTuple):
    """The figures of a network by their names; without any, why it was refused.

    A refusal is a code and a message: `AS308: ...`.
    """

    figures: Mapping[str, int]
    refusal: str = ""


class Evaluator:
    """Counts variants of a spec. It can be pickled, and counts alike in any process.

    Args:
        source: the spec, as it was read.
        variants: names of variants to apply first, in order.
        overrides: changes `a.b=value` to apply next.
        names: the figures to count; raises InvalidArgument for others.
        dtype: the type of numbers that figures in bytes are for.
    """

    def __init__(
        self,
        source: Source,
        variants: Sequence[str] = (),
        overrides: Sequence[str] = (),
        names: Iterable[str] = USUAL,
        dtype: Dtype = "float32",
    ):
        self.source = source
        self.variants = tuple(variants)
        self.overrides = tuple(overrides)
        self.names = checked(names)
        self.dtype: Dtype = dtype
        self._bases = Bases(source, variants, overrides)
        self._lock = Lock()

    def __call__(self, assignment: Assignment) -> Evaluated:
        """The figures of the network with these values, or its refusal."""
        items = [*assignment.items()]
        with self._lock, suppress(SpecError):
            found = self._bases.figures(items, self.names, self.dtype)
            if found is not None:
                return Evaluated(found)
        return self.elaborated(assignment)

    def elaborated(self, assignment: Assignment) -> Evaluated:
        """The same, elaborated from the start."""
        try:
            network = self.network(assignment)
        except SpecError as error:
            first = error.diagnostics[0]
            return Evaluated({}, f"{first.code}: {first.message}")
        return Evaluated(figures(network, self.names, self.dtype))

    def network(self, assignment: Assignment) -> Network:
        """The network with these values; raises SpecError."""
        changes = [f"{path}={value}" for path, value in assignment.items()]
        return elaborate(self.source, self.variants, [*self.overrides, *changes])

    def check(self, assignment: Assignment) -> None:
        """Raise SpecError for a path that the spec has not (AS504).

        What else is wrong may be right with other values.
        """
        try:
            self.network(assignment)
        except SpecError as error:
            if error.diagnostics[0].code == NO_SUCH_PATH:
                raise

    def __reduce__(self) -> tuple[Callable[[bytes], Evaluator], tuple[bytes]]:
        return _unpickled, (self._pickled,)

    @functools.cached_property
    def _pickled(self) -> bytes:
        own = self.source, self.variants, self.overrides, self.names, self.dtype
        return pickle.dumps(own)


@functools.lru_cache(maxsize=4)
def _unpickled(pickled: bytes) -> Evaluator:
    """An evaluator that came to this process before remains, with what it knows."""
    return Evaluator(*pickle.loads(pickled))  # noqa: S301 - by ourselves, see above
