"""`archspec explain`."""

from __future__ import annotations

from typing import Annotated

import typer


def explain(
    code: Annotated[
        str | None, typer.Argument(metavar="CODE", show_default=False)
    ] = None,
) -> None:
    """Tell more of an error or warning, with an example; without CODE, list all."""
    from archspec.errors import did_you_mean
    from archspec.explanations import explanations

    found = explanations()
    if code is None:
        for name, section in found.items():
            typer.echo(f"{name}  {section.title}")
        return
    wanted = code.upper()
    if wanted not in found:
        like = ", ".join(name for name in found if name[:3] == wanted[:3])
        near = f"there are {like}" if like else did_you_mean(wanted, found)
        near = near or "'archspec explain' lists all codes"
        raise typer.BadParameter(f"there is no code '{code}': {near}")
    typer.echo(found[wanted].text, nl=False)
