"""What editors show and change, without a server: every spec, and broken texts."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from archspec import reading
from archspec.editing import completing, fixing, hints, hovering, symbols
from archspec.editing.document import Document
from archspec.editing.edits import applied
from archspec.editing.outline import Part, outline
from archspec.editing.positions import Lines, Position, Span
from archspec.elaboration import elaborate
from archspec.errors import InvalidArgument
from archspec.language.blocks import standard_blocks
from archspec.reading.nodes import Mapping, Node, Scalar, Sequence
from archspec.reading.reader import read
from archspec.resources import SPECS

BUNDLED = reading.bundled_specs()
SOME = [SPECS / f"{name}.yaml" for name in ("mobilenetv2", "resnet50_fpn", "unet")]
ALONE = "unet", "squeezenet_1_0", "mobilenetv1"
"""Specs in which everything can be renamed."""

RELATED = "resnet18", "coatnet_0", "hgnetv2_b4", "mnasnet_a1", "hrnet_w18_small"
"""Specs that extend others, or whose blocks do."""

FILES = sorted(SPECS.rglob("*.yaml"))


def plain(node: Node) -> object:
    match node:
        case Mapping(entries):
            return {str(key): plain(value) for key, value in entries.items()}
        case Sequence(items):
            return [plain(item) for item in items]
        case Scalar():
            return " ".join(node.text.split())


def outlined(part: Part | None) -> object:
    if part is None:
        return ""
    if part.kind == "mapping":
        return {key.text: outlined(value) for key, value in part.entries}
    if part.kind == "list":
        return [outlined(item) for item in part.items]
    words = part.text.split()
    return " ".join(words[1:] if words[:1] in (["|"], [">"]) else words)


def test_the_outline_of_a_valid_file_is_its_tree() -> None:
    for file in FILES:
        text = file.read_text("utf-8")
        tree = plain(read(text, str(file)))
        assert outlined(outline(text)) == tree, file
        assert outlined(outline(text.replace("\n", "\r\n"))) == tree, file


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("---\na: 1\n...\n", {"a": "1"}),
        ("%YAML 1.2\n---\na: 1\n", {"a": "1"}),
        ("\ufeff# comment\na: 1\n", {"a": "1"}),
        ("--- {a: 1}\n", {"a": "1"}),
        ("a: b\n  --- c\nd: ---\n", {"a": "b --- c", "d": "---"}),
    ],
)
def test_marks_of_documents_are_no_keys(text: str, tree: object) -> None:
    assert outlined(outline(text)) == tree


@pytest.mark.parametrize(
    "part", ["{}", "[]", "{", "'", "a: ", "- ", "a\n", "#", "a:b "]
)
def test_the_outline_takes_linear_time(part: str) -> None:
    start = time.process_time()
    outline(part * 20_000)
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    ("text", "is_spec"),
    [
        ("\ufeffarchspec: 1\n", True),
        ("# comment\narchspec : 1\n", True),
        ("extends: [a.yaml, b.yml]\n", True),
        ("extends:\n  - a.yaml\n", True),
        ("extends: .base\n", False),
        ("extends:\n  service: web\n", False),
        ("key: {archspec: 1}\n", False),
    ],
)
def test_other_yaml_is_no_spec(text: str, is_spec: bool) -> None:
    assert Document(Path("net.yaml"), text).is_spec == is_spec


def test_values_are_offered_as_yaml_has_them() -> None:
    text = "archspec: 1\nlayers:\n  a: {attention: {relative_bias: s}}\n"
    document = Document(Path("net.yaml"), text)
    found = completing.complete(document, text.index(": s") + 3)
    assert [item.label for item in found.items[:2]] == ["signed", "absolute"]
    assert "None" not in {item.label for item in found.items}
    about = hovering.hover(document, text.index("relative"))
    assert about is not None
    assert about.text == (
        "**relative_bias** of `attention`: `~` by default; such as `~`, `signed`, "
        "`absolute`"
    )


def test_positions_are_those_of_the_protocol() -> None:
    lines = Lines("a\U0001f680b\r\n網\u2028c\rd\n")
    assert lines.position(3) == Position(0, 4)
    assert lines.position(3, "utf-8") == Position(0, 6)
    assert lines.position(3, "utf-32") == Position(0, 3)
    assert lines.position(5) == Position(1, 0)
    assert [lines.line(n) for n in range(4)] == ["a\U0001f680b", "網\u2028c", "d", ""]
    for offset in (0, 1, 2, 3, 5, 6, 7, 8, 9):
        for unit in ("utf-8", "utf-16", "utf-32"):
            assert lines.offset(lines.position(offset, unit), unit) == offset
    assert lines.offset(Position(0, 99)) == 3
    assert lines.offset(Position(99, 0)) == len(lines.text)


MISTAKEN = """\
archspec: 1
name: Net
input: {channels: 8, size: 32}
classes: 10
defaults:
  conv: {padding: same, bias: false}
