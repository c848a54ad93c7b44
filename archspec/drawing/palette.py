"""The colours of pictures, which they share with reports and pages."""

from __future__ import annotations

import re
from functools import cache

from archspec import resources

_COLOUR = re.compile(r"--([\w-]+): light-dark\((#\w+), #\w+\);")


@cache
def stylesheet() -> str:
    """The stylesheet that declares the palette."""
    return (resources.TEMPLATES / "web" / "palette.css").read_text("utf-8")


@cache
def light() -> dict[str, str]:
    """The colours on white paper, by name: for viewers without CSS variables."""
    return dict(_COLOUR.findall(stylesheet()))
