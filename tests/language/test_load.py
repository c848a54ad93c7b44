"""From a name to a document: files, `extends`, and the digest (rules 1, 12, 19)."""

from __future__ import annotations

import pytest

from archspec.errors import SpecError
from archspec.language import load
from archspec.language.fields import Quantity
from archspec.reading import bundled_specs, find_spec

LAYERS = "layers: {a: {conv: 1}}"


def message(*arguments):
    with pytest.raises(SpecError) as caught:
        load(*arguments)
    return caught.value.diagnostics[0].message


def test_a_bundled_spec_is_found_by_its_name():
    assert find_spec("mobilenetv2") in bundled_specs()
    assert load("mobilenetv2").document.name == "MobileNetV2"


@pytest.mark.parametrize(
    "spec",
    ["mobilenetv9", "../pyproject", "/etc/passwd.yaml", "", "a\0b", "x" * 5000, "."],
)
def test_there_is_no_such_spec(spec):
    assert message(spec) == f"there is no spec '{spec}'"


def test_a_file_that_is_no_yaml_is_no_spec():
    assert message(__file__) == f"'{__file__}' is not a YAML file"


def test_a_missing_spec_may_be_a_typing_mistake():
    with pytest.raises(SpecError, match=r"did you mean 'mobilenetv2'\?"):
        load("mobilnetv2")


def test_extends_looks_beside_the_file_then_among_the_bundled_specs(write):
    child = write("extends: mobilenetv2.yaml", name="child.yaml", head="")
    assert load(child).document.name == "MobileNetV2"
    write(LAYERS, name="mobilenetv2.yaml")
    assert load(child).document.name == "Net"


@pytest.mark.parametrize(
    ("extends", "text"),
    [
        ("nope.yaml", "'extends': file not found: 'nope.yaml'"),
        ("../x.yaml", "'extends': '../x.yaml' is outside the folders that it may read"),
        (
            "/etc/passwd",
            "'extends': '/etc/passwd' is outside the folders that it may read",
        ),
        ("http://example.org/x.yaml", None),
        ('"a\\0b"', "'extends': file not found: 'a\0b'"),
        ("other.txt", "'extends': file not found: 'other.txt'"),
        ("[a.yaml]", "'extends': file not found: 'a.yaml'"),
        ("[[a.yaml]]", "'extends' must be a file name, found a list"),
        ("{a: b}", "'extends' must be a file name, found a mapping"),
        ("spec.yaml", "circular 'extends'"),
    ],
)
def test_extends_refused(write, extends, text):
    path = write(f"extends: {extends}\n{LAYERS}")
    assert message(path) == (text or f"'extends': file not found: '{extends}'")


def test_a_symbolic_link_does_not_lead_out(write, tmp_path):
    outside = tmp_path / "outside.yaml"
    outside.write_text("name: Outside")
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "link.yaml").symlink_to(outside)
    path = write("extends: link.yaml", name="inner/spec.yaml")
    outside = "'extends': 'link.yaml' is outside the folders that it may read"
    assert message(path) == outside


def test_extends_reads_below_the_current_folder_if_the_spec_is_there(
    write, tmp_path, monkeypatch
):
    for folder in ("own", "common", "elsewhere"):
        (tmp_path / folder).mkdir()
    write(LAYERS, name="common/base.yaml")
    path = write("extends: ../common/base.yaml", name="own/spec.yaml", head="")
    outside = "'extends': '../common/base.yaml' is outside the folders that it may read"
    for folder in ("own", "elsewhere", "/"):
        monkeypatch.chdir(tmp_path / folder)
        assert message(path) == outside
    monkeypatch.chdir(tmp_path)
    assert load(path).document.name == "Net"
    assert load("own/spec.yaml").document.name == "Net"


def test_extends_of_several_files_each_once(write):
    write(LAYERS, name="root.yaml")
    write("extends: root.yaml\nclasses: 2", name="left.yaml", head="")
    write("extends: root.yaml\nname: Right", name="right.yaml", head="")
    child = write("extends: [left.yaml, right.yaml]", name="child.yaml", head="")
    document = load(child).document
    assert (document.classes, document.name) == (2, "Right")


def test_a_file_of_blocks(write):
    write(
        "blocks: {unit: {arguments: {filters: int}, layers: {a: {conv: filters}}}}",
        name="blocks.yaml",
        head="",
    )
    path = write("extends: blocks.yaml\nlayers: {body: {unit: 4}}")
    assert list(load(path).document.blocks) == ["unit"]
    child = write(
        "extends: [mobilenetv1.yaml, blocks.yaml]\n"
        "layers: {extra: {unit: 8, before: pool}}",
        name="child.yaml",
        head="",
    )
    assert "unit" in load(child).document.blocks


