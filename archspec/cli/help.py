"""The pages of `--help`: a docstring, its examples and exit codes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from typer.core import TyperCommand, TyperGroup

EXIT_CODES = {0: "success", 2: "invalid usage, spec or weights"}
"""Of every command; others are in its docstring, under `Exit codes`."""

_CHOICE = re.compile(r"[<\[]([\w|]+)[>\]]")
"""The words of which an option takes one, as Typer writes them."""


class Command(TyperCommand):
    """A command whose docstring may end with `Examples` and `Exit codes`.

    `--json` is short for `--format json`, `--targets` another name of `--target`.
    """

    def __init__(self, name: str | None, *, help: str, **others: Any):
        page: dict[str, Any] = {**others, **_page(help)}
        super().__init__(name, **page)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        known = {parameter.name for parameter in self.params}
        if "format" in known:
            args = ["--format=json" if word == "--json" else word for word in args]
        if "target" in known:
            args = [re.sub("^--targets(?==|$)", "--target", word) for word in args]
        return super().parse_args(ctx, args)

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        pieces = super().collect_usage_pieces(ctx)
        return [piece.replace("{", "").replace("}", "") for piece in pieces]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write arguments and options, without Python's names of their types."""
        sections: dict[str, list[tuple[str, str]]] = {"Arguments": [], "Options": []}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record and parameter.param_type_name == "argument":
                sections["Arguments"].append((parameter.metavar or "", record[1]))
            elif record:
                name = _CHOICE.sub(r"\1", record[0])
                sections["Options"].append((name, record[1]))
        for title in filter(sections.get, sections):
            with formatter.section(title):
                formatter.write_dl(sections[title])


class Program(TyperGroup):
    """All commands, under the titles of their groups."""

    groups: ClassVar[Mapping[str, Iterable[str]]] = {}
    first_steps: ClassVar[Sequence[str]] = ()

    def welcome(self, ctx: Any) -> str:
        """The page for a call without a command: commands, and how to start."""
        formatter = ctx.make_formatter()
        self.format_help_text(ctx, formatter)
        self.format_commands(ctx, formatter)
        with formatter.section("First steps"):
            formatter.write_text("\b\n" + "\n".join(self.first_steps))
        formatter.write(f"\nOptions and examples: {ctx.command_path} COMMAND -h\n")
        return formatter.getvalue().lstrip("\n")

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        width = max(map(len, self.commands))
        lines = {
            name: (name.ljust(width), command.get_short_help_str(limit=100))
            for name, command in self.commands.items()
        }
        for title, names in self.groups.items():
            with formatter.section(title):
                formatter.write_dl([lines[name] for name in names])


def _page(docstring: str) -> dict[str, str]:
    """The parts of a page; the first sentence is the line in the list of commands."""
    text, _, codes = docstring.partition("\n\nExit codes:\n")
    text, _, examples = text.partition("\n\nExamples:\n")
    told = dict(line.strip().split(": ", 1) for line in codes.splitlines())
    exits = {str(code): meaning for code, meaning in EXIT_CODES.items()} | told
    sections = {
        "Examples": [line.strip() for line in examples.splitlines()],
        "Exit codes": [f"{code}  {exits[code]}" for code in sorted(exits)],
    }
    short = text.partition("\n")[0]
    return {"help": text, "short_help": short, "epilog": epilog(sections)}


def epilog(sections: dict[str, list[str]]) -> str:
    r"""Sections at the end of a page, whose lines Click does not fill after `\b`."""
    return "\n\n".join(
        "\n".join(["\b", f"{title}:", *(f"  {line}" for line in lines)])
        for title, lines in sections.items()
        if lines
    )
