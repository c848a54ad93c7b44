"""The picture of a network as SVG."""

import re
from runpy import run_path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

import archspec
from archspec.cli.commands import program
from archspec.drawing.diagram import diagram
from archspec.drawing.svg import svg

SVG = "{http://www.w3.org/2000/svg}"


def tooltips(picture):
    """The tooltips of boxes by path, each as its lines."""
    root = ElementTree.fromstring(picture)
    found = [title.text.split("\n") for title in root.iterfind(f".//{SVG}g/{SVG}title")]
    return {lines[0].partition(": ")[0]: lines for lines in found if len(lines) > 1}


def test_boxes_have_the_names_and_figures_of_the_cost_table():
    network = archspec.load("mobilenetv2")
    boxes = tooltips(network.draw())
    table = network.table("markdown").split("\n\n")[2].splitlines()[2:-1]
    for line in table:
        name, op, output, parameters, _, macs, _ = line.strip("| ").split(" | ")
        repeats, _, single = op.rpartition(" x ")
        path = f"{name}.0" if name.startswith("stages") else name
        title, *_, shape, figures = boxes[path]
        assert title == f"{path}: {f'{repeats} x ' if repeats else ''}{single}"
        assert shape == f"output {output}"
        counted = f"{parameters} parameters, {macs} MACs".replace("- ", "0 ")
        assert figures == counted


def test_a_picture_is_written_by_its_suffix(tmp_path):
    path = tmp_path / "net.svg"
    done = CliRunner().invoke(program([]), ["draw", "mobilenetv2", "-o", str(path)])
    assert (done.exit_code, done.output) == (0, f"wrote {path}\n")
    assert path.read_text("utf-8") == archspec.load("mobilenetv2").draw("svg")


@pytest.mark.parametrize("output", [[], ["--output", "-"]])
def test_without_a_file_the_picture_is_printed(output):
    arguments = ["draw", "unet", "--share", "parameters", *output]
    done = CliRunner().invoke(program([]), arguments)
    assert done.stdout == archspec.load("unet").draw("svg", share="parameters")


def test_another_suffix_is_refused(tmp_path):
    path = tmp_path / "net.png"
    done = CliRunner().invoke(program([]), ["draw", "mobilenetv2", "-o", str(path)])
    assert done.exit_code == 2
    assert "suffix of a picture is .svg, .html, .mmd, .dot; found '.png'" in re.sub(
        r"\s+", " ", done.stderr
    )
    assert not path.exists()


def test_the_pictures_of_the_documents_are_current(root):
    for path, picture in run_path(str(root / "docs/drawing.py"))["pictures"]():
        assert path.read_text("utf-8") == picture, "python docs/drawing.py"


def test_colours_are_attributes_for_viewers_without_css():
    picture = archspec.load("unet").draw()
    start, _, rest = picture.partition("<style>")
    root = ElementTree.fromstring(start + rest.partition("</style>")[2])
    painted = ("rect", "text", "path", "polygon")
    parts = [part for name in painted for part in root.iter(f"{SVG}{name}")]
    assert len(parts) > 100
    assert all(part.get("fill") for part in parts)
    assert root.find(f"{SVG}rect").get("fill") == "#ffffff"


def test_percentages_are_of_macs_or_of_parameters():
    network = archspec.load("mobilenetv2")
    for share, expected in (("macs", "0.4%"), ("parameters", "36.2%")):
        root = ElementTree.fromstring(network.draw(share=share))
        (box,) = (
            group
            for group in root.iter(f"{SVG}g")
            if group.findtext(f"{SVG}title", "").startswith("classifier: ")
        )
        assert [text.text for text in box.iter(f"{SVG}text")][-1] == expected


def test_wrong_words_are_refused():
    network = archspec.load("mobilenetv2")
    with pytest.raises(archspec.InvalidArgument, match="svg, html, mermaid"):
        network.draw("png")
    with pytest.raises(archspec.InvalidArgument, match="macs"):
        network.draw(share="flops")


def test_only_pictures_are_overwritten(tmp_path):
    path = tmp_path / "net.svg"
    path.write_text("<svg>mine</svg>", encoding="utf-8")
    arguments = ["draw", "unet", "-o", str(path)]
    done = CliRunner().invoke(program([]), arguments)
    assert done.exit_code == 3
    assert done.stderr == (
        f"refused: {path} was not drawn by archspec; --force overwrites it\n"
    )
    assert path.read_text("utf-8") == "<svg>mine</svg>"
    assert CliRunner().invoke(program([]), [*arguments, "--force"]).exit_code == 0
    assert CliRunner().invoke(program([]), arguments).exit_code == 0
    assert path.read_text("utf-8") == archspec.load("unet").draw()


def test_a_series_of_several_layers_is_drawn_forwards(small):
    """Its first layer reads the last one of the run before: a wire that goes back."""
    network = small("""
        layers:
          a: {conv: 4}
          j: {add: {x: {series: 3, c: {conv: 4}, d: activation}, y: {}}}
    """)
    found = diagram(network)
    assert all(wire.source < wire.target for wire in found.graph.wires)
    assert "3 \N{MULTIPLICATION SIGN} conv" in svg(found)
