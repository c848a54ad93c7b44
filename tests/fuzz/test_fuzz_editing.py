"""Editors: every text has an answer at every position, and none is stale."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest
from lsprotocol import types as lsp
from mutations import FILES, garbled, mutated, near, smaller, text_of
from oddities import any_text, document
from tally import CASES, each, tried

from archspec.editing import completing, fixing, hints, hovering, structure, symbols
from archspec.editing.document import Document
from archspec.editing.edits import Edit, applied
from archspec.editing.positions import Span
from archspec.editing.session import Session
from archspec.errors import InvalidArgument

TOKENS = (
    "{ } [ ] : , ' \" # | > - ~ & * ! \n \t \r \r\n a 1 . layers: conv: {conv:\n8} "
    "when: from: [c,n] columns: rows: each: \u2028 \x85 \U0001f680 ( ) scale( extends: "
    "blocks: variants: define: again: \x00 \ud7ff --- ... % ? <<: \ufeff &a *a !t "
    "archspec: archspec:\t1 repeat: then: residual: let: arguments: {} [] "
    "after: before:"
).split(" ")


class Typed(NamedTuple):
    """A text in an editor, the edits that follow, and where the cursor is at last."""

    text: str
    edits: list[tuple[float, int, str]]
    cursor: float


def typed(random: Random) -> Typed:
    text = random.choice((near, mutated, garbled, bundled))(random)
    text = text if isinstance(text, str) else document(text)
    ends = random.choice(("\n", "\n", "\r\n", "\r"))
    edits = [edit(random) for _ in range(random.randint(0, 3))]
    return Typed(text.replace("\n", ends), edits, random.random())


def bundled(random: Random) -> str:
    return text_of(random.randrange(len(FILES)))


def edit(random: Random) -> tuple[float, int, str]:
    """Where, how many characters go, and what comes instead."""
    tokens = "".join(random.choices(TOKENS, k=random.randint(0, 3)))
    text = random.choice((tokens, tokens, tokens, any_text(random, 5)))
    return random.random(), random.choice((0, 0, 1, 5, 30)), text


def edited(text: str, change: tuple[float, int, str]) -> str:
    share, length, new = change
    start = round(share * len(text))
    return text[:start] + new + text[start + length :]


def simpler(case: Typed) -> Iterator[Typed]:
    for number in range(len(case.edits)):
        yield case._replace(edits=case.edits[:number] + case.edits[number + 1 :])
    if case.edits:
        first, *rest = case.edits
        yield Typed(edited(case.text, first), rest, case.cursor)
    for text in smaller(case.text):
        yield case._replace(text=text)


@pytest.mark.usefixtures("part")
@pytest.mark.full
def test_every_request_has_an_answer(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"

    def answer(case: Typed) -> None:
        opened = Document(path, case.text)
        for step, change in enumerate((None, *case.edits)):
            if change is not None:
                opened = opened.changed(edited(opened.text, change))
            for _, analysed in zip(
                range(1 + step * 9), opened.analysed(), strict=False
            ):
                opened = analysed
        asked(opened, round(case.cursor * len(opened.text)))

    def check(case: Typed) -> None:
        tried("editing, requests", lambda: answer(case))

    each("editing, requests", 6 * CASES, typed, check, simpler)


def asked(opened: Document, offset: int) -> None:
    """Ask for everything at an offset."""
    text, whole = opened.text, Span(0, len(opened.text))
    offset = opened.lines.offset(opened.lines.position(offset))  # none inside of \r\n
    if found := hovering.hover(opened, offset):
        assert inside(found.span, whole)
        assert found.span.start <= offset <= found.span.end
        assert found.text.strip()
    offered = completing.complete(opened, offset)
    assert inside(offered.span, whole)
    assert offered.span.end == offset
    for location in symbols.definitions(opened, offset):
        assert location.path != opened.path or inside(location.span, whole)
    places = symbols.references(opened, offset)
    for place in places:
        assert text[place.span.start : place.span.end] == place.symbol.name
    for entry in structure.entries(opened):
        nested(entry, whole)
    lines = len(opened.lines.starts)
    assert all(0 <= first < last < lines for first, last in structure.folds(opened))
    assert all(0 <= hint.offset <= len(text) for hint in hints.hints(opened, whole))
    for fix in fixing.fixes(opened, Span(offset, offset)):
        assert all(inside(edit.span, whole) for edit in fix.edits)
    with suppress(InvalidArgument):
        assert inside(symbols.renamed(opened, offset), whole)
        (edits,) = symbols.rename(opened, offset, "another").values()
        renamed(opened, [edit.span for edit in edits])
    for unit in ("utf-8", "utf-16", "utf-32"):
        assert opened.lines.offset(opened.lines.position(offset, unit), unit) == offset


def inside(inner: Span, outer: Span) -> bool:
    return outer.start <= inner.start <= inner.end <= outer.end


def nested(entry: structure.Entry, outer: Span) -> None:
    """Editors refuse the whole outline where it is not."""
    assert entry.name
    assert inside(entry.span, outer)
    assert inside(entry.name_span, entry.span)
    for inner in entry.inner:
        nested(inner, entry.span)


def renamed(opened: Document, spans: list[Span]) -> None:
    """Back again, the text is as it was."""
    old = opened.text[spans[0].start : spans[0].end]
    text = applied(opened.text, tuple(Edit(span, "another") for span in spans))
    assert text.count("another") >= len(spans)
    shift = len("another") - len(old)
    back = [
        Span(span.start + number * shift, span.start + number * shift + len("another"))
        for number, span in enumerate(spans)
    ]
    assert applied(text, tuple(Edit(span, old) for span in back)) == opened.text


class Recorded(Session):
    """A session whose editor keeps what is published, without a connection."""

    unit = "utf-16"  # type: ignore[assignment]
    client_capabilities = lsp.ClientCapabilities()

    def __init__(self) -> None:
        super().__init__()
        self.shown: dict[str, list[lsp.Diagnostic]] = {}

    def text_document_publish_diagnostics(self, params: Any) -> None:
        self.shown[params.uri] = [*params.diagnostics]

    def analyse(self, uri: str, delay: float = 0) -> None:
        super().analyse(uri, 0)

    async def finished(self) -> dict[str, list[str]]:
        """What is shown when nothing is on its way."""
        while running := [task for task in self.tasks.values() if not task.done()]:
            await asyncio.wait(running)
        for task in self.tasks.values():
            task.result()
        self.worker.shutdown()
        return {uri: sorted(map(repr, own)) for uri, own in self.shown.items() if own}


NAMES = ("base.yaml", "child.yaml", "other.yaml")
STARTS = (
    "archspec: 1\nname: Base\ninput: {channels: 3, size: 8}\nlayers:\n  a: {conv: 8}\n"
    "  b: {conv: {filters: 8, kernel: 3}}\n  c: relu\n",
    "extends: base.yaml\nname: Child\nlayers:\n  b: {conv: {kernel: 5}}\n",
    "extends: [base.yaml, child.yaml]\nname: Other\nlayers: {b: {conv: 4}}\n",
)


def steps(random: Random) -> list[tuple[str, str, Any]]:
    """What happens to three files, of which two extend others."""
    kinds = "open open change change change close write delete wait wait".split()
    return [
        (random.choice(kinds), random.choice(NAMES), changed(random))
        for _ in range(random.randint(1, 12))
    ]


def changed(random: Random) -> tuple[int, list[Any], int]:
    edits = [edit(random) for _ in range(random.choice((0, 0, 1, 2)))]
    return random.randrange(len(STARTS)), edits, random.randrange(4)


@pytest.mark.usefixtures("part")
@pytest.mark.full
def test_no_diagnostics_are_stale(tmp_path: Path) -> None:
    """They are those of a session that is started with the same texts and files."""

    def check(case: list[tuple[str, str, Any]]) -> None:
        for name, text in zip(NAMES, STARTS, strict=True):
            (tmp_path / name).write_text(text, "utf-8")
        run = asyncio.run
        tried("editing, sessions", lambda: run(compared(tmp_path, case)), children=True)

    def fewer(case: list[Any]) -> Iterator[list[Any]]:
        yield from (case[:n] + case[n + 1 :] for n in range(len(case)))

    each("editing, sessions", 2 * CASES, steps, check, fewer)


async def compared(folder: Path, case: list[tuple[str, str, Any]]) -> None:
    session = Recorded()
    for kind, name, (number, edits, waits) in case:
        text = STARTS[number]
        for change in edits:
            text = edited(text, change)
        await happens(session, kind, folder / name, text, waits)
    fresh = Recorded()
    for uri, opened in session.documents.items():
        fresh.open(uri, opened.text)
    assert await session.finished() == await fresh.finished()


async def happens(
    session: Session, kind: str, path: Path, text: str, waits: int
) -> None:
    uri = path.as_uri()
    is_open = uri in session.documents
    match kind:
        case "open" if not is_open:
            session.open(uri, text)
        case "change" if is_open:
            session.change(uri, text)
        case "close" if is_open:
            session.close(uri)
        case "write":
            path.write_bytes(text.encode("utf-8", "surrogatepass"))
            session.analyse_extending(uri)
        case "delete":
            path.unlink(missing_ok=True)
            session.analyse_extending(uri)
        case "wait":
            for _ in range(4**waits):
                await asyncio.sleep(0.0005)
