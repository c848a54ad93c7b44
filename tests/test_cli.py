"""The commands: what goes to stdout and stderr, exit codes, which files are written."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

import archspec
import archspec.targets
from archspec.cli.commands import COMMANDS, GROUPS, program
from archspec.cli.progress import progress_shown
from archspec.language import variant_names
from archspec.reading import bundled_specs
from archspec.targets.digest import UNSIGNED, sign

SPEC = """
archspec: 1
name: Small
input: {channels: 1, size: 4}
defaults: {conv: {padding: same, bias: false}}
layers: {conv: {conv: 2}}
variants: {wide: {layers: {conv: {conv: 8}}}, "1.5": {layers: {conv: {conv: 3}}}}
"""

KEYS = """
name variant input_shape output_shape parameters trainable_parameters macs
attention_macs flops counting counter memory training reported preprocessing layers
""".split()


@pytest.fixture
def run(tmp_path: Path, monkeypatch):
    """Run a command in an empty folder, within this process."""
    monkeypatch.chdir(tmp_path)
    runner = CliRunner()
    return lambda *arguments, **options: runner.invoke(
        program([]), arguments, **options
    )


@pytest.fixture
def small(tmp_path: Path, monkeypatch) -> str:
    """A spec, and targets that print a line instead of a module."""

    def render(network, target, templates=None):
        channels = network.layers[0].output[0]
        text = f"# {target}: {channels} channels, digest {UNSIGNED}.\n"
        return sign(text, network.spec.digest)

    monkeypatch.setattr(archspec.targets, "render", render)
    monkeypatch.setattr("archspec.cli.generate.SOURCES", ("torch", "keras"))
    (tmp_path / "small.yaml").write_text(SPEC)
    return "small.yaml"


def written(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*.py")}


class TestFlops:
    @pytest.mark.parametrize(
        ("spec", "parameters", "trainable", "macs"),
        [
            ("mobilenetv1", 4_253_864, 4_231_976, 568_740_352),
            ("mobilenetv2", 3_538_984, 3_504_872, 300_774_272),
        ],
    )
    def test_json_as_a_program_reads_it(
        self, archspec, spec: str, parameters: int, trainable: int, macs: int
    ):
        """In another folder, where only the name can find a bundled spec."""
        done = archspec("flops", spec, "--format", "json")
        assert (done.returncode, done.stderr) == (0, "")
        document = json.loads(done.stdout)
        assert list(document) == KEYS
        assert (
            list(document["layers"][0])
            == ("path op output_shape parameters macs attention_macs flops").split()
        )
        assert document["parameters"] == parameters
        assert document["trainable_parameters"] == trainable
        assert document["macs"] == macs
        assert document["output_shape"] == [1000]
        assert document["variant"] is None

    def test_a_path_and_a_name_are_the_same(self, run, root: Path):
        by_path = run("flops", str(root / "specs" / "mobilenetv2.yaml"))
        assert by_path.stdout == run("flops", "mobilenetv2").stdout
        assert by_path.stdout.startswith("MobileNetV2 (Sandler et al. 2018, Table 2)\n")

    @pytest.mark.parametrize(
        ("arguments", "key", "value"),
        [
            (
                ["mobilenetv2", "--set", "multipliers.width=1.4"],
                "trainable_parameters",
                6_108_776,
            ),
            (
                [
                    *("mobilenetv1", "--set", "multipliers.width=0.25"),
                    *("--set", "input.size=128"),
                ],
                "parameters",
                475_544,
            ),
            (["mobilenetv2", "--set", "classes=10"], "output_shape", [10]),
            (
                ["mobilenetv2", "--set", "input.size=[160,128]"],
                "input_shape",
                [3, 160, 128],
            ),
            (["mobilenetv2", "--set", "classes=10"], "reported", None),
            (
                ["mobilenetv2", "--variant", "keras", "--variant", "0.5_160"],
                "variant",
                "keras+0.5_160",
            ),
            (
                ["mobilenetv2", "--variant", "0.5_160"],
                "reported",
                {
                    "parameters": 1_950_000,
                    "macs": 50_000_000,
                    "erratum": "excludes batch norm",
                },
            ),
        ],
    )
    def test_variants_and_overrides(self, run, arguments, key: str, value: object):
        done = run("flops", *arguments, "--format", "json")
        assert json.loads(done.stdout)[key] == value

    def test_several_specs_are_a_list(self, run):
        done = run("flops", "mobilenetv2", "resnet50", "--format", "json")
        names = [document["name"] for document in json.loads(done.stdout)]
        assert names[0] == "MobileNetV2"
        assert len(names) == 2

    @pytest.mark.parametrize("format", ["table", "csv", "markdown"])
    def test_several_specs_follow_each_other(self, run, format: str):
        done = run("flops", "mobilenetv1", "mobilenetv2", "--format", format)
        assert done.stdout.index("MobileNetV1") < done.stdout.index("MobileNetV2")
        assert done.stdout.count("name,variant,path") == (format == "csv")

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ([], "Missing argument 'SPEC'"),
            (["mobilenetv2", "--format", "xml"], "'xml' is not one of"),
            (["mobilenetv9"], "error[AS501]: there is no spec 'mobilenetv9'"),
            (["mobilenetv2", "--variant", "tiny"], "unknown variant 'tiny'"),
            (["mobilenetv2", "--set", "classes"], "error[AS504]"),
            (["mobilenetv2", "nosuch"], "error[AS501]: there is no spec 'nosuch'"),
        ],
    )
    def test_faults_go_to_stderr_with_exit_code_2(self, run, arguments, message: str):
        done = run("flops", *arguments)
        assert (done.exit_code, done.stdout) == (2, "")
        assert message in done.stderr
        assert "Traceback" not in done.stderr

    def test_a_fault_seen_from_outside(self, archspec):
        done = archspec("flops", "mobilenetv9")
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == (
            "error[AS501]: there is no spec 'mobilenetv9'\n"
            "   help: did you mean 'mobilenetv2'?\n"
        )

    def test_a_tutorial_that_cannot_be_built(self, run, root: Path):
        path = root / "tests" / "reference" / "tutorial_e_28.yaml"
        done = run("flops", str(path))
        assert (done.exit_code, done.stdout) == (2, "")
        assert "a 7x7 window does not fit the 2x2 feature map" in done.stderr
        assert f"{path}:29:10" in done.stderr
        assert "in: layers.pool" in done.stderr


class TestGenerate:
    def test_all_targets_below_generated(self, run, small: str, tmp_path: Path):
        done = run("generate", small)
        assert (done.exit_code, done.stdout) == (0, "")
        paths = ["generated/torch/small.py", "generated/keras/small.py"]
        assert done.stderr.splitlines() == [f"wrote {path}" for path in paths]
        assert written(tmp_path) == set(paths)
        again = run("generate", small)
        assert again.stderr.splitlines() == [f"unchanged {path}" for path in paths]

    def test_folded_batch_norm_has_a_file_of_its_own(
        self, run, small: str, tmp_path: Path
    ):
        run("generate", small)
        before = (tmp_path / "generated/torch/small.py").read_text()
        done = run("generate", small, "--variant", "wide", "--fold-batch-norm")
        paths = [f"generated/{t}/small_wide_folded.py" for t in ("torch", "keras")]
        assert done.stderr.splitlines() == [f"wrote {path}" for path in paths]
        again = run("generate", small, "--fold-batch-norm", "--target", "torch")
        assert again.stderr == "wrote generated/torch/small_folded.py\n"
        assert (tmp_path / "generated/torch/small.py").read_text() == before
        assert (tmp_path / "generated/torch/small_folded.py").read_text() != before

    def test_folded_batch_norm_is_not_in_the_file(self, run):
        arguments = ("generate", "mobilenetv2", "--target", "torch", "-o", "-")
        assert "BatchNorm2d(" in run(*arguments).stdout
        done = run(*arguments, "--fold-batch-norm")
        assert done.stdout.startswith('"""MobileNetV2, batch norm folded, for ')
        assert "BatchNorm2d(" not in done.stdout

    def test_a_family_has_a_file_of_its_own(self, run, tmp_path: Path):
        done = run("generate", "mobilenetv1", "--keep", "width", "--target", "torch")
        assert done.stderr == "wrote generated/torch/mobilenetv1_family.py\n"
        text = (tmp_path / "generated/torch/mobilenetv1_family.py").read_text()
        assert '    "0.75_192": {"width": 0.75},  # 192 x 192\n' in text
        again = run("generate", "mobilenetv1", "--keep", "width", "--check")
        assert again.exit_code == 1
        assert again.stderr.count("differs") == 2

    @pytest.mark.parametrize(
        "options",
        [
            ("--bundled",),
            ("mobilenetv1", "--all-variants"),
            ("unet", "--target", "onnx"),
        ],
    )
    def test_what_no_family_can_be(self, run, options):
        done = run("generate", *options, "--keep", "width")
        assert done.exit_code == 2
        assert "--keep needs a SPEC" in done.stderr

    def test_chosen_targets_in_a_chosen_folder(self, run, small: str, tmp_path: Path):
        chosen = ("--target", "keras", "--target", "torch")
        run("generate", small, *chosen, "-o", "out/here")
        assert written(tmp_path) == {
            "out/here/torch/small.py",
            "out/here/keras/small.py",
        }
        run("generate", small, "--target", "torch", "-o", "one")
        assert written(tmp_path / "one") == {"torch/small.py"}

    def test_the_file_of_a_variant(self, run, small: str, tmp_path: Path):
        run("generate", small, "--variant", "wide", "--variant", "1.5")
        assert written(tmp_path / "generated" / "torch") == {"small_wide_1_5.py"}

    def test_all_variants_and_the_base(self, run, small: str, tmp_path: Path):
        run("generate", small, "--all-variants")
        names = {"small.py", "small_wide.py", "small_1_5.py"}
        assert written(tmp_path / "generated" / "torch") == names

    def test_stdout_gets_the_text_and_no_file_is_written(
        self, run, small: str, tmp_path: Path
    ):
        done = run("generate", small, "--target", "keras", "-o", "-")
        assert done.stdout.startswith("# keras: 2 channels, digest ")
        assert done.stdout.count("\n") == 1
        assert done.stderr == ""
        assert written(tmp_path) == set()

    def test_an_override_needs_a_folder(self, run, small: str, tmp_path: Path):
        override = ("--set", "layers.conv.conv.filters=5")
        done = run("generate", small, *override)
        assert done.exit_code == 2
        assert "--set needs -o" in done.stderr
        assert written(tmp_path) == set()
        done = run("generate", small, *override, "--target", "torch", "-o", "-")
        assert done.stdout.startswith("# torch: 5 channels, ")

    def test_no_spec_writes_nothing(self, run, small: str, tmp_path: Path):
        done = run("generate")
        assert (done.exit_code, done.stdout) == (2, "")
        message = " ".join(done.stderr.replace("│", " ").split())
        assert "SPEC is missing: give a file such as net.yaml, a folder" in message
        assert "--bundled takes every one" in message
        assert written(tmp_path) == set()

    def test_every_bundled_spec(self, run, small: str, tmp_path: Path):
        assert run("generate", "--bundled", "--target", "torch").exit_code == 0
        names = {f"{path.stem}.py" for path in bundled_specs()}
        assert {"mobilenetv1.py", "mobilenetv2.py", "resnet50.py"} <= names
        assert written(tmp_path / "generated" / "torch") == names

    @pytest.mark.full
    def test_every_bundled_spec_with_all_variants(
        self, run, small: str, tmp_path: Path
    ):
        run("generate", "--bundled", "--target", "torch", "--all-variants")
        count = sum(1 + len(variant_names(path)) for path in bundled_specs())
        assert len(written(tmp_path / "generated" / "torch")) == count

    def test_an_edited_file_is_refused_unless_forced(
        self, run, small: str, tmp_path: Path
    ):
        run("generate", small)
        path = tmp_path / "generated" / "torch" / "small.py"
        ours = path.read_text()
        path.write_text(ours.replace("channels", "Channels"))
        done = run("generate", small, "--variant", "wide", small)
        assert done.exit_code == 0  # another file
        done = run("generate", small)
        assert (done.exit_code, done.stdout) == (3, "")
        assert done.stderr.startswith("refused: generated/torch/small.py was edited")
        assert "\n-# torch: 2 Channels" in done.stderr
        assert "\n+# torch: 2 channels" in done.stderr
        assert path.read_text() != ours
        assert run("generate", small, "--force").exit_code == 0
        assert path.read_text() == ours

    def test_check_and_diff_write_nothing(self, run, small: str, tmp_path: Path):
        run("generate", small)
        assert run("generate", small, "--check").exit_code == 0
        (tmp_path / small).write_text(SPEC.replace("conv: 2", "conv: 4"))
        before = {path: path.read_text() for path in tmp_path.rglob("*.py")}
        check = run("generate", small, "--check")
        assert (check.exit_code, check.stdout) == (1, "")
        assert check.stderr.splitlines() == [
            "differs: generated/torch/small.py",
            "differs: generated/keras/small.py",
        ]
        diff = run("generate", small, "--diff", "--target", "torch")
        assert diff.exit_code == 0
        assert "\n-# torch: 2 channels" in diff.stdout
        assert "\n+# torch: 4 channels" in diff.stdout
        assert run("generate", small, "--check", "--diff").exit_code == 1
        assert {path: path.read_text() for path in tmp_path.rglob("*.py")} == before

    def test_what_happened_as_data(self, run, small: str):
        paths = ["generated/torch/small.py", "generated/keras/small.py"]
        checked = run("generate", small, "--check", "--json")
        assert checked.exit_code == 1
        assert json.loads(checked.stdout) == dict.fromkeys(paths, "differs")
        wrote = run("generate", small, "--json")
        assert json.loads(wrote.stdout) == dict.fromkeys(paths, "wrote")
        assert json.loads(run("generate", small, "--check", "--json").stdout) == {}
        assert run("generate", small, "--json", "--diff").exit_code == 2

    def test_a_missing_file_is_a_difference(self, run, small: str):
        assert run("generate", small, "--check").exit_code == 1

    def test_two_specs_of_one_name_write_nothing(self, run, small: str, tmp_path: Path):
        other = tmp_path / "other"
        other.mkdir()
        (other / "Small.yaml").write_text(SPEC)
        done = run("generate", small, "other/Small.yaml")
        assert done.exit_code == 2
        assert done.stderr == (
            "error[AS506]: 'small.yaml' and 'other/Small.yaml' would both be written to"
            " Small.py\n"
            "   help: generate them separately, into different folders: -o FOLDER\n"
        )
        assert written(tmp_path) == set()

    def test_a_variant_and_a_spec_of_one_name(self, run, small: str, tmp_path: Path):
        (tmp_path / "small_wide.yaml").write_text(SPEC)
        done = run("generate", small, "small_wide.yaml", "--all-variants")
        assert done.exit_code == 2
        assert "'small.yaml wide' and 'small_wide.yaml'" in done.stderr

    def test_a_fault_in_the_last_spec_writes_nothing(
        self, run, small: str, tmp_path: Path
    ):
        (tmp_path / "bad.yaml").write_text(SPEC.replace("conv: 2", "conv: two"))
        done = run("generate", small, "bad.yaml")
        assert done.exit_code == 2
        assert "unknown name 'two'" in done.stderr
        assert written(tmp_path) == set()

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["small.yaml", "--target", "jax"], "unknown target 'jax'"),
            (["--bundled", "--variant", "wide"], "--variant needs a SPEC"),
            (
                ["small.yaml", "--variant", "wide", "--all-variants"],
                "excludes --all-variants",
            ),
            (["small.yaml", "-o", "-", "--check"], "need a folder, not -"),
            (["small.yaml", "-o", "net.py"], "-o is a folder, or - for stdout"),
            (["small.yaml", "--fromage"], "No such option"),
        ],
    )
    def test_bad_usage(self, run, small: str, arguments, message: str):
        done = run("generate", *arguments)
        assert (done.exit_code, done.stdout) == (2, "")
        assert message in done.stderr


