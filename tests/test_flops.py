"""What `flops` says: the JSON, the table, peak memory, CSV and Markdown."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from archspec.analysis.cost import cost_document
from archspec.analysis.table import page, to_csv
from archspec.elaboration import elaborate
from archspec.reading import bundled_specs

SMALL = """
source: {title: A paper}
preprocessing: {scale: 1/4, mean: [0.5], resize: 256}
classes: 10
layers:
  stem: {conv_bn_act: {filters: 4, kernel: 3, stride: 2}}
  stages:
    columns: [c, n]
    rows: [[4, 1], [8, 2]]
    each: {inverted_residual: {filters: c, expand: 2}}
    repeat: n
  pool: global_avg_pool
  classifier: {dense: classes}
reported: {parameters: 1.0k, macs: 2.5k, erratum: a misprint}
variants:
  plain: {layers: {stages: ~, stem: {conv_bn_act: {filters: 2}}}}
"""

RESIDUALS = ["stages.0.0.residual", "stages.1.1.residual"]
FUSED = {
    "weight_bytes": 4 * (1182 - 88 * 4 + 88),  # 88 channels with batch norm
    "peak_activation_bytes": 640,
    "peak_layer": "stages.1.1.depthwise.conv",
    "in_place": [],
}

TABLE = """\
Small (A paper)
input 1x4x4, output 10

layer       op                     output  parameters   share   MACs   share
----------  ---------------------  ------  ----------  ------  -----  ------
stem        conv_bn_act            4x2x2           52    4.4%    144    4.7%
stages.0    inverted_residual      4x2x2          216   18.3%    544   17.9%
stages.1    2 x inverted_residual  8x2x2          824   69.7%  2,272   74.7%
pool        global_avg_pool        8                -       -      -       -
classifier  dense                  10              90    7.6%     80    2.6%
total                                           1,182  100.0%  3,040  100.0%

                      total
--------------------  -----
trainable parameters  1,006
moving statistics       176
FLOPs                 6,080

bytes in float32  weights  activations  peak at
----------------  -------  -----------  -------------------------
as written          4,728          640  stages.1.1.expand.norm
fused               3,672          640  stages.1.1.depthwise.conv

                      reported  computed  difference
--------------------  --------  --------  ----------
trainable parameters      1.0k     1,006        none
MACs                      2.5k     3,040      +21.6%

Erratum: a misprint

