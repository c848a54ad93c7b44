"""Tables: the same values as text, Markdown, HTML and CSV."""

from __future__ import annotations

import csv
import io

import pytest

import archspec
from archspec.tables import Column, Page, Table, Title, change, counted

TABLE = Table(
    [
        Column("layer", "name"),
        Column("MACs"),
        Column("share", "share"),
        Column("", "ratio"),
        Column("ms", format="#.3g"),
        Column("front", "text"),
    ],
    [
        ["a<b>", 1_234_567, 0.25, 1.005, 2.0, True],
        ["second, long", None, None, None, "0.1 to 2", False],
    ],
    ["total", 1_234_567, 1.0, "", "", ""],
)


def test_text():
    assert TABLE.to_text() == (
        "layer              MACs   share              ms  front\n"
        "------------  ---------  ------  ----  --------  -----\n"
        "a<b>          1,234,567   25.0%  1.00      2.00  *\n"
        "second, long          -       -     -  0.1 to 2\n"
        "total         1,234,567  100.0%"
    )


def test_markdown():
    assert TABLE.to_markdown().splitlines()[:3] == [
        "| layer | MACs | share |  | ms | front |",
        "| --- | ---: | ---: | ---: | ---: | --- |",
        "| a<b> | 1,234,567 | 25.0% | 1.00 | 2.00 | * |",
    ]


def test_a_bar_in_a_cell_is_no_end_of_it_in_markdown():
    table = Table([Column("why", "text")], [["expected a|b"]])
    assert table.to_markdown().splitlines()[-1] == r"| expected a\|b |"


def test_html():
    lines = TABLE.to_html().splitlines()
    assert lines[1].startswith('<tr><th style="text-align: left">layer</th>')
    assert '<td style="text-align: left">a&lt;b&gt;</td>' in lines[2]
    assert '<td style="text-align: right">25.0%</td>' in lines[2]


def test_csv_has_the_values_without_the_total():
    assert [*csv.reader(io.StringIO(TABLE.to_csv()))] == [
        ["layer", "MACs", "share", "", "ms", "front"],
        ["a<b>", "1234567", "0.25", "1.005", "2.0", "1"],
        ["second, long", "", "", "", "0.1 to 2", "0"],
    ]


def test_bars_leave_out_the_total():
    rows = [["a", 0.1], ["b", 0.4], ["c", None]]
    table = Table([Column("", "name"), Column("share", "share")], rows, ["total", 1.0])
    assert table.bars(1) == [0.25, 1.0, 0.0, 0.0]
    assert table.bars(0) == [0.0] * 4


def test_rows_without_a_header():
    table = Table([Column("", "text")] * 2, [["a", "one"], ["bcd", "two"]])
    assert table.to_text() == "a    one\nbcd  two"


def test_a_page():
    page = Page([[Title("Net"), "x & y"], [TABLE], ["end"]])
    assert page.to("text") == f"Net\nx & y\n\n{TABLE.to_text()}\n\nend\n"
    assert page.to("markdown") == (f"# Net\n\nx & y\n\n{TABLE.to_markdown()}\n\nend\n")
    assert page.to("html") == (
        f"<p><b>Net</b></p>\n<p>x &amp; y</p>\n{TABLE.to_html()}\n<p>end</p>\n"
    )
    assert page.to("csv") == TABLE.to_csv()


@pytest.mark.parametrize(
    ("now", "text"),
    [(1015, "+1.5%"), (990, "-1.0%"), (999.9, "0.0%"), (1000.1, "0.0%")],
)
def test_a_change_of_nothing_has_no_sign(now: float, text: str):
    assert change(now, 1000) == text


def test_one_thing_is_singular():
    assert [counted(n, "point") for n in (0, 1, 1200)] == [
        *("0 points", "1 point", "1,200 points")
    ]


def test_several_inputs_are_one_field_of_the_csv(tmp_path):
    path = tmp_path / "two.yaml"
    path.write_text(
        """
archspec: 1
name: Two
inputs: {left: {channels: 3, size: 8}, right: {channels: 3, size: 8}}
layers: {both: {add: {a: {from: left}, b: {from: right}}}}
"""
    )
    text = archspec.overview([archspec.load(path)], "csv")
    (line,) = csv.DictReader(io.StringIO(text))
    assert line["input"] == "3x8x8, 3x8x8"
    assert line["MACs"] == "0"
