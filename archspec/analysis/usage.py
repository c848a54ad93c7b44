"""How a network is to be used, which its memory depends on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple, Self, TypedDict, Unpack, get_args

from archspec.errors import InvalidArgument, one_of

Dtype = Literal["float32", "float16", "int8"]
Optimizer = Literal["sgd", "momentum", "adam"]

BYTES: Mapping[Dtype, int] = {"float32": 4, "float16": 2, "int8": 1}
STATES: Mapping[Optimizer, int] = {"sgd": 0, "momentum": 1, "adam": 2}
"""Numbers that an optimiser keeps for each weight that it trains."""


class UsageWords(TypedDict, total=False):
    """The arguments that say it."""

    dtype: Dtype
    batch: int
    optimizer: Optimizer | None


class Usage(NamedTuple):
    """The type of numbers at inference; for training, the batch and the optimiser.

    Training has float32 throughout; without `optimizer` the network is not trained.
    """

    dtype: Dtype = "float32"
    batch: int = 1
    optimizer: Optimizer | None = None

    @classmethod
    def of(cls, **given: Unpack[UsageWords]) -> Self:
        """Raises InvalidArgument for other words, and for a batch that is none."""
        found = cls(**given)
        one_of("dtype", found.dtype, get_args(Dtype))
        if found.optimizer is not None:
            one_of("optimizer", found.optimizer, get_args(Optimizer))
        if found.batch < 1:
            raise InvalidArgument(f"'batch' must be at least 1, not {found.batch}")
        return found


INFERENCE = Usage()
