"""The language server, through the protocol of editors."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from pathlib import Path

import pytest
from client import SECONDS, Editor, editor
from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException

import archspec
from archspec.resources import SPECS

NET = """\
archspec: 1  # \U0001f680 网
name: Net
multipliers: {width: 1.0}
define: {scale(c): round_channels(c * width)}
input: {channels: 3, size: 32}
classes: 10
defaults: {conv: {padding: same, bias: false}, activation: relu}
blocks:
  unit:
    summary: A convolution and an activation.
    arguments: {filters: int, stride: 1}
    layers:
      filter: {conv: {filters: filters, kernel: 3, stride: stride}}
      act: activation
layers:
  stem: {conv: {filters: scale(8), kernel: 3, stride: 2}}  # \U0001f680 comment
  stages:
    columns: [c, n]
    rows:
      - [16, 1]
      - [24, 2]
    each: {unit: {filters: scale(c)}}
    repeat: n
  side: {conv: scale(24), from: stages.1}
  both: {add: {side: {}, main: {from: stages}}}
  pool: global_avg_pool
  classifier: {dense: classes}
variants:
  wide: {multipliers: {width: 2.0}}
"""


@pytest.fixture(scope="module")
def vi(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("project")
    with editor(folder, "--stdio", **_capabilities()) as started:
        yield started


@pytest.fixture
def net(vi: Editor) -> str:
    """The document NET, with what is known about it."""
    uri = (vi.folder / "net.yaml").as_uri()
    if vi.texts.get(uri) != NET:
        vi.open("net.yaml", NET)
        assert vi.diagnostics(uri) == []
    return uri


def _capabilities() -> dict[str, object]:
    item = lsp.ClientCompletionItemOptions(snippet_support=True)
    completion = lsp.CompletionClientCapabilities(completion_item=item)
    hints = lsp.InlayHintWorkspaceClientCapabilities(refresh_support=True)
    watched = lsp.DidChangeWatchedFilesClientCapabilities(dynamic_registration=True)
    workspace = lsp.WorkspaceClientCapabilities(
        inlay_hint=hints, did_change_watched_files=watched
    )
    return {
        "text_document": lsp.TextDocumentClientCapabilities(completion=completion),
        "workspace": workspace,
    }


def at(text: str, marked: str) -> lsp.Position:
    """The position of | in a part of the text, in UTF-16."""
    assert text.count(marked.replace("|", "")) == 1, marked
    start = text.index(marked.replace("|", "")) + marked.index("|")
    line = text.count("\n", 0, start)
    before = text[text.rfind("\n", 0, start) + 1 : start]
    return lsp.Position(line, len(before.encode("utf-16-le")) // 2)


def span(text: str, marked: str) -> lsp.Range:
    """The range between two | in a part of the text."""
    first, middle, last = marked.split("|")
    return lsp.Range(
        at(text, f"{first}|{middle}{last}"), at(text, f"{first}{middle}|{last}")
    )


def hover(vi: Editor, uri: str, text: str, marked: str) -> str:
    found = vi.ask(lsp.TEXT_DOCUMENT_HOVER, uri, position=at(text, marked))
    return found.contents.value if found else ""


@pytest.mark.parametrize(
    ("marked", "text"),
    [
        (
            "|stem:",
            "**stem** · `conv`\n\n3x32x32 → 8x16x16\n\n"
            "216 parameters (2.0%) · 55,296 MACs (2.0%)\n\n"
            '`filters: 8`, `kernel: 3`, `stride: 2`, `padding: "same"`, ',
        ),
        (
            "- [|24, 2]",
            "**stages.1** · 2 x `unit`\n\n16x16x16 → 24x16x16\n\n"
            "8,640 parameters (79.7%) · 2,211,840 MACs (81.6%)\n\n"
            "`filters: 24`, `stride: 1`",
        ),
        ("{|width: 1.0}", "**width** · multiplier\n\nis 1.0\n\n- 2.0 in `wide`"),
        (
            "filters: |scale(8)",
            "**scale** · definition\n\n`scale(c) = round_channels(c * width)`",
        ),
        ("filters: scale(|c)}", "**c** · column\n\nis 16, 24"),
        (
            "each: {|unit",
            "**unit** · block\n\nA convolution and an activation.\n\n"
            "- `filters: int`\n- `stride: 1`",
        ),
        ("{|unit: {filters: scale(c)", None),
        ("global|_avg_pool", None),
        ("  |wide:", "**wide** · variant\n\ninput 3x32x32\n\n"),
        (
            "from: |stages}",
            "**stages** · `unit`\n\n8x16x16 → 24x16x16\n\n",
        ),
        ("repeat: |n", "**n** · column\n\nis 1, 2"),
        (
            "dense: |classes",
            "**classes** · predefined\n\nis 10",
        ),
        (
            "kernel: 3, |stride: 2",
            "**stride** of `conv`: `1` by default; such as `1`, `2`, `[2, 1]`, `3`\n\n"
            "`stride` is 2",
        ),
        ("# \U0001f680 |comment", ""),
    ],
)
def test_hover(vi: Editor, net: str, marked: str, text: str | None) -> None:
    found = hover(vi, net, NET, marked)
    assert found.startswith(text) if text else found or text == ""
    if text == "":
        assert not found


def test_ranges_count_utf_16(vi: Editor, net: str) -> None:
    text = NET + 'source: {title: "\U0001f680 网", ulr: x}\n'
    vi.change(net, text)
    (found,) = vi.diagnostics(net)
    assert found.message.startswith("unknown key 'ulr'\n")
    assert found.range == span(text, '网", |ulr|: x')
    assert found.range.start.character == 24


def test_inlay_hints(vi: Editor, net: str) -> None:
    whole = lsp.Range(lsp.Position(0, 0), lsp.Position(99, 0))
    found = vi.ask(lsp.TEXT_DOCUMENT_INLAY_HINT, net, range=whole)
    lines = NET.splitlines()
    shown = {
        (lines[h.position.line][: h.position.character].strip(), h.label) for h in found
    }
    assert shown == {
        ("stem: {conv: {filters: scale(8), kernel: 3, stride: 2}}", "→ 8x16x16"),
        ("stages:", "→ 24x16x16"),
        ("- [16, 1]", "→ 16x16x16"),
        ("- [24, 2]", "→ 24x16x16"),
        ("side: {conv: scale(24), from: stages.1}", "→ 24x16x16"),
        ("both: {add: {side: {}, main: {from: stages}}}", "→ 24x16x16"),
        ("pool: global_avg_pool", "→ 24"),
        ("classifier: {dense: classes}", "→ 10"),
    }


def test_quick_fixes(vi: Editor, net: str) -> None:
    for wrong, right in {
        "kernel: 3, stride: 2": "kernl: 3, stride: 2",
        "global_avg_pool": "globl_avg_pool",
        "from: stages}": "from: stagess}",
        "classes: 10": "clases: 10",
        "filters: scale(8)": "filters: scal(8)",
        "padding: same": "padding: smae",
        "size: 32}": "size: 32 32}",
    }.items():
        text = NET.replace(wrong, right, 1)
        vi.change(net, text)
        (found, *_) = vi.diagnostics(net)
        context = lsp.CodeActionContext([found])
        actions = vi.ask(
            lsp.TEXT_DOCUMENT_CODE_ACTION, net, range=found.range, context=context
        )
        assert actions, (right, found)
        assert actions[0].is_preferred
        expected = (
            NET.replace("size: 32}", "size: [32, 32]}") if "32 32" in text else NET
        )
        assert changed(text, actions[0].edit) == expected


def changed(text: str, edit: lsp.WorkspaceEdit) -> str:
    """The text with an edit, whose positions are in UTF-16."""
    assert edit.changes is not None
    ((_, edits),) = edit.changes.items()
    lines = [line.encode("utf-16-le") for line in text.split("\n")]
    for one in sorted(edits, key=lambda e: e.range.start, reverse=True):
        start, end = one.range.start, one.range.end
        assert start.line == end.line
        line = lines[start.line]
        new = one.new_text.encode("utf-16-le")
        lines[start.line] = (
            line[: 2 * start.character] + new + line[2 * end.character :]
        )
    return "\n".join(line.decode("utf-16-le") for line in lines)


@pytest.mark.parametrize(
    ("marked", "place", "count"),
    [
        ("scale(|c)}", "columns: [|c|, n]", 2),
        ("|width: 1.0", "{|width|: 1.0}", 3),
        ("filters: |scale(8)", "{|scale|(c): round", 4),
        ("stride: |stride", "int, |stride|: 1}", 2),
        ("from: |stages}", "  |stages|:", 3),
        ("each: {|unit", "  |unit|:", 2),
    ],
)
def test_definitions_and_references(
    vi: Editor, net: str, marked: str, place: str, count: int
) -> None:
    position = at(NET, marked)
    (found,) = vi.ask(lsp.TEXT_DOCUMENT_DEFINITION, net, position=position)
    assert (found.uri, found.range) == (net, span(NET, place))
    context = lsp.ReferenceContext(include_declaration=True)
    all_of_it = vi.ask(
        lsp.TEXT_DOCUMENT_REFERENCES, net, position=position, context=context
    )
    assert len(all_of_it) == count
    assert span(NET, place) in [found.range for found in all_of_it]


def test_definition_of_a_standard_block(vi: Editor) -> None:
    uri = vi.open("mobilenetv2.yaml", (SPECS / "mobilenetv2.yaml").read_text("utf-8"))
    text = (SPECS / "mobilenetv2.yaml").read_text("utf-8")
    position = at(text, "each: {|inverted_residual")
    (found,) = vi.ask(lsp.TEXT_DOCUMENT_DEFINITION, uri, position=position)
    file = SPECS / "blocks" / "mobilenet.yaml"
    assert found.uri == file.as_uri()
    line = file.read_text("utf-8").splitlines()[found.range.start.line]
    assert line == "inverted_residual:"
    vi.close(uri)


@pytest.mark.parametrize(
    ("marked", "name"),
    [
        ("columns: [|c, n]", "filters"),
        ("|width: 1.0", "alpha"),
        ("define: {|scale", "rounded"),
        ("scale(|c): ", "depth"),
        ("  |stages:", "body"),
        ("int, |stride: 1}", "step_size"),
        ("  |unit:", "block"),
    ],
)
def test_rename(vi: Editor, net: str, tmp_path: Path, marked: str, name: str) -> None:
    position = at(NET, marked)
    assert vi.ask(lsp.TEXT_DOCUMENT_PREPARE_RENAME, net, position=position)
    edit = vi.ask(lsp.TEXT_DOCUMENT_RENAME, net, position=position, new_name=name)
    text = changed(NET, edit)
    before, after = tmp_path / "before.yaml", tmp_path / "after.yaml"
    before.write_text(NET, "utf-8")
    after.write_text(text, "utf-8")
    assert text != NET
    assert not archspec.check(after, targets=["torch"])
    old, new = archspec.load(before), archspec.load(after)
    assert (new.parameters, new.macs) == (old.parameters, old.macs)
    assert [layer.op for layer in new.layers] == [layer.op for layer in old.layers]


@pytest.mark.parametrize(
    ("marked", "name", "message"),
    [
        ("|kernel: 3, stride: 2", "k", "'kernel' is an attribute of the language"),
        ("dense: |classes", "k", "'classes' is a name of the language"),
        ("|layers:\n  stem", "k", "'layers' is a key of the language"),
        ("|stem:", "1st", "'1st' is not a valid name"),
        ("|stem:", "pool", "'pool' is already a name here"),
        ("columns: [|c, n]", "n", "'n' is already a name here"),
        ("columns: [|c, n]", "relu", "'relu' is a word of the language"),
    ],
)
def test_refused_renames(
    vi: Editor, net: str, marked: str, name: str, message: str
) -> None:
    position = at(NET, marked)
    with pytest.raises(JsonRpcException, match=message):
        vi.ask(lsp.TEXT_DOCUMENT_RENAME, net, position=position, new_name=name)


def labels(vi: Editor, uri: str, text: str, marked: str) -> list[str]:
    found = vi.ask(lsp.TEXT_DOCUMENT_COMPLETION, uri, position=at(text, marked))
    return [item.label for item in found.items]


def test_completion(vi: Editor, net: str) -> None:
    text = NET.replace("  pool: global_avg_pool", "  pool: \n  extra: {conv: {fil")
    vi.change(net, text)
    ops = vi.ask(lsp.TEXT_DOCUMENT_COMPLETION, net, position=at(text, "pool: |\n"))
    items = {item.label: item for item in ops.items}
    assert items["global_avg_pool"].text_edit.new_text == "global_avg_pool"
    assert items["conv_bn_act"].text_edit.new_text == "{conv_bn_act: $0}"
    assert items["unit"].text_edit.new_text == "{unit: $0}"
    resolved = vi.wait(vi.client.completion_item_resolve_async(items["unit"]))
    assert resolved.documentation.value.startswith("**unit** · block\n\nA convolution")
    assert "kernel" in labels(vi, net, text, "extra: {conv: {fil|")
    assert labels(vi, net, text, "main: {from: |stages}")[:3] == [
        "side",
        "stages.1",
        "stages.0",
    ]
    assert labels(vi, net, text, "padding: |same")[:3] == ["same", "valid", "symmetric"]
    assert {"c", "n", "width", "scale", "channels", "round_channels"} <= {
        *labels(vi, net, text, "filters: scale(|c)}")
    }
    assert {"when", "repeat", "from"} <= {
        *labels(vi, net, text, "conv: scale(24), |from")
    }
    assert "search" in labels(vi, net, text, "|classes: 10")


def test_document_symbols_and_folds(vi: Editor, net: str) -> None:
    found = vi.ask(lsp.TEXT_DOCUMENT_DOCUMENT_SYMBOL, net)
    layers = next(symbol for symbol in found if symbol.name == "layers")
    assert [(s.name, s.detail) for s in layers.children] == [
        ("stem", "8x16x16"),
        ("stages", "24x16x16"),
        ("side", "24x16x16"),
        ("both", "24x16x16"),
        ("pool", "24"),
        ("classifier", "10"),
    ]
    folds = vi.ask(lsp.TEXT_DOCUMENT_FOLDING_RANGE, net)
    assert [(fold.start_line, fold.end_line) for fold in folds] == [
        (7, 13),
        (8, 13),
        (11, 13),
        (14, 26),
        (16, 22),
        (18, 20),
        (27, 28),
    ]


def test_the_last_good_network_stays(vi: Editor, net: str) -> None:
    vi.change(net, NET.replace("rows:", "rows: ["))
    assert [found.code for found in vi.diagnostics(net)] == ["AS102"]
    assert hover(vi, net, NET, "|stem:").startswith("**stem** · `conv`\n\n3x32x32")


def test_two_places(vi: Editor, net: str) -> None:
    text = NET + "classes: 20\n"
    vi.change(net, text)
    (found,) = vi.diagnostics(net)
    assert found.code == "AS106"
    (related,) = found.related_information
    assert related.location.range == span(text, "|classes|: 10")
    assert related.message == "'classes' is first here"
    assert "errors.md#L" in found.code_description.href


def test_warnings(vi: Editor, net: str) -> None:
    text = NET.replace("{width: 1.0}", "{width: 1.0, depth: 1.0}")
    vi.change(net, text)
    (found,) = vi.diagnostics(net)
    assert found.severity == lsp.DiagnosticSeverity.Warning
    assert found.range == span(text, "1.0, |depth|: 1.0")


def test_line_ends_of_windows(vi: Editor) -> None:
    text = NET.replace("\n", "\r\n").replace("kernel: 3, stride: 2", "kernl: 3")
    uri = vi.open("windows.yaml", text)
    (found,) = vi.diagnostics(uri)
    assert found.range == span(text, "scale(8), |kernl|: 3")
    vi.change(uri, text.replace("kernl", "kernel"))
    assert vi.diagnostics(uri) == []
    shown = hover(vi, uri, text, "- [|24, 2]")
    assert shown.startswith("**stages.1** · 2 x `unit`")
    vi.close(uri)
    assert vi.diagnostics(uri) == []


def test_a_uri_is_that_of_the_editor(vi: Editor) -> None:
    text = NET.replace("stride: 2}", "strid: 2}").replace("- [16, 1]", "- [c, 1]")
    uri = vi.open("my-net.yaml", text, escaped="-")
    assert uri.endswith("/my%2Dnet.yaml")
    assert len(vi.diagnostics(uri)) == 2
    (found,) = vi.ask(lsp.TEXT_DOCUMENT_DEFINITION, uri, position=at(text, "|stages.1"))
    assert found.uri == uri
    vi.close(uri)
    assert vi.diagnostics(uri) == []


def test_a_base_that_is_open(vi: Editor, net: str) -> None:
    child = "extends: net.yaml\nname: Child\nlayers: {stem: {conv: {kernel: 5}}}\n"
    (vi.folder / "net.yaml").write_text(NET, "utf-8")
    uri = vi.open("child.yaml", child)
    assert vi.diagnostics(uri) == []
    (found,) = vi.ask(lsp.TEXT_DOCUMENT_DEFINITION, uri, position=at(child, "{|stem"))
    assert (found.uri, found.range) == (net, span(NET, "  |stem|:"))
    (file,) = vi.ask(
        lsp.TEXT_DOCUMENT_DEFINITION, uri, position=at(child, "extends: |net")
    )
    assert file.uri == net
    vi.change(net, NET.replace("  stem:", "  stm:"))
    (found, *_) = vi.diagnostics(uri)
    assert "stem" in found.message
    vi.change(net, NET)
    assert vi.diagnostics(uri) == []
    vi.change(net, NET.replace("kernel: 3, stride: 2", "kernel: 3, strid: 2"))
    vi.close(uri)
    assert vi.diagnostics(uri) == []


CHILD = "extends: base.yaml\nname: Child\nlayers: {stem: {conv: {kernel: 5}}}\n"


def messages(found: list[lsp.Diagnostic]) -> list[str]:
    return [one.message.partition("\n")[0] for one in found]


def shows(vi: Editor, uri: str, *expected: str) -> bool:
    """Whether these are the diagnostics of a file, if not at once then soon."""
    ends = time.monotonic() + SECONDS
    while messages(vi.published.get(uri, [])) != [*expected]:
        if time.monotonic() > ends:
            return False
        vi.wait(asyncio.sleep(0.01))
    return True


MISSING = "'extends': file not found: 'base.yaml'"


def test_a_base_that_changes_on_the_disk(vi: Editor) -> None:
    assert vi.registered == [lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES]
    uri, base = vi.open("child.yaml", CHILD), (vi.folder / "base.yaml").as_uri()
    assert shows(vi, uri, MISSING)
    vi.save("base.yaml", NET)
    assert shows(vi, uri)
    vi.save("base.yaml", NET.replace("- [24, 2]", "- [24, 2, 3]"))
    assert shows(vi, base, "row [24, 2, 3] has 3 values for 2 columns (c, n)")
    assert shows(vi, uri)
    vi.save("base.yaml", None)
    assert shows(vi, uri, MISSING)
    assert shows(vi, base)
    vi.close(uri)
    assert shows(vi, uri)


def test_a_base_that_is_closed_without_saving(vi: Editor) -> None:
    vi.save("base.yaml", NET)
    uri, base = vi.open("child.yaml", CHILD), vi.open("base.yaml", NET + "extra: 1\n")
    assert shows(vi, base, "unknown key 'extra'")
    vi.close(base)
    assert shows(vi, base)
    vi.save("base.yaml", None)
    assert shows(vi, uri, MISSING)
    vi.close(uri)
    assert shows(vi, uri)


def test_rename_in_files_that_extend_this_one(vi: Editor) -> None:
    """One is open and changed, one is in the folder, one has nothing of the name."""
    base = vi.open("base.yaml", NET)
    vi.save("base.yaml", NET)
    vi.save("open.yaml", CHILD)
    child = CHILD.replace("kernel: 5", "filters: scale(16)")
    uri = vi.open("open.yaml", "# changed\n" + child)
    vi.save("closed.yaml", CHILD)
    vi.save("alone.yaml", "extends: base.yaml\nname: Alone\n")
    position = at(NET, "  |stem:")
    edit = vi.ask(lsp.TEXT_DOCUMENT_RENAME, base, position=position, new_name="root")
    closed = (vi.folder / "closed.yaml").as_uri()
    assert set(edit.changes) == {base, uri, closed}
    (one,) = edit.changes[uri]
    assert one.range == span("# changed\n" + child, "{|stem|: {")
    (other,) = edit.changes[closed]
    assert (other.range, other.new_text) == (span(CHILD, "{|stem|: {"), "root")
    vi.change(uri, CHILD + "multipliers: {depth: 2.0}\n")
    position = at(NET, "{|width: 1.0}")
    refused = "'depth' would change the network of open.yaml"
    with pytest.raises(JsonRpcException, match=refused):
        vi.ask(lsp.TEXT_DOCUMENT_RENAME, base, position=position, new_name="depth")
    for name in ("open", "closed", "alone", "base"):
        vi.close((vi.folder / f"{name}.yaml").as_uri())
        vi.save(f"{name}.yaml", None)


def test_a_folder_that_is_a_link(vi: Editor) -> None:
    (vi.folder / "real").mkdir()
    (vi.folder / "linked").symlink_to("real")
    vi.save("real/base.yaml", "archspec: 2\n")
    base = vi.open("linked/base.yaml", NET)
    uri = vi.open("linked/child.yaml", CHILD)
    assert vi.diagnostics(uri) == []
    (found,) = vi.ask(lsp.TEXT_DOCUMENT_DEFINITION, uri, position=at(CHILD, "{|stem"))
    assert found.uri == base
    vi.close(uri)
    vi.close(base)


def test_documents_without_files(vi: Editor) -> None:
    """Each has its own diagnostics."""
    one, other = "untitled:Untitled-1", "untitled:Untitled-2"
    for uri, text in ((one, NET), (other, NET.replace("classes: 10", "clases: 10"))):
        item = lsp.TextDocumentItem(uri, "yaml", 1, text)
        vi.client.text_document_did_open(lsp.DidOpenTextDocumentParams(item))
        vi.diagnostics(uri)
    assert messages(vi.published[other])[:1] == ["unknown key 'clases'"]
    assert vi.published[one] == []
    (found,) = vi.ask(
        lsp.TEXT_DOCUMENT_DEFINITION, other, position=at(NET, "|width: 1")
    )
    assert found.uri == other
    vi.close(one)
    vi.close(other)


def test_quick_fixes_are_of_the_present_text(vi: Editor, net: str) -> None:
    """A request just behind a change waits for what is wrong with it."""
    text = NET.replace("kernel: 3, stride: 2", "kernl: 3, stride: 2")
    vi.change(net, text)
    place = span(text, "|kernl|: 3, stride: 2")
    context = lsp.CodeActionContext([])
    (action,) = vi.ask(lsp.TEXT_DOCUMENT_CODE_ACTION, net, range=place, context=context)
    assert changed(text, action.edit) == NET
    vi.change(net, text := "# moved\n" + NET.replace("stride: 2}", "strid: 2}"))
    place = span(text, "|scale(8)|, kernel: 3")
    actions = vi.ask(lsp.TEXT_DOCUMENT_CODE_ACTION, net, range=place, context=context)
    assert not actions


def test_what_targets_refuse(vi: Editor, net: str) -> None:
    text = NET.replace("side", "train")
    vi.change(net, text)
    refused = "the name 'train' is reserved by"
    assert shows(vi, net, f"{refused} PyTorch", f"{refused} Flax NNX")
    places = [found.range for found in vi.published[net]]
    assert places == 2 * [span(text, "  |train|: {conv")]


def test_other_files_are_left_alone(vi: Editor) -> None:
    uri = vi.open("compose.yaml", "services:\n  web: {image: x, ports: [1]}\n")
    assert vi.diagnostics(uri) == []
    assert vi.ask(lsp.TEXT_DOCUMENT_HOVER, uri, position=lsp.Position(1, 3)) is None
    vi.close(uri)


def test_without_the_extra(tmp_path: Path) -> None:
    blocked = (
        "import sys; sys.modules['pygls'] = None; sys.argv = ['archspec', 'lsp']; "
    )
    blocked += "from archspec.cli import main; main()"
    found = subprocess.run(
        [sys.executable, "-c", blocked], capture_output=True, text=True, check=False
    )
    assert found.returncode == 4
    assert found.stderr == (
        "error: this needs pygls, which is not installed\n"
        "   help: pip install 'archspec-nn[lsp]'\n"
    )


@pytest.mark.full
def test_a_spec_typed_letter_by_letter(tmp_path: Path) -> None:
    """Every state gets an answer; the last one has no diagnostics."""
    text = (SPECS / "unet.yaml").read_text("utf-8")
    with editor(tmp_path) as vi:
        uri = vi.open("net.yaml", "")
        for end in range(1, len(text) + 1):
            vi.change(uri, text[:end])
            line = text.count("\n", 0, end)
            column = end - text.rfind("\n", 0, end) - 1
            position = lsp.Position(line, column)
            vi.ask(lsp.TEXT_DOCUMENT_HOVER, uri, position=position)
            if end % 10 == 0:
                vi.ask(lsp.TEXT_DOCUMENT_COMPLETION, uri, position=position)
        found = vi.diagnostics(uri)
        while found:
            found = vi.diagnostics(uri)
        assert "MACs" in hover(vi, uri, text, "  |encoder:")


@pytest.mark.full
def test_every_prefix_is_analysed(tmp_path: Path) -> None:
    """Without the pause between keys: a network once is there ever after."""
    from archspec.editing.completing import complete
    from archspec.editing.document import Document
    from archspec.editing.hovering import hover as hovered

    text = (SPECS / "unet.yaml").read_text("utf-8")
    document, good = Document(tmp_path / "net.yaml", ""), False
    for end in range(1, len(text) + 1):
        *_, document = document.changed(text[:end]).analysed()
        good |= document.good is not None
        assert good == (document.good is not None)
        hovered(document, end)
        complete(document, end)
    assert document.found == ()
    start = time.perf_counter()
    assert hovered(document, text.index("encoder:"))
    assert time.perf_counter() - start < 0.5