def test_a_circle_of_two_and_a_long_chain(write):
    write("extends: b.yaml", name="a.yaml")
    path = write("extends: a.yaml", name="b.yaml")
    assert message(path) == "circular 'extends'"
    for number in range(12):
        path = write(f"extends: c{number + 1}.yaml", name=f"c{number}.yaml")
    write(LAYERS, name="c12.yaml")
    assert message(path.with_stem("c0")) == "more than 8 files extend each other"
    assert load(path.with_stem("c5")).document.name == "Net"


def test_the_digest_is_that_of_what_is_said(write):
    first = load(write(LAYERS)).digest
    assert load(write(f"# a comment\n{LAYERS}", name="other.yaml")).digest == first
    assert load(write("layers: {a: {conv: {filters: 1}}}")).digest == first
    assert load(write("layers: {a: {conv: 2}}")).digest != first
    assert load(write(LAYERS), (), ["classes=3"]).digest != first


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("3.4M", Quantity(3.4e6, 5e4, "3.4M")),
        ("300M", Quantity(3e8, 5e5, "300M")),
        ("0.301G", Quantity(0.301e9, 5e5, "0.301G")),
        ("3504872", Quantity(3504872, 0.5, "3504872")),
    ],
)
def test_reported_figures(write, written, expected):
    document = load(write(f"{LAYERS}\nreported: {{macs: {written}}}")).document
    assert document.reported.macs.text == expected.text
    assert document.reported.macs.value == pytest.approx(expected.value)
    assert document.reported.macs.tolerance == pytest.approx(expected.tolerance)


@pytest.mark.parametrize("classes", ["7", "7.0"])
def test_classes_take_whole_floats(write, classes):
    document = load(write(f"{LAYERS}\nclasses: {classes}")).document
    assert document.classes == 7


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            "archspec: 2",
            "AS203 2: 'archspec' must be 1, the supported version of the language, "
            "found '2'",
        ),
        ("nmae: X", "AS201 nmae: unknown key 'nmae'"),
        (
            "classes: 0",
            "AS203 0: 'classes' must be a whole number of at least 1, found '0'",
        ),
        (
            "classes: many",
            "AS203 many: 'classes' must be a whole number of at least 1, found 'many'",
        ),
        ("input: {channels: 3}", "AS202 input: missing key 'size'"),
        ("input: 3", "AS203 3: 'input' must be a mapping, found '3'"),
        (
            "input: {channels: 3, size: [1, 2, 3]}",
            "AS203 size: 'size' must have at most 2 entries, found a list of 3",
        ),
        (
            "input: {channels: 3.5, size: 8}",
            "AS302 3.5: 'channels' must be a whole number of at least 1, but is 3.5",
        ),
        (
            "multipliers: {w: [1, 2]}",
            "AS203 w: 'w' must be a number, a word or an expression, found a list of 2",
        ),
        (
            "reported: {macs: many}",
            "AS203 many: 'macs' must be a number such as 3.4M, found 'many'",
        ),
        ("source: {title: X, doi: 3}", "AS201 doi: unknown key 'doi'"),
        ("preprocessing: {mean: foo}", "AS301 foo: unknown name 'foo'"),
        (
            "preprocessing: {scale: relu}",
            "AS203 relu: 'scale' must be a number, found 'relu'",
        ),
        ("preprocessing: {mean: 1e999}", "AS301 1e999: a number beyond 10^15"),
        (
            "preprocessing: {scale: 1e-320}",
            "AS301 1e-320: a number nearer to 0 than 10^-100",
        ),
        ("preprocessing: {scale: 0}", "AS203 0: 'scale' must be above 0, found '0'"),
        (
            "preprocessing: {std: [1, 0]}",
            "AS203 std: 'std' must be above 0, found a list of 2",
        ),
        (
            "preprocessing: {crop: 0.875}",
            "AS203 0.875: 'crop' must be a whole number of at least 1, found '0.875'",
        ),
        (
            "reported: {macs: 9999999G}",
            "AS203 9999999G: 'macs' must be a valid number: a number beyond "
            "10^15, found '9999999G'",
        ),
        (
            "classes: 1e300",
            "AS203 1e300: 'classes' must be a valid number: a number beyond "
            "10^15, found '1e300'",
        ),
        ("multipliers: {w: 1e300}", "AS301 1e300: a number beyond 10^15"),
        (
            "preprocessing: {interpolation: cubic}",
            "AS203 cubic: 'interpolation' must be nearest, bilinear or bicubic, "
            "found 'cubic'",
        ),
        (
            "preprocessing: {channels: grb}",
            "AS203 grb: 'channels' must be rgb or bgr, found 'grb'",
        ),
        ("summary: [x]", "AS203 summary: 'summary' must be a text, found a list of 1"),
    ],
)
def test_what_a_document_cannot_say(faults, text, fault):
    (found,) = faults(f"{LAYERS}\n{text}")
    assert found == fault


