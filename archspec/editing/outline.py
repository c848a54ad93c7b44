"""YAML as it is being typed: a tree with positions, whatever the text is.

`reading` refuses a document with an unclosed brace or half a line. This reader never
fails: a line that is indented less ends what was open before it, and a word alone on a
line is a key without its value. Of a valid document it has the same keys and texts as
`reading`.
"""

from __future__ import annotations

import re

from archspec.editing.part import Part

MAX_DEPTH = 60
"""Levels that are looked into; `reading` allows fewer."""

_QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"\\]|\\.)*\"", re.DOTALL)
_UNQUOTED_REST = re.compile(r"[^\n,}\]]*")
_COLON = re.compile(r"[ \t]*:(?=[\s,\[\]{}]|\Z)")
_KEY = re.compile(r"(?:[^\s:#]|:(?=\S)|(?<=\S)#|[ \t]+(?=[^\s:#]|:\S))+")
_FLOW_WORD = re.compile(
    r"(?:[^\s,\[\]{}:#]|:(?=[^\s,\[\]{}])|(?<=\S)#|[ \t]+(?=[^\s,\[\]{}:#]))+"
)
_PLAIN = re.compile(r"(?:[^\s#]|(?<=\S)#|[ \t]+(?=[^\s#]))+")
_ITEM = re.compile(r"-(?=\s|\Z)")
_BLOCK_TEXT = re.compile(r"[|>][-+0-9]*(?=[ \t]*(?:\n|#|\Z))")
_BLANKS = re.compile(
    r"\s+|(?<!\S)#[^\n]*|\A\ufeff|^(?:---|\.\.\.)(?!\S)|^%[^\n]*", re.MULTILINE
)
_ENDS = {"{": "}", "[": "]"}


def outline(text: str) -> Part:
    """The tree of a text; it raises nothing and takes linear time."""
    return _Reader(text.replace("\r\n", " \n").replace("\r", "\n")).document()