class TestBlocks:
    def test_all_of_them_with_their_summaries(self, run):
        lines = run("blocks").stdout.splitlines()
        words = dict(line.split(maxsplit=1) for line in lines)
        assert words["conv_bn_act"] == "Convolution, batch norm and activation."
        assert list(words) == sorted(words)

    def test_one_as_it_is_written(self, run, root: Path):
        shown = run("blocks", "squeeze_excite").stdout
        assert shown.startswith("squeeze_excite:\n  summary: ")
        assert shown in (root / "specs" / "blocks" / "mobilenet.yaml").read_text()
        assert shown.count("summary:") == 1

    @pytest.mark.parametrize("last", ["universal_inverted_bottleneck", "fire"])
    def test_a_file_s_last_block_ends_with_it(self, run, last: str):
        assert run("blocks", last).stdout.startswith(f"{last}:\n")

    def test_an_unknown_one(self, run):
        done = run("blocks", "squeeze_exite")
        assert (done.exit_code, done.stdout) == (2, "")
        assert done.stderr == (
            "error[AS205]: there is no block 'squeeze_exite'\n"
            "   help: did you mean 'squeeze_excite'?\n"
        )


class TestFilesAndFolders:
    @pytest.mark.parametrize("name", ["01.yaml", "my-net.yaml", "a b.yml"])
    def test_any_file_name_but_that_of_a_module(self, run, small: str, name: str):
        Path(name).write_text(SPEC)
        assert run("flops", name).stdout.startswith("Small\n")
        assert run("check", name).exit_code == 0
        assert run("generate", name, "-o", "-").exit_code == 0
        refused = run("generate", name, "--target", "torch")
        assert refused.exit_code == 2
        assert "error[AS207]" in refused.stderr
        assert not Path("generated").exists()

    def test_standard_input(self, run, small: str):
        piped = {"input": SPEC}
        assert run("flops", "-", **piped).stdout == run("flops", small).stdout
        assert run("check", "-", **piped).stderr == (
            "- and 2 variants: no problems found\n"
        )
        every = run("flops", "-", "--all-variants", "--summary", **piped)
        assert len(every.stdout.splitlines()) == 5
        code = run("generate", "-", "--target", "keras", "-o", "-", **piped)
        assert code.stdout.startswith("# keras: 2 channels")

    def test_faults_of_standard_input(self, run):
        done = run("flops", "-", input=SPEC.replace("conv: 2", "cnov: 2"))
        assert done.exit_code == 2
        assert "  --> <stdin>:6:" in done.stderr

    def test_closed_standard_input(self, tmp_path: Path, monkeypatch):
        monkeypatch.setattr(sys, "stdin", None)
        with pytest.raises(archspec.SpecError) as caught:
            archspec.load("-")
        message = "error[AS502]: cannot read <stdin>: it is closed"
        assert str(caught.value) == message

    def test_a_folder_is_the_specs_in_it(self, run, small: str):
        Path("other.yml").write_text(SPEC)
        Path("docker.yaml").write_text("services: {}\n")
        Path("notes.txt").write_text("archspec: 1\n")
        done = run("flops", ".", "--summary")
        names = [line.split()[0] for line in done.stdout.splitlines()[2:]]
        assert names == ["other", "small"]
        assert done.stderr == ("note: skipped docker.yaml: it has no key 'archspec'\n")
        checked = run("check", "--json")
        assert [one["spec"] for one in json.loads(checked.stdout)] == [
            "other.yml",
            "small.yaml",
        ]

    def test_one_spec_of_a_folder_is_a_list_of_one(self, run, small: str):
        assert len(json.loads(run("check", ".", "--json").stdout)) == 1
        assert json.loads(run("check", small, "--json").stdout)["spec"] == small

    def test_a_folder_without_specs(self, run):
        done = run("check")
        assert done.exit_code == 2
        assert done.stderr.startswith(
            "error[AS501]: there is no spec in the folder '.'\n"
        )

    def test_the_bundled_specs(self, run, monkeypatch):
        names = ["squeezenet_1_1"]
        monkeypatch.setattr("archspec.api.specs.bundled_specs", lambda: names)
        done = run("check", "--bundled", "--target", "torch")
        assert done.stderr == "squeezenet_1_1: no problems found\n"


