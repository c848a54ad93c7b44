"""Patches of tables: rows by number, single values, columns."""

from __future__ import annotations

import pytest

from archspec.api.checking import check
from archspec.elaboration import elaborate

TABLE = """
layers:
  stages:
    columns: [c, k]
    rows: [[4, 1], [5, 1], [6, 3]]
    each: {conv: {filters: c, kernel: k}}
"""
NAMED = """
layers:
  stages:
    columns: [c, k]
    rows: {a: [4, 1], b: [5, 1], d: [6, 3]}
    each: {conv: {filters: c, kernel: k}}
"""
ONE = "layers: {stages: {columns: [c], rows: [4, 5, 6], each: {conv: c}}}"


@pytest.fixture
def patched(write):
    """Filters and kernels by row, after patches of the layer `stages`."""

    def patched(text: str, *patches: str):
        write(text, name="base.yaml")
        names = [f"v{number}" for number in range(len(patches))]
        variants = "".join(
            f"  {name}: {{layers: {{stages: {patch}}}}}\n"
            for name, patch in zip(names, patches, strict=True)
        )
        text = f"extends: base.yaml\nvariants:\n{variants}"
        layers = elaborate(write(text, name="child.yaml", head=""), names).layers
        sizes = [layer.weights["weight"].shape for layer in layers]
        return {
            layer.path.removeprefix("stages."): (size[0], size[2])
            for layer, size in zip(layers, sizes, strict=True)
        }

    return patched


@pytest.mark.parametrize(
    ("patch", "changed"),
    [
        ("{rows: {1: [7, 5]}}", {"1": (7, 5)}),
        ("{rows: {1: {c: 7}}}", {"1": (7, 1)}),
        ("{rows: {2: {k: 1}, 0: {c: 7, k: 3}}}", {"0": (7, 3), "2": (6, 1)}),
        ("{rows: {1: {k: ~}}}", {}),
        ("{rows: {0: ~}}", {"0": (5, 1), "1": (6, 3), "2": None}),
        ("{rows: {0: ~, 2: {c: 7}}}", {"0": (5, 1), "1": (7, 3), "2": None}),
        ("{columns: {k: 5}}", {"0": (4, 5), "1": (5, 5), "2": (6, 5)}),
        ("{columns: {k: [3, 1, ~]}}", {"0": (4, 3), "2": (6, 1)}),
        (
            "{columns: {k: ~}, each: {conv: {kernel: ~}}}",
            {"2": (6, 1)},
        ),
        (
            "{columns: {m: 2}, each: {conv: {filters: c * m}}}",
            {"0": (8, 1), "1": (10, 1), "2": (12, 3)},
        ),
        (
            "{columns: {m: [1, 1, 2]}, rows: {0: {m: 3}, 1: [1, 1, 4]},"
            " each: {conv: {filters: c * m}}}",
            {"0": (12, 1), "1": (4, 1), "2": (12, 3)},
        ),
    ],
)
def test_a_patch_of_a_table(patched, patch, changed):
    found = {**patched(TABLE), **changed}
    assert patched(TABLE, patch) == {row: v for row, v in found.items() if v}


@pytest.mark.parametrize(
    ("patch", "changed"),
    [
        ("{rows: {b: {c: 7}}}", {"b": (7, 1)}),
        ("{columns: {k: [3, 1, 1]}}", {"a": (4, 3), "d": (6, 1)}),
        (
            "{columns: {k: 3}, rows: {e: [8, 5], a: ~}}",
            {"a": None, "b": (5, 3), "e": (8, 5)},
        ),
    ],
)
def test_named_rows(patched, patch, changed):
    found = {**patched(NAMED), **changed}
    assert patched(NAMED, patch) == {row: v for row, v in found.items() if v}


def test_rows_without_brackets(patched):
    assert patched(ONE, "{rows: {1: 8}}")["1"] == (8, 1)
    wider = "{columns: {k: 3}, each: {conv: {filters: c, kernel: k}}}"
    assert patched(ONE, wider, "{rows: {2: {c: 1}}}") == {
        "0": (4, 3), "1": (5, 3), "2": (1, 3),
    }  # fmt: skip


def test_numbers_are_those_before_the_patch(patched):
    found = patched(TABLE, "{rows: {0: ~}}", "{rows: {0: {c: 7}}}")
    assert found == {"0": (7, 1), "1": (6, 3)}


def test_names_for_rows_that_had_numbers(patched):
    assert patched(TABLE, "{rows: {x: [1, 1], y: [2, 3]}}") == {
        "x": (1, 1),
        "y": (2, 3),
    }