Counted: 1 MAC, which is 2 FLOPs, for each weight of a convolution or dense layer at
each position of its output, and for each product of activations that attention sums;
nothing for biases, softmax, normalisation, activations, pooling and joins. For the
figures of other tools, see --counter.
"""


def to_text(network):
    return page(network).to("text")


def test_the_table_is_one_to_read(small):
    assert to_text(small(SMALL)) == TABLE


def test_free_text_cannot_steer_a_terminal(small):
    text = to_text(
        small(
            """
            source: {title: "A\\e[2J\\npaper"}
            layers: {pool: global_avg_pool}
            reported: {macs: 1M, erratum: "\\a\\x9b"}
            """
        )
    )
    assert text.startswith("Small (A [2J paper)\n")
    assert all(character.isprintable() for character in text.replace("\n", ""))


def test_markdown_has_the_same_cells(small):
    text, markdown = to_text(small(SMALL)), page(small(SMALL)).to("markdown")
    piped = [line for line in markdown.splitlines() if line.startswith("|")]
    cells = [c.strip() for line in piped for c in line.strip("|").split("|")]
    rules = {"---", "---:"}
    table = text[text.index("layer ") : text.index("Erratum")].split()
    words = " ".join(cell for cell in cells if cell not in rules).split()
    assert words == [word for word in table if set(word) != {"-"} or word == "-"]
    assert markdown.startswith("# Small (A paper)\n\ninput 1x4x4, output 10\n\n| layer")


def test_the_table_of_a_variant_without_figures(small):
    text = to_text(small(SMALL, ("plain",)))
    assert text.startswith("Small, variant plain (A paper)\ninput 1x4x4, output 10\n")
    assert "reported" not in text
    assert "Erratum" not in text


def test_a_network_without_weights_has_no_shares(small):
    text = to_text(small("layers: {pool: global_avg_pool}"))
    assert "pool   global_avg_pool  1                -      -     -      -" in text


def test_layers_inside_branches_are_rows_of_their_own(small):
    text = to_text(
        small(
            """
            layers:
              sum: {add: {left: {conv: {conv_bn: 1}}, right: {}}}
              twice: {conv: 2, repeat: 2}
            outputs: {sum: sum, end: twice}
            """
        )
    )
    assert "output sum 1x4x4, end 2x4x4" in text
    ops = [line.split()[:4] for line in text.splitlines()[5:8]]
    assert ops == [
        ["conv", "conv_bn", "1x4x4", "5"],
        ["sum", "add", "1x4x4", "-"],
        ["twice", "2", "x", "conv"],
    ]


def test_json_of_the_small_network(small):
    document = cost_document(small(SMALL))
    layers = document.pop("layers")
    assert document == {
        "name": "Small",
        "variant": None,
        "input_shape": [1, 4, 4],
        "output_shape": [10],
        "parameters": 1182,
        "trainable_parameters": 1006,
        "macs": 3040,
        "attention_macs": 0,
        "flops": 6080,
        "counting": "weights-and-attention",
        "counter": None,
        "memory": {
            "dtype": "float32",
            "as_written": {
                "weight_bytes": 4 * 1182,
                "peak_activation_bytes": 640,
                "peak_layer": "stages.1.1.expand.norm",
                "in_place": [],
            },
            "fused": FUSED,
            "joins_in_place": FUSED | {"in_place": RESIDUALS},
            "attention_in_parts": FUSED | {"in_place": RESIDUALS},
            "litert_arena_bytes": 640,
        },
        "training": None,
        "reported": {"parameters": 1000, "macs": 2500, "erratum": "a misprint"},
        "preprocessing": {"scale": 0.25, "mean": [0.5], "resize": 256},
    }
    assert layers[0] == {
        "path": "stem.conv",
        "op": "conv",
        "output_shape": [4, 2, 2],
        "parameters": 36,
        "macs": 144,
        "attention_macs": 0,
        "flops": 288,
    }
    assert [layer["path"] for layer in layers[-5:]] == [
        "stages.1.1.project.conv",
        "stages.1.1.project.norm",
        "stages.1.1.residual",
        "pool",
        "classifier",
    ]


def test_a_crop_is_that_of_its_own_size():
    usual = cost_document(elaborate("mobilenetv2", ["torchvision"]))["preprocessing"]
    assert (usual["resize"], usual["crop"]) == (256, 224)
    smaller = elaborate("mobilenetv2", ["1.0_128", "torchvision"])
    assert cost_document(smaller)["preprocessing"] == {
        "scale": 1 / 255,
        "mean": [0.485, 0.456, 0.406],
        "std": [0.229, 0.224, 0.225],
        "interpolation": "bilinear",
    }


@pytest.mark.parametrize("path", bundled_specs(), ids=lambda path: path.stem)
def test_layers_add_up_to_the_totals(path: Path):
    document = cost_document(elaborate(path))
    for total in ("parameters", "macs", "flops"):
        assert document[total] == sum(layer[total] for layer in document["layers"])
    assert document["flops"] == 2 * document["macs"]
    paths = [layer["path"] for layer in document["layers"]]
    assert len(paths) == len(set(paths))


def test_shapes_of_several_outputs_are_an_object(small):
    text = "layers: {a: {conv: 2}, b: {conv: 3}}\noutputs: {mid: a, end: b}"
    document = cost_document(small(text))
    assert document["output_shape"] == {"mid": [2, 4, 4], "end": [3, 4, 4]}
    assert document["reported"] is None
    assert document["preprocessing"] is None


def test_csv_has_a_line_for_each_layer(small):
    network = small(SMALL, ("plain",))
    rows = list(csv.DictReader(io.StringIO(to_csv(network))))
    assert rows[0] == {
        "name": "Small",
        "variant": "plain",
        "path": "stem.conv",
        "op": "conv",
        "output_shape": "2x2x2",
        "parameters": "18",
        "macs": "72",
        "attention_macs": "0",
        "flops": "144",
    }
    assert len(rows) == len(network.layers)