layers:
  stem: {conv: {filters: 8, kernel: 3, stride: [2, 2]}}
  more: {conv: {filters: 16, kernel: 3}}
  sum: {add: {main: {from: more}, skip: {filter: {conv: 16}, from: stem}}}
  heads: {attention: {heads: 2, query: {q: {conv: 8}}, key: {k: {conv: 8}}, value: {}}}
  pool: global_avg_pool
"""


@pytest.mark.parametrize(
    ("right", "wrong", "fixed"),
    [
        ("padding: same", "padding: 1", "padding: symmetric"),
        ("filters: 8,", "filters 8,", None),
        ("stride: [2, 2]", "stride: (2, 2)", None),
        ("main: {from: more}", "main: more", None),
        ("main: {from: more}", "main", "main: {}"),
        ("query: {q", "q: {q", None),
        (
            "bias: false",
            "initializer: he_normal",
            "initializer: [truncated_normal, fan_in, 2]",
        ),
        (
            "{filters: 16, kernel: 3}}",
            "16, when: classes = 10}",
            "16, when: classes == 10}",
        ),
    ],
)
def test_quick_fixes_write_what_the_help_says(
    right: str, wrong: str, fixed: str | None
) -> None:
    assert MISTAKEN.count(right) == 1
    text = MISTAKEN.replace(right, wrong)
    *_, document = Document(Path("net.yaml"), text).analysed()
    first, *_ = fixing.fixes(document, Span(0, len(text)))
    assert applied(text, first.edits) == MISTAKEN.replace(right, fixed or right)


def test_another_name_is_written_wherever_it_stands() -> None:
    """A layer that a target refuses is renamed with all references to it."""
    text = MISTAKEN.replace("more", "train")
    *_, document = Document(Path("net.yaml"), text).analysed()
    (one, other) = fixing.fixes(document, Span(0, len(text)))
    assert {found.diagnostic.code for found in (one, other)} == {"AS403"}
    assert applied(text, one.edits) == text.replace("train", "train_")


def figures_of(text: str, path: Path) -> list[object]:
    network = elaborate(reading.parsed(text, path))
    ops = [(layer.primitive, layer.output) for layer in network.layers]
    return [network.parameters, network.macs, ops]


def defined(document: Document) -> Iterator[symbols.Occurrence]:
    once: dict[symbols.Symbol, symbols.Occurrence] = {}
    for found in symbols.occurrences(document):
        if found.defines:
            once.setdefault(found.symbol, found)
    yield from once.values()


@pytest.mark.full
@pytest.mark.parametrize("name", [*ALONE, *RELATED])
def test_renaming_keeps_the_network(name: str) -> None:
    """Every name that a spec defines; some are refused, as others inherit them."""
    file = SPECS / f"{name}.yaml"
    text, refused = file.read_text("utf-8"), dict[symbols.Symbol, str]()
    *_, document = Document(file, text).analysed()
    before = figures_of(text, file)
    for found in defined(document):
        try:
            edits = symbols.rename(document, found.span.start, "renamed_here")
        except InvalidArgument as error:
            refused[found.symbol] = str(error)
            continue
        changed = applied(text, edits[file])
        assert changed != text
        assert figures_of(changed, file) == before, found.symbol
    if name in ALONE:
        assert not refused
    known = [*standard_blocks().entries]
    assert all(
        "would" in why or symbol.name in known for symbol, why in refused.items()
    )


@pytest.mark.full
@pytest.mark.parametrize("file", BUNDLED, ids=lambda file: file.stem)
def test_every_layer_has_a_hint_and_every_op_a_hover(file: Path) -> None:
    *_, document = Document(file, file.read_text("utf-8")).analysed()
    assert document.good is not None
    assert not [found for found in document.found if found.severity == "error"]
    shown = {hint.offset for hint in hints.hints(document, Span(0, len(document.text)))}
    names = {
        role.around.layer
        for role in document.roles
        if role.kind == "layer" and not role.around.block and not role.around.variant
    }
    steps = document.good.network.root.steps
    assert len(shown) >= sum(bool(steps.get(name)) for name in names)
    for role in document.roles:
        if role.kind == "op":
            assert hovering.hover(document, role.part.start), role
        if role.kind == "reference":
            is_inherited = role.symbol.owner.rpartition("/")[0] or role.symbol.owner
            found = symbols.definitions(document, role.part.start)
            assert found or role.symbol.kind == "input" or is_inherited, role
