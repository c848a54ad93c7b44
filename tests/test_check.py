"""`archspec check`: what is wrong with a spec, and what looks so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner
from zoo import leading

import archspec.api.checking
from archspec.cli.commands import program
from archspec.reading import bundled_specs

HEAD = """\
archspec: 1
name: Net
input: {channels: 3, size: 8}
classes: 10
defaults:
  conv: {padding: same, bias: false}
  batch_norm: {epsilon: 1e-3, decay: 0.9}
  activation: relu
"""


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Run `archspec check net.yaml OPTION...` on a text."""
    monkeypatch.chdir(tmp_path)

    def run(text: str, *options: str):
        Path("net.yaml").write_text(HEAD + text, encoding="utf-8")
        return CliRunner().invoke(program([]), ["check", "net.yaml", *options])

    return run


def told(found) -> list[str]:
    """Each diagnostic as `CODE LINE: message`."""
    return [
        f"{one['code']} {one['line'] - HEAD.count(chr(10))}: {one['message']}"
        for one in json.loads(found.stdout)["diagnostics"]
    ]


LEADERS = "efficientnet", "ghostnet", "mobilenetv1", "unet", "vit_tiny_patch16_224"


@pytest.mark.parametrize("path", leading(bundled_specs(), *LEADERS))
def test_nothing_is_wrong_with_the_zoo(path):
    assert archspec.check(path.stem) == []


def test_a_spec_without_fault(check):
    done = check("layers: {conv: {conv: 8}}\nvariants: {large: {classes: 20}}")
    assert done.exit_code == 0
    assert done.stdout == ""
    assert done.stderr == "net.yaml and 1 variant: no problems found\n"
    assert [path.name for path in Path().iterdir()] == ["net.yaml"]


def test_warnings_fail_where_they_shall(check):
    text = "define: {half: 4}\nlayers: {conv: {conv: 8}}"
    assert check(text).exit_code == 0
    done = check(text, "--strict")
    assert done.exit_code == 1
    assert done.stderr == (
        "warning[AS223]: definition 'half' is never used\n"
        "  --> net.yaml:9:10\n"
        "   9 | define: {half: 4}\n"
        "     |          ^^^^\n"
        "   help: remove it, or use it\n"
        "net.yaml: 1 warning\n"
    )


def test_errors_hide_warnings(check):
    done = check("define: {half: 4}\nlayers: {conv: {cnov: 8}}", "--format", "json")
    assert done.exit_code == 2
    assert told(done) == ["AS205 2: unknown op 'cnov'"]


def test_twenty_are_told_and_all_are_counted(check):
    layers = "\n".join(f"  l{number}: cnov" for number in range(30))
    done = check(f"layers:\n{layers}", "--format", "json")
    assert len(json.loads(done.stdout)["diagnostics"]) == 20
    assert json.loads(done.stdout)["errors"] == 30
    assert done.stderr.endswith("\nnet.yaml: 30 errors\n")
    assert done.stderr.count("error[AS205]") == 20


# What nothing uses


UNUSED = {
    "a multiplier": (
        "multipliers: {width: 1}\nlayers: {a: conv}",
        "AS224 1: multiplier 'width' is never used",
    ),
    "a function": (
        "define: {scale(c): c * 2}\nlayers: {a: conv}",
        "AS223 1: definition 'scale' is never used",
    ),
    "a block": (
        "blocks: {own: {layers: {a: conv}}}\nlayers: {a: conv}",
        "AS222 1: block 'own' is never used",
    ),
    "an argument": (
        "blocks: {own: {arguments: {c: 3}, layers: {a: conv}}}\nlayers: {a: own}",
        "AS221 1: argument 'c' of block own is never used",
    ),
    "a let": (
        "blocks: {own: {let: {c: 3}, layers: {a: conv}}}\nlayers: {a: own}",
        "AS223 1: definition 'c' of block own is never used",
    ),
    "a column": (
        "layers: {t: {columns: [c, n], rows: [[8, 1]], each: {conv: c}}}",
        "AS225 1: column 'n' of table t is never used",
    ),
    "a block that only an unused block uses": (
        "blocks:\n  one: {layers: {a: conv}}\n  two: {layers: {a: one}}\n"
        "layers: {a: conv}",
        "AS222 2: block 'one' is never used\nAS222 3: block 'two' is never used",
    ),
}


@pytest.mark.parametrize(("text", "expected"), UNUSED.values(), ids=UNUSED)
def test_what_nothing_uses(check, text, expected):
    assert told(check(text, "--format", "json")) == expected.split("\n")


