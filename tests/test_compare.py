"""Networks side by side: figures, ratios, and the layers that differ."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import archspec
from archspec.analysis.comparison import changes
from archspec.cli.commands import program
from archspec.errors import InvalidArgument

HEAD = """
archspec: 1
name: Net
input: {channels: 3, size: 8}
defaults:
  conv: {padding: same, bias: false}
  batch_norm: {epsilon: 1e-3, decay: 0.9}
  activation: relu
"""
BEFORE = (
    HEAD
    + """
layers:
  stem: {conv: {filters: 4, kernel: 3}}
  act: {activation: relu}
  last: {conv: 8}
variants:
  wide: {layers: {last: {conv: 16}}}
"""
)
AFTER = (
    HEAD
    + """
layers:
  stem: {conv: {filters: 4, kernel: 5}}
  norm: batch_norm
  last: {depthwise_conv: {kernel: 1, multiplier: 2}}
"""
)


@pytest.fixture
def pair(tmp_path: Path, monkeypatch) -> list[archspec.Network]:
    monkeypatch.chdir(tmp_path)
    Path("before.yaml").write_text(BEFORE)
    Path("after.yaml").write_text(AFTER)
    return [archspec.load("before.yaml"), archspec.load("after.yaml")]


def run(*arguments: str) -> str:
    found = CliRunner().invoke(program(["compare"]), ["compare", *arguments])
    assert found.exit_code == 0, found.output
    return found.stdout


def test_figures_and_ratios(pair):
    before, after = archspec.compare(pair).data["networks"]
    # stem 4 * 27 and last 32 weights; stem 4 * 75, norm 16, last 8
    assert (before["parameters"], after["parameters"]) == (140, 324)
    assert (before["macs"], after["macs"]) == (140 * 64, 308 * 64)
    assert before["ratios"] == dict.fromkeys(before["ratios"], 1.0)
    assert after["ratios"]["parameters"] == 324 / 140
    # 4 and 8 channels of 8 x 8 in both
    assert {n["peak_activation_bytes"] for n in (before, after)} == {4 * 64 * 12}


def test_layers_that_differ(pair):
    told = [change[:5] for change in changes(*pair)]
    assert told == [
        ("~", "stem", "conv", "kernel 3 -> 5", "4x8x8"),
        ("-", "act", "activation", "", "4x8x8"),
        ("+", "norm", "batch_norm", "", "4x8x8"),
        ("~", "last", "conv -> depthwise_conv", "", "8x8x8"),
    ]
    stem, act, norm, _ = changes(*pair)
    assert (stem.parameters, stem.macs) == ((108, 300), (108 * 64, 300 * 64))
    assert act.parameters == (0, 0)
    assert norm.parameters == (0, 16)
    assert changes(pair[0], pair[0]) == []


def test_a_layer_that_only_reads_another_shape_differs(pair):
    found = changes(pair[0], pair[0].with_variants("wide"))
    assert [change[:5] for change in found] == [
        ("~", "last", "conv", "filters 8 -> 16", "8x8x8 -> 16x8x8")
    ]


@pytest.mark.usefixtures("pair")
def test_the_command():
    arguments = "before.yaml", "before.yaml@wide", "--dtype", "int8"
    assert run(*arguments).splitlines()[2:] == [
        "before       3x8x8         140  1.00   8,960  1.00                768  1.00",
        "before@wide  3x8x8         172  1.23  11,008  1.23              1,280  1.67",
    ]
    assert run("before.yaml", "--all-variants", "--dtype", "int8") == run(*arguments)


@pytest.mark.usefixtures("pair")
def test_formats():
    files = "before.yaml", "after.yaml"
    rows = list(csv.DictReader(io.StringIO(run(*files, "--format", "csv"))))
    assert [row["macs"] for row in rows] == ["8960", "19712"]
    lines = run(*files, "--layers", "--format", "csv").splitlines()
    assert lines[1] == "after,~,stem,conv,kernel 3 -> 5,4x8x8,108,300,6912,19200"
    assert len(lines) == 5
    found = json.loads(run(*files, "--layers", "--format", "json"))
    (difference,) = found["differences"]
    assert [change["mark"] for change in difference["changes"]] == ["~", "-", "+", "~"]
    markdown = run(*files, "--layers", "--format", "markdown")
    assert "| ~ | stem | conv | kernel 3 -> 5 | 4x8x8 | 108 -> 300 |" in markdown
    assert "no layer differs" in run("before.yaml", "before.yaml", "--layers")


def test_the_figures_of_another_counter(pair):
    """Those of `count`, whose tests compare them with the tool itself."""
    before, after = (network.count("fvcore") for network in pair)
    compared = archspec.compare(pair, layers=True, counter="fvcore")
    first, second = compared.data["networks"]
    assert (first["count"], second["count"]) == (before.total, after.total)
    assert second["ratios"]["count"] == after.total / before.total
    assert second["macs"] == 308 * 64
    assert compared.data["counter"] == {
        "name": "fvcore",
        "tool": "fvcore.nn.FlopCountAnalysis",
        "unit": "flops",
    }
    (difference,) = compared.data["differences"]
    counts = [change["count"] for change in difference["changes"]]
    assert counts == [
        (before.layers[0], after.layers[0]),
        (before.layers[1], 0),
        (0, after.layers[1]),
        (before.layers[2], after.layers[2]),
    ]
    header, _, row = str(compared).splitlines()[:3]
    assert "flops (fvcore)" in header
    assert f"{before.total:,}" in row
    lines = compared.to("csv").splitlines()
    assert lines[0].endswith(",macs_before,macs_after,count_before,count_after")
    assert lines[1].endswith(f",{before.layers[0]},{after.layers[0]}")
    assert "count" not in archspec.compare(pair, layers=True).to("json")


@pytest.mark.usefixtures("pair")
def test_a_file_may_have_an_at_in_its_name():
    Path("net@1.yaml").write_text(BEFORE)
    assert "net@1" in run("net@1.yaml")


def test_wrong_arguments(pair):
    with pytest.raises(InvalidArgument, match="no network"):
        archspec.compare([])
    with pytest.raises(InvalidArgument, match="int4"):
        archspec.compare(pair, dtype="int4")  # type: ignore[arg-type]
    with pytest.raises(InvalidArgument, match="html"):
        archspec.compare(pair).to("html")