class TestNames:
    @pytest.mark.parametrize(
        ("arguments", "help"),
        [
            (["resnet34"], "did you mean 'resnet18 --variant 34'?"),
            (["VGG19"], "did you mean 'vgg16 --variant 19'?"),
            (["efficientnet-b1"], "did you mean 'efficientnet --variant b1'?"),
            (["resnet"], "did you mean 'resnet18', 'resnet50' or 'resnet50_fpn'?"),
            (
                ["mobilenetv2", "--variant", "0.5"],
                "did you mean '0.5_224', '0.5_192', '0.5_160', '0.5_128' or '0.5_96'?",
            ),
        ],
    )
    def test_what_a_user_meant(self, run, arguments, help: str):
        done = run("flops", *arguments)
        assert done.exit_code == 2
        assert done.stderr.splitlines()[1] == f"   help: {help}"

    @pytest.mark.parametrize(
        ("word", "target"),
        [
            ("pytorch", "torch"),
            ("tf", "keras"),
            ("TensorFlow", "keras"),
            ("jax", "nnx"),
            ("flax", "nnx"),
        ],
    )
    @pytest.mark.parametrize("command", ["generate", "check", "verify"])
    def test_other_names_of_targets(self, run, command: str, word: str, target: str):
        done = run(command, "squeezenet_1_1", "--target", word)
        assert done.exit_code == 2
        assert f"did you mean '{target}'?" in done.stderr

    @pytest.mark.parametrize(
        "options",
        [("--target", "keras,torch"), ("--targets=keras", "--target", "torch")],
    )
    def test_one_spelling_of_targets(self, run, small: str, options):
        run("generate", small, *options, "--variant", "wide,1.5")
        assert written(Path("generated")) == {
            "torch/small_wide_1_5.py",
            "keras/small_wide_1_5.py",
        }


