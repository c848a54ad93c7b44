"""The state of the language server: open documents and their analyses.

Documents are analysed in a thread, a moment after the last change; when another change
comes, the analysis ends after the network at hand.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol, TypeVar

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer
from pygls.uris import from_fs_path, to_fs_path

from archspec.api.catalogue import __version__, explained_at
from archspec.editing.document import Document
from archspec.editing.edits import Edit
from archspec.editing.positions import Lines, Position, Span
from archspec.editing.symbols import Location
from archspec.errors import NOTE, WARNING, Diagnostic, Place, Related, SpecError
from archspec.reading.reader import read_file

T = TypeVar("T")
DELAY = 0.2
"""Seconds without a change after which a document is analysed."""

_SEVERITIES = {
    WARNING: lsp.DiagnosticSeverity.Warning,
    NOTE: lsp.DiagnosticSeverity.Information,
}


def _path(uri: str) -> Path:
    """The file of a document; one that was never saved has none, but a name."""
    return Path(to_fs_path(uri) or uri).resolve()


class Refusal(JsonRpcException):
    """A request that cannot be fulfilled, for a reason that the editor shows."""

    CODE = -32803  # RequestFailed


class Outdated(Refusal):
    """The document of a request has changed, and positions in it with it."""

    CODE = -32801  # ContentModified


def _is_no_refusal(record: logging.LogRecord) -> bool:
    return not (record.exc_info and isinstance(record.exc_info[1], Refusal))


logging.getLogger("pygls.protocol.json_rpc").addFilter(_is_no_refusal)


class _Positioned(Protocol):
    """A request about a position."""

    text_document: lsp.TextDocumentIdentifier
    position: lsp.Position


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
    def unit(self) -> str:
        """What the editor counts in a line."""
        return lsp.PositionEncodingKind(self.workspace.position_encoding).value

    def read(self, path: Path) -> str:
        """The text of a file, as it is in the editor if it is open there."""
        opened = self.documents.get(self.uri(path))
        return read_file(path) if opened is None else opened.text

    def uri(self, path: Path) -> str:
        """The URI of a file: that of the editor if it is open there.

        Editors escape other characters than pygls: VS Code writes `c%3A` for a drive.
        """
        file = path.resolve()
        opened = [*self.documents.items()]  # at once, since threads call this
        known = (uri for uri, document in opened if document.path == file)
        return next(known, from_fs_path(str(file)) or str(file))

    def open(self, uri: str, text: str) -> None:
        """Note the text of a document, which may not be that of its file."""
        self.documents[uri] = Document(_path(uri), text, self.read)
        self.analyse(uri, 0)
        self.analyse_extending(uri)

    def change(self, uri: str, text: str) -> None:
        """Note another text, and analyse it and the documents that extend it."""
        self.documents[uri] = self.document(uri).changed(text)
        self.analyse(uri)
        self.analyse_extending(uri)

    def close(self, uri: str) -> None:
        """Forget a document and its diagnostics; its file is what others extend."""
        self.documents.pop(uri, None)
        if task := self.tasks.pop(uri, None):
            task.cancel()
        self.publish(uri, {})
        self.analyse_extending(uri)

    def document(self, uri: str) -> Document:
        """A document; an empty one if it is not open."""
        return self.documents.get(uri) or Document(_path(uri), "", self.read)

    def watch(self) -> None:
        """Have the editor report changes of YAML files on the disk, if it can."""
        workspace = self.client_capabilities.workspace
        watched = workspace.did_change_watched_files if workspace is not None else None
        if watched is None or not watched.dynamic_registration:
            return
        files = [lsp.FileSystemWatcher("**/*.{yaml,yml}")]
        options = lsp.DidChangeWatchedFilesRegistrationOptions(files)
        method = lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES
        made = [lsp.Registration("specs", method, options)]
        self.client_register_capability(lsp.RegistrationParams(made))

    def analyse_extending(self, uri: str) -> None:
        """Analyse the documents that extend a file, whose text is another now."""
        file = _path(uri)
        for other, document in [*self.documents.items()]:
            if document.extends(file):
                self.documents[other] = document.changed(document.text)
                self.analyse(other)

    def analyse(self, uri: str, delay: float = DELAY) -> None:
        """Analyse the present version of a document, not any that is on its way."""
        if task := self.tasks.get(uri):
            task.cancel()
        self.tasks[uri] = asyncio.ensure_future(self._analyse(uri, delay))

    async def _analyse(self, uri: str, delay: float) -> None:
        await asyncio.sleep(delay)
        before = last = self.documents[uri]
        steps = before.analysed()
        while (analysed := await self.run(lambda: next(steps, None))) is not None:
            self.documents[uri] = analysed
            if last.good is before.good is not analysed.good:
                self.refresh()  # as the base is known, which hints are about
            if last.is_broken and not analysed.is_broken:
                self.publish(uri, {})
            if analysed.found is not None and analysed.found != last.found:
                self.publish(uri, self.by_file(uri, analysed))
            last = analysed

    async def run(self, function: Callable[[], T]) -> T:
        """The result of a function that takes a while, from the thread for those."""
        return await asyncio.get_running_loop().run_in_executor(self.worker, function)

    async def settled(self, uri: str) -> Document:
        """A document when it is analysed; raises Outdated if it changes before."""
        text = self.document(uri).text
        if task := self.tasks.get(uri):
            await asyncio.wait([task])
        if self.document(uri).text != text:
            raise Outdated("the document has changed")
        return self.document(uri)

    def refresh(self) -> None:
        """Have the editor ask for hints again, if it can."""
        workspace = self.client_capabilities.workspace
        hints = workspace.inlay_hint if workspace is not None else None
        if hints is not None and hints.refresh_support:
            self.workspace_inlay_hint_refresh(None)

    def by_file(self, uri: str, document: Document) -> dict[str, list[lsp.Diagnostic]]:
        """The diagnostics of a document by the URIs of their files."""
        found: dict[str, list[lsp.Diagnostic]] = defaultdict(list)
        lines = {str(document.path): document.lines}
        for diagnostic in document.found or ():
            file = diagnostic.place.file if diagnostic.place else str(document.path)
            if file not in lines:
                lines[file] = self.lines(Path(file))
            own = uri if file == str(document.path) else self.uri(Path(file))
            found[own].append(self.diagnostic(diagnostic, lines[file]))
        return found

    def lines(self, path: Path) -> Lines:
        """The lines of a file; of one that is gone, none."""
        try:
            return Lines(self.read(path))
        except SpecError:
            return Lines("")

    def publish(self, uri: str, found: Mapping[str, list[lsp.Diagnostic]]) -> None:
        """Send a document's diagnostics, with those of others for the same files."""
        files = dict.fromkeys((*self.published.pop(uri, {}), *found, uri))
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
            lines = self.lines(file)
        location = self.location(Location(file, lines.span(other.place)), lines)
        return lsp.DiagnosticRelatedInformation(location, other.message)

    def location(self, found: Location, lines: Lines | None = None) -> lsp.Location:
        """A part of a file in the editor's units."""
        lines = lines or self.lines(found.path)
        return lsp.Location(self.uri(found.path), self.range(found.span, lines))

    def position(self, offset: int, lines: Lines) -> lsp.Position:
        """An offset in the editor's units."""
        return lsp.Position(*lines.position(offset, self.unit))

    def range(self, span: Span, lines: Lines) -> lsp.Range:
        """A part of a text in the editor's units."""
        start, end = (self.position(offset, lines) for offset in span)
        return lsp.Range(start, end)

    def span(self, range: lsp.Range, lines: Lines) -> Span:
        """The part of a text in a range of the editor."""
        return Span(*(self.offset(end, lines) for end in (range.start, range.end)))

    def offset(self, position: lsp.Position, lines: Lines) -> int:
        """The offset of a position of the editor."""
        return lines.offset(Position(position.line, position.character), self.unit)

    def at(self, params: _Positioned) -> tuple[Document, int]:
        """The document of a request, and the offset of its position."""
        document = self.document(params.text_document.uri)
        return document, self.offset(params.position, document.lines)

    def edits(self, edits: Mapping[Path, Iterable[Edit]]) -> lsp.WorkspaceEdit:
        """Changes of files, which may be open."""
        changes: dict[str, list[lsp.TextEdit]] = {}
        for path, own in edits.items():
            lines = self.lines(path)
            changes[self.uri(path)] = [
                lsp.TextEdit(self.range(edit.span, lines), edit.text) for edit in own
            ]
        return lsp.WorkspaceEdit(changes=changes)

    def extending(self, document: Document) -> list[Document]:
        """The open documents, and those in its folder, that extend a document."""
        opened = [own.path for own in self.documents.values()]
        folder = (path.resolve() for path in document.path.parent.glob("*.y*ml"))
        paths = dict.fromkeys((*opened, *folder))
        texts = {path: self.lines(path).text for path in paths if path != document.path}
        found = [Document(path, text, self.read) for path, text in texts.items()]
        return [own for own in found if own.is_spec and document.path in own.bases]

    @property
    def takes_snippets(self) -> bool:
        """Whether the editor can fill in the places of snippets."""
        document = self.client_capabilities.text_document
        completion = document.completion if document is not None else None
        item = completion.completion_item if completion is not None else None
        return item is not None and bool(item.snippet_support)
