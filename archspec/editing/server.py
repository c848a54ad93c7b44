"""The language server: `editing` behind the protocol of editors.

This module and `session` are the only ones that know pygls.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from lsprotocol import types as lsp

from archspec.editing import (
    completing,
    fixing,
    hints,
    hovering,
    structure,
    symbols,
)
from archspec.editing.reference import about_op
from archspec.editing.session import Refusal, Session
from archspec.errors import InvalidArgument

_COMPLETED = {
    "key": lsp.CompletionItemKind.Property,
    "op": lsp.CompletionItemKind.Function,
    "block": lsp.CompletionItemKind.Class,
    "attribute": lsp.CompletionItemKind.Field,
    "word": lsp.CompletionItemKind.EnumMember,
    "name": lsp.CompletionItemKind.Variable,
    "function": lsp.CompletionItemKind.Function,
    "layer": lsp.CompletionItemKind.Reference,
    "file": lsp.CompletionItemKind.File,
}
_LISTED = {
    "section": lsp.SymbolKind.Namespace,
    "multipliers": lsp.SymbolKind.Variable,
    "define": lsp.SymbolKind.Function,
    "inputs": lsp.SymbolKind.Variable,
    "blocks": lsp.SymbolKind.Class,
    "layers": lsp.SymbolKind.Field,
    "outputs": lsp.SymbolKind.Variable,
    "variants": lsp.SymbolKind.EnumMember,
}


def serve(port: int | None = None) -> None:
    """Serve an editor on stdin and stdout, or on a port of this machine."""
    session = Session()
    for add in (_documents, _explanations, _completion, _navigation, _renaming):
        add(session)
    if port is None:
        session.start_io()
    else:
        session.start_tcp("127.0.0.1", port)


def _documents(session: Session) -> None:
    """Opening, changing and closing documents, and changes of other files."""

    @session.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    def opened(params: lsp.DidOpenTextDocumentParams) -> None:
        session.open(params.text_document.uri, params.text_document.text)

    @session.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    def changed(params: lsp.DidChangeTextDocumentParams) -> None:
        uri = params.text_document.uri
        session.change(uri, session.workspace.get_text_document(uri).source)

    @session.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: lsp.DidCloseTextDocumentParams) -> None:
        session.close(params.text_document.uri)

    @session.feature(lsp.INITIALIZED)
    def initialized(_: lsp.InitializedParams) -> None:
        session.watch()

    @session.feature(lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def changed_on_disk(params: lsp.DidChangeWatchedFilesParams) -> None:
        for change in params.changes:
            session.analyse_extending(change.uri)


def _explanations(session: Session) -> None:
    """Hovers and hints."""

    @session.feature(lsp.TEXT_DOCUMENT_HOVER)
    def hover(params: lsp.HoverParams) -> lsp.Hover | None:
        document, offset = session.at(params)
        found = hovering.hover(document, offset)
        if found is None:
            return None
        range = session.range(found.span, document.lines)
        return lsp.Hover(_markdown(found.text), range)

    @session.feature(lsp.TEXT_DOCUMENT_INLAY_HINT)
    def inlay_hints(params: lsp.InlayHintParams) -> list[lsp.InlayHint]:
        document = session.document(params.text_document.uri)
        span = session.span(params.range, document.lines)
        return [
            lsp.InlayHint(
                session.position(hint.offset, document.lines),
                hint.text,
                tooltip=_markdown(hint.about),
                padding_left=True,
            )
            for hint in hints.hints(document, span)
        ]


def _completion(session: Session) -> None:
    """Completion, and quick fixes."""

    @session.feature(
        lsp.TEXT_DOCUMENT_COMPLETION,
        lsp.CompletionOptions(
            trigger_characters=[" ", "{", "[", "."], resolve_provider=True
        ),
    )
    def complete(params: lsp.CompletionParams) -> lsp.CompletionList:
        document, offset = session.at(params)
        found = completing.complete(document, offset)
        range = session.range(found.span, document.lines)
        uri, has_snippets = params.text_document.uri, session.takes_snippets
        items = [
            _completed(item, number, range, uri, has_snippets)
            for number, item in enumerate(found.items)
        ]
        return lsp.CompletionList(is_incomplete=False, items=items)

    @session.feature(lsp.COMPLETION_ITEM_RESOLVE)
    def resolve(item: lsp.CompletionItem) -> lsp.CompletionItem:
        document = session.documents.get(str(item.data))
        if document is not None and item.label in document.ops.names:
            item.documentation = _markdown(about_op(document.ops, item.label))
        return item

    @session.feature(
        lsp.TEXT_DOCUMENT_CODE_ACTION,
        lsp.CodeActionOptions(code_action_kinds=[lsp.CodeActionKind.QuickFix]),
    )
    async def fix(params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
        uri = params.text_document.uri
        document = await session.settled(uri)
        span = session.span(params.range, document.lines)
        fixes = await session.run(lambda: fixing.fixes(document, span))
        return [
            lsp.CodeAction(
                title=found.title,
                kind=lsp.CodeActionKind.QuickFix,
                diagnostics=[session.diagnostic(found.diagnostic, document.lines)],
                is_preferred=found.is_preferred,
                edit=session.edits({document.path: found.edits}),
            )
            for found in fixes
        ]


def _completed(
    item: completing.Completion,
    number: int,
    range: lsp.Range,
    uri: str,
    has_snippets: bool,
) -> lsp.CompletionItem:
    """A completion; an editor without snippets gets the text before the first place."""
    is_snippet = has_snippets and "$" in item.snippet
    text = item.snippet if is_snippet else item.snippet.partition("$")[0]
    format = lsp.InsertTextFormat.Snippet if is_snippet else None
    return lsp.CompletionItem(
        label=item.label,
        kind=_COMPLETED[item.kind],
        detail=item.detail or None,
        sort_text=f"{number:04}",
        filter_text=item.label,
        text_edit=lsp.TextEdit(range, text),
        insert_text_format=format,
        data=uri if item.kind in ("op", "block") else None,
    )


def _navigation(session: Session) -> None:
    """Definitions, references, symbols and folds."""

    @session.feature(lsp.TEXT_DOCUMENT_DEFINITION)
    def definition(params: lsp.DefinitionParams) -> list[lsp.Location]:
        document, offset = session.at(params)
        return [*map(session.location, symbols.definitions(document, offset))]

    @session.feature(lsp.TEXT_DOCUMENT_REFERENCES)
    def references(params: lsp.ReferenceParams) -> list[lsp.Location]:
        document, offset = session.at(params)
        uri = params.text_document.uri
        return [
            lsp.Location(uri, session.range(found.span, document.lines))
            for found in symbols.references(document, offset)
            if params.context.include_declaration or not found.defines
        ]

    @session.feature(lsp.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT)
    def highlights(params: lsp.DocumentHighlightParams) -> list[lsp.DocumentHighlight]:
        document, offset = session.at(params)
        kinds = lsp.DocumentHighlightKind.Read, lsp.DocumentHighlightKind.Write
        return [
            lsp.DocumentHighlight(
                session.range(found.span, document.lines), kinds[found.defines]
            )
            for found in symbols.references(document, offset)
        ]

    @session.feature(lsp.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    def outline(params: lsp.DocumentSymbolParams) -> list[lsp.DocumentSymbol]:
        document = session.document(params.text_document.uri)

        def listed(entry: structure.Entry) -> lsp.DocumentSymbol:
            return lsp.DocumentSymbol(
                name=entry.name,
                kind=_LISTED[entry.kind],
                range=session.range(entry.span, document.lines),
                selection_range=session.range(entry.name_span, document.lines),
                detail=entry.detail or None,
                children=[*map(listed, entry.inner)] or None,
            )

        return [*map(listed, structure.entries(document))]

    @session.feature(lsp.TEXT_DOCUMENT_FOLDING_RANGE)
    def folds(params: lsp.FoldingRangeParams) -> list[lsp.FoldingRange]:
        document = session.document(params.text_document.uri)
        return [lsp.FoldingRange(*lines) for lines in structure.folds(document)]


def _renaming(session: Session) -> None:
    """Renaming, and why a name cannot be renamed."""

    @session.feature(lsp.TEXT_DOCUMENT_PREPARE_RENAME)
    def prepare(params: lsp.PrepareRenameParams) -> lsp.Range:
        document, offset = session.at(params)
        with _refusals():
            span = symbols.renamed(document, offset)
        return session.range(span, document.lines)

    @session.feature(lsp.TEXT_DOCUMENT_RENAME, lsp.RenameOptions(prepare_provider=True))
    async def rename(params: lsp.RenameParams) -> lsp.WorkspaceEdit:
        uri, name = params.text_document.uri, params.new_name
        document = await session.settled(uri)
        offset = session.offset(params.position, document.lines)
        with _refusals():
            edits = await session.run(
                lambda: symbols.rename(
                    document, offset, name, session.extending(document)
                )
            )
        return session.edits(edits)


@contextmanager
def _refusals() -> Generator[None]:
    """Show the reason of an InvalidArgument in the editor."""
    try:
        yield
    except InvalidArgument as error:
        raise Refusal(str(error)) from None


def _markdown(text: str) -> lsp.MarkupContent:
    return lsp.MarkupContent(lsp.MarkupKind.Markdown, text)