def test_a_block_that_is_changed_in_two_files(write):
    block = "{columns: [c], rows: [4, 5], each: {conv: c}}"
    for name, text in {
        "one": f"blocks: {{unit: {{layers: {{stages: {block}}}}}}}",
        "two": "extends: one.yaml\nblocks: {own: {extends: unit, "
        "layers: {stages: {rows: [7, 8, 9]}}}}\nlayers: {body: own}",
        "three": "extends: two.yaml\nblocks: {own: {layers: {stages: "
        "{columns: {k: 3}, rows: {1: {c: 1}}, each: {conv: {kernel: k}}}}}}",
    }.items():
        path = write(text, name=f"{name}.yaml", head="")
    layers = elaborate(write(f"extends: {path.name}", name="four.yaml")).layers
    assert [layer.weights["weight"].shape[::2] for layer in layers] == [
        (7, 3), (1, 3), (9, 3),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "value", "row"),
    [
        ("rows[1]", "[7, 5]", (7, 5)),
        ("rows.1", "[7, 5]", (7, 5)),
        ("rows[1].c", "7", (7, 1)),
        ("rows.1", "{k: 3}", (5, 3)),
        ("columns.c", "[1, 9, 1]", (9, 1)),
    ],
)
def test_set(network, path, value, row):
    found = network(TABLE, overrides=(f"layers.stages.{path}={value}",)).layers[1]
    assert found.weights["weight"].shape[::2] == row


def test_set_removes_a_row(network):
    found = network(TABLE, overrides=("layers.stages.rows[0]=~",))
    assert [layer.output[0] for layer in found.layers] == [5, 6]


@pytest.mark.parametrize(
    ("patch", "fault"),
    [
        ("{rows: {3: [7, 5]}}", "AS210 3: there is no row '3' to change"),
        ("{rows: {3: ~}}", "AS210 3: there is no row '3' to change"),
        ("{rows: {9999: ~}}", "AS210 9999: there is no row '9999' to change"),
        ("{rows: {x: {c: 1}}}", "AS210 x: there is no row 'x' to change"),
        ("{rows: {x: [1, 1], 0: [1, 1]}}", "AS210 x: there is no row 'x' to change"),
        ("{rows: {0: {d: 1}}}", "AS210 d: there is no column 'd' to change"),
        ("{rows: {0: [1]}}", "AS203 [: row [1] has 1 value for 2 columns (c, k)"),
        ("{columns: {d: ~}}", "AS210 d: there is no column 'd' to change"),
        (
            "{columns: {d: [1, 2]}}",
            "AS203 d: column 'd' needs one value, or a list of 3",
        ),
        (
            "{columns: {d: {e: 1}}}",
            "AS203 d: column 'd' needs one value, or a list of 3",
        ),
        ("{columns: {row: 1}}", "AS207 row: 'row' is predefined by the language"),
        (
            "{add: {rows: {3: {conv: 4}}}}",
            "AS207 3: '3' is not a valid name: use letters, digits and _, "
            "starting with a letter",
        ),
    ],
)
def test_what_a_patch_of_a_table_cannot_say(faults, patch, fault):
    text = f"{TABLE}\nvariants: {{v: {{layers: {{stages: {patch}}}}}}}"
    assert fault in faults(text, "v")


@pytest.mark.parametrize("name", ["01", "10000", "9" * 60, "-1", "1.0", "1e3", "0x1"])
def test_other_numbers_are_no_rows(faults, name):
    (fault,) = faults(
        f"{TABLE}\nvariants: {{v: {{layers: {{s: {{rows: {{{name}: ~}}}}}}}}}}"
    )
    assert fault.startswith(f"AS207 {name}: '{name}' is not a valid name")


@pytest.mark.parametrize(
    "text",
    [
        "layers: {s: {columns: [c], rows: {0: [4]}, each: {conv: c}}}",
        "layers: {s: {columns: [c], rows: {a: {c: 4}}, each: {conv: c}}}",
        "layers: {s: {columns: {c: 4}, rows: [4], each: {conv: c}}}",
    ],
)
def test_a_new_table_has_nothing_to_change(faults, text):
    (fault,) = faults(text)
    assert fault.startswith("AS210 ")


def test_help_with_a_row(network):
    with pytest.raises(Exception, match="numbered from 0 to 2, as in paths"):
        network(TABLE, overrides=("layers.stages.rows[3]=~",))
    with pytest.raises(Exception, match="expected one of: a, b, d"):
        network(NAMED, overrides=("layers.stages.rows[3]=~",))


@pytest.mark.parametrize(
    ("layer", "notes"),
    [
        ("{rows: [[7, 3]]}", ["this list replaces all 3 inherited rows"]),
        ("{rows: [[7, 3]], columns: [c, k]}", []),
        ("{rows: [[7, 3], [8, 3], [8, 3]]}", []),
        ("{rows: {0: ~}}", []),
    ],
)
def test_a_shorter_list_is_a_note(write, layer, notes):
    write(TABLE, name="base.yaml")
    text = f"extends: base.yaml\nlayers: {{stages: {layer}}}"
    found = check(write(text, name="child.yaml", head=""), targets=["torch"])
    assert [note.message for note in found] == notes
    assert all((note.code, note.severity) == ("AS213", "note") for note in found)


@pytest.mark.parametrize(
    "path", ["layers.stages[1].c", "layers.stages.1", "input.size[0]"]
)
def test_only_rows_have_numbers(faults, path):
    (fault,) = faults(TABLE, overrides=(f"{path}=4",))
    assert fault == f"AS504 {path}: '{path}' is no row of a table"
