"""Nothing of a spec becomes code: names are refused, text stays text.

Arbitrary ones are tried in `tests/fuzz`.
"""

import ast

import pytest

from archspec.elaboration import elaborate
from archspec.errors import SpecError
from archspec.targets import TARGETS, render
from archspec.targets.code import Code, docstring, identifier
from archspec.targets.templates import InjectionError, Templates, manifest

SPEC = """\
archspec: 1
name: Tiny
summary: SUMMARY
source: {title: TITLE}
input: {channels: 3, size: 8}
classes: 4
blocks:
  unit:
    summary: BLOCK
    arguments: {filters: int}
    layers:
      conv: {conv: {filters: filters, kernel: 3, padding: same, bias: true}}
layers:
  unit: {unit: 8}
  pool: global_avg_pool
  classifier: {dense: classes}
"""


def rendered(spec_file, target, **texts):
    text = SPEC
    for key, value in texts.items():
        text = text.replace(key, value)
    from archspec.elaboration import elaborate

    return render(elaborate(spec_file(text)), target)


@pytest.fixture
def spec_file(tmp_path):
    def write(text):
        path = tmp_path / "tiny.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize("target", TARGETS)
def test_a_text_or_a_layer_that_has_the_name_of_a_helper(spec_file, target):
    """The file does not define what nothing in it calls."""
    names = manifest(target)["helpers"]
    texts = {"SUMMARY": " ".join(names), "TITLE": "x", "BLOCK": "Use a DropPath"}
    text = rendered(
        lambda text: spec_file(text.replace("pool:", "Normalize:")), target, **texts
    )
    plain = rendered(spec_file, target, SUMMARY="x", TITLE="x", BLOCK="x")
    defined = ast.FunctionDef | ast.ClassDef
    one, two = (
        [node.name for node in ast.walk(ast.parse(source)) if isinstance(node, defined)]
        for source in (text, plain)
    )
    assert one == two


@pytest.mark.parametrize(
    "text",
    ['"""', "\\", '\\"""', "a\rimport os", "a\u2028b", "{{ 7 * 7 }}", "'''", "%s{0}"],
)
def test_a_docstring_holds_any_text(text):
    source = f'"""{docstring(text)}"""\n'
    (statement,) = ast.parse(source).body
    assert isinstance(statement.value, ast.Constant)


def test_a_plain_string_never_passes_a_template():
    environment = Templates("torch")._environment
    with pytest.raises(InjectionError, match="import os"):
        environment.from_string("{{ value }}").render(value="import os")
    assert environment.from_string("{{ value }}").render(value=Code("x + 1")) == "x + 1"


def test_an_identifier_is_checked_again():
    with pytest.raises(ValueError, match="no identifier"):
        identifier("x; import os")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "conv: {conv:",
            "train: {conv:",
            "error[AS403]: the name 'train' is reserved by PyTorch",
        ),
        (
            "name: Tiny",
            "name: Unit",
            "error[AS403]: 'Unit' and 'unit' would both become 'Unit'",
        ),
        (
            "name: Tiny",
            "name: Tensor",
            "error[AS403]: 'Tensor' would become 'Tensor', which the file uses itself",
        ),
    ],
)
def test_names_that_the_target_has_taken(spec_file, old, new, message):
    with pytest.raises(SpecError) as error:
        rendered(
            lambda text: spec_file(text.replace(old, new)),
            "torch",
            SUMMARY="x",
            TITLE="x",
            BLOCK="x",
        )
    assert str(error.value).splitlines()[0] == message


@pytest.mark.parametrize("name", ["x", "y", "step", "name"])
def test_a_block_that_a_variable_would_hide(spec_file, name):
    """In Keras a block is a function; in PyTorch a class, in capitals."""
    texts = {"SUMMARY": "x", "TITLE": "x", "BLOCK": "x"}

    def write(text):
        text = text.replace("  unit:\n", f"  {name}:\n")
        return spec_file(text.replace("{unit: 8}", f"{{{name}: 8}}"))

    rendered(write, "torch", **texts)
    with pytest.raises(SpecError) as error:
        rendered(write, "keras", **texts)
    first = str(error.value).splitlines()[0]
    message = f"'{name}' would become '{name}', which the file uses itself"
    assert first == f"error[AS403]: {message}"


def test_an_argument_that_would_hide_a_helper(spec_file):
    def write(text):
        text = text.replace("{filters: int}", "{DropPath: int}")
        return spec_file(text.replace("filters: filters", "filters: 2 * DropPath"))

    text = rendered(write, "torch", SUMMARY="x", TITLE="x", BLOCK="x")
    assert "DropPath_: int" in text
    assert "DropPath: int" not in text


@pytest.mark.parametrize(
    ("classes", "end", "said"),
    [
        (3, "pool: global_avg_pool", "(N, 3)"),
        (3, "pool: global_avg_pool, fc: {dense: classes}", "(N, num_classes), logits"),
        (4, "pool: global_avg_pool, fc: {dense: 3}", "(N, 3)"),
        (
            3,
            "pool: global_avg_pool, fc: {dense: classes}, p: {activation: softmax}",
            "(N, num_classes), probabilities",
        ),
        (
            3,
            "pool: global_avg_pool, fc: {dense: classes}, p: {activation: sigmoid}",
            "(N, num_classes)",
        ),
    ],
)
@pytest.mark.parametrize("target", ["torch", "keras"])
def test_what_the_docstring_says_of_the_output(tmp_path, target, classes, end, said):
    """`num_classes` only where it is an argument."""
    path = tmp_path / "net.yaml"
    path.write_text(
        "archspec: 1\nname: Net\ninput: {channels: 3, size: 8}\n"
        f"classes: {classes}\nlayers: {{{end}}}\n"
    )
    lines = render(elaborate(path), target).splitlines()
    assert f"    output      {said}" in lines


