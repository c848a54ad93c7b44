"""Every combination of some values of a spec, and what each costs."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import archspec
from archspec.analysis.memory import forms, litert_arena
from archspec.cli.commands import program
from archspec.errors import FileRefused, InvalidArgument, SpecError
from archspec.exploring.evaluator import Evaluator
from archspec.exploring.figures import FIGURES
from archspec.exploring.front import Goal, front

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


def test_front(spec: str):
    figures = "parameters", "macs", "peak_activation_bytes"
    found = archspec.sweep(spec, GRID, front=["macs:max", "layers"])
    rows = [row.figures for row in found.rows if row.figures]
    costs = [(-row[1], row[2]) for row in rows]
    best = [
        row
        for row, own in zip(rows, costs, strict=True)
        if not any(o != own and o[0] <= own[0] and o[1] <= own[1] for o in costs)
    ]
    assert [row.figures for row in found.front] == best
    assert 0 < len(best) < len(rows)
    assert found.summary.endswith(f"{len(best)} on the front")
    assert sum(row["front"] for row in found.data) == len(best)
    one = archspec.sweep(spec, GRID, figures=figures, front=figures[:2])
    assert [row.values for row in one.front] == [("0.5", "1")]


def test_equal_points_are_all_on_the_front():
    goals = Goal("macs"), Goal("parameters", is_maximum=True)
    assert front([(1, 2), (1, 2), (2, 3), (2, 1), (3, 3)], goals) == {0, 1, 2}


@pytest.mark.parametrize("goals", [["macs"], ["macs", "macs:max"], ["mac", "layers"]])
def test_no_front(spec: str, goals: list[str]):
    with pytest.raises(InvalidArgument):
        archspec.sweep(spec, GRID, front=goals)


def test_file(spec: str):
    grid = ["--grid", "multipliers.width=0.5,1,0.3", "--front", "macs,parameters"]
    run(*grid, "-o", "sweep.csv")
    text = Path("sweep.csv").read_text()
    assert text == run(*grid, "--format", "csv")[0]
    assert [row["front"] for row in csv.DictReader(io.StringIO(text))] == [*"100"]
    _, error = run(*grid, "-o", "sweep.csv", code=3)
    assert "sweep.csv exists; --force overwrites it" in error
    run(*grid, "--max", "macs=40k", "-o", "sweep.csv", "--force")
    assert len(Path("sweep.csv").read_text().splitlines()) == 3
    _, error = run(*grid, "-o", "sweep.txt", code=2)
    assert "sweep.txt does not end in .csv or .parquet" in error


def test_parquet(spec: str):
    parquet = pytest.importorskip("pyarrow.parquet")
    found = archspec.sweep(
        spec, GRID, front=["macs", "parameters"], output="sweep.parquet"
    )
    table = parquet.read_table("sweep.parquet")
    numbers = {"multipliers.width": float, "layers.rest.rows.b.n": int}
    expected = [
        row | {path: kind(row[path]) for path, kind in numbers.items()}
        for row in found.data
    ]
    assert table.to_pylist() == expected


def test_plot(spec: str):
    pytest.importorskip("matplotlib")
    grid = ["--grid", "multipliers.width=0.5,1,0.3"]
    run(*grid, "--front", "macs:max,parameters", "--plot", "front.svg")
    assert "macs (more is better)" in Path("front.svg").read_text()
    _, error = run(*grid, "--plot", "front.png", code=2)
    assert "a picture needs a front of two figures" in error


class Interrupted(Exception):
    pass


def interrupted(spec: str, after: int, **arguments: Any) -> None:
    def progress(done: int, points: int) -> None:
        if done > after:
            raise Interrupted

    with pytest.raises(Interrupted):
        archspec.sweep(spec, GRID, output="s.csv", progress=progress, **arguments)


@pytest.mark.parametrize("jobs", [1, 2])
def test_continues_after_an_interrupt(spec: str, monkeypatch, jobs: int):
    monkeypatch.setattr("archspec.exploring.sweeping.CHUNK", 2)
    expected = archspec.sweep(spec, GRID)
    interrupted(spec, after=2, jobs=jobs)
    partial = Path("s.csv.partial")
    partial.write_bytes(partial.read_bytes()[:-5])  # killed while it wrote
    steps: list[int] = []
    found = archspec.sweep(
        spec,
        GRID,
        output="s.csv",
        progress=lambda done, of: steps.append(done),
    )
    assert found == expected
    assert Path("s.csv").read_text() == expected.to("csv")
    assert not partial.exists()
    assert steps == [2, 4, 6]


def test_only_the_rest_is_evaluated(spec: str, monkeypatch):
    monkeypatch.setattr("archspec.exploring.sweeping.CHUNK", 2)
    interrupted(spec, after=2)
    seen: list[object] = []
    own = Evaluator.__call__
    monkeypatch.setattr(
        Evaluator, "__call__", lambda self, each: seen.append(each) or own(self, each)
    )
    archspec.sweep(spec, GRID, output="s.csv")
    assert len(seen) == 2


def test_two_sweeps_are_not_mixed(spec: str, monkeypatch):
    monkeypatch.setattr("archspec.exploring.sweeping.CHUNK", 2)
    interrupted(spec, after=0)
    with pytest.raises(FileRefused) as error:
        archspec.sweep(spec, GRID, max={"macs": 9}, dtype="int8", output="s.csv")
    assert str(error.value) == (
        "s.csv.partial is of another sweep: dtype, limits differ; "
        "remove it, or begin anew with --force"
    )
    archspec.sweep(spec, GRID, max={"macs": 9}, output="s.csv", force=True)
    assert len(Path("s.csv").read_text().splitlines()) == 3


def test_backends_of_joblib(spec: str):
    """A cluster of dask in this process: on many machines, it is used alike."""
    distributed = pytest.importorskip("distributed")
    joblib = pytest.importorskip("joblib")
    cluster = distributed.LocalCluster(
        n_workers=2, processes=False, dashboard_address=None
    )
    with cluster, distributed.Client(cluster), joblib.parallel_config("dask"):
        found = archspec.sweep(spec, GRID, jobs=-1)
    assert found == archspec.sweep(spec, GRID)
