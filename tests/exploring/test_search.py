"""Search: fronts, limits, storages, objectives, and what a spec declares of it."""

from __future__ import annotations

import json
import time
from math import nan
from pathlib import Path
from textwrap import dedent

import optuna
import pytest
from typer.testing import CliRunner

import archspec
from archspec.cli.commands import program
from archspec.errors import InvalidArgument, SpecError

NET = """
archspec: 1
name: Net
input: {channels: 3, size: 16}
multipliers: {width: 1.0, deep: 1}
defaults:
  conv: {padding: same, bias: false}
  batch_norm: {epsilon: 1e-3, decay: 0.9}
  activation: relu
layers:
  stem: {conv: {filters: 8 * width, kernel: 3, stride: 2}}
  stages: {columns: [c, n], rows: {a: [8, 1], b: [16, 1]}, each: {conv: c}, repeat: n}
search:
  multipliers.width: 0.5:2:0.5
  layers.stages.rows.b.n: [1, 2, 3]
"""
POINTS = 12


@pytest.fixture
def spec(tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("net.yaml").write_text(NET)
    return Path("net.yaml")


def search(spec: Path, grid=(), **arguments: object) -> archspec.Front:
    usual: dict[str, object] = {"trials": 80, "seed": 1, "minimise": "macs"}
    return archspec.search(spec, grid, **usual | arguments)


def own_figures(front: archspec.Front) -> set[tuple[float, float]]:
    return {(p.figures["macs"], p.figures["parameters"]) for p in front.points}


def by_trying_all(spec: Path, most: float = float("inf")) -> set[tuple[int, int]]:
    """The least MACs with the most parameters, of all points."""
    every: list[tuple[int, int]] = []
    for width in (0.5, 1.0, 1.5, 2.0):
        for runs in (1, 2, 3):
            changes = {"multipliers.width": width, "layers.stages.rows.b.n": runs}
            net = archspec.load(spec, set=changes)
            every.append((net.macs, net.parameters))
    within = [one for one in every if one[0] <= most]
    assert len(every) == POINTS
    return {
        one
        for one in within
        if not any(b != one and b[0] <= one[0] and b[1] >= one[1] for b in within)
    }


def test_the_front_is_that_of_all_points(spec):
    front = search(spec, maximise="parameters")
    assert own_figures(front) == by_trying_all(spec)
    macs = [point.figures["macs"] for point in front.points]
    assert macs == sorted(macs)
    assert len(macs) > 2


@pytest.mark.parametrize("sampler", ["tpe", "random"])
def test_other_samplers(spec, sampler: str):
    front = search(spec, maximise="parameters", sampler=sampler, trials=120)
    assert own_figures(front) == by_trying_all(spec)
    assert front.trials == 120


def test_limits(spec):
    front = search(spec, maximise="parameters", max={"macs": "30k"})
    assert own_figures(front) == by_trying_all(spec, 30_000)
    assert search(spec, max={"macs": 1}, trials=20).points == []


def test_a_search_continues_where_it_is_kept(spec):
    kept = {"storage": "study.log", "trials": 20}
    search(spec, **kept)
    study = optuna.load_study(study_name="net", storage=_journal("study.log"))
    assert len(study.trials) == 20
    assert search(spec, **kept).trials == 20
    assert search(spec, **kept | {"trials": 25}).trials == 25


def _journal(path: str) -> optuna.storages.JournalStorage:
    backend = optuna.storages.journal.JournalFileBackend(path)
    return optuna.storages.JournalStorage(backend)


@pytest.mark.full
def test_another_search_needs_another_name(spec):
    search(spec, storage="sqlite:///study.db", trials=3)
    with pytest.raises(InvalidArgument) as error:
        search(spec, storage="sqlite:///study.db", trials=3, dtype="int8")
    expected = "'sqlite:///study.db' has a study 'net' of another dtype; give this one "
    assert str(error.value) == f"{expected}another name"
    again = {"storage": "sqlite:///study.db", "trials": 3, "name": "small"}
    assert search(spec, **again, dtype="int8").trials == 3


def test_two_processes_search_in_one_journal(spec):
    front = search(
        spec,
        storage="study.log",
        jobs=2,
        trials=20,
        seed=None,
        maximise="together",
        objective=together,
    )
    assert len(workers()) == 2
    assert 20 <= front.trials <= 21


def together(module: Path, variant: dict[str, float]) -> float:
    """Waits until two processes are there."""
    end = time.monotonic() + 60
    while len(workers()) < 2 and time.monotonic() < end:
        time.sleep(0.05)
    return 1.0


def workers() -> set[str]:
    """Those that began a trial."""
    lines = map(json.loads, Path("study.log").read_text().splitlines())
    return {line["worker_id"] for line in lines if line["op_code"] == CREATE_TRIAL}


CREATE_TRIAL = 4
"""Optuna's number of the entry in its journal."""


def test_points_that_are_no_network_are_constraints(spec):
    grid = {"layers.stem.conv.padding": ["same", "valid"], "input.size": [2, 16]}
    front = search(spec, grid, storage="study.log", trials=60)
    study = optuna.load_study(study_name="net", storage=_journal("study.log"))
    refused = [t for t in study.trials if t.user_attrs.get("refused")]
    assert {t.user_attrs["refused"].partition(":")[0] for t in refused} == {"AS308"}
    assert all(t.constraints["refused"] > 0 for t in refused)
    assert {t.state.name for t in study.trials} == {"COMPLETE"}
    assert [p.values["input.size"] for p in front.points] == ["2"]
    assert front.points[0].values["layers.stem.conv.padding"] == "same"


def test_every_point_is_a_variant(spec):
    front = search(spec, maximise="parameters", set={"classes": 3})
    front.save("front")
    for name, point in front.variants.items():
        net = archspec.load("front/net.yaml", variant=name)
        assert (net.macs, net.parameters) == (
            point.figures["macs"],
            point.figures["parameters"],
        )
        assert net.document.classes == 3
    assert archspec.variants("front/net.yaml") == [*front.variants]
    assert not archspec.check("front/net.yaml").errors
    assert Path("front/net.csv").read_text() == front.to("csv")


def test_more_points_than_a_spec_has_variants(spec, monkeypatch):
    monkeypatch.setattr("archspec.api.searching.MAX_VARIANTS", 2)
    front = search(spec, maximise="parameters")
    front.save("front")
    files = sorted(Path("front").glob("*.yaml"))
    names = [name for file in files for name in archspec.variants(file)]
    assert len(files) == (len(front.points) + 1) // 2
    assert sorted(names) == sorted(front.variants)


CALLS: list[tuple[str, float]] = []


def rating(module: Path, variant: dict[str, float]) -> float:
    """The width, but worst of all for 1.0."""
    compile(module.read_text(), module, "exec")
    width = variant["multipliers.width"]
    CALLS.append((module.name, width))
    return nan if width == 1 else width


def test_an_objective_is_asked_once_for_points_within_the_limits(spec):
    CALLS.clear()
    front = search(spec, maximise="rating", objective=rating, max={"macs": "30k"})
    fit = len(by_all_points_within(spec, 30_000))
    assert 0 < len(CALLS) == fit < POINTS
    assert {name for name, _ in CALLS} == {"net.py"}
    best = max(width for _, width in CALLS if width != 1)
    assert front.points[-1].figures["rating"] == best
    assert all(point.values["multipliers.width"] != "1" for point in front.points)


def by_all_points_within(spec: Path, macs: int) -> list[dict[str, object]]:
    sweep = archspec.sweep(
        spec,
        {"multipliers.width": "0.5:2:0.5", "layers.stages.rows.b.n": [1, 2, 3]},
        max={"macs": macs},
    )
    return sweep.data


def failing(module: Path, variant: dict[str, float]) -> float:
    raise RuntimeError("out of memory")


def test_an_objective_that_fails_stops_the_search(spec):
    with pytest.raises(RuntimeError, match="out of memory") as error:
        search(spec, maximise="failing", objective=failing)
    assert error.value.__notes__[0].startswith("raised for the variant {'multipliers.w")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"minimise": ()}, "a search has figures to minimise or maximise"),
        (
            {"minimise": "flops"},
            "unknown figure 'flops'; expected one of: param",
        ),
        ({"maximise": "macs"}, "a figure is there twice: macs, macs"),
        ({"objective": rating}, "the objective 'rating' is neither minimised nor max"),
        ({"objective": "no.py:f", "maximise": "f"}, "there is no Python file 'no.py'"),
        ({"objective": rating, "maximise": "rating", "target": "x"}, "unknown target"),
        ({"sampler": "grid"}, "unknown sampler 'grid'; expected one of: nsga2, tpe"),
        ({"storage": "grpc://host"}, "'grpc://host' is not of the form grpc://HOST:P"),
        ({"grid": ("width",)}, "'width' is not of the form a.b=values"),
    ],
)
def test_what_is_refused(spec, arguments, message: str):
    with pytest.raises(InvalidArgument) as error:
        search(spec, **arguments)
    assert str(error.value).startswith(message)