USED = {
    "a multiplier in the size of the image": (
        "multipliers: {side: 8}\nlayers: {a: conv}\n"
        "variants: {v: {input: {size: side}}}"
    ),
    "a definition in a definition": (
        "define: {one: 1, two(c): c + one}\nlayers: {a: {conv: two(3)}}"
    ),
    "a block in a variant": (
        "blocks: {own: {layers: {a: conv}}}\nlayers: {a: conv}\n"
        "variants: {v: {layers: {b: {own: ~, after: a}}}}"
    ),
    "a block that another extends": (
        "blocks:\n  one: {arguments: {c: 3}, layers: {a: {conv: c}}}\n"
        "  two: {extends: one}\nlayers: {a: two}"
    ),
    "an argument in the default of another": (
        "blocks: {own: {arguments: {a: 3, b: a}, layers: {c: {conv: b}}}}\n"
        "layers: {a: own}"
    ),
    "a column in repeat": (
        "layers: {t: {columns: [n], rows: [[1]], each: {conv: 8}, repeat: n}}"
    ),
    "a function in defaults": (
        "define: {f(c): c}\nlayers: {a: conv}\n"
        "variants: {v: {defaults: {conv: {filters: f(8)}}}}"
    ),
}


@pytest.mark.parametrize("text", USED.values(), ids=USED)
def test_what_is_used(check, text):
    assert told(check(text, "--format", "json")) == []


# What has no effect

WITHOUT_EFFECT = {
    "a constant": (
        "layers: {a: {conv: 8, when: true}}",
        "AS323 1: this 'when' is always true, in every use and variant",
    ),
    "an argument that all give alike": (
        "blocks: {own: {arguments: {se: bool}, "
        "layers: {a: conv, b: {conv: 8, when: se}}}}\n"
        "layers: {a: {own: false}, b: {own: false}}",
        "AS323 1: this 'when' is never true, in every use and variant",
    ),
    "a row that adds nothing": (
        "layers:\n  t:\n    columns: [op, c]\n    rows:\n      - [conv, 8]\n"
        "      - [identity, 8]\n    each: {conv: {filters: c}, identity: {}}",
        "AS322 6: row 1 adds no layer",
    ),
}


@pytest.mark.parametrize(
    ("text", "expected"), WITHOUT_EFFECT.values(), ids=WITHOUT_EFFECT
)
def test_what_has_no_effect(check, text, expected):
    assert told(check(text, "--format", "json")) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "multipliers: {deep: true}\nlayers: {a: conv, b: {conv: 8, when: deep}}",
        "layers: {a: conv, b: {conv: 8, when: channels > 2}}",
        "multipliers: {w: 1}\ndefine: {d: w > 0}\n"
        "blocks: {o: {arguments: {x: bool}, "
        "layers: {a: {conv: 8, when: x}, b: conv}}}\n"
        "layers: {a: {o: d}}",
        "blocks: {o: {arguments: {x: bool}, "
        "layers: {a: {conv: 8, when: x}, b: conv}}}\n"
        "layers: {a: {o: true}, b: {o: false}}",
        "layers: {a: conv, b: {conv: 8, when: false}}\n"
        "variants: {v: {layers: {b: {when: true}}}}",
        "layers: {a: conv, b: {conv: 8, repeat: 2}, c: {concat: {x: {}, "
        "y: {repeat: 2, z: {conv: 8, when: step > 0}}}}}",
    ],
)
def test_conditions_that_decide(check, text):
    assert [m for m in told(check(text, "--format", "json")) if "AS32" in m] == []


def test_what_is_inherited_is_not_complained_of(check, tmp_path):
    base = HEAD + "layers: {a: {conv: 8, when: true}, b: conv, c: {dropout: 0.2}}"
    (tmp_path / "base.yaml").write_text(base)
    (tmp_path / "own.yaml").write_text(
        "extends: base.yaml\nname: Own\nlayers: {c: {when: false}}"
    )
    assert archspec.check("own.yaml") == []
    assert [found.code for found in archspec.check("base.yaml")] == ["AS323"]


# Numbers that surprise


def test_dense_on_a_map(check):
    done = check("layers: {a: conv, b: {dense: classes}}", "--format", "json")
    assert told(done) == [
        "AS321 1: dense is applied at each of the 8x8 positions of a feature map"
    ]
    on_one = "layers: {a: {global_avg_pool: {keep_size: true}}, b: {dense: classes}}"
    assert told(check(on_one, "--format", "json")) == []


