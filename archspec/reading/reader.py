"""Text to nodes: YAML's events, with archspec's own rules for scalars.

Refused, because they hide values: anchors, aliases, tags, merge keys and
duplicate keys. No underscores in numbers, so that `0.5_160` stays a name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from collections.abc import Mapping as AbstractMapping
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

import yaml

from archspec.errors import (
    Advice,
    Diagnostic,
    Fix,
    Place,
    Related,
    SpecError,
    raise_if_any,
)
from archspec.reading.nodes import (
    Mapping,
    Node,
    Scalar,
    Sequence,
    Word,
    describe,
    fail,
)
from archspec.reading.parser_errors import in_words_of_libyaml

MAX_CHARACTERS = 500_000
MAX_BYTES = 4 * MAX_CHARACTERS
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
BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_ADVICE = {
    "mapping values are not allowed in this context": (
        'quote a text with a colon, such as "a: b"; a mapping begins on a new line'
    ),
    "found character that cannot start any token": (
        "quote a text that starts with @, ` or %"
    ),
    "did not find expected ',' or '}'": "add the missing } or comma before this",
    "did not find expected ',' or ']'": "add the missing ] or comma before this",
    "did not find expected key": "it is not indented as the lines around it are",
    "could not find expected ':'": "a key is followed by a colon and a space",
}
"""Help for libyaml's errors."""

_AT_SIGN = {
    "\t": "indent with spaces, not tabs",
    "[": (
        "expressions have no subscripts: write the number, or put the values in a "
        "column of a table; quote other text with brackets"
    ),
}
"""Help for those at a sign."""

