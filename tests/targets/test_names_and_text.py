"""Nothing of a spec becomes code: names are refused, text stays text."""

import ast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archspec.elaboration import elaborate
from archspec.errors import SpecError
from archspec.targets import TARGETS, render
from archspec.targets.code import Code, docstring, identifier
from archspec.targets.templates import InjectionError, Templates

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


def masked(source):
    """The file's syntax with every constant masked."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant):
            node.value = None
    return ast.dump(tree)


def quoted(text):
    """Any text as a YAML scalar, written as escapes."""
    escapes = "".join(f"\\U{ord(c):08x}" for c in text)
    return f'"x{escapes}"'


@pytest.mark.parametrize("target", TARGETS)
@settings(max_examples=15, deadline=None)
@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_arbitrary_text_leaves_the_syntax_alone(tmp_path_factory, target, text):
    folder = tmp_path_factory.mktemp("spec")

    def write(spec):
        path = folder / "tiny.yaml"
        path.write_text(spec, encoding="utf-8")
        return path

    try:
        hostile = rendered(
            write, target, SUMMARY=quoted(text), TITLE=quoted(text), BLOCK=quoted(text)
        )
    except SpecError:
        return  # YAML itself refuses some characters
    plain = rendered(write, target, SUMMARY="x", TITLE="x", BLOCK="x")
    assert masked(hostile) == masked(plain)


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
            "error[AS403]: 'train' is a name that PyTorch has taken",
        ),
        (
            "name: Tiny",
            "name: Unit",
            "error[AS403]: 'Unit' and 'unit' would both be 'Unit'",
        ),
        (
            "name: Tiny",
            "name: Tensor",
            "error[AS403]: 'Tensor' would be 'Tensor', which the file needs itself",
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