UNUSUAL = {
    "PyTorch's momentum as decay": (
        "layers: {a: {batch_norm: {decay: 0.1}}}",
        ["AS325 1: batch_norm: decay 0.1 is unusual"],
    ),
    "a usual decay": ("layers: {a: {batch_norm: {decay: 0.9}}}", []),
    "a large epsilon": (
        "layers: {a: {layer_norm: 0.5}}",
        ["AS325 1: layer_norm: epsilon 0.5 is unusual"],
    ),
    "a value of a table": (
        "layers:\n  a:\n    columns: [d]\n    rows:\n      - [0.9]\n      - [0.01]\n"
        "    each: {batch_norm: {decay: d}}",
        ["AS325 6: batch_norm: decay 0.01 is unusual"],
    ),
    "a scale that divides": (
        "preprocessing: {scale: 255}\nlayers: {a: conv}",
        ["AS325 1: preprocessing: scale 255.0 is unusual"],
    ),
    "means of another number of channels": (
        "preprocessing: {mean: [0.5, 0.5]}\nlayers: {a: conv}",
        ["AS203 1: 'mean' must have 3 entries, one per channel, found 2"],
    ),
    "one mean for all channels": (
        "preprocessing: {scale: 1/255, mean: 0.5}\nlayers: {a: conv}",
        [],
    ),
    "one branch": (
        "layers: {a: {concat: {b: {c: {conv: 8}}}}}",
        ["AS326 1: concat has one branch, so it joins nothing"],
    ),
    "a branch and the input": ("layers: {a: {add: {b: {c: conv}, skip: {}}}}", []),
    "a repeated branch": ("layers: {a: {add: {b: {repeat: 2, c: conv}}}}", []),
}


@pytest.mark.parametrize(("text", "expected"), UNUSUAL.values(), ids=UNUSUAL)
def test_what_is_unusual(check, text, expected):
    assert told(check(text, "--format", "json")) == expected


def test_an_unusual_default_is_one_warning_at_its_own_line(check):
    text = "layers: {a: {conv_bn: 8}, b: {conv_bn: 8}, c: batch_norm}"
    done = check(text.replace("layers", "summary: of three\nlayers"), "--strict")
    assert (done.exit_code, "AS325" in done.stderr) == (0, False)
    Path("net.yaml").write_text(HEAD.replace("decay: 0.9", "decay: 0.1") + text)
    (warning,) = archspec.check("net.yaml")
    assert (warning.code, warning.place.line) == ("AS325", 7)


def test_generate_and_flops_count_warnings_that_check_reports(check):
    found = check("layers: {a: {batch_norm: {decay: 0.1}}, b: {concat: {c: {}}}}")
    assert found.stderr.endswith("net.yaml: 2 warnings\n")
    run = CliRunner().invoke
    options = ["--target", "torch,keras", "-o", "out"]
    done = run(program([]), ["generate", "net.yaml", *options])
    note = "note: 2 warnings: run archspec check net.yaml"
    assert (done.exit_code, done.stderr.splitlines()[0]) == (0, note)
    assert done.stderr.count("note: ") == 1
    counted = run(program([]), ["flops", "net.yaml", "--json"])
    assert (counted.exit_code, counted.stderr) == (0, f"{note}\n")
    check("layers: {a: conv}")
    done = run(program([]), ["generate", "net.yaml", *options])
    assert (done.exit_code, "warning" in done.stderr) == (0, False)


BODY = "layers: {a: {inverted_residual: {filters: 8, se: SE}}, b: {conv: 8}}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (BODY.replace("SE", "round(0.25)"), ["'se' is always 0"]),
        (BODY.replace("SE", "0"), []),
        (BODY.replace("SE", "channels // 4"), []),
        (BODY.replace("SE", "4 // 1"), []),
        ("multipliers: {w: 0.2}\n" + BODY.replace("SE", "round(w)"), []),
        (
            "layers:\n  t:\n    columns: [s]\n    rows: [[round(0.25)], [4 - 4]]\n"
            "    each: {inverted_residual: {filters: 8, se: s}}",
            ["'se' is always 0", "'se' is always 0"],
        ),
        (
            BODY.replace("SE", "round(0.25)")
            + "\nvariants: {v: {layers: {a: {inverted_residual: {se: 4}}}}}",
            ["'se' is always 0"],
        ),
    ],
)
def test_a_part_that_a_computed_value_leaves_out(check, text, expected):
    found = told(check(text, "--format", "json"))
    left_out = [one.partition(": ")[2].partition(",")[0] for one in found]
    assert left_out == expected
    assert all(one.startswith("AS327") for one in found)


@pytest.mark.parametrize(("size", "expected"), [(8, 0), (4, 1)])
def test_tokens_that_rotary_leaves_out(check, size, expected):
    text = (
        "layers: {sequence: tokens, wide: {dense: 4}, token: {prefix_tokens: 1}, "
        f"turned: {{rotary: {{heads: 1, size: {size}}}}}, pool: global_avg_pool}}"
    )
    found = told(check(text, "--format", "json"))
    assert len(found) == expected
    assert all("rotary leaves 49 of 65 tokens" in one for one in found)