_SURROGATE = re.compile("[\ud800-\udfff]")
_TUPLE = re.compile(r"\(([^()]+)\)")

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Ten times as fast where PyYAML has libyaml."""

_EVENTS: Callable[..., Iterator[Any]] = getattr(yaml, "parse")  # noqa: B009 - untyped


def read(text: str, file: str) -> Node:
    """The one document in `text`; raises SpecError (AS1xx) for its faults."""
    node, faults = scan(text, file)
    raise_if_any(faults)
    return node


def scan(text: str, file: str) -> tuple[Node, list[Diagnostic]]:
    """The one document in `text`, and its faults.

    Raises SpecError (AS1xx) where it is too large or no YAML at all.
    """
    reader = _Reader(text, file)
    try:
        return reader.document(), reader.faults
    except (yaml.YAMLError, ValueError) as error:
        reader.refuse(error)


def read_file(path: Path) -> str:
    """The text of a file; raises SpecError (AS502) where it cannot be read."""
    try:
        with path.open("rb") as file:
            return read_stream(file, path)
    except OSError as error:
        message = f"cannot read {path}: {error.strerror}"
        raise SpecError.single("AS502", message) from None


def read_stream(stream: BinaryIO, path: Path) -> str:
    """The text of an open file; raises SpecError (AS502) where it is not UTF-8."""
    try:
        return stream.read(MAX_BYTES + 1).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        byte = error.object[error.start]
        message = f"{path} is not UTF-8: byte {error.start} is 0x{byte:02x}"
        help = "save it in this encoding, as editors can"
        raise SpecError.single("AS502", message, help=help) from None


def scalar_value(text: str) -> int | float | bool | str | None:
    """The value of an unquoted scalar."""
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
        self.lines = BREAK.split(text)
        if len(text) > MAX_CHARACTERS:
            fail(
                "AS101",
                f"a spec has at most {MAX_CHARACTERS} characters",
                self.at(0, 0),
            )
        self.next = iter(_EVENTS(text, Loader=LOADER)).__next__
        self.nodes = 0
        self.faults: list[Diagnostic] = []
        self.complaints = 0
        self.split: set[int] = set()
        """The lines that were found split at a comma."""

    def complain(
        self,
        code: str,
        message: str,
        place: Place,
        help: str = "",
        related: tuple[Related, ...] = (),
    ) -> None:
        """Note a fault; one for each line that a comma splits."""
        self.complaints += 1
        if code != "AS107" or place.line not in self.split:
            fault = Diagnostic(code, message, place, help=help, related=related)
            self.faults.append(fault)
        if code == "AS107":
            self.split.add(place.line)

    def at(self, line: int, column: int, length: int = 1) -> Place:
        source = self.lines[line] if line < len(self.lines) else ""
        return Place(self.file, line + 1, column + 1, source, max(1, length))

    def place(self, event: Any) -> Place:
        start, end = event.start_mark, event.end_mark
        one_line = start.line == end.line and isinstance(event, yaml.ScalarEvent)
        length = end.column - start.column if one_line else 1
        return self.at(start.line, start.column, length)

    def refuse(self, error: Exception) -> NoReturn:
        """Raise SpecError for an error of the YAML parser."""
        if isinstance(error, yaml.MarkedYAMLError):
            mark = error.problem_mark or error.context_mark
            place = self.at(mark.line, mark.column) if mark else self.at(0, 0)
            problem = in_words_of_libyaml(str(error.problem or error.context))
            sign = place.source[place.column - 1 : place.column]
            help = _AT_SIGN.get(sign) or _ADVICE.get(problem, "")
            opened = error.context_mark
            if problem.endswith(("'}'", "']'")) and sign not in _AT_SIGN and opened:
                where = f"line {opened.line + 1}, column {opened.column + 1}"
                sort = "brace" if problem.endswith("'}'") else "bracket"
                help = f"close the {sort} opened on {where}, or add a comma"
            fail("AS102", f"invalid YAML: {problem}", place, help)
        *lines, last = BREAK.split(self.before(getattr(error, "position", 0)))
        reason = in_words_of_libyaml(str(getattr(error, "reason", error)))
        place = self.at(len(lines), len(last))
        fail("AS102", f"invalid YAML: {reason}", place)

    def before(self, position: int) -> str:
        """The text before an error; libyaml counts bytes, PyYAML characters."""
        if LOADER is yaml.SafeLoader:
            return self.text[:position]
        return self.text.encode("utf-8", "replace")[:position].decode("utf-8", "ignore")

    def document(self) -> Node:
        self.next()
        if isinstance(self.next(), yaml.StreamEndEvent):
            fail("AS103", "the file is empty", self.at(0, 0))
        node = self.node(self.next(), 0)
        self.next()
        extra = self.next()
        if not isinstance(extra, yaml.StreamEndEvent):
            help = "use 'variants' for similar networks, other files for the rest"
            fail("AS103", "a file holds one document", self.place(extra), help)
        return node

    def node(self, event: Any, depth: int) -> Node:
        place = self.place(event)
        self.nodes += 1
        if self.nodes > MAX_NODES:
            fail("AS101", f"more than {MAX_NODES} keys and values", place)
        if depth > MAX_DEPTH:
            fail("AS101", f"nested deeper than {MAX_DEPTH} levels", place)
        if isinstance(event, yaml.AliasEvent) or event.anchor:
            what = "anchors and aliases are not part of the language"
            help = "repeat it, or use 'define', 'defaults' or a block"
            self.complain("AS104", what, place, help)
        if isinstance(event, yaml.AliasEvent):
            return Scalar(None, "*", place)
        if event.tag:
            message = f"tags are not part of the language: {event.tag}"
            help = "quote the value: a tag is a word after '!'"
            self.complain("AS104", message, place, help)
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
        places: dict[str, Place] = {}
        while not isinstance(event := self.next(), yaml.MappingEndEvent):
            key = self.key(event, depth, places)
            value = self.node(self.next(), depth + 1)
            if key is None:
                continue
            if in_braces and value == Scalar(None, "", value.place):
                self.valueless(key)
                continue
            entries[Word(key.text, key.place)] = value
            places[key.text] = key.place
        return Mapping(entries, place)

    def key(
        self, event: Any, depth: int, before: AbstractMapping[str, Place]
    ) -> Scalar | None:
        """A key; None if it is none, which is complained of."""
        known = self.complaints
        key = self.node(event, depth + 1)
        if not isinstance(key, Scalar):
            message = f"a key is a name, found {describe(key)}"
            help = "quote a key that starts with '{', '[' or '?'"
            self.complain("AS105", message, key.place, help)
            return None
        if key.text == "<<":
            message = "merge keys are not part of the language"
            help = "'extends' builds on another spec or block"
            self.complain("AS104", message, key.place, help)
        if key.text in before:
            first = before[key.text]
            message = f"duplicate key '{key.text}' (first on line {first.line})"
            help = "rename one of the two, or merge them"
            related = (Related(first, f"'{key.text}' is first here"),)
            self.complain("AS106", message, key.place, help, related)
        return key if self.complaints == known else None

    def valueless(self, key: Scalar) -> None:
        """Note `b` of `{a: 1, b}`, which is usually part of a text."""
        message = f"'{key.text}' has no value"
        word, _, rest = key.text.partition(" ")
        help = "quote text that contains a comma"
        before = re.search(r"[\s:](\d+),$", key.place.source[: key.place.column - 1])
        if before and word.isdigit():
            help = f"write {before[1]}.{word}"
        elif not rest:
            help = f"write {word}: {{}} if it is empty, {word}: ~ for null; {help}"
            help = Advice(help, Fix(f"{word}: {{}}"))
        elif word.islower() and rest[0].isdigit():
            help = Advice(f"write {word}: {rest}", Fix(f"{word}: {rest}"))
        self.complain("AS107", message, key.place, help)

    def scalar(self, event: Any, place: Place) -> Scalar:
        text = event.value
        if not text.isascii() and _SURROGATE.search(text):
            # libyaml refuses them in the same words, PyYAML's own parser takes them.
            problem = "found invalid Unicode character escape code"
            fail("AS102", f"invalid YAML: {problem}", place)
        if not event.implicit[0]:
            return Scalar(text, text, place)
        brackets = [text.count(bracket) for bracket in "()[]"]
        if brackets[0] != brackets[1] or brackets[2] != brackets[3]:
            message = f"'{text}' has an unbalanced bracket"
            help = "quote it: inside braces YAML splits at every comma"
            rest = place.source[place.column - 1 :]
            if written := _TUPLE.match(rest):
                whole = Fix(f"[{written[1]}]", place._replace(length=written.end()))
                help = f"tuples are not supported: write [{written[1]}]"
                help = Advice(help, whole)
            self.complain("AS107", message, place, help)
            return Scalar(None, text, place)
        return Scalar(scalar_value(text), text, place)
