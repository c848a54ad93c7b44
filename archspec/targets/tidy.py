"""Generated text as an expert leaves it: formatted, and with no import too many."""

from __future__ import annotations

import re

from archspec.targets.ruff import ruff

_RULES = "F401,F811,F821,I"
_ARGUMENT_ALONE = re.compile(
    r"^( +(?:\w+ = |return )layers\..*[^(,\n])\)\(\n +(\w+)\n +\)", re.MULTILINE
)
"""A layer that was broken where it is applied: `x = layers.Conv2D(...)(`, `x`, `)`."""


def tidy(text: str) -> str:
    """Without unused imports, in order, and formatted, by a pinned ruff.

    A line that is too long for a layer is broken between the layer's own arguments.
    Raises RuntimeError for a name that the text does not define.
    """
    tool = ruff()
    text = tool.format(tool.fix(text, _RULES))
    opened = _ARGUMENT_ALONE.sub(r"\1,)(\2)", text)
    return text if opened == text else tool.format(opened)
