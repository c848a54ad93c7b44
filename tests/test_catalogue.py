"""`list`, `show`, `ops`, `blocks` and `explain`, the pages of `--help`, completion."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

import archspec
from archspec.api.forms import FORMS
from archspec.api.primitives import primitives
from archspec.cli.commands import COMMANDS, program
from archspec.reading.nodes import texts

SPEC = """\
# What this network is for.
archspec: 1
name: Small
input: {channels: 3, size: 8}

multipliers:
  # as in the paper
  width: 1.0
  depth: {value: 2, keep: true}
define: {"wide(c, w)": round(c * w)}
defaults:
  conv: {padding: same, bias: false}  # no bias before a norm

layers:
  # the first layer
  stem: {conv: "wide(8, width)"}
  # the others
  body: {conv: 8, repeat: depth}
  sum: {add: {a: {left: {conv: 4}}, b: {right: {conv: 4}, when: true}}}
  pool: global_avg_pool
variants:
  half: {multipliers: {width: 0.5}}
  "1.5": {layers: {body: {conv: {kernel: 3}}}}
"""


WEIGHTS = [f"weights {name}" for name in ("init", "convert", "adopt", "inspect")]


@pytest.fixture
def run(tmp_path: Path, monkeypatch):
    """Run a command beside `small.yaml`."""
    monkeypatch.chdir(tmp_path)
    Path("small.yaml").write_text(SPEC)
    runner = CliRunner()
    return lambda *arguments, input=None: runner.invoke(
        program([]), arguments, input=input
    )


def rows(table: str) -> list[list[str]]:
    header, rule, *lines = table.splitlines()
    assert set(rule) == {"-", " "}
    return [header.split(), *(line.split() for line in lines)]


class TestList:
    def test_every_bundled_spec_on_a_line(self, run):
        header, *lines = rows(run("list").stdout)
        assert header == [
            "spec",
            "variants",
            "input",
            "parameters",
            "trainable",
            "MACs",
        ]
        assert [line[0] for line in lines] == archspec.bundled_specs()
        line = next(line for line in lines if line[0] == "mobilenetv2")
        assert dict(zip(header, line, strict=True)) == {
            "spec": "mobilenetv2",
            "variants": "26",
            "input": "3x224x224",
            "parameters": "3,538,984",
            "trainable": "3,504,872",
            "MACs": "300,774,272",
        }

    def test_the_variants_of_a_spec(self, run):
        header, *lines = rows(run("list", "small.yaml").stdout)
        assert header[:2] == ["spec", "variant"]
        assert [line[1] for line in lines] == ["-", "half", "1.5"]
        half, whole, large = (int(lines[n][3].replace(",", "")) for n in (1, 0, 2))
        assert half < whole < large

    def test_as_data(self, run):
        found = json.loads(run("list", "--json").stdout)
        assert list(found) == archspec.bundled_specs()
        assert found["resnet18"]["variants"] == archspec.variants("resnet18")
        assert found["vgg16"]["summary"].startswith("Stacks of 3x3 convolutions")
        assert found["vgg16"]["macs"] == archspec.load("vgg16").macs
        assert found == archspec.list_specs()


class TestShow:
    def test_a_spec_as_it_is(self, run, root: Path):
        shown = run("show", "mobilenetv2").stdout
        assert shown == (root / "specs" / "mobilenetv2.yaml").read_text()
        assert run("show", "-", input=SPEC).stdout == SPEC

    def test_a_merged_spec_keeps_the_comments_of_what_is_unchanged(self, run):
        done = run("show", "small.yaml", "--variant", "half", "--set", "layers.body=~")
        assert done.stdout == (
            "# What this network is for.\n"
            "archspec: 1\n"
            "name: Small\n"
            "input: {channels: 3, size: 8}\n"
            "\n"
            "multipliers:\n"
            "  width: 0.5\n"
            "  depth: {value: 2, keep: true}\n"
            'define: {"wide(c, w)": round(c * w)}\n'
            "defaults:\n"
            "  conv: {padding: same, bias: false}  # no bias before a norm\n"
            "\n"
            "layers:\n"
            "  # the first layer\n"
            '  stem: {conv: "wide(8, width)"}\n'
            "  sum: {add: {a: {left: {conv: 4}}, b: {right: {conv: 4}, when: true}}}\n"
            "  pool: global_avg_pool\n"
        )

    @pytest.mark.parametrize(
        "change",
        [
            "multipliers.depth=3",
            "layers.sum.add.a.left.conv.kernel=3",
            "layers.sum.add.b.when=1 < 2",
            "defaults.conv.initializer=[normal, 0.5]",
            "summary=\"a: 'text', 1.0\"",
            "input.size=[8, 16]",
            "define.half(c)=c // 2",
        ],
    )
    def test_what_is_merged_is_the_same_network(self, run, change: str):
        shown = run("show", "small.yaml", "--set", change)
        assert shown.exit_code == 0, shown.stderr
        Path("merged.yaml").write_text(shown.stdout)
        merged = archspec.load("merged.yaml")
        wanted = archspec.load("small.yaml", set=[change])
        assert texts(merged.spec.tree) == texts(wanted.spec.tree)

    @pytest.mark.parametrize(
        "spec",
        [
            "mobilenetv3_small",
            *(
                pytest.param(spec, marks=pytest.mark.full)
                for spec in archspec.bundled_specs()
                if spec != "mobilenetv3_small"
            ),
        ],
    )
    def test_every_variant_of_the_zoo(self, tmp_path: Path, spec: str):
        path = tmp_path / f"{spec}.yaml"
        for variant in archspec.variants(spec):
            path.write_text(archspec.spec_source(spec, variant=variant))
            wanted = archspec.load(spec, variant=variant)
            merged = archspec.load(path)
            assert texts(merged.spec.tree) == texts(wanted.spec.tree), variant

    def test_as_data(self, run):
        found = json.loads(run("show", "small.yaml", "--json").stdout)
        assert found["multipliers"] == {
            "width": 1.0,
            "depth": {"value": 2, "keep": True},
        }
        merged = json.loads(
            run("show", "small.yaml", "--variant", "half", "--json").stdout
        )
        assert merged["multipliers"]["width"] == 0.5
        assert "variants" not in merged


@pytest.mark.parametrize("form", FORMS.values(), ids=list(FORMS))
def test_forms_of_the_language_are_found_beside_the_primitives(run, root: Path, form):
    assert run("ops", form.name).stdout == f"{form}\n"
    assert json.loads(run("ops", form.name, "--json").stdout) == form._asdict()
    headings = (root / "docs" / "language.md").read_text("utf-8").splitlines()
    assert {f"## {form.section}", f"### {form.section}"} & {*headings}


class TestOps:
    def test_all_of_them_with_a_sentence(self, run):
        text = run("ops").stdout
        assert "\nPooling:\n  max_pool              Maximum of each window;" in text
        names = [line.split()[0] for line in text.splitlines() if line.startswith("  ")]
        assert names == list(primitives())
        assert list(json.loads(run("ops", "--json").stdout)) == names

    def test_one_with_its_code(self, run):
        done = run("ops", "pad")
        assert done.stdout == (
            "pad: Pad a feature map with `[top, bottom, left, right]` pixels of "
            "`value`.\n"
            "\n"
            "attribute  default   such as\n"
            "---------  --------  ----------------------------------------\n"
            "amounts    required  [1, 1, 1, 1], [0, 1, 2, 3], [1, 1, 2, 2]\n"
            "value      0         0, 1.5, -1\n"
            "\n"
            "output   (channels, rows, columns)\n"
            "weights  none\n"
            "\n"
            "Example, input 6x32x32, output 6x34x34, 0 parameters, 0 MACs:\n"
            "\n"
            "  layer: {pad: {amounts: [1, 1, 1, 1]}}\n"
            "\n"
            "torch:\n"
            "\n"
            "  self.layer = nn.ZeroPad2d((1, 1, 1, 1))\n"
            "\n"
            "keras:\n"
            "\n"
            '  outputs = layers.ZeroPadding2D(1, name="layer")(inputs)\n'
            "\n"
            "nnx:\n"
            "\n"
            "  def pad(x: Array, padding: Sequence[tuple[int, int]], "
            "value: float = 0.0) -> Array:\n"
            '      """Pad height and width with `value`."""\n'
            "      return jnp.pad(x, ((0, 0), *padding, (0, 0)), "
            "constant_values=value)\n"
            "\n"
            "  return pad(x, ((1, 1), (1, 1)))\n"
        )

    @pytest.mark.parametrize("name", primitives())
    def test_each_has_an_example_that_counts(self, name: str):
        op = primitives()[name]
        layer = op.network().layers[-1]
        assert layer.op == name
        assert all(value is not None for value in op.document().values())

    def test_every_example_has_code(self):
        for name in ("batch_norm", "add", "flatten", "global_avg_pool"):
            code = primitives()[name].code()
            assert list(code) == ["torch", "keras", "nnx"]
            assert all(code.values())
        code = primitives()["batch_norm"].code()
        assert "momentum=0.9" in code["keras"]

    def test_an_unknown_one(self, run):
        done = run("ops", "globl_avg_pool")
        assert (done.exit_code, done.stdout) == (2, "")
        assert done.stderr == (
            "error[AS205]: there is no primitive 'globl_avg_pool'\n"
            "   help: did you mean 'global_avg_pool'?\n"
        )


@pytest.mark.parametrize(
    ("command", "name", "help"),
    [
        ("ops", "Conv2D", "run archspec ops conv"),
        ("ops", "conv_bn_act", "run archspec blocks conv_bn_act"),
        ("blocks", "MBConv", "run archspec blocks inverted_residual"),
        ("blocks", "conv", "run archspec ops conv"),
        ("ops", "relu", "write {activation: relu}"),
    ],
)
def test_words_of_the_other_command_and_of_frameworks(run, command, name, help):
    done = run(command, name)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.endswith(f"   help: {help}\n")


def test_a_title_is_a_whole_sentence(run):
    titles = json.loads(run("ops", "--json").stdout)
    assert titles["dropout"].endswith("`rate` (Srivastava et al. 2014).")
    assert not [title for title in titles.values() if title.endswith(" al.")]


def test_blocks_and_codes_as_data(run):
    assert json.loads(run("blocks", "--json").stdout) == archspec.blocks()
    fire = json.loads(run("blocks", "fire", "--json").stdout)
    assert fire == {"name": "fire", "source": archspec.block_source("fire")}
    found = json.loads(run("explain", "AS204", "--format", "json").stdout)
    assert found["title"] == archspec.explain("AS204").title


class TestHelp:
    @pytest.mark.parametrize("command", [*COMMANDS, *WEIGHTS])
    @pytest.mark.parametrize("option", ["-h", "--help"])
    def test_a_page_of_each_command(self, run, command: str, option: str):
        done = run(*command.split(), option)
        assert done.exit_code == 0
        page = done.stdout.splitlines()
        assert f"{command} [OPTIONS]" in page[0]
        assert not re.search("<[a-z]", done.stdout), "a metavar is a type of Python"
        assert "{" not in page[0]

    @pytest.mark.parametrize(
        "command", [*sorted(COMMANDS.keys() - {"weights"}), *WEIGHTS]
    )
    def test_examples_and_exit_codes(self, run, command: str):
        page = run(*command.split(), "-h").stdout
        assert f"\n  Examples:\n    archspec {command}" in page
        assert "\n  Exit codes:\n    0  success\n" in page

    def test_sentences_in_the_list_are_whole(self, run):
        page = run("-h").stdout
        assert "..." not in page.partition("Start:")[2].partition("Examples:")[0]


class TestCompletion:
    @pytest.mark.parametrize(
        ("words", "found"),
        [
            ("fl", "flops"),
            ("flops vgg", "vgg16"),
            ("flops mobilenetv2 --variant 0.5_1", "0.5_192 0.5_160 0.5_128"),
            ("show mobilenetv2 --variant 0.5_160,k", "0.5_160,keras"),
            ("generate vgg16 --target torch,k", "torch,keras"),
            ("verify vgg16 --target keras:", "keras:jax keras:torch"),
            ("ops conc", "concat"),
            ("blocks fir", "fire"),
            ("explain AS10", "AS101 AS102 AS103 AS104 AS105 AS106 AS107"),
            ("flops vgg16 --format m", "markdown"),
        ],
    )
    def test_words(self, words: str, found: str):
        environment = {
            "_ARCHSPEC_COMPLETE": "complete_bash",
            "COMP_WORDS": f"archspec {words}",
            "COMP_CWORD": str(len(words.split())),
        }
        done = CliRunner().invoke(
            program([]), [], prog_name="archspec", env=environment
        )
        assert done.stdout.split() == found.split()

    def test_the_script_for_a_shell(self, archspec):
        done = archspec("--show-completion", "--help")
        assert "Show completion for the current shell" in done.stdout
