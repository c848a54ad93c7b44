"""Code as HTML: words of the language in classes of Pygments, all text escaped."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Literal

from markupsafe import Markup, escape

Language = Literal["python", "yaml", "console"]

_LEXERS = {
    "python": ("python", "PythonLexer"),
    "yaml": ("data", "YamlLexer"),
    "console": ("shell", "BashLexer"),
}
MAX_CHARACTERS = 100_000
"""Longer text is not highlighted; the zoo's longest file has 25,000 characters."""


def highlighted(text: str, language: Language) -> Markup:
    """The text as spans for a `pre`, without control characters."""
    shown = "".join(c if c.isprintable() or c == "\n" else "\ufffd" for c in text)
    if len(shown) > MAX_CHARACTERS:
        return escape(shown)
    module, name = _LEXERS[language]
    lexer: Any = getattr(import_module(f"pygments.lexers.{module}"), name)
    html: Any = import_module("pygments.formatters.html")
    formatter = html.HtmlFormatter(nowrap=True)
    # Pygments escapes &, <, >, " and ' in every token.
    return Markup(import_module("pygments").highlight(shown, lexer(), formatter))