def test_nothing_to_choose_from(spec):
    spec.write_text(NET.partition("search:")[0])
    with pytest.raises(InvalidArgument, match="no path has values, and the spec has"):
        search(spec)


def test_a_sweep_takes_what_the_spec_declares(spec):
    swept = archspec.sweep(spec, max={"macs": "30k"}, front=["macs", "parameters:max"])
    best = {row.figures[1::-1] for row in swept.front}
    assert (swept.points, best) == (POINTS, by_trying_all(spec, 30_000))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("multipliers.width: 2:1", "the range 2:1 is empty; write start:end:step"),
        ("classes: []", "'classes' must have at least one value"),
        ("classes: {a: 1}", "'classes' must be a range such as 0.5:1:0.25, or a list"),
        ("- 3", "'search' must be a mapping"),
    ],
)
def test_wrong_ranges(spec, line: str, message: str):
    spec.write_text(NET.partition("  multipliers.width: 0.5")[0] + f"  {line}\n")
    with pytest.raises(SpecError) as error:
        archspec.load(spec)
    found = error.value.diagnostics[0]
    assert (found.code, found.message.startswith(message)) == ("AS203", True)


def test_paths_that_lead_nowhere(spec):
    text = "  multipliers.widht: [1, 2]\n  layers.stem.conv.kernel: [1, 3]\n"
    spec.write_text(NET.partition("  multipliers.width: 0.5")[0] + text)
    assert str(archspec.check(spec)) == dedent("""\
        error[AS504]: there is no multiplier 'widht'
          --> net.yaml:14:3
           14 |   multipliers.widht: [1, 2]
              |   ^^^^^^^^^^^^^^^^^
           help: did you mean 'width'?""")


def test_a_search_says_nothing_of_the_network(spec):
    digest = archspec.load(spec).spec.digest
    spec.write_text(NET.partition("search:")[0])
    assert archspec.load(spec).spec.digest == digest


def test_the_command(spec):
    Path("train.py").write_text(
        "def score(module, variant):\n    return variant['layers.stages.rows.b.n']\n"
    )
    command = (
        "search net.yaml --minimise macs --maximise score --objective train.py:score "
        "--trials 60 --seed 1 --grid multipliers.width=1 --format csv"
    )
    found = CliRunner().invoke(program(["search"]), command.split())
    assert found.exit_code == 0, found.output
    header, *rows = found.stdout.splitlines()
    assert header.startswith("variant,multipliers.width,layers.stages.rows.b.n,macs,")
    assert [row.split(",")[:3] for row in rows] == [
        ["front_1", "1", "1"],
        ["front_2", "1", "2"],
        ["front_3", "1", "3"],
    ]
    assert found.stderr == "note: 60 trials, 3 points on the front\n"
