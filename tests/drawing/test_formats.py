"""Pictures as Mermaid and DOT, read by others: npm's mermaid, and pydot's grammar."""

import re
import subprocess
import tarfile

import pydot
import pytest

import archspec

pytestmark = pytest.mark.filterwarnings(
    "ignore:'setParseAction' deprecated - use 'set_parse_action'$:DeprecationWarning"
)

MERMAID = "mermaid@11.17.2"
UNET = """\
%% drawn by archspec
flowchart TD
    n0(["input"])
    n1["stem<br>double_conv, 7.2%"]:::block
    n2["encoder.e1<br>down_block, 9.8%"]:::block
    n3["encoder.e2<br>down_block, 9.8%"]:::block
    n4["encoder.e3<br>down_block, 9.8%"]:::block
    n5["decoder.0<br>up_block, 21.1%"]:::block
    n6["decoder.1<br>up_block, 21.1%"]:::block
    n7["decoder.2<br>up_block, 21.1%"]:::block
    n8["segment<br>conv, 1x1, 0.0%"]:::convolution
    n9(["output"])
    n0 -->|"3x256x256"| n1
    n1 -->|"32x256x256"| n2
    n2 -->|"64x128x128"| n3
    n3 -->|"128x64x64"| n4
    n4 -->|"256x32x32"| n5
    n3 -->|"128x64x64"| n5
    n5 -->|"128x64x64"| n6
    n2 -->|"64x128x128"| n6
    n6 -->|"64x128x128"| n7
    n1 -->|"32x256x256"| n7
    n7 -->|"32x256x256"| n8
    n8 -->|"2x256x256"| n9
    classDef block fill:#e9f1e2,stroke:#4a6a3c,color:#1a1e24
    classDef convolution fill:#e3edf8,stroke:#2a66aa,color:#1a1e24
"""


def test_mermaid_has_the_rows_and_what_they_read():
    assert archspec.load("unet").draw("mermaid") == UNET


@pytest.mark.full
def test_mermaid_reads_every_picture(page, tmp_path):
    subprocess.run(["npm", "pack", MERMAID, "--silent"], cwd=tmp_path, check=True)
    (package,) = tmp_path.glob("*.tgz")
    with tarfile.open(package) as files:
        script = files.extractfile("package/dist/mermaid.min.js").read().decode()
    page.add_script_tag(content=script)
    for spec in archspec.bundled_specs():
        picture = archspec.load(spec).draw("mermaid")
        read = page.evaluate(
            "async text => (await mermaid.parse(text)).diagramType", picture
        )
        assert read == "flowchart-v2", spec


def boxes(graph):
    """The nodes of a graph in DOT by their names."""
    return {node.get_name(): node for node in graph.get_nodes() if node.get_label()}


def test_dot_has_the_network_and_a_cluster_for_each_block():
    (graph,) = pydot.graph_from_dot_data(archspec.load("mobilenetv2").draw("dot"))
    check_network(graph)
    check_blocks(graph.get_subgraphs())


def check_network(graph):
    assert graph.get_label() == '"MobileNetV2 (Sandler et al. 2018, Table 2)"'
    found = boxes(graph)
    assert found["n3"].get_label() == (
        r'"2 x inverted_residual\nstages.1, 3x3, expand 6, stride 2, 18.3%"'
    )
    assert {(e.get_source(), e.get_destination()) for e in graph.get_edges()} == {
        (f"n{n}", f"n{n + 1}") for n in range(len(found) - 1)
    }


def check_blocks(clusters):
    labels = [cluster.get_label().strip('"') for cluster in clusters]
    assert labels[0] == (
        "inverted_residual: 1x1 expansion, depthwise convolution and linear 1x1 "
        "projection."
    )
    assert [label.partition(":")[0] for label in labels] == [
        "inverted_residual",
        "conv_bn_act",
        "depthwise_bn_act",
        "conv_bn",
    ]
    found = boxes(clusters[0]).values()
    (residual,) = (n for n in found if n.get_label() == r'"add\nresidual"')
    assert residual.get_style() == '"filled,dashed"'  # only some uses have one


@pytest.mark.full
@pytest.mark.parametrize("spec", archspec.bundled_specs())
def test_dot_is_read(spec):
    network = archspec.load(spec)
    (graph,) = pydot.graph_from_dot_data(network.draw("dot"))
    rows = re.findall(r"^ {4}n\d+[\[(]", network.draw("mermaid"), re.MULTILINE)
    assert len(boxes(graph)) == len(rows)