class TestColours:
    def test_messages_tables_and_differences(self, run, small: str, monkeypatch):
        monkeypatch.setenv("FORCE_COLOR", "1")
        message = run("flops", "nosuch", color=True).stderr
        assert message.startswith("\x1b[1;31merror[AS501]:\x1b[0m there is no spec")
        table = run("flops", small, color=True).stdout
        assert "\n\x1b[1mlayer\x1b[0m" in table
        plain = run("flops", small, "--format", "json", color=True).stdout
        assert "\x1b" not in plain

    def test_none_where_they_are_not_wanted(self, run, small: str, monkeypatch):
        assert "\x1b" not in run("flops", small, "nosuch", color=True).output
        monkeypatch.setenv("FORCE_COLOR", "1")
        monkeypatch.setenv("NO_COLOR", "1")
        assert "\x1b" not in run("flops", "nosuch", color=True).output

    def test_a_terminal_shows_them(self, tmp_path: Path):
        """Also before the command line is loaded, where a spec has an error."""
        pty = pytest.importorskip("pty")
        (tmp_path / "bad.yaml").write_text("archspec: 1\n")
        reading, writing = pty.openpty()
        command = [sys.executable, "-m", "archspec", "flops", "bad.yaml"]
        subprocess.run(command, cwd=tmp_path, stderr=writing, check=False)
        os.close(writing)
        shown = os.read(reading, 2000)
        assert shown.startswith(b"\x1b[1;31merror[AS202]:\x1b[0m ")
        link = (tmp_path / "bad.yaml").as_uri().encode()
        assert b"\x1b]8;;" + link + b"\x1b\\bad.yaml:1:1\x1b]8;;" in shown
        os.close(reading)