@pytest.mark.parametrize(
    ("layer", "fault"),
    [
        (
            "{conv: 1, dense: 2}",
            "AS204 dense: a layer has one op, found conv and dense",
        ),
        ("{conv: 1, wen: 2}", "AS204 wen: a layer has one op, found conv and wen"),
        ("{when: true}", "AS202 a: the layer has no op"),
        ("[conv]", "AS203 [: a layer must be a mapping, found a list"),
        ("cnov", "AS205 cnov: unknown op 'cnov'"),
        ("{identity: 3}", "AS204 3: identity takes no attributes, found '3'"),
        (
            "{conv: {kernel: []}}",
            "AS203 [: 'kernel' must have at least one value, found a list of 0",
        ),
        ("{conv: {kernel: {a: 1}}}", None),
        ("{add: 3}", "AS203 3: 'add' must be a mapping, found '3'"),
        ("{add: {}}", "AS203 {: a join has at least one branch"),
        ("{add: {l: {}}, then: {x: 1}}", "AS201 then: unknown key 'then'"),
        (
            "{conv: 1, from: [x]}",
            "AS203 from: 'from' must be a name, found a list of 1",
        ),
        ("{rows: [[1]], each: conv}", "AS202 a: missing key 'columns'"),
        (
            "{columns: c, rows: [[1]], each: conv}",
            "AS203 c: 'columns' must be a list, found 'c'",
        ),
        (
            "{columns: [c], rows: [[1]], each: {add: {}}}",
            "AS204 add: 'add' is not allowed here: name an op and its attributes",
        ),
        (
            "{columns: [c], rows: [[1]], each: {conv: c, dense: c}}",
            "AS204 {: without a column 'op', 'each' names one op",
        ),
        (
            "{columns: [c, d], rows: [[1, 2], [3]], each: {conv: c}}",
            "AS203 [: row [3] has 1 value for 2 columns (c, d)",
        ),
        (
            "{columns: [c], rows: [[1]], each: {conv: c}, conv: 3}",
            "AS204 conv: a table has its ops under 'each', found 'conv'",
        ),
        (
            "{columns: [op], rows: [[dense]], each: {conv: 3}}",
            "AS205 dense: 'each' lacks the op 'dense'",
        ),
        (
            "{columns: [[c]], rows: [[1]], each: conv}",
            "AS203 [: number 1 of 'columns' must be a name, found a list of 1",
        ),
        (
            "{columns: [op], rows: [[~]], each: {conv: 3}}",
            "AS205 ~: row 0 has no op",
        ),
        (
            "{columns: [c], rows: [[1]], each: {conv: c}, repeat: 2, then: {bias: c}}",
            "AS204 bias: 'then' changes 'bias', which 'each' does not give",
        ),
    ],
)
def test_what_a_layer_cannot_say(faults, layer, fault):
    found = faults(f"layers: {{a: {layer}}}")
    if fault is None:
        fault = (
            "AS203 kernel: 'kernel' must be a number, a word, an expression or a list, "
            "found a mapping of 1"
        )
    assert found == [fault]


def test_up_to_twenty_faults_in_order_of_position(write):
    wrong = "".join(f"  a{number}: {{conv: 1 +}}\n" for number in range(30))
    with pytest.raises(SpecError) as caught:
        load(write(f"nmae: X\nlayers:\n{wrong}"))
    lines = [d.place.line for d in caught.value.diagnostics]
    assert len(lines) == 20
    assert lines == sorted(lines)


def test_the_whole_of_a_message(write, tmp_path):
    path = write("""
    layers:
      stem: {conv: {fliters: 3}}
    """)
    with pytest.raises(SpecError) as caught:
        load(path)
    assert str(caught.value) == "\n".join(
        [
            "error[AS204]: unknown attribute 'fliters' of conv",
            f"  --> {tmp_path}/spec.yaml:7:17",
            "   7 |   stem: {conv: {fliters: 3}}",
            "     |                 ^^^^^^^",
            "   help: did you mean 'filters'? expected filters, kernel, stride, "
            "padding, groups, dilation, bias, initializer",
        ]
    )
