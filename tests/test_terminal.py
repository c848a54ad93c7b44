"""Tables in a terminal: they fit its width. In a pipe they are plain text."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("pty")

from terminal import ESCAPE, raw, shown

from archspec.cli.terminal import fitted, show
from archspec.tables import Column, Page, Table, Title

SPEC = """
archspec: 1
name: Small
input: {channels: 1, size: 4}
defaults: {conv: {padding: same, bias: false}}
layers: {conv_with_a_long_name_of_30: {conv: 2}, other: {conv: 6}}
reported: {macs: 0.000224M}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "small.yaml").write_text(SPEC)
    return tmp_path


COUNTED = """
Counted: 1 MAC, which is 2 FLOPs, for each
weight of a convolution or dense layer at
each position of its output, and for each
product of activations that attention sums;
nothing for biases, softmax, normalisation,
activations, pooling and joins. For the
figures of other tools, see --counter.
"""


def test_a_wide_terminal_has_bars(folder: Path):
    text = shown(["flops", "small.yaml"], folder, 110)
    lines = [line.rstrip() for line in text.splitlines()]
    assert lines[3:8] == [
        "layer                        op    output  parameters   share  MACs   share",
        "─" * 101,
        "conv_with_a_long_name_of_30  conv  2x4x4            2   14.3%    32   14.3%"
        "  ████",
        "other                        conv  6x4x4           12   85.7%   192   85.7%"
        "  ████████████████████████",
        "total                                              14  100.0%   224  100.0%",
    ]


def test_a_narrow_terminal_has_what_fits(folder: Path):
    text = shown(["flops", "small.yaml"], folder, 44)
    assert max(map(len, text.splitlines())) <= 44
    assert text.split("\n\n")[1] == (
        "layer                       parameters MACs\n"
        "───────────────────────────────────────────\n"
        "conv_with_a_long_name_of_30          2   32\n"
        "other                               12  192\n"
        "total                               14  224\n"
        "hidden at this width: op, output, share"
    )
    assert text.endswith(COUNTED)


@pytest.mark.full
def test_sentences_stand_beside_their_names(folder: Path):
    lines = shown(["blocks"], folder, 60).splitlines()
    start = lines.index("aspp                           Atrous spatial pyramid")
    assert lines[start + 1 : start + 4] == [
        "                               pooling with features of the",
        "                               whole image.",
        "basic_block                    Two 3x3 convolutions with a",
    ]
    assert max(map(len, lines)) <= 60


@pytest.mark.full
@pytest.mark.parametrize("columns", [40, 60, 80, 200])
@pytest.mark.parametrize(
    "arguments",
    [
        ["flops", "mobilenetv2"],
        ["list"],
        ["blocks"],
        ["ops"],
        ["explain"],
        ["list", "mobilenetv2"],
        ["compare", "mobilenetv2", "mobilenetv3_large", "--layers"],
        ["sweep", "mobilenetv2", "--grid", "multipliers.width=0.5,1"],
    ],
    ids=" ".join,
)
def test_no_line_is_longer_than_the_terminal_is_wide(tmp_path, arguments, columns):
    lines = shown(arguments, tmp_path, columns).splitlines()
    assert len(lines) > 3
    assert max(map(len, lines)) <= columns


def test_colours_are_those_that_the_environment_asks_for(folder: Path):
    command = ["flops", "small.yaml"]
    assert "\x1b[1m" in raw(command, folder, 80)
    for environment in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        text = raw(command, folder, 80, **environment)
        assert "\x1b" not in text
        assert "conv_with_a_long_name_of_30  conv  2x4x4" in text


@pytest.mark.full
def test_the_environment_may_set_the_width(folder: Path):
    text = shown(["flops", "small.yaml"], folder, 200, COLUMNS="44")
    assert text.endswith(COUNTED)


def test_a_pipe_has_plain_text_and_loads_nothing_to_draw_it(archspec, folder: Path):
    text = archspec("flops", "small.yaml").stdout
    assert text.split("\n\n")[1] == (
        "layer                        op    output  parameters   share  MACs   share\n"
        "---------------------------  ----  ------  ----------  ------  ----  ------\n"
        "conv_with_a_long_name_of_30  conv  2x4x4            2   14.3%    32   14.3%\n"
        "other                        conv  6x4x4           12   85.7%   192   85.7%\n"
        "total                                              14  100.0%   224  100.0%"
    )
    times = archspec("flops", "small.yaml", python=("-X", "importtime")).stderr
    assert "archspec.analysis.table" in times
    assert "rich" not in times


def test_the_order_in_which_columns_give_way():
    columns = [
        Column("name", "name"),
        Column("text", "text"),
        Column("first"),
        Column("share", "share"),
        Column("last number"),
    ]
    rows = [["a" * 30, "b" * 20, "1" * 10, "1.0%", "2" * 10]]

    def kept(width: int) -> list[tuple[str, int]]:
        widths, gap = fitted(columns, rows, width)
        assert sum(widths.values()) + gap * (len(widths) - 1) <= width
        return [(columns[number].name, width) for number, width in widths.items()]

    names = ["name", "text", "first", "share", "last number"]
    assert kept(84) == [*zip(names, (30, 20, 10, 5, 11), strict=True)]
    assert kept(79) == [*zip(names, (30, 20, 10, 5, 10), strict=True)]
    assert [name for name, _ in kept(72)] == [*names[:3], "last number"]
    assert kept(56) == [("name", 24), ("text", 9), ("first", 10), ("last number", 10)]
    assert kept(46) == [("name", 24), ("first", 10), ("last number", 10)]
    assert kept(36) == [("name", 25), ("last number", 10)]
    assert kept(24) == [("name", 24)]


LISTED = Page(
    [
        [
            Title("Words"),
            Table(
                [Column("", "text")] * 2,
                [["  of", "one sentence that is long"], ["  another", "and one more"]],
            ),
        ]
    ]
)


@pytest.mark.parametrize(
    ("columns", "lines"),
    [
        (60, ["  of       one sentence that is long", "  another  and one more"]),
        (
            35,
            [
                "  of       one sentence that is",
                " " * 11 + "long",
                "  another  and one more",
            ],
        ),
        (24, ["  of  one sentence that", "    is long", "  another  and one more"]),
    ],
)
def test_sentences_of_a_list(columns: int, lines: list[str], monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", str(columns))
    show(LISTED, colour=False, is_terminal=True)
    printed = capsys.readouterr().out.splitlines()
    assert [line.rstrip() for line in printed] == ["Words", *lines]


def test_colours_in_a_pipe_leave_nothing_out(archspec, folder: Path, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "40")
    text = archspec("flops", "small.yaml").stdout
    lines = [line.rstrip() for line in ESCAPE.sub("", text).splitlines()]
    assert lines[3] == (
        "layer                        op    output  parameters   share  MACs   share"
    )
    assert "\x1b[1mSmall\x1b[0m" in text


@pytest.mark.full
def test_the_names_of_rows_stay(tmp_path: Path):
    lines = shown(["list", "mobilenetv3_large"], tmp_path, 60).splitlines()
    assert lines[0].split() == ["spec", "variant", "input", "MACs"]
    assert lines[3].split()[:2] == ["mobilenetv3_large", "0.35"]
    assert lines[-1] == "hidden at this width: parameters, trainable"
