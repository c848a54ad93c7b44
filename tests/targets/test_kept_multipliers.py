"""What the file of a family says, and what is refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from layers import complete

from archspec.elaboration import elaborate, keeping
from archspec.errors import SpecError
from archspec.network import Network
from archspec.targets import TARGETS, render

DOCS = Path(__file__).parents[2] / "docs" / "language.md"

SHARED = """
multipliers: {width: 1.0, type: 2}
define: {narrow: round_channels(16 * width), kind: relu if width < 1 else relu6}
blocks:
  unit:
    arguments: {n: int}
    layers: {conv: {conv: n * width}, act: {activation: kind}}
layers:
  stem: {conv: {filters: narrow, kernel: type + 1}}
  unit: {unit: 8}
  other: {unit: 16}
variants:
  half: {multipliers: {width: 0.5, type: 4}}
  other: {defaults: {activation: relu6}, multipliers: {width: 2.0}}
"""


@pytest.fixture
def written(tmp_path):
    def write(text: str, *keep: str) -> Network:
        path = tmp_path / "net.yaml"
        path.write_text(complete(text), encoding="utf-8")
        return keeping(elaborate(path), keep)

    return write


def test_the_page_shows_what_is_written():
    _, _, text = DOCS.read_text("utf-8").partition("\n## Families\n")
    section = text.partition("\n## ")[0]
    file = render(keeping(elaborate("mobilenetv2"), ["width"]), "torch")
    shown = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    assert len(shown) == 2
    for code in shown:
        assert code in file


@pytest.mark.parametrize("target", TARGETS)
def test_a_block_is_given_what_it_reads(written, target):
    """Also under a name that the file does not need itself; `kind` is written out."""
    text = render(written(SHARED, "width"), target)
    assert re.search(r"def (__init__|unit)\([^)]*width: float, n: int", text)
    assert "width: float = 1.0, type_: int = 2" in text
    assert "narrow = round_channels(16 * width)" in text
    assert "(nn.ReLU if width < 1 else nn.ReLU6)(" in text or target != "torch"
    assert '"half": {"width": 0.5, "type_": 4},\n' in text
    assert "These variants need files of their own: other.\n" in text


def test_a_variant_that_sets_a_constant():
    network = keeping(elaborate("efficientnet", ["torchvision"]), ["width"])
    text = render(network, "torch")
    assert "files of their own: b5, b6, b7, timm, keras." in text
    assert '"b4"' in text
    assert '"b5"' not in text
    assert text.count("eps=") == 0


@pytest.mark.parametrize(
    ("keep", "message"),
    [
        (["num_classes"], "help: .* the argument 'num_classes' without --keep"),
        (["dropout"], "help: .* the argument 'dropout' without --keep"),
        (["wdith"], "no multiplier 'wdith' to keep"),
        (["in_channels"], "the channels of the image depend on other names"),
        (["epsilon"], "'epsilon' sets what a framework needs as a constant"),
    ],
)
def test_what_cannot_be_kept(written, keep, message):
    text = """
multipliers: {width: 1.0, epsilon: 1e-3}
input: {channels: 3 * width, size: 8}
classes: 10
layers:
  conv: {conv: 8 * width}
  norm: {batch_norm: {epsilon: epsilon}}
  dropout: {dropout: 0.5}
  pool: global_avg_pool
  head: {dense: classes}
"""
    with pytest.raises(SpecError, match=message) as caught:
        render(written(text, *keep), "torch")
    assert [d.code for d in caught.value.diagnostics] == ["AS404"]


def test_what_no_file_can_say_is_not_blamed_on_multipliers(written):
    text = """
multipliers: {width: 1.0}
layers:
  stem: {conv: 4}
  sum: {add: {many: {repeat: 3, conv: {conv: {filters: 4}, when: step > 0}}}}
"""
    with pytest.raises(SpecError) as caught:
        render(written(text, "width"), "torch")
    assert [d.code for d in caught.value.diagnostics] == ["AS401"]
