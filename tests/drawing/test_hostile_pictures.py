"""Free text of a spec is text in every format, and nothing else."""

from xml.etree import ElementTree

import pydot
import pytest

import archspec

pytestmark = pytest.mark.filterwarnings(
    "ignore:'setParseAction' deprecated - use 'set_parse_action'$:DeprecationWarning"
)

TEXTS = [
    "<script>alert(1)</script>",
    "</title></text></svg><img src=x onerror=alert(1)>",
    ']]> --> %%{init: {}}%% " \' ` \\ \\n \\" &lt; &#60; &amp;',
    '"]; n0 -> n1 [URL="javascript:alert(1)"',
    "}</style><style>*{display:none}",
    "\N{RIGHT-TO-LEFT OVERRIDE}\N{ZERO WIDTH JOINER} \N{BELL}",
    "\N{PILE OF POO}" * 300,
    "w" * 1900,
]
SPEC = """
archspec: 1
name: Net
summary: {text}
source: {{title: {text}}}
input: {{channels: 3, size: 32}}
defaults:
  conv: {{padding: same, bias: false}}
blocks:
  unit:
    summary: {text}
    layers: {{conv: {{conv: 8}}, again: {{conv: 8}}}}
layers: {{first: unit, second: unit}}
"""


@pytest.fixture(params=range(len(TEXTS)))
def network(request, tmp_path):
    quoted = "".join(rf"\U{ord(c):08x}" for c in TEXTS[request.param])
    path = tmp_path / "net.yaml"
    path.write_text(SPEC.format(text=f'"{quoted}"'), encoding="utf-8")
    return archspec.load(path)


@pytest.fixture(scope="module")
def usual():
    """A picture of a bundled network."""
    return archspec.load("mobilenetv2")


def test_svg(network, usual):
    found, expected = (ElementTree.fromstring(n.draw()) for n in (network, usual))
    assert {part.tag for part in found.iter()} <= {part.tag for part in expected.iter()}
    attributes = [
        {a for part in root.iter() for a in part.attrib} for root in (found, expected)
    ]
    assert attributes[0] <= attributes[1]


def test_dot(network):
    (graph,) = pydot.graph_from_dot_data(network.draw("dot"))
    names = {node.get_name() for node in graph.get_nodes()}
    assert names - {"node", "edge"} == {"n0", "n1", "n2", "n3"}
    assert len(graph.get_edges()) == 3


def test_mermaid_has_no_free_text(network, tmp_path):
    path = tmp_path / "net.yaml"
    path.write_text(SPEC.format(text="Harmless."), encoding="utf-8")
    assert network.draw("mermaid") == archspec.load(path).draw("mermaid")


@pytest.mark.full
def test_html(network, page, watched, tmp_path):
    path = tmp_path / "net.html"
    path.write_text(network.draw("html"), encoding="utf-8")
    page.goto(path.as_uri())
    assert page.locator("script, img, iframe, object").count() == 0
    assert page.locator("main > svg a").count() == 2
    page.locator("main > svg a").first.click()
    assert page.locator("section:target h2").inner_text() == "unit"
    watched.check()
