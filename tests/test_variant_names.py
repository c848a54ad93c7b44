"""`SPEC@VARIANT` is the variant of a spec in every command and function."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

import archspec
from archspec.cli.commands import program

COMMANDS = [
    ["flops", "--format", "json"],
    ["flops", "--summary"],
    ["show"],
    ["generate", "--target", "torch", "-o", "-"],
    ["draw"],
    ["report", "-o", "-"],
    ["sweep", "--grid", "classes=10,100"],
    ["check", "--target", "torch", "--format", "json"],
]


def output(command: list[str], *spec: str) -> str:
    done = CliRunner().invoke(program([]), [command[0], *spec, *command[1:]])
    assert done.exit_code == 0, done.stderr
    return done.stdout.replace("mnasnet_b1@1.4", "mnasnet_b1")


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_commands(command):
    expected = output(command, "mnasnet_b1", "--variant", "1.4")
    assert output(command, "mnasnet_b1@1.4") == expected
    assert output(command, "mnasnet_b1") != expected


def test_functions():
    network = archspec.load("efficientnet@b1", set={"classes": 10})
    same = archspec.load("efficientnet", variant="b1", set={"classes": 10})
    assert network.totals() == same.totals()
    assert archspec.load("mobilenetv2@slim,0.5_160").spec.variant == "slim+0.5_160"
    assert archspec.load("mobilenetv2@slim", variant="0.5_160").spec.variant == (
        "slim+0.5_160"
    )
    with pytest.raises(archspec.SpecError, match="AS209"):
        archspec.load("mobilenetv2@0.5_16")


def test_a_file_may_have_such_a_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = archspec.spec_source("squeezenet_1_1")
    (tmp_path / "a@b.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "net.yaml").write_text(text, encoding="utf-8")
    assert archspec.load("a@b.yaml").totals() == archspec.load("net.yaml").totals()


@pytest.mark.parametrize("name", ["net.yml", "nte.yaml", "net"])
def test_a_file_beside_is_meant(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.yaml").write_text("archspec: 1\n", encoding="utf-8")
    with pytest.raises(archspec.SpecError) as caught:
        archspec.load(name)
    assert str(caught.value) == (
        f"error[AS501]: there is no spec '{name}'\n   help: did you mean 'net.yaml'?"
    )


def test_a_folder_beside_is_not_meant(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "zzz.yaml").mkdir()
    with pytest.raises(archspec.SpecError, match="no spec") as caught:
        archspec.load("zzz.yaml")
    assert "did you mean" not in str(caught.value)
