"""What comes with archspec: specs, standard blocks and explanations of error codes."""

from __future__ import annotations

import functools
import re
from itertools import takewhile
from pathlib import Path
from typing import Any, NamedTuple

from archspec import resources
from archspec.errors import InvalidArgument, SpecError, did_you_mean

_HEADING = re.compile(r"^## (AS[0-9]{3}): (.+)$", re.MULTILINE)


def __getattr__(name: str) -> str:
    """`__version__`, which is slow to look up."""
    if name != "__version__":
        raise AttributeError(name)
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("archspec-nn")
    except PackageNotFoundError:  # a checkout that was never installed
        return "unknown"


def list_specs() -> dict[str, dict[str, Any]]:
    """Each bundled spec by name: its summary, source, variants, shapes and costs."""
    from archspec.analysis.cost import totals
    from archspec.api.specs import bundled_specs, load

    networks = {name: load(name) for name in bundled_specs()}
    return {
        name: {
            "summary": network.document.summary,
            "source": network.document.source and network.document.source.title,
            "variants": list(network.spec.variants.entries),
            **totals(network),
        }
        for name, network in networks.items()
    }


def blocks() -> dict[str, str]:
    """The standard blocks and their summaries, in order of names."""
    from archspec.language.blocks import standard_blocks
    from archspec.reading.nodes import Mapping, text_of

    found = sorted(standard_blocks().entries.items())
    return {
        name: text_of(block.get("summary")) or ""
        for name, block in found
        if isinstance(block, Mapping)
    }


def block_source(name: str) -> str:
    """The YAML of a standard block; raises SpecError (AS205) for unknown names."""
    from archspec.language.blocks import standard_blocks

    known = standard_blocks()
    if name not in known.entries:
        raise unknown_op(name, "block", "blocks")
    place = known.place_of(name)
    first, *rest = Path(place.file).read_text("utf-8").splitlines()[place.line - 1 :]
    body = takewhile(lambda line: not line or line[0] == " ", rest)
    return "\n".join([first, *body]).rstrip() + "\n"


def unknown_op(name: str, kind: str, command: str) -> SpecError:
    """The error (AS205) of a name that a command does not know.

    Its help knows other frameworks' words, and what the other command would print.
    """
    from archspec.language.blocks import standard_blocks
    from archspec.language.vocabulary import Vocabulary
    from archspec.synonyms import OPS_AND_BLOCKS

    standard = standard_blocks().entries
    vocabulary = Vocabulary(standard, {}, [])
    meant = OPS_AND_BLOCKS.match(name, vocabulary.names)
    help = vocabulary.meant(name)
    if meant is not None:
        other = "blocks" if meant in standard else "ops"
        help = f"run archspec {other} {meant}"
    return SpecError.single("AS205", f"there is no {kind} '{name}'", help=help)


class Explanation(NamedTuple):
    """A section of the page, its heading included."""

    title: str
    text: str


def explanations() -> dict[str, Explanation]:
    """The section of `docs/errors.md` for each code, in the order of the page."""
    page = resources.ERRORS.read_text("utf-8")
    headings = [*_HEADING.finditer(page)]
    ends = [*(heading.start() for heading in headings[1:]), len(page)]
    return {
        heading[1]: Explanation(heading[2], page[heading.start() : end].rstrip() + "\n")
        for heading, end in zip(headings, ends, strict=True)
    }


@functools.cache
def explained_at(code: str) -> str:
    """The address of the section about a code, as editors open it: a file and line."""
    heading = f"## {code}:"
    lines = resources.ERRORS.read_text("utf-8").splitlines()
    number = next((n for n, t in enumerate(lines, 1) if t.startswith(heading)), 1)
    return f"{resources.ERRORS.as_uri()}#L{number}"


def explain(code: str) -> Explanation:
    """Explain an error or warning; raises InvalidArgument for unknown codes."""
    found, wanted = explanations(), code.upper()
    if wanted in found:
        return found[wanted]
    like = ", ".join(name for name in found if name[:3] == wanted[:3])
    near = f"there are {like}" if like else did_you_mean(wanted, found)
    near = near or "'archspec explain' lists all codes"
    raise InvalidArgument(f"there is no code '{code}': {near}")
