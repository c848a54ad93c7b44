"""Ops that act in training only."""

from typing import Annotated

from archspec.ops.base import Idle
from archspec.ops.fields import Examples, Share

Rate = Annotated[Share, Examples(0.1, 0.3, 0)]


class Dropout(Idle):
    """Sets a share of the numbers to 0 and scales the rest (Srivastava et al. 2014)."""

    name = "dropout"

    rate: Rate


class DropPath(Idle):
    """Sets all of a sample to 0 at a rate, and scales the other samples.

    Stochastic depth (Huang et al. 2016), where it ends the branch of a residual.
    """

    name = "drop_path"

    rate: Rate
