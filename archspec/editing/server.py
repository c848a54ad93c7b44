"""The language server: `editing` behind the protocol of editors.

The only module that knows pygls. Documents are analysed in a thread, a moment after the
last change; when another change comes, the analysis ends after the network at hand.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer
from pygls.uris import from_fs_path, to_fs_path

from archspec.api.catalogue import __version__, explained_at
from archspec.editing import hovering
from archspec.editing.document import Document
from archspec.editing.positions import Lines, Position, Span, Unit
from archspec.errors import NOTE, WARNING, Diagnostic
from archspec.reading.reader import read_file

DELAY = 0.2
"""Seconds without a change after which a document is analysed."""

_UNITS: dict[str, Unit] = {"utf-8": "utf-8", "utf-32": "utf-32"}
_SEVERITIES = {
    WARNING: lsp.DiagnosticSeverity.Warning,
    NOTE: lsp.DiagnosticSeverity.Information,
}


class Server(LanguageServer):
    """Open documents by their URIs, and the analyses that are on their way."""

    def __init__(self) -> None:
        init: Any = super().__init__  # whose types pygls leaves open
        init("archspec", __version__, lsp.TextDocumentSyncKind.Full)
        self.documents: dict[str, Document] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self.published: dict[str, dict[str, list[lsp.Diagnostic]]] = defaultdict(dict)
        """What each document has been found to say about each file."""
        self.worker = ThreadPoolExecutor(1, "analysis")

    @property
    def unit(self) -> Unit:
        """What the editor counts in a line."""
        found = self.workspace.position_encoding
        return _UNITS.get(str(getattr(found, "value", found)), "utf-16")

    def read(self, path: Path) -> str:
        """The text of a file, as it is in the editor if it is open there."""
        opened = self.documents.get(from_fs_path(str(path)) or "")
        return read_file(path) if opened is None else opened.text

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
        """Forget a document, and what it said."""
        self.documents.pop(uri, None)
        if task := self.tasks.pop(uri, None):
            task.cancel()
        self.publish(uri, {})

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
            self.documents[uri] = analysed
        self.publish(uri, self.by_file(self.documents[uri]))
        if self.documents[uri].good is not before.good:
            self.refresh()

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
            uri = from_fs_path(str(Path(file))) or file
            found[uri].append(self.diagnostic(diagnostic, lines[file]))
        return found

    def publish(self, uri: str, found: Mapping[str, list[lsp.Diagnostic]]) -> None:
        """Send what a document says, and what others say about the same files."""
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
        return lsp.Diagnostic(
            range=self.range(span, lines),
            message=message,
            severity=_SEVERITIES.get(found.severity, lsp.DiagnosticSeverity.Error),
            code=found.code,
            code_description=lsp.CodeDescription(href=explained_at(found.code)),
            source="archspec",
        )

    def range(self, span: Span, lines: Lines) -> lsp.Range:
        """A part of a text in the editor's units."""
        start, end = (lines.position(at, self.unit) for at in span)
        return lsp.Range(lsp.Position(*start), lsp.Position(*end))

    def at(self, uri: str, position: lsp.Position) -> tuple[Document, int]:
        """A document, and the offset of a position in it."""
        document = self.documents[uri]
        own = Position(position.line, position.character)
        return document, document.lines.offset(own, self.unit)


def serve(port: int | None = None) -> None:
    """Serve an editor on stdin and stdout, or on a port of this machine."""
    made = server()
    if port is None:
        made.start_io()
    else:
        made.start_tcp("127.0.0.1", port)


def server() -> Server:
    """A server with all features."""
    made = Server()

    @made.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    def _(params: lsp.DidOpenTextDocumentParams) -> None:
        made.open(params.text_document.uri, params.text_document.text)

    @made.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    def _(params: lsp.DidChangeTextDocumentParams) -> None:
        uri = params.text_document.uri
        made.change(uri, made.workspace.get_text_document(uri).source)

    @made.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
    def _(params: lsp.DidCloseTextDocumentParams) -> None:
        made.close(params.text_document.uri)

    @made.feature(lsp.TEXT_DOCUMENT_HOVER)
    def _(params: lsp.HoverParams) -> lsp.Hover | None:
        document, offset = made.at(params.text_document.uri, params.position)
        found = hovering.hover(document, offset)
        if found is None:
            return None
        contents = lsp.MarkupContent(lsp.MarkupKind.Markdown, found.text)
        return lsp.Hover(contents, made.range(found.span, document.lines))

    return made
