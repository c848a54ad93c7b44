"""`archspec init`: the spec that it writes, its name, and what it refuses to write."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from archspec.api.checking import check
from archspec.api.specs import bundled_specs, load
from archspec.api.starting import STARTER, network_name
from archspec.cli.commands import program
from archspec.reading import parsed
from archspec.targets import TARGETS


@pytest.fixture
def run(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(program([]), arguments)


def test_the_starter_passes_every_check_and_its_next_commands_work(run):
    done = run("init", "my_net")
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr == (
        "wrote my_net.yaml; next:\n"
        "  archspec flops my_net.yaml                    # count parameters and MACs\n"
        "  archspec generate my_net.yaml --target torch  # write PyTorch source\n"
        "  archspec watch my_net.yaml --target torch     # do both at every save\n"
    )
    assert run("check", "my_net.yaml", "--strict").stderr == (
        "my_net.yaml and 3 variants: no problems found\n"
    )
    for line in done.stderr.splitlines()[1:3]:
        assert run(*shlex.split(line, comments=True)[1:]).exit_code == 0
    assert "class MyNet(nn.Module):" in Path("generated/torch/my_net.py").read_text()


@pytest.mark.full
def test_the_comment_about_reported_figures_is_a_line_of_the_language(tmp_path: Path):
    text = STARTER.read_text("utf-8")
    assert "\n# reported:" in text
    path = tmp_path / "net.yaml"
    path.write_text(text.replace("\n# reported:", "\nreported:"), "utf-8")
    assert not check(path)
    network = load(path)
    assert network.reported is not None
    assert round(network.macs, -6) == 40e6


@pytest.mark.full
@pytest.mark.parametrize("variant", [[], ["half"], ["grey"], ["plain"]])
def test_the_starter_is_equal_in_all_targets(variant):
    assert load(STARTER, variant=variant).verify().ok


@pytest.mark.parametrize(
    ("arguments", "file", "name"),
    [
        ([], "net.yaml", "Net"),
        (["models/tiny_net.yml"], "models/tiny_net.yml", "TinyNet"),
        (["tensor"], "tensor.yaml", "TensorNet"),
        (["--from", "mobilenetv2"], "mobilenetv2.yaml", "MobileNetV2"),
        (["ours", "--from", "resnet18"], "ours.yaml", "Ours"),
        (
            ["--from", "mobilenetv2", "--variant", "0.5_160"],
            "mobilenetv2_0_5_160.yaml",
            "MobileNetV2",
        ),
        (["ours", "--from", "unet", "--set", "classes=7"], "ours.yaml", "Ours"),
    ],
)
def test_file_and_network_are_named_alike(run, arguments, file: str, name: str):
    done = run("init", *arguments, "--json")
    assert json.loads(done.stdout) == {
        "path": file,
        "name": name,
        "next": [
            f"archspec flops {file}",
            f"archspec generate {file} --target torch",
            f"archspec watch {file} --target torch",
        ],
    }
    assert load(file).name == name


def test_a_copy_is_the_bundled_spec_with_its_comments(run, root: Path):
    run("init", "--from", "mobilenetv2")
    ours = root / "specs" / "mobilenetv2.yaml"
    assert Path("mobilenetv2.yaml").read_bytes() == ours.read_bytes()


@pytest.mark.full
def test_a_copy_of_every_bundled_spec_counts_the_same(run):
    for name in bundled_specs():
        assert run("init", "--from", name).exit_code == 0
        assert load(f"{name}.yaml").macs == load(name).macs


def test_an_existing_file_is_never_overwritten(run):
    Path("net.yaml").write_text("mine\n")
    done = run("init")
    assert (done.exit_code, done.stderr) == (
        3,
        "refused: net.yaml exists; choose another name: archspec init NAME\n",
    )
    assert Path("net.yaml").read_text() == "mine\n"


def test_a_full_disk_leaves_no_part_of_a_file(run, monkeypatch):
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no /dev/full")
    create = Path.open

    def fills(path: Path, mode: str = "r", **how):
        if mode != "x":
            return create(path, mode, **how)
        create(path, mode, **how).close()
        return create(full, "w", **how)

    monkeypatch.setattr(Path, "open", fills)
    done = run("init")
    assert (done.exit_code, done.stderr) == (
        2,
        "error[AS505]: cannot write net.yaml: No space left on device\n",
    )
    assert not Path("net.yaml").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["my-net"],
            "error[AS207]: 'my-net' is not a valid name: use letters, digits and _, "
            "starting with a letter\n   help: try 'my_net'\n",
        ),
        (
            ["--from", "resnet34"],
            "error[AS501]: there is no spec 'resnet34'\n"
            "   help: did you mean 'resnet18 --variant 34'?\n",
        ),
        (
            ["--from", "own.yaml"],
            "error[AS501]: 'own.yaml' is not a bundled spec\n"
            "   help: copy the file, or write 'extends: own.yaml' in a new one\n",
        ),
    ],
)
def test_what_is_refused(run, arguments, message: str):
    Path("own.yaml").write_text("archspec: 1\n")
    done = run("init", *arguments)
    assert (done.exit_code, done.stderr) == (2, message)
    assert [path.name for path in Path().iterdir()] == ["own.yaml"]


def test_changes_need_a_spec_that_they_change(run):
    done = run("init", "--set", "classes=7")
    assert done.exit_code == 2
    assert "--variant and --set need --from" in done.stderr


@pytest.mark.full
@pytest.mark.parametrize("name", ["tensor", "sum", "nn", "layers", "exception"])
def test_a_network_is_not_called_like_what_its_file_uses(name: str):
    text = STARTER.read_text("utf-8").replace(
        "name: Net", f"name: {network_name(name)}"
    )

    network = load(parsed(text, Path(f"{name}.yaml")))
    for target in TARGETS:
        compile(network.source(target), target, "exec")
