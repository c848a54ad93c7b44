"""Write the help of every command to docs/commands.md.

python docs/commands.py
"""

from collections.abc import Iterator
from pathlib import Path

from typer.testing import CliRunner

from archspec.cli.commands import COMMANDS, program

PAGE = Path(__file__).parent / "commands.md"
GROUPS = {"weights": ("init", "convert", "adopt", "inspect")}
BEGIN = "<!-- docs/commands.py writes from here -->\n"


def pages() -> Iterator[str]:
    """A section for each command."""
    yield section()
    for command in COMMANDS:
        yield section(command)
        for inner in GROUPS.get(command, ()):
            yield section(command, inner)


def section(*command: str) -> str:
    """The help of one command."""
    environment = {"COLUMNS": "88"}
    done = CliRunner().invoke(
        program([]), [*command, "-h"], prog_name="archspec", env=environment
    )
    name = " ".join(["archspec", *command])
    return f"## {name}\n\n```text\n{done.stdout.rstrip()}\n```\n"


def page(text: str) -> str:
    """The page with its sections written anew."""
    return "\n".join([text.partition(BEGIN)[0] + BEGIN, *pages()])


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text("utf-8")), "utf-8")