def test_help_names_the_commands(run):
    for help in (run("--help"), run()):
        assert all(name in help.output for name in ("flops", "generate", "blocks"))


def test_the_version(archspec):
    done = archspec("--version")
    assert done.returncode == 0
    assert done.stdout.split()[0] == "archspec"


def test_a_language_server_has_one_editor(run):
    done = run("lsp", "--stdio", "--port", "2087")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "--stdio and --port exclude each other" in done.stderr


def test_a_reader_that_stops_early_is_no_fault():
    """As in `archspec flops ... | head -1`."""
    command = [sys.executable, "-m", "archspec", "flops", "resnet50", "--format=json"]
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert done.stderr == b""


@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_any_terminal_can_show_the_table(archspec, tmp_path, monkeypatch, encoding):
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    source = 'source: {title: "K\u00f6pfe \u4e2d\u6587"}\n'
    (tmp_path / "small.yaml").write_text(SPEC + source, encoding="utf-8")
    done = archspec("flops", "small.yaml")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Small (K")


def test_progress_on_a_terminal_has_the_time_that_passed(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    with progress_shown() as progress:
        progress("comparing outputs")
        time.sleep(0.2)
    shown = re.sub(r"\x1b\[[\d?]*\w", "", capsys.readouterr().err)
    assert re.search(r"\d:\d\d:\d\d comparing outputs", shown)


def test_progress_elsewhere_is_silent(capsys):
    with progress_shown() as progress:
        progress("comparing outputs")
    assert capsys.readouterr().err == ""


def test_the_first_call_shows_commands_by_their_use_and_how_to_start(run):
    done = run()
    assert done.exit_code == 2
    groups = re.findall(r"^(\w.*):$", done.stdout, re.MULTILINE)
    assert groups == [*GROUPS, "First steps"]
    shown = re.findall(r"^  (\w+) ", done.stdout.partition("First steps:")[0], re.M)
    assert {*COMMANDS} <= {*shown}
    steps = re.findall(r"^  archspec (.+?)  +\w", done.stdout, re.MULTILINE)
    for step in steps[:3]:
        assert run(*step.split()).exit_code == 0
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_every_command_has_a_line_of_its_own_in_the_help(run):
    help = run("--help").stdout
    for name in COMMANDS:
        (line,) = re.findall(rf"^  {name} +(\S.*)$", help, re.MULTILINE)
        assert line.endswith(".")


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [(["flosp"], "'flops'"), (["weights", "conver"], "'convert'")],
)
def test_a_misspelt_command(run, arguments, meant: str):
    done = run(*arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert f"Did you mean {meant}" in " ".join(done.stderr.split())