class _Reader:
    """One pass over a text, whose lines end in newlines."""

    def __init__(self, text: str):
        self.text = text
        self.at = 0

    def document(self) -> Part:
        whole = Part("mapping", 0, len(self.text))
        while self.skip():
            found = self.block(0, 0)
            if found is not None and found.kind == "mapping":
                whole.entries += found.entries
            elif found is None or found.end <= found.start:
                self.at += 1  # past a character that begins nothing
        return whole

    def skip(self) -> bool:
        """Skip blanks, comments and the marks of documents; False at the end."""
        while match := _BLANKS.match(self.text, self.at):
            self.at = match.end()
        return self.at < len(self.text)

    def line_end(self) -> int:
        found = self.text.find("\n", self.at)
        return len(self.text) if found < 0 else found

    @property
    def column(self) -> int:
        return self.at - self.text.rfind("\n", 0, self.at) - 1

    def rest_is_empty(self) -> bool:
        """Go over blanks; whether the line has nothing else."""
        while self.at < len(self.text) and self.text[self.at] in " \t":
            self.at += 1
        rest = self.text[self.at : self.at + 1]
        return rest in ("", "\n") or (rest == "#" and self.text[self.at - 1] in " \t")

    def block(self, least: int, depth: int) -> Part | None:
        """What begins on a line of its own, if that is indented by `least`."""
        if not self.skip() or self.column < least:
            return None
        if depth > MAX_DEPTH:
            return self.scalar(least)
        if _ITEM.match(self.text, self.at):
            return self.sequence(depth)
        if self.key_ahead():
            return self.mapping(depth)
        if self.text[self.at] in "{[":
            return self.flow(least - 1, depth)
        return self.lonely(least, depth)

    def lonely(self, least: int, depth: int) -> Part:
        """A scalar on lines of its own, or the first key of a mapping being typed."""
        start, column = self.at, self.column
        found = self.scalar(least)
        after = self.at
        if self.skip() and self.column == column and self.key_ahead():
            rest = self.mapping(depth)
            return Part(
                "mapping", start, rest.end, entries=[(found, None), *rest.entries]
            )
        self.at = after
        return found

    def key_ahead(self) -> bool:
        """Whether a key with its colon stands here."""
        if self.text[self.at] in "{[":
            return False
        match = _QUOTED.match(self.text, self.at) or _KEY.match(self.text, self.at)
        if match is None or "\n" in match[0]:
            return False
        return _COLON.match(self.text, match.end()) is not None

    def mapping(self, depth: int) -> Part:
        """Keys at the column of the first, and any at columns between."""
        column, outer = self.column, self.at
        found = Part("mapping", outer, outer)
        while self.skip() and self.column >= column:
            before = self.at
            if self.key_ahead():
                key = self.key()
                value = self.value(column, depth + 1)
                found.entries.append((key, value))
                found.end = max(key.end, value.end if value else 0)
            else:
                key = self.scalar(column + 1)
                found.entries.append((key, None))
                found.end = key.end
            self.at = max(self.at, before + 1)
        return found

    def key(self) -> Part:
        match = _QUOTED.match(self.text, self.at) or _KEY.match(self.text, self.at)
        assert match is not None  # as `key_ahead` has seen
        key = _scalar(match[0], self.at)
        colon = _COLON.match(self.text, match.end())
        self.at = colon.end() if colon else match.end()
        return key

    def value(self, column: int, depth: int) -> Part | None:
        """What stands behind a key at this column, or below it."""
        if self.rest_is_empty():
            after = self.at
            nested = self.block(column + 1, depth)
            is_item = nested is None and self.at < len(self.text)
            if is_item and self.column == column and _ITEM.match(self.text, self.at):
                nested = self.sequence(depth)
            if nested is None:
                self.at = after
            return nested
        if self.text[self.at] in "{[":
            return self.flow(column, depth)
        if match := _BLOCK_TEXT.match(self.text, self.at):
            return self.block_text(match, column)
        return self.scalar(column + 1)

    def block_text(self, match: re.Match[str], column: int) -> Part:
        """A text behind `|` or `>`: all lines that are indented more."""
        start = self.at
        self.at = end = self.line_end() if match else self.at
        while self.at < len(self.text):
            self.at += 1
            line = self.text[self.at : self.line_end()]
            if line.strip() and len(line) - len(line.lstrip(" ")) <= column:
                break
            self.at = self.line_end()
            end = self.at if line.strip() else end
        self.at = end
        return Part("scalar", start, end, self.text[start:end], quoted=True)

    def sequence(self, depth: int) -> Part:
        column = self.column
        found = Part("list", self.at, self.at)
        while self.skip() and self.column == column:
            if not _ITEM.match(self.text, self.at):
                break
            self.at += 1
            item = self.item(column, depth + 1)
            if item is not None:
                found.items.append(item)
            found.end = max(self.at, item.end if item else 0)
        return found

    def item(self, column: int, depth: int) -> Part | None:
        if self.rest_is_empty():
            return self.block(column + 1, depth)
        return self.block(0, depth)

    def scalar(self, least: int) -> Part:
        """A scalar, with the lines that go on with it."""
        start = self.at
        if match := _QUOTED.match(self.text, start):
            self.at = match.end()
            return _scalar(match[0], start)
        match = _PLAIN.match(self.text, start)
        self.at = max(start + 1, match.end() if match else 0)
        words = [self.text[start : self.at].rstrip()]
        end = start + len(words[0])
        while self.goes_on(least):
            match = _PLAIN.match(self.text, self.at)
            words.append(match[0] if match else "")
            self.at = end = match.end() if match else self.at + 1
        self.at = end
        return Part("scalar", start, end, " ".join(words))

    def goes_on(self, least: int) -> bool:
        """Go to the next line if the scalar does; it has no comment and no key."""
        if not self.rest_is_empty() or self.text[self.at : self.at + 1] == "#":
            return False
        if not self.skip() or self.column < max(least, 1):
            return False
        starts = self.text[self.at] in "{[" or _ITEM.match(self.text, self.at)
        return not starts and not self.key_ahead()

    def flow(self, column: int, depth: int) -> Part:
        """Braces or brackets; a key at the column of the one outside closes them."""
        start, closing = self.at, _ENDS[self.text[self.at]]
        found = Part("mapping" if closing == "}" else "list", start, start, flow=True)
        self.at += 1
        while self.skip() and not self.is_outside(start, column):
            character = self.text[self.at]
            if character in "}]":
                self.at += character == closing
                break
            if character == ",":
                self.at += 1
            elif closing == "}":
                self.entry(found, column, depth)
            else:
                found.items.append(self.inner(column, depth))
        found.end = self.trimmed(start)
        return found

    def trimmed(self, start: int) -> int:
        """Where the text up to here ends, without blanks."""
        return start + len(self.text[start : self.at].rstrip())

    def is_outside(self, start: int, column: int) -> bool:
        """Whether this is a line of the mapping around an unclosed brace."""
        if self.column > column or self.text.rfind("\n", start, self.at) < 0:
            return False
        return self.key_ahead() or self.text[self.at] not in "}],"

    def entry(self, found: Part, column: int, depth: int) -> None:
        """A key in braces with its value, if it has one."""
        key = self.inner(column, depth)
        if key.kind != "scalar":
            key = Part("scalar", key.start, key.end, self.text[key.start : key.end])
        colon = _COLON.match(self.text, self.at)
        if colon is None:
            found.entries.append((key, None))
            return
        self.at = colon.end()
        value = None
        if self.skip() and self.text[self.at] not in ",}]":
            value = (
                None
                if self.is_outside(found.start, column)
                else (self.inner(column, depth))
            )
        found.entries.append((key, value))

    def inner(self, column: int, depth: int) -> Part:
        """A scalar, a mapping or a list inside of braces or brackets."""
        start = self.at
        if self.text[start] in "{[" and depth <= MAX_DEPTH:
            return self.flow(column, depth + 1)
        match = _QUOTED.match(self.text, start)
        if match is None and self.text[start] in "'\"":
            match = _UNQUOTED_REST.match(self.text, start)
        match = match or _FLOW_WORD.match(self.text, start)
        self.at = max(start + 1, match.end() if match else 0)
        return _scalar(self.text[start : self.at].rstrip(), start)


def _scalar(written: str, start: int) -> Part:
    """A scalar on one line, or in quotes."""
    end, quote = start + len(written), written[:1]
    if quote not in ("'", '"'):
        return Part("scalar", start, end, written)
    inner = written[1:-1] if len(written) > 1 and written[-1] == quote else written[1:]
    inner = inner.replace("''", "'") if quote == "'" else inner.replace('\\"', '"')
    return Part("scalar", start, end, re.sub(r"\s*\n\s*", " ", inner), quoted=True)
