"""What the documents show is what the program does: every example in them runs."""

from __future__ import annotations

import doctest
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from runpy import run_path
from textwrap import dedent

import pytest
import yaml
from typer.testing import CliRunner

from archspec.api.specs import bundled_specs
from archspec.cli.commands import program
from archspec.counting import COUNTERS
from archspec.counting import count as counted
from archspec.counting.counters import quantities
from archspec.counting.quantities import QUANTITIES
from archspec.elaboration import elaborate, featuring, keeping
from archspec.errors import SpecError
from archspec.expressions.evaluation import BUILTINS
from archspec.language.blocks import standard_blocks
from archspec.language.load import load, variant_names
from archspec.language.names import PREDEFINED, RESERVED_LAYERS
from archspec.network import Network
from archspec.ops import OPS
from archspec.targets import TARGETS, render
from archspec.weights import files
from archspec.weights.initial import fresh
from archspec.words import WORDS

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
LANGUAGE = (DOCS / "language.md").read_text("utf-8")
README = (ROOT / "README.md").read_text("utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
KEY = re.compile(r"^(\w+):", re.MULTILINE)


def fences(text: str, language: str) -> list[str]:
    return [body for found, body in FENCE.findall(text) if found == language]


# The language


def examples() -> Iterator[tuple[str, str, list[str]]]:
    """The specs, numbered under their headings, each with the text blocks behind it."""
    for section in re.split(r"^## ", LANGUAGE, flags=re.MULTILINE):
        heading = section.splitlines()[0]
        found: list[tuple[str, str, list[str]]] = []
        for kind, body in FENCE.findall(section):
            if kind == "yaml":
                found.append((f"{heading} {len(found) + 1}", body, []))
            elif kind == "text":
                found[-1][2].append(body)
        yield from found


def complete(spec: str) -> str:
    """With the keys of the first example that it leaves out, at its end."""
    keys = set(KEY.findall(spec))
    if "extends" in keys or "archspec" in keys:
        return spec
    keys |= {"input"} if "inputs" in keys else set()
    whole = fences(LANGUAGE, "yaml")[0]
    parts = re.split(r"^(?=\w)", whole, flags=re.MULTILINE)
    return spec + "".join(part for part in parts if part.split(":")[0] not in keys)


def shown(network: Network) -> dict[str, str]:
    """The paths and shapes of a network, as the document shows them."""
    return {layer.path: "x".join(map(str, layer.output)) for layer in network.layers}


def rendered(network: Network):
    for target in TARGETS:
        compile(render(network, target), f"{target}.py", "exec")


def check_expected(spec: Path, expected: str):
    if expected.startswith("error["):
        with pytest.raises(SpecError) as caught:
            rendered(elaborate(spec))
        assert str(caught.value) + "\n" == expected.replace("net.yaml", str(spec))
        return
    variant = re.match(r"variant (\S+)\n", expected)
    network = elaborate(spec, [variant[1]] if variant else [])
    lines = dict(line.split() for line in expected.splitlines())
    lines.pop("variant", None)
    for count in ("parameters", "macs"):
        if count in lines:
            assert int(lines.pop(count).replace(",", "")) == getattr(network, count)
    if lines:
        assert list(shown(network).items()) == list(lines.items())


@pytest.mark.parametrize(
    ("spec", "expected"), [pytest.param(*rest, id=name) for name, *rest in examples()]
)
def test_an_example_comes_to_what_stands_below_it(tmp_path, spec, expected):
    path = tmp_path / "net.yaml"
    path.write_text(complete(spec), encoding="utf-8")
    for text in expected:
        check_expected(path, text)
    if any(text.startswith("error[") for text in expected):
        return
    for variants in ([], *([name] for name in variant_names(path)[:3])):
        network = elaborate(path, variants)
        rendered(network)


def test_the_edits_of_a_network_work(tmp_path, monkeypatch):
    """`docs/variants.md`: a file per example, commands, and a line that one prints."""
    monkeypatch.chdir(tmp_path)
    printed = ""
    for kind, body in FENCE.findall((DOCS / "variants.md").read_text("utf-8")):
        if kind == "yaml":
            path = Path(body.split()[1])
            path.parent.mkdir(exist_ok=True)
            path.write_text(body, encoding="utf-8")
        elif kind == "text":
            assert body in printed
        for command in body.splitlines() if kind == "console" else ():
            done = CliRunner().invoke(program([]), shlex.split(command)[1:])
            assert done.exit_code == 0, (command, done.stderr)
            printed = done.stdout


def written(value: object) -> str:
    """A default as a spec would say it."""
    if isinstance(value, tuple):
        same = len(value) == 2 and value[0] == value[1]
        return written(value[0]) if same else f"[{', '.join(map(written, value))}]"
    if value is None:
        return "~"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def first_cells(heading: str) -> set[str]:
    """The code in the first cells of a section's tables."""
    section = LANGUAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    cells = re.findall(r"^\| `([a-z_0-9]+\(.*?\))`", section, re.MULTILINE)
    assert len(cells) == len(set(cells))
    return set(cells)


def test_the_tables_of_primitives_are_what_the_ops_say():
    page = run_path(str(DOCS / "primitives.py"))["page"]
    assert page(LANGUAGE) == LANGUAGE, "python docs/primitives.py"
    assert {cell.partition("(")[0] for cell in first_cells("Primitives")} == {*OPS}


def test_the_pages_of_commands_are_their_help():
    page = run_path(str(DOCS / "commands.py"))["page"]
    text = (DOCS / "commands.md").read_text("utf-8")
    assert page(text) == text, "python docs/commands.py"
    pages = re.findall(r"^```text\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert len(pages) > 20
    assert not [line for page in pages for line in page.split("\n") if len(line) > 80]


def block_signature(name: str) -> str:
    block = standard_blocks().entries[name]
    arguments = yaml.safe_load(yaml_of(name))[name].get("arguments", {})
    assert list(arguments) == list(block.section("arguments").entries)
    required = ("int", "float", "bool", "word", "tensor")
    parts = [
        argument if value in required else f"{argument}={written(value)}"
        for argument, value in arguments.items()
    ]
    return f"{name}({', '.join(parts)})"


def yaml_of(name: str) -> str:
    return CliRunner().invoke(program([]), ["blocks", name]).stdout


def test_every_standard_block_is_listed_with_its_arguments():
    expected = {block_signature(name) for name in standard_blocks().entries}
    assert first_cells("Standard blocks") == expected


def test_every_word_and_function_is_listed():
    section = LANGUAGE.split("\n## Expressions\n")[1].split("\n## ")[0]
    code = set(re.findall(r"`(\w+)`", section.split("These words")[1]))
    assert code & WORDS == WORDS
    functions = set(re.findall(r"`(\w+)\([a-z]", section))
    assert functions == set(BUILTINS)


def test_reserved_names_are_listed():
    section = LANGUAGE.split("\n## Names\n")[1].split("\n## ")[0]
    listed = [set(words.split()) for words in re.findall(r"`([a-z_ ]+)`", section)]
    assert set(PREDEFINED) in listed
    assert set(RESERVED_LAYERS) in listed


def test_every_limit_is_listed():
    """Each `MAX_...` that a spec can meet; 64 and 15 stand in regular expressions."""
    constant = re.compile(r"^MAX_(?!DIAGNOSTICS)\w+ = ([\d_*]+)$", re.MULTILINE)
    limits = {
        int(number.replace("_", "").replace("10**15", str(10**15)))
        for package in ("reading", "expressions", "language", "elaboration")
        for path in (ROOT / "archspec" / package).glob("*.py")
        for number in constant.findall(path.read_text("utf-8"))
    }
    section = LANGUAGE.split("\n## Limits\n")[1].split("\n## ")[0]
    listed = re.findall(r"\| ([\d,]+) \|$", section, re.MULTILINE)
    assert {int(number.replace(",", "")) for number in listed} == limits | {64, 15}


def test_links_lead_somewhere():
    for page in (
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        *DOCS.glob("*.md"),
        *DOCS.glob("howto/*.md"),
    ):
        for link in re.findall(r"\]\(([^)]+)\)", page.read_text("utf-8")):
            path, _, part = link.partition("#")
            if link.startswith("https:"):
                continue
            found = page.parent / path if path else page
            assert found.exists(), f"{page.name}: {link}"
            assert not part or part in anchors(found), f"{page.name}: {link}"


def anchors(page: Path) -> set[str]:
    text = FENCE.sub("", page.read_text("utf-8"))
    return {anchor(h) for h in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}


def anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


# The README


def test_the_spec_of_the_readme_is_the_bundled_one(tmp_path):
    path = tmp_path / "mobilenetv2.yaml"
    path.write_text(fences(README, "yaml")[0], encoding="utf-8")
    assert load(path).digest == load("mobilenetv2").digest
    assert f"its {len(variant_names('mobilenetv2'))} variants" in README


def test_the_readme_counts_the_specs_and_their_variants():
    variants = sum(len(variant_names(name)) for name in bundled_specs())
    assert f"has {len(bundled_specs())} specs with {variants} variants" in README


def test_the_classes_of_the_readme_are_the_generated_ones():
    generated = (ROOT / "generated" / "torch" / "mobilenetv2.py").read_text("utf-8")
    shown_code = fences(README, "python")[0]
    parts = re.split(r"\n\n\n(?=class )", shown_code.rstrip("\n"))
    assert [re.match(r"class (\w+)", part)[1] for part in parts] == [  # type: ignore[index]
        "InvertedResidual",
        "MobileNetV2",
    ]
    for part in parts:
        assert part + "\n" in generated


def test_the_table_of_the_readme_is_what_flops_prints():
    done = CliRunner().invoke(program([]), ["flops", "mobilenetv2"])
    assert done.stdout in fences(README, "text")


def test_the_other_counts_of_the_readme():
    network = elaborate("mobilenetv2", ["torchvision"])
    row = r"^\| `(\w+)`.*? \| ([\d,]+) ([\w-]+) \|"
    rows = re.findall(row, README.split("## How FLOPs are counted")[1], re.MULTILINE)
    assert [counter for counter, *_ in rows] == [*COUNTERS]
    for counter, total, unit in rows:
        counts = counted(network, counter)
        assert (f"{counts.total:,}", counts.unit) == (total, unit)


def test_the_rules_of_other_counters_are_what_they_count():
    page = run_path(str(DOCS / "counters.py"))["page"]
    text = (DOCS / "costs.md").read_text("utf-8")
    assert page(text) == text, "python docs/counters.py"
    assert {*quantities()} == {*QUANTITIES}


def test_the_commands_of_the_readme_exist():
    section = README.split("\n## Commands\n")[1].split("\n## ")[0]
    listed = re.findall(r"^\| `archspec ([a-z ]+[a-z])", section, re.MULTILINE)
    assert set(listed) == set(commands(program([]), ""))


def commands(group, prefix: str) -> list[str]:
    own = [
        command.name or command.callback.__name__
        for command in group.registered_commands
    ]
    inner = [
        name
        for each in group.registered_groups
        for name in commands(each.typer_instance, f"{each.name} ")
    ]
    return [*(prefix + name for name in own), *inner]


@pytest.mark.parametrize("framework", ["torch", "keras"])
def test_the_snippets_of_the_readme_run(tmp_path, framework):
    (code,) = [
        f for f in fences(README, "python") if f.startswith(f"import {framework}")
    ]
    shutil.copy(ROOT / "generated" / framework / "mobilenetv2.py", tmp_path)
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


SAVED = {
    "nnx": "",
    "torch": """
import torch
from mobilenetv2 import MobileNetV2
torch.save(MobileNetV2().state_dict(), "mobilenetv2.pt")
""",
    "keras": """
from mobilenetv2 import MobileNetV2
MobileNetV2().save_weights("mobilenetv2.weights.h5")
""",
}


@pytest.mark.full
@pytest.mark.parametrize("framework", SAVED)
def test_the_snippets_on_generated_code_run(tmp_path, framework):
    page = (DOCS / "using.md").read_text("utf-8")
    found = [code for code in fences(page, "python") if of_framework(code) == framework]
    shutil.copy(ROOT / "generated" / framework / "mobilenetv2.py", tmp_path)
    network = elaborate("mobilenetv2")
    file = tmp_path / "mobilenetv2.safetensors"
    files.write(file, network, fresh(network, 0), framework)
    for network in (
        featuring(elaborate("mobilenetv2"), ["strides"]),
        keeping(elaborate("mobilenetv2"), ["in_channels"]),
        keeping(elaborate("efficientnet"), ["stochastic_depth"]),
    ):
        file = tmp_path / f"{network.spec.module_name}.py"
        file.write_text(render(network, framework), encoding="utf-8")
    command = [sys.executable, "-c", "".join((SAVED[framework], *found))]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    (shown,) = fences(page, "text")
    assert done.stdout == (shown if framework == "torch" else "")


def test_the_spec_on_the_page_on_generated_code_returns_sequences(tmp_path):
    (text,) = fences((DOCS / "using.md").read_text("utf-8"), "yaml")
    path = tmp_path / "vit_middle.yaml"
    path.write_text(text, encoding="utf-8")
    network = elaborate(path)
    shapes = {n: network.layers[i].output for n, i in network.outputs.items()}
    assert shapes == {"middle": (192, 197), "logits": (1000,)}
    with pytest.raises(SpecError, match="'encoder' is one layer that repeats"):
        featuring(elaborate("vit_tiny_patch16_224"), ["encoder.5"])


@pytest.mark.full
def test_the_commands_on_generated_code_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = (DOCS / "using.md").read_text("utf-8")
    (text,) = fences(page, "yaml")
    Path("vit_middle.yaml").write_text(text, encoding="utf-8")
    commands = "".join(fences(page, "console")).splitlines()
    found = [one for one in commands if one.startswith("archspec generate ")]
    assert len(found) == 5
    for command in found:
        done = CliRunner().invoke(program([]), shlex.split(command)[1:])
        assert done.exit_code == 0, (command, done.stderr)


def of_framework(code: str) -> str:
    """PyTorch unless a snippet names another framework, or an argument that it has."""
    words = {"nnx": "flax", "keras": "keras|input_shape"}
    named = (framework for framework in words if re.search(words[framework], code))
    return next(named, "torch")


# Python


def test_the_examples_in_python_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    examples = "\n".join(fences((DOCS / "python.md").read_text("utf-8"), "pycon"))
    session = doctest.DocTestParser().get_doctest(examples, {}, "python.md", None, None)
    runner = doctest.DocTestRunner(verbose=False, optionflags=doctest.ELLIPSIS)
    complaints: list[str] = []
    runner.run(session, out=complaints.append)
    assert not complaints, "".join(complaints)


# CONTRIBUTING


def test_what_contributing_quotes_stands_in_a_file_that_it_names():
    (quoted,) = re.findall(r"^   ```\w+\n(.*?)^   ```$", CONTRIBUTING, re.M | re.S)
    named = re.findall(r"`([\w/]+/[a-z_.]+\.\w+)`", CONTRIBUTING)
    texts = [(ROOT / name).read_text("utf-8") for name in named]
    assert any(dedent(quoted) in text for text in texts)


def test_contributing_names_files_that_exist():
    for name in re.findall(r"`([\w/]+/[a-z_./]*)`", CONTRIBUTING):
        assert (ROOT / name).exists(), name


def test_decisions_are_numbered_and_short():
    records = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    numbers = [int(record.name[:4]) for record in records]
    assert numbers == list(range(1, len(records) + 1))
    for record in records:
        text = record.read_text("utf-8")
        headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
        assert headings == ["Context", "Decision", "Consequences"], record
        assert len(text.splitlines()) <= 40, record
