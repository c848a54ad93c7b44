"""Every combination of some values of a spec, and what each costs."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import archspec
from archspec.analysis.memory import forms, litert_arena
from archspec.cli.commands import program
from archspec.errors import InvalidArgument, SpecError
from archspec.exploring.figures import FIGURES

SPEC = """
archspec: 1
name: Net
multipliers: {width: 1.0}
input: {channels: 3, size: 8}
defaults: {conv: {padding: same, bias: false}}
layers:
  stem: {conv: {filters: 8 * width, kernel: 3}}
  rest:
    columns: [c, n]
    rows: {a: [8, 1], b: [16, 2]}
    each: {conv: c}
    repeat: n
"""
GRID = {"multipliers.width": [0.5, 1, 0.3], "layers.rest.rows.b.n": "1:2"}


@pytest.fixture
def spec(tmp_path: Path, monkeypatch) -> str:
    monkeypatch.chdir(tmp_path)
    Path("net.yaml").write_text(SPEC)
    return "net.yaml"


def test_rows_are_the_figures_of_each_network(spec: str):
    found = archspec.sweep(spec, GRID, figures=FIGURES, dtype="int8")
    assert [row.values for row in found.rows] == [
        (width, times) for width in ("0.5", "1", "0.3") for times in ("1", "2")
    ]
    for row in found.rows[:4]:
        changes = dict(zip(found.paths, row.values, strict=True))
        network = archspec.load(spec, set=changes)
        written, fused, over, parts = forms(network, "int8")
        expected = {
            "parameters": network.parameters,
            "trainable_parameters": network.trainable_parameters,
            "macs": network.macs,
            "attention_macs": network.attention_macs,
            "layers": len(network.layers),
            "weight_bytes": fused.weights,
            "peak_activation_bytes": fused.activations,
            "weight_bytes_as_written": written.weights,
            "peak_activation_bytes_as_written": written.activations,
            "peak_activation_bytes_joins_in_place": over.activations,
            "peak_activation_bytes_attention_in_parts": parts.activations,
            "litert_arena_bytes": litert_arena(network, "int8"),
        }
        assert dict(zip(found.figures, row.figures, strict=True)) == expected


def test_refused_points_are_listed_and_not_fatal(spec: str):
    found = archspec.sweep(spec, GRID)
    reason = "AS302: conv: 'filters' must be a whole number, but is 2.4"
    assert [row.refusal for row in found.rows] == [""] * 4 + [reason] * 2
    assert found.summary == "6 points, 2 refused (AS302)"
    assert found.data[-1]["macs"] is None
    assert found.data[-1]["refused"] == reason


def test_limits(spec: str):
    found = archspec.sweep(spec, GRID, max={"macs": "40k"}, min={"parameters": 300})
    macs = [row.figures[found.figures.index("macs")] for row in found.rows[:-2]]
    assert max(macs) <= 40_000
    assert found.summary == "6 points, 2 beyond the limits, 2 refused (AS302)"


def test_jobs_make_no_difference(spec: str):
    one, two = (archspec.sweep(spec, GRID, jobs=jobs) for jobs in (1, 2))
    assert one == two


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"grid": ["multipliers.widht=1"]}, SpecError, "did you mean 'width'?"),
        ({"grid": GRID, "figures": ["mac"]}, InvalidArgument, "did you mean 'macs'?"),
        ({"grid": GRID, "max": ["mac=3"]}, InvalidArgument, "did you mean 'macs'?"),
        ({"grid": GRID, "max": ["macs"]}, InvalidArgument, "figure=bound, such as"),
    ],
)
def test_wrong_arguments(spec: str, arguments: dict, error: type, message: str):
    with pytest.raises(error) as found:
        archspec.sweep(spec, **arguments)
    assert message in str(found.value)


def run(*arguments: str, code: int = 0) -> tuple[str, str]:
    found = CliRunner().invoke(program(["sweep"]), ["sweep", "net.yaml", *arguments])
    assert found.exit_code == code, found.output
    return found.stdout, found.stderr


def test_command(spec: str):
    grid = ["--grid", "multipliers.width=0.5,0.3"]
    table, note = run(*grid, "--figures", "macs,layers")
    assert table.splitlines() == [
        "multipliers.width    macs  layers  refused",
        "-----------------  ------  ------  "
        "---------------------------------------------------------",
        "              0.5  33,536       4",
        "              0.3                  "
        "AS302: conv: 'filters' must be a whole number, but is 2.4",
    ]
    assert note == "note: 2 points, 1 refused (AS302)\n"
    text, _ = run(*grid, "--format", "csv")
    assert [row["macs"] for row in csv.DictReader(io.StringIO(text))] == ["33536", ""]
    data = json.loads(run(*grid, "--json")[0])
    assert [row["layers"] for row in data] == [4, None]


def test_file(spec: str):
    grid = ["--grid", "multipliers.width=0.5,1"]
    run(*grid, "-o", "sweep.csv")
    assert Path("sweep.csv").read_text() == run(*grid, "--format", "csv")[0]
    _, error = run(*grid, "--max", "macs=40k", "-o", "sweep.csv", code=3)
    assert "sweep.csv was edited, or not generated" in error
    run(*grid, "--max", "macs=40k", "-o", "sweep.csv", "--force")
    assert len(Path("sweep.csv").read_text().splitlines()) == 2