@pytest.mark.parametrize(
    ("reported", "expected"),
    [
        ("{parameters: 216}", []),
        ("{parameters: 0.2k}", []),
        ("{parameters: 0.22k}", []),
        (
            "{parameters: 0.4k}",
            [
                "AS324 2: 0.4k trainable parameters are reported, but 216 are computed "
                "(-46.0%)"
            ],
        ),
        ("{parameters: 0.4k, erratum: with the moving statistics}", []),
        (
            "{macs: 13.8k, parameters: 217}",
            [
                "AS324 2: 217 trainable parameters are reported, but 216 are computed "
                "(-0.5%)"
            ],
        ),
    ],
)
def test_reported_figures(check, reported, expected):
    text = "layers: {a: {conv: {filters: 8, kernel: 3}}}\n"
    assert told(check(f"{text}reported: {reported}", "--format", "json")) == expected


# Variants and targets


def test_a_fault_of_a_variant_names_it(check):
    text = "layers: {a: {conv: 8}}\nvariants: {odd: {layers: {a: {groups: 3}}}}"
    text = text.replace("{groups: 3}", "{conv: {groups: 2}}")
    done = check(text)
    assert done.exit_code == 2
    assert "error[AS308]" in done.stderr
    assert "   in: variant odd, layers.a\n" in done.stderr
    assert done.stderr.endswith("net.yaml and 1 variant: 1 error\n")


def test_only_the_variant_that_is_asked_for(check):
    text = "layers: {a: {conv: 8}}\nvariants: {odd: {layers: {b: {conv: 8}}}, fine: {}}"
    assert check(text).exit_code == 2
    assert check(text, "--variant", "fine").exit_code == 0


def test_what_a_target_refuses(check):
    text = "layers: {a: {conv: {filters: 8, kernel: 3, stride: 2, dilation: 2}}}"
    assert check(text, "--target", "torch").exit_code == 0
    done = check(text)
    assert done.exit_code == 2
    assert done.stderr.startswith("error[AS402]: not supported by the Keras target")


def test_a_target_that_there_is_not(check):
    done = check("layers: {a: conv}", "--target", "caffe")
    assert done.exit_code == 2
    assert "unknown target 'caffe'; expected one of: torch, keras" in done.stderr


# Formats


def test_json_of_several_specs(check):
    check("layers: {a: {cnov: 8}}")
    done = CliRunner().invoke(
        program([]), ["check", "net.yaml", "none.yaml", "--format", "json"]
    )
    first, second = json.loads(done.stdout)
    assert first == {
        "spec": "net.yaml",
        "variants": [],
        "errors": 1,
        "warnings": 0,
        "notes": 0,
        "diagnostics": [
            {
                "severity": "error",
                "code": "AS205",
                "message": "unknown op 'cnov'",
                "file": "net.yaml",
                "line": 9,
                "column": 14,
                "length": 4,
                "source": "layers: {a: {cnov: 8}}",
                "path": None,
                "help": "did you mean 'conv'?",
            }
        ],
    }
    (missing,) = second["diagnostics"]
    assert (missing["code"], missing["file"], missing["line"]) == ("AS501", None, None)


def test_github_shows_it_beside_the_line(check):
    done = check(
        "layers: {a: {conv: {filters: 8, kernel: [1, 2, 3]}}}", "--format", "github"
    )
    assert done.exit_code == 2
    assert done.stdout == (
        "::error file=net.yaml,line=9,col=42,endColumn=43,title=AS302::"
        "conv: 'kernel' must be a number or [height, width], but is [1, 2, 3]"
        "%0Ain: layers.a\n"
    )


def test_github_takes_no_commands_from_a_spec(check, tmp_path):
    done = check('layers: {"a\\n::stop-commands::x": conv}', "--format", "github")
    (line,) = done.stdout.splitlines()
    assert line.startswith("::error file=net.yaml,line=9,col=10,")


def test_the_layers_of_all_variants_are_bounded(check, monkeypatch):
    monkeypatch.setattr(archspec.api.checking, "MAX_LAYERS", 1_000)
    variants = ", ".join(f"v{n}: {{classes: {n + 1}}}" for n in range(60))
    layers = "layers: {a: {conv: 8, repeat: 99}, b: {conv: 8, repeat: 99}}"
    done = check(f"{layers}\nvariants: {{{variants}}}")
    assert done.exit_code == 2
    assert done.stderr.startswith(
        "error[AS306]: the variants come to more than 1000 layers together\n"
        "   help: check one at a time: archspec check net.yaml --variant V\n"
    )