@pytest.mark.parametrize(
    ("decay", "target", "said"),
    [
        ("0.999", "torch", "about 1,000 batches (momentum 1e-3), so"),
        ("0.99", "keras", "about 100 batches (momentum 0.99), so"),
        ("0.98", "nnx", None),
    ],
)
def test_the_docstring_explains_a_slow_decay(tmp_path, decay, target, said):
    """In the framework's own number, with what to write instead."""
    path = tmp_path / "net.yaml"
    path.write_text(
        "archspec: 1\nname: Net\ninput: {channels: 3, size: 8}\n"
        f"defaults: {{batch_norm: {{epsilon: 1e-3, decay: {decay}}}}}\n"
        "layers: {norm: batch_norm}\n"
    )
    text = render(elaborate(path), target).replace("\n", " ")
    assert ("statistics average" in text) is bool(said)
    assert not said or f"Batch norm's moving statistics average {said}" in text
    assert not said or "with --set defaults.batch_norm.decay=0.9." in text


@pytest.mark.parametrize(
    ("hidden", "printed", "said"),
    [
        ("in_channels // 2", "in_channels // 2", False),
        ("round_channels(in_channels // 2)", "in_channels // 2", True),
        ("max(4, in_channels // 2)", "in_channels // 2", True),
        ("max(12, in_channels // 2)", "max(12, in_channels // 2)", False),
    ],
)
def test_the_docstring_says_where_a_rounding_is_left_out(
    tmp_path, hidden, printed, said
):
    """As an edit of the file would leave the formula of the spec."""
    path = tmp_path / "net.yaml"
    path.write_text(
        "archspec: 1\nname: Net\ninput: {channels: 16, size: 8}\n"
        "defaults: {conv: {padding: same, bias: false}}\n"
        f"blocks: {{half: {{layers: {{conv: {{conv: '{hidden}'}}}}}}}}\n"
        "layers: {one: half, wide: {conv: 32}, two: half}\n"
    )
    text = render(elaborate(path), "torch")
    assert printed in text
    note = "without rounding that has no effect at these widths;"
    assert (note in text.replace("\n", " ")) is said


def test_the_channels_of_four_halves(tmp_path):
    """`in_channels // 2 * 4`, which two halves and two others are not if it is odd."""
    path = tmp_path / "net.yaml"
    branches = ", ".join(f"{name}: {{p{name}: identity}}" for name in "abcd")
    path.write_text(
        "archspec: 1\nname: Net\ninput: {channels: 16, size: 8}\n"
        "defaults: {conv: {padding: same, bias: false}}\n"
        "blocks: {pyramid: {layers: {narrow: {conv: in_channels // 2}, "
        f"all: {{concat: {{{branches}}}}}, out: {{conv: 8}}}}}}}}\n"
        "layers: {one: pyramid, wide: {conv: 32}, two: pyramid}\n"
    )
    text = render(elaborate(path), "torch")
    assert "self.out = nn.Conv2d(in_channels // 2 * 4, 8, 1, bias=False)" in text


@pytest.mark.parametrize("target", ["torch", "nnx"])
def test_the_channels_of_a_tensor_that_the_output_has_too(spec_file, target):
    network = elaborate(
        spec_file("""\
archspec: 1
name: Tiny
input: {channels: 3, size: 8}
defaults: {conv: {padding: same, bias: true}}
blocks:
  gate:
    arguments: {hidden: int, skip: tensor}
    layers:
      inner: {conv: hidden}
      lower: {conv: {filters: 1, kernel: 3}}
      both: {multiply: {skip: {from: skip, own: {conv: skip_channels}}, weights: {}}}
layers:
  a: {conv: 4}
  b: {conv: 6}
  c: {gate: {hidden: 2, skip: a}}
  d: {gate: {hidden: 3, skip: b}}
""")
    )
    text = render(network, target)
    assert "skip_channels: int" in text
    assert "out_channels: int" not in text


def test_a_column_that_an_argument_says_is_not_said_twice(tmp_path):
    """`t` is `expand` in each row, so the stage has `expand` alone."""
    path = tmp_path / "net.yaml"
    path.write_text(
        "archspec: 1\nname: Net\ninput: {channels: 16, size: 8}\n"
        "defaults: {conv: {padding: same, bias: false}, activation: relu, "
        "batch_norm: {epsilon: 1e-3, decay: 0.9}}\n"
        "layers: {stages: {columns: [t, c, n], rows: [[1, 8, 2], [4, 24, 2]], "
        "each: {inverted_residual: {expand: t, filters: c, se: channels * t // 4}}, "
        "repeat: n}}\n"
    )
    text = render(elaborate(path), "torch")
    assert "stage(16, 8, expand=1, repeats=2)" in text
    assert "se=out_channels * expand // 4" in text
