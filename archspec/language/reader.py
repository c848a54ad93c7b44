"""Text to nodes: YAML's events, our own rules for what a scalar means.

Refused, because they hide what a spec says: anchors, aliases, tags, merge keys and
duplicate keys. No underscores in numbers, so that `0.5_160` stays a name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import yaml

from archspec.errors import Place, SpecError
from archspec.language.nodes import Mapping, Node, Scalar, Sequence, fail, is_null

MAX_CHARACTERS = 500_000
MAX_DEPTH = 40
MAX_NODES = 20_000
_INTEGER = re.compile(r"[-+]?[0-9]{1,15}")
_DECIMAL = re.compile(
    r"[-+]?([0-9]{1,15}\.[0-9]{0,30}|\.[0-9]{1,30}|[0-9]{1,15}(?=[eE]))([eE][-+]?[0-9]{1,3})?"
)
_WORDS: dict[str, bool | None] = {
    "": None,
    "~": None,
    "null": None,
    "true": True,
    "false": False,
}
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_EVENTS: Callable[..., Iterator[Any]] = getattr(yaml, "parse")  # noqa: B009 - untyped


def read(text: str, file: str) -> Node:
    """The one document in `text`; raises SpecError (AS1xx) where it is not ours."""
    reader = _Reader(text, file)
    try:
        return reader.document()
    except (yaml.YAMLError, ValueError) as error:
        reader.refuse(error)


def read_file(path: Path) -> Node:
    """The document in a file; raises SpecError where it cannot be read."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError.single("AS502", f"cannot read {path}: {error}") from None
    return read(text, str(path))


def scalar_value(text: str) -> int | float | bool | str | None:
    """What an unquoted scalar means."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0].isalpha():
        return text
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _DECIMAL.fullmatch(text) else text


class _Reader:
    """One pass over the events of one text."""

    def __init__(self, text: str, file: str):
        self.file = file
        self.text = text
        self.lines = text.splitlines()
        if len(text) > MAX_CHARACTERS:
            fail(
                "AS101",
                f"a spec has at most {MAX_CHARACTERS} characters",
                self.at(0, 0),
            )
        self.next = iter(_EVENTS(text, Loader=_LOADER)).__next__
        self.nodes = 0

    def at(self, line: int, column: int, length: int = 1) -> Place:
        source = self.lines[line] if line < len(self.lines) else ""
        return Place(self.file, line + 1, column + 1, source, max(1, length))

    def place(self, event: Any) -> Place:
        start, end = event.start_mark, event.end_mark
        one_line = start.line == end.line and isinstance(event, yaml.ScalarEvent)
        length = end.column - start.column if one_line else 1
        return self.at(start.line, start.column, length)

    def refuse(self, error: Exception) -> NoReturn:
        """Raise SpecError for what the YAML parser could not read."""
        if isinstance(error, yaml.MarkedYAMLError):
            mark = error.problem_mark or error.context_mark
            place = self.at(mark.line, mark.column) if mark else self.at(0, 0)
            fail("AS102", f"this is not YAML: {error.problem or error.context}", place)
        before = self.text[: getattr(error, "position", 0)]
        column = len(before) - before.rfind("\n") - 1
        reason = getattr(error, "reason", error)
        place = self.at(before.count("\n"), column)
        fail("AS102", f"this is not YAML: {reason}", place)

    def document(self) -> Node:
        self.next()
        if isinstance(self.next(), yaml.StreamEndEvent):
            fail("AS103", "the file is empty", self.at(0, 0))
        node = self.node(self.next(), 0)
        self.next()
        extra = self.next()
        if not isinstance(extra, yaml.StreamEndEvent):
            fail("AS103", "a file holds one document", self.place(extra))
        return node

    def node(self, event: Any, depth: int) -> Node:
        place = self.place(event)
        self.nodes += 1
        if self.nodes > MAX_NODES:
            fail("AS101", f"more than {MAX_NODES} keys and values", place)
        if depth > MAX_DEPTH:
            fail("AS101", f"nested deeper than {MAX_DEPTH} levels", place)
        if isinstance(event, yaml.AliasEvent) or event.anchor:
            fail("AS104", "anchors and aliases are not part of the language", place)
        if event.tag:
            fail("AS104", f"tags are not part of the language: {event.tag}", place)
        if isinstance(event, yaml.SequenceStartEvent):
            return self.sequence(place, depth)
        if isinstance(event, yaml.MappingStartEvent):
            return self.mapping(place, depth, in_braces=bool(event.flow_style))
        return self.scalar(event, place)

    def sequence(self, place: Place, depth: int) -> Sequence:
        items: list[Node] = []
        while not isinstance(event := self.next(), yaml.SequenceEndEvent):
            items.append(self.node(event, depth + 1))
        return Sequence(tuple(items), place)

    def mapping(self, place: Place, depth: int, in_braces: bool) -> Mapping:
        entries: dict[str, Node] = {}
        keys: dict[str, Place] = {}
        while not isinstance(event := self.next(), yaml.MappingEndEvent):
            key = self.node(event, depth + 1)
            if not isinstance(key, Scalar):
                fail("AS105", "a key is a name, not a list or a mapping", key.place)
            if key.text == "<<":
                fail("AS104", "merge keys are not part of the language", key.place)
            if key.text in entries:
                first = keys[key.text].line
                message = (
                    f"the key '{key.text}' stands here twice (first on line {first})"
                )
                fail("AS106", message, key.place)
            value = self.node(self.next(), depth + 1)
            if in_braces and isinstance(value, Scalar) and not value.text:
                self.valueless(key, value)
            entries[key.text] = value
            keys[key.text] = key.place
        return Mapping(entries, place, keys)

    def valueless(self, key: Scalar, value: Scalar) -> None:
        """Raise SpecError for `b` of `{a: 1, b}`, which mostly is part of a text."""
        if is_null(value):
            message = f"'{key.text}' has no value"
            help = "quote a text with a comma: braces split at each; '~' says nothing"
            fail("AS107", message, key.place, help)

    def scalar(self, event: Any, place: Place) -> Scalar:
        text = event.value
        if not event.implicit[0]:
            return Scalar(text, text, place)
        brackets = [text.count(bracket) for bracket in "()[]"]
        if brackets[0] != brackets[1] or brackets[2] != brackets[3]:
            fail(
                "AS107",
                f"'{text}' has an unbalanced bracket",
                place,
                "quote it: inside braces YAML splits at every comma",
            )
        return Scalar(scalar_value(text), text, place)
