"""What a command does first, done before the command line is even loaded.

A document that no option can mend is refused in half the time: the YAML, names and
expressions before Pydantic is loaded, the rest before Typer is.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING

from archspec.errors import SpecError

if TYPE_CHECKING:
    from archspec.network import Network

COMMANDS = ("flops", "generate")
CHANGING = ("--variant", "--set", "--help")
"""Options with which a spec becomes another, or is not looked at."""

_networks: dict[str, Network] = {}


def refuse(arguments: Sequence[str]) -> None:
    """Exit with 2 for a faulty spec; what is made of the others is kept."""
    if not arguments or arguments[0] not in COMMANDS:
        return
    if any(argument.startswith(CHANGING) for argument in arguments):
        return
    words = takewhile(lambda word: not word.startswith("-"), arguments[1:])
    specs = [word for word in words if Path(word).suffix in (".yaml", ".yml")]
    try:
        _networks.update((spec, network_of(spec)) for spec in specs)
    except SpecError as error:
        if sys.stderr is not None:  # which `2>&-` closes
            print(error, file=sys.stderr)
        sys.exit(2)


def network_of(
    spec: str, variants: Sequence[str] = (), overrides: Sequence[str] = ()
) -> Network:
    """The network of a spec, which may be there already; raises SpecError."""
    if spec in _networks and not variants and not overrides:
        return _networks[spec]
    from archspec.reading import read_source

    source = read_source(spec)
    from archspec.elaboration import elaborate

    return elaborate(source, variants, overrides)
