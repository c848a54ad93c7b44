"""yaml-language-server with the schema, as an editor uses it.

A position is named by the text before it, so that tests need no line numbers.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from client import Editor
from lsprotocol import types as lsp
from node import NODE, installed

import archspec

MODELINE = "# yaml-language-server: $schema=archspec.schema.json\n"
SETTINGS = {"schemaStore": {"enable": False}}


class Found(NamedTuple):
    """A diagnostic: the text that it marks, in a line from 1, and its message."""

    line: int
    marked: str
    message: str


class YamlEditor(Editor):
    """A client of yaml-language-server."""

    def start(self, **capabilities: Any) -> lsp.InitializeResult:
        @self.client.feature(lsp.WORKSPACE_CONFIGURATION)
        def _(params: lsp.ConfigurationParams) -> list[Any]:
            return [SETTINGS if i.section == "yaml" else None for i in params.items]

        @self.client.feature(lsp.TELEMETRY_EVENT)
        def _(event: Any) -> None:
            if "error" in str(event):
                self.log.write_text(str(event), "utf-8")

        modules = installed(Path(__file__).parent / "npm")
        server = modules / "yaml-language-server" / "bin" / "yaml-language-server"
        self.wait(self.client.start_io(NODE, str(server), "--stdio"))
        params = lsp.InitializeParams(
            lsp.ClientCapabilities(**capabilities), root_uri=self.folder.as_uri()
        )
        result = self.wait(self.client.initialize_async(params))
        self.client.initialized(lsp.InitializedParams())
        return result

    def file(self, text: str) -> File:
        """Open a spec whose first line names the schema."""
        name = f"net{len(self.versions)}.yaml"
        return File(self, self.open(name, MODELINE + text), MODELINE + text)


class File:
    """An open file."""

    def __init__(self, editor: YamlEditor, uri: str, text: str):
        self.editor, self.uri, self.text = editor, uri, text

    def after(self, before: str) -> lsp.Position:
        """The position behind the first occurrence of a text."""
        *lines, last = self.text[: self.text.index(before) + len(before)].split("\n")
        return lsp.Position(len(lines), len(last))

    def errors(self) -> list[Found]:
        """What the server marks."""
        lines = self.text.split("\n")
        found: list[Found] = []
        for one in self.editor.diagnostics(self.uri):
            start, end = one.range.start, one.range.end
            marked = lines[start.line][start.character : end.character]
            found.append(Found(start.line + 1, marked, str(one.message)))
        return sorted(found)

    def completions(self, before: str) -> dict[str, lsp.CompletionItem]:
        """What the server offers behind a text, by label."""
        method, position = lsp.TEXT_DOCUMENT_COMPLETION, self.after(before)
        found = self.editor.ask(method, self.uri, position=position)
        return {item.label: item for item in found.items}

    def inserted(self, before: str, label: str) -> str:
        """What an offer writes."""
        item = self.completions(before)[label]
        return item.text_edit.new_text if item.text_edit else item.insert_text or ""

    def hover(self, before: str) -> str:
        """What the server shows at the last letter of a text."""
        position = self.after(before)
        at = lsp.Position(position.line, position.character - 1)
        found = self.editor.ask(lsp.TEXT_DOCUMENT_HOVER, self.uri, position=at)
        return found.contents.value if found else ""


@contextmanager
def yaml_editor(folder: Path) -> Iterator[YamlEditor]:
    """A running server in a folder with the schema; it reports no failure."""
    schema = json.dumps(archspec.schema())
    (folder / "archspec.schema.json").write_text(schema, "utf-8")
    loop = asyncio.new_event_loop()
    made = YamlEditor(folder, folder / "server.log", loop)
    made.log.write_text("")
    markdown = [lsp.MarkupKind.Markdown]
    items = lsp.ClientCompletionItemOptions(
        snippet_support=True, documentation_format=markdown
    )
    documents = lsp.TextDocumentClientCapabilities(
        completion=lsp.CompletionClientCapabilities(completion_item=items),
        hover=lsp.HoverClientCapabilities(content_format=markdown),
    )
    workspace = lsp.WorkspaceClientCapabilities(configuration=True)
    try:
        made.start(text_document=documents, workspace=workspace)
        yield made
        made.stop()
    finally:
        loop.close()
    assert made.log.read_text("utf-8") == ""
