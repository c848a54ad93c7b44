"""An editor: a client of the language server, which runs in a process of its own."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from lsprotocol import types as lsp
from pygls.lsp.client import LanguageClient

T = TypeVar("T")
SECONDS = 20


class Editor:
    """A client whose methods wait for the answer of the server."""

    def __init__(self, folder: Path, log: Path, loop: asyncio.AbstractEventLoop):
        self.folder, self.log, self.loop = folder, log, loop
        self.client = LanguageClient("test", "1")
        self.published: dict[str, list[lsp.Diagnostic]] = {}
        self.publications = 0
        self.refreshed = 0
        self.registered: list[str] = []
        self.versions: dict[str, int] = {}
        self.texts: dict[str, str] = {}
        self.unit = "utf-16"

        @self.client.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def _(params: lsp.PublishDiagnosticsParams) -> None:
            self.published[params.uri] = [*params.diagnostics]
            self.publications += 1

        @self.client.feature(lsp.WORKSPACE_INLAY_HINT_REFRESH)
        def _(params: None) -> None:
            self.refreshed += 1

        @self.client.feature(lsp.CLIENT_REGISTER_CAPABILITY)
        def _(params: lsp.RegistrationParams) -> None:
            self.registered += [made.method for made in params.registrations]

    def wait(self, awaited: Awaitable[T]) -> T:
        return self.loop.run_until_complete(asyncio.wait_for(awaited, SECONDS))

    def start(self, *options: str, **capabilities: Any) -> lsp.InitializeResult:
        command = f"import sys; sys.argv = {['archspec', 'lsp', *options]!r}; "
        command += f"sys.stderr = open({str(self.log)!r}, 'w'); "
        command += "from archspec.cli import main; main()"
        self.wait(self.client.start_io(sys.executable, "-c", command))
        params = lsp.InitializeParams(
            lsp.ClientCapabilities(**capabilities), root_uri=self.folder.as_uri()
        )
        result = self.wait(self.client.initialize_async(params))
        self.client.initialized(lsp.InitializedParams())
        return result

    def stop(self) -> None:
        self.wait(self.client.shutdown_async(None))
        self.client.exit(None)
        self.wait(self.client.stop())

    def open(self, name: str, text: str | None = None, escaped: str = "") -> str:
        """The URI of a file; an editor may escape characters that need it not."""
        path = self.folder / name
        if text is None:
            text = path.read_text("utf-8")
        uri = path.as_uri()
        if escaped:
            uri = uri.replace(escaped, f"%{ord(escaped):X}")
        self.versions[uri] = 1
        self.texts[uri] = text
        item = lsp.TextDocumentItem(uri, "yaml", 1, text)
        self.client.text_document_did_open(lsp.DidOpenTextDocumentParams(item))
        return uri

    def change(self, uri: str, text: str) -> None:
        self.versions[uri] += 1
        self.texts[uri] = text
        version = lsp.VersionedTextDocumentIdentifier(self.versions[uri], uri)
        change = lsp.TextDocumentContentChangeWholeDocument(text)
        params = lsp.DidChangeTextDocumentParams(version, [change])
        self.client.text_document_did_change(params)

    def save(self, name: str, text: str | None) -> None:
        """Change a file on the disk, or delete it."""
        path = self.folder / name
        if text is None:
            path.unlink()
        else:
            path.write_text(text, "utf-8")
        kind = lsp.FileChangeType
        change = lsp.FileEvent(path.as_uri(), kind.Changed if text else kind.Deleted)
        params = lsp.DidChangeWatchedFilesParams([change])
        self.client.workspace_did_change_watched_files(params)

    def close(self, uri: str) -> None:
        identifier = lsp.TextDocumentIdentifier(uri)
        params = lsp.DidCloseTextDocumentParams(identifier)
        self.client.text_document_did_close(params)

    def diagnostics(self, uri: str) -> list[lsp.Diagnostic]:
        """The next diagnostics that the server publishes for a document."""
        self.published.pop(uri, None)
        ends = time.monotonic() + SECONDS
        while uri not in self.published and time.monotonic() < ends:
            self.wait(asyncio.sleep(0.01))
        return self.published[uri]

    def ask(self, method: str, uri: str, **arguments: Any) -> Any:
        """The answer to a request about a document."""
        identifier = lsp.TextDocumentIdentifier(uri)
        kind = lsp.METHOD_TO_TYPES[method][2]
        request = getattr(self.client, _named(method))
        assert kind is not None
        return self.wait(request(kind(text_document=identifier, **arguments)))


def _named(method: str) -> str:
    words = "".join(f"_{c.lower()}" if c.isupper() else c for c in method)
    return words.replace("/", "_") + "_async"


@contextmanager
def editor(folder: Path, *options: str, **capabilities: Any) -> Iterator[Editor]:
    """An editor with a running server; its log has no error at the end."""
    loop = asyncio.new_event_loop()
    made = Editor(folder, folder / "server.log", loop)
    try:
        made.start(*options, **capabilities)
        yield made
        made.stop()
    finally:
        loop.close()
    assert not made.log.read_text("utf-8")
