"""The language server, through the protocol."""

from __future__ import annotations

from pathlib import Path

from client import editor
from lsprotocol import types as lsp

NET = """\
archspec: 1
name: Net  # \U0001f680 and 网
input: {channels: 3, size: 32}
defaults: {conv: {padding: same, bias: false}}
layers:
  stem: {conv: {filters: 8, kernel: 3, stride: 2}}
  pool: global_avg_pool
"""


def test_diagnostics_and_hover(tmp_path: Path) -> None:
    with editor(tmp_path) as vi:
        uri = vi.open("net.yaml", NET)
        assert vi.diagnostics(uri) == []
        vi.change(uri, NET.replace("filters", "fliters"))
        (found,) = vi.diagnostics(uri)
        assert found.message.startswith("unknown attribute 'fliters' of conv\n")
        assert found.code == "AS204"
        assert found.severity == lsp.DiagnosticSeverity.Error
        assert found.range == _range(5, 16, 23)
        hovered = vi.ask(lsp.TEXT_DOCUMENT_HOVER, uri, position=lsp.Position(5, 3))
        assert hovered.range == _range(5, 2, 6)
        assert hovered.contents.value.startswith(
            "**stem** · `conv`\n\n3x32x32 → 8x16x16"
        )


def _range(line: int, start: int, end: int) -> lsp.Range:
    return lsp.Range(lsp.Position(line, start), lsp.Position(line, end))
