"""The sections of `docs/errors.md`: one for each code."""

from __future__ import annotations

import re
from typing import NamedTuple

from archspec import resources

_HEADING = re.compile(r"^## (AS[0-9]{3}): (.+)$", re.MULTILINE)


class Explanation(NamedTuple):
    """A section of the page, its heading included."""

    title: str
    text: str


def explanations() -> dict[str, Explanation]:
    """Every code's section, in the order of the page."""
    page = resources.ERRORS.read_text("utf-8")
    headings = [*_HEADING.finditer(page)]
    ends = [*(heading.start() for heading in headings[1:]), len(page)]
    return {
        heading[1]: Explanation(heading[2], page[heading.start() : end].rstrip() + "\n")
        for heading, end in zip(headings, ends, strict=True)
    }
