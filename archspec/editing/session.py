"""The state of the language server: open documents and their analyses.

Documents are analysed in a thread, a moment after the last change; when another change
comes, the analysis ends after the network at hand.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer
from pygls.uris import from_fs_path, to_fs_path

from archspec.api.catalogue import __version__, explained_at
from archspec.editing.document import Document
from archspec.editing.edits import Edit
from archspec.editing.positions import Lines, Position, Span, Unit
from archspec.editing.symbols import Location
from archspec.errors import NOTE, WARNING, Diagnostic, Place, Related
from archspec.reading.reader import read_file

DELAY = 0.2
"""Seconds without a change after which a document is analysed."""

_UNITS: dict[str, Unit] = {"utf-8": "utf-8", "utf-32": "utf-32"}
_SEVERITIES = {
    WARNING: lsp.DiagnosticSeverity.Warning,
    NOTE: lsp.DiagnosticSeverity.Information,
}


class Refusal(JsonRpcException):
    """A request that cannot be fulfilled, for a reason that the editor shows."""

    CODE = -32803  # RequestFailed


def _is_no_refusal(record: logging.LogRecord) -> bool:
    return not (record.exc_info and isinstance(record.exc_info[1], Refusal))


logging.getLogger("pygls.protocol.json_rpc").addFilter(_is_no_refusal)


class Session(LanguageServer):
    """Open documents by their URIs, and the analyses that are on their way."""

    def __init__(self) -> None:
        init: Any = getattr(super(), "__init__")  # noqa: B009 - partly untyped
        init("archspec", __version__, lsp.TextDocumentSyncKind.Full)
        self.documents: dict[str, Document] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self.published: dict[str, dict[str, list[lsp.Diagnostic]]] = defaultdict(dict)
        """The diagnostics of each document by file."""
        self.worker = ThreadPoolExecutor(1, "analysis")

    @property
    def unit(self) -> Unit:
        """What the editor counts in a line."""
        found = self.workspace.position_encoding
        return _UNITS.get(str(getattr(found, "value", found)), "utf-16")

    def read(self, path: Path) -> str:
        """The text of a file, as it is in the editor if it is open there."""
        opened = self.documents.get(self.uri(path))
        return read_file(path) if opened is None else opened.text

    def uri(self, path: Path) -> str:
        """The URI of a file: that of the editor if it is open there.

        Editors escape other characters than pygls: VS Code writes `c%3A` for a drive.
        """
        opened = [*self.documents.items()]  # at once, since threads call this
        known = (uri for uri, document in opened if document.path == path)
        return next(known, from_fs_path(str(path)) or str(path))

    def open(self, uri: str, text: str) -> None:
        """Note the text of a document that was opened."""
        path = Path(to_fs_path(uri) or "untitled.yaml")
        self.documents[uri] = Document(path, text, self.read)
        self.analyse(uri, 0)

    def change(self, uri: str, text: str) -> None:
        """Note another text, and analyse it and the documents that extend it."""
        self.documents[uri] = changed = self.documents[uri].changed(text)
        self.analyse(uri)
        for other, document in [*self.documents.items()]:
            if changed.path.resolve() in document.bases:
                self.documents[other] = document.changed(document.text)
                self.analyse(other)

    def close(self, uri: str) -> None:
        """Forget a document and its diagnostics."""
        self.documents.pop(uri, None)
        if task := self.tasks.pop(uri, None):
            task.cancel()
        self.publish(uri, {})

    def document(self, uri: str) -> Document:
        """A document; an empty one if it is not open any more."""
        return self.documents.get(uri) or Document(Path(to_fs_path(uri) or uri), "")

    def analyse(self, uri: str, delay: float = DELAY) -> None:
        """Analyse the present version of a document, not any that is on its way."""
        if task := self.tasks.get(uri):
            task.cancel()
        self.tasks[uri] = asyncio.ensure_future(self._analyse(uri, delay))

    async def _analyse(self, uri: str, delay: float) -> None:
        await asyncio.sleep(delay)
        loop, before = asyncio.get_running_loop(), self.documents[uri]
        steps = before.analysed()
        while True:
            analysed = await loop.run_in_executor(self.worker, next, steps, None)
            if analysed is None:
                break
            if self.documents[uri].is_broken and not analysed.is_broken:
                self.publish(uri, {})
            if self.documents[uri].good is before.good is not analysed.good:
                self.refresh()  # as the base is known, which hints are about
            self.documents[uri] = analysed
        self.publish(uri, self.by_file(self.documents[uri]))

    def refresh(self) -> None:
        """Have the editor ask for hints again, if it can."""
        workspace = self.client_capabilities.workspace
        hints = workspace.inlay_hint if workspace is not None else None
        if hints is not None and hints.refresh_support:
            self.workspace_inlay_hint_refresh(None)

    def by_file(self, document: Document) -> dict[str, list[lsp.Diagnostic]]:
        """The diagnostics of a document by the URIs of their files."""
        found: dict[str, list[lsp.Diagnostic]] = defaultdict(list)
        lines = {str(document.path): document.lines}
        for diagnostic in document.found:
            file = diagnostic.place.file if diagnostic.place else str(document.path)
            if file not in lines:
                lines[file] = Lines(self.read(Path(file)))
            own = self.diagnostic(diagnostic, lines[file])
            found[self.uri(Path(file))].append(own)
        return found

    def publish(self, uri: str, found: Mapping[str, list[lsp.Diagnostic]]) -> None:
        """Send a document's diagnostics, with those of others for the same files."""
        files = {uri, *self.published.pop(uri, {}), *found}
        if found:
            self.published[uri] = dict(found)
        for file in files:
            said = (own.get(file, ()) for own in self.published.values())
            once = {(d.message, str(d.range)): d for each in said for d in each}
            params = lsp.PublishDiagnosticsParams(file, [*once.values()])
            self.text_document_publish_diagnostics(params)

    def diagnostic(self, found: Diagnostic, lines: Lines) -> lsp.Diagnostic:
        """A diagnostic as editors take it."""
        span = lines.span(found.place) if found.place else Span(0, 0)
        message = f"{found.message}\n{found.help}" if found.help else found.message
        related = (self.related(other, found.place, lines) for other in found.related)
        return lsp.Diagnostic(
            range=self.range(span, lines),
            message=message,
            severity=_SEVERITIES.get(found.severity, lsp.DiagnosticSeverity.Error),
            code=found.code,
            code_description=lsp.CodeDescription(href=explained_at(found.code)),
            source="archspec",
            related_information=[*related] or None,
        )

    def related(
        self, other: Related, place: Place | None, lines: Lines
    ) -> lsp.DiagnosticRelatedInformation:
        """Another place of a diagnostic."""
        file = Path(other.place.file)
        if place is None or other.place.file != place.file:
            lines = Lines(self.read(file))
        location = self.location(Location(file, lines.span(other.place)), lines)
        return lsp.DiagnosticRelatedInformation(location, other.message)

    def location(self, found: Location, lines: Lines | None = None) -> lsp.Location:
        """A part of a file in the editor's units."""
        lines = lines or Lines(self.read(found.path))
        return lsp.Location(self.uri(found.path), self.range(found.span, lines))

    def position(self, offset: int, lines: Lines) -> lsp.Position:
        """An offset in the editor's units."""
        return lsp.Position(*lines.position(offset, self.unit))

    def range(self, span: Span, lines: Lines) -> lsp.Range:
        """A part of a text in the editor's units."""
        start, end = (self.position(offset, lines) for offset in span)
        return lsp.Range(start, end)

    def at(self, uri: str, position: lsp.Position) -> tuple[Document, int]:
        """A document, and the offset of a position in it."""
        document = self.document(uri)
        own = Position(position.line, position.character)
        return document, document.lines.offset(own, self.unit)

    def part(self, uri: str, range: lsp.Range) -> tuple[Document, Span]:
        """A document, and a part of it."""
        document, start = self.at(uri, range.start)
        return document, Span(start, self.at(uri, range.end)[1])

    def edits(self, uri: str, edits: Iterable[Edit]) -> lsp.WorkspaceEdit:
        """Edits of a document."""
        lines = self.document(uri).lines
        found = [lsp.TextEdit(self.range(e.span, lines), e.text) for e in edits]
        return lsp.WorkspaceEdit(changes={uri: found})

    @property
    def takes_snippets(self) -> bool:
        """Whether the editor can fill in the places of snippets."""
        document = self.client_capabilities.text_document
        completion = document.completion if document is not None else None
        item = completion.completion_item if completion is not None else None
        return item is not None and bool(item.snippet_support)
