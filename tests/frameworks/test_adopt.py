"""Other people's checkpoints, adopted: the network computes what the original did.

No two tensors of the originals are alike, statistics included, so that a layer that got
another's weights is seen in the output. All run in PyTorch; the first original of each
library also in every other target, and from every format of file.
"""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
import torch
from counts import Counted, leaders, originals
from exchange import Case, difference, run_keras, run_torch, tolerance
from judge import judged
from originals import SIZE, built, original, save_state, scattered

from archspec.elaboration import elaborate
from archspec.errors import WeightsError
from archspec.network import Network
from archspec.targets import onnx
from archspec.weights.adoption import adopt
from archspec.weights.checks import Arrays

pytestmark = pytest.mark.usefixtures("timm")

TORCH = ["a.pth", "a.safetensors"]
KERAS = ["a.weights.h5", "a.keras", "whole.h5", "old.h5"]

LEADERS = leaders()
LARGE = 70_000_000
"""Parameters. Larger networks only repeat what smaller ones of their library do."""

ROWS = [
    row
    for row in originals()
    if row.source in LEADERS or (row.parameters < LARGE and row.is_published)
]
QUICK = {"torchvision:squeezenet1_1", "timm:mobilenetv1_100", "keras:MobileNet"}
"""A leader of each library."""


def marked(row: Counted):
    marks = [] if row.source in QUICK else [pytest.mark.full]
    return pytest.param(row, marks=marks, id=row.source)


def image(size=SIZE) -> np.ndarray:
    return np.random.default_rng(3).normal(size=(2, 3, *size))


TIED = {
    "coatnet_0": (224, 224),
    "deit_small": (224, 224), "deit_small_distilled": (224, 224),
    "dinov2_small": (518, 518), "mixer_small": (224, 224), "mobilevit_xxs": (128, 64),
    "swin_tiny": (224, 224), "vit_tiny_patch16_224": (224, 224),
}  # fmt: skip
"""Sizes of originals that take no other, or not every one."""


BY_ORDER = {
    "deeplabv3_mobilenetv2", "deeplabv3_mobilenetv3_large", "deeplabv3_resnet50",
    "deeplabv3plus_resnet50", "hgnetv2_b4", "hrnet_w18_small",
    "mobilenetv4_hybrid_medium", "mobilevit_xxs",
    "repvit_m0_9", "segformer_b0",
}  # fmt: skip
"""In files sorted by name, their layers of one shape are ambiguous."""


BY_HEAD = {"coatnet_0"}
"""Their queries, keys and values are stored head by head."""


def named(network: Network, arrays: list[np.ndarray]) -> dict[str, np.ndarray]:
    """An original's outputs; keras.applications keeps the map that it answers on."""
    return {
        name: array.reshape(2, *network.layers[number].output)
        for (name, number), array in zip(network.outputs.items(), arrays, strict=True)
    }


@pytest.mark.parametrize("row", [marked(row) for row in ROWS])
def test_computes_what_the_original_does(tmp_path, row):
    size = TIED.get(row.spec, SIZE)
    ours, picture = Case(row.network(f"input.size={list(size)}")), image(size)
    theirs = original(row.source, size)
    expected = named(ours.network, theirs.run(picture))
    first, *others = KERAS if row.library == "keras" else TORCH
    theirs.save(tmp_path / first)
    how = {"qkv_by_head": row.spec in BY_HEAD}
    weights = adopt(ours.network, tmp_path / first, **how).weights
    double = {name: array.astype("float64") for name, array in weights.items()}
    keras = tolerance(ours.network)
    # The root of 2 in the GELU of Keras on TensorFlow is of single precision: 1.02e-9.
    exact = 1e-8 if row.library == "keras" and keras > 1e-9 else 1e-9
    ours.load_torch(ours.torch, double)
    assert difference(run_torch(ours.torch, picture), expected) < exact
    if row.source not in LEADERS:
        return
    assert difference(judged(ours.network, double, picture), expected) < exact
    ours.load_keras(ours.keras, double)
    assert difference(run_keras(ours.keras, picture), expected) < keras
    assert difference(run_onnx(ours.network, weights, picture), expected) < 1e-4
    for file in others if row.spec not in BY_ORDER else ():
        theirs.save(tmp_path / file)
        again = adopt(ours.network, tmp_path / file, **how).weights
        assert again.keys() == weights.keys()
        assert all(np.array_equal(again[name], weights[name]) for name in weights)


def test_auxiliary_heads_are_passed_over(tmp_path):
    """torchvision's published GoogLeNet has two, of which ours has nothing."""
    ours = elaborate("googlenet")
    model = scattered(built("torchvision:googlenet:init_weights=False", (3, *SIZE)))
    state = model.float().state_dict()
    alone = {n: tensor for n, tensor in state.items() if not n.startswith("aux")}
    assert len(alone) < len(state)
    save_state(state, tmp_path / "whole.pth")
    save_state(alone, tmp_path / "alone.pth")
    with pytest.raises(WeightsError) as caught:
        adopt(ours, tmp_path / "whole.pth")
    assert [diagnostic.message for diagnostic in caught.value.diagnostics] == [
        "unexpected in the file: 'aux1.conv.bn', 'aux2.conv.bn' (128)",
        "unexpected in the file: 'aux1.conv.conv' (128, 512, 1, 1)",
        "unexpected in the file: 'aux2.conv.conv' (128, 528, 1, 1)",
        "unexpected in the file: 'aux1.fc1', 'aux2.fc1' (1024, 2048)",
        "unexpected in the file: 'aux1.fc2', 'aux2.fc2' (1000, 1024)",
    ]
    expected = adopt(ours, tmp_path / "alone.pth").weights
    weights = adopt(ours, tmp_path / "whole.pth", ["aux*"]).weights
    assert weights.keys() == expected.keys()
    assert all(np.array_equal(weights[name], expected[name]) for name in weights)


def run_onnx(network: Network, weights: Arrays, picture) -> dict[str, np.ndarray]:
    """Our model, with the batch norms folded as it is deployed."""
    content = onnx.file(network, weights)
    session = onnxruntime.InferenceSession(content)
    outputs = session.run(None, {"input": picture.astype("float32")})
    return dict(zip(network.outputs, outputs, strict=True))


DINOV3 = """
archspec: 1
name: DinoV3
input: {channels: 3, size: 64}
classes: 5
defaults:
  conv: {padding: valid, bias: true}
  dense: {bias: true}
  layer_norm: {epsilon: 1e-5}
blocks:
  rotary_attention:
    arguments: {heads: int, size: int}
    residual: true
    layers:
      norm: layer_norm
      qkv: {dense: {units: 3 * in_channels, bias: false}}
      attend:
        attention:
          heads: heads
          query:
            query: {slice_channels: {start: 0, stop: in_channels}, from: qkv}
            turned_query: {rotary: {heads: heads, size: size}}
          key:
            key:
              slice_channels: {start: in_channels, stop: 2 * in_channels}
              from: qkv
            turned_key: {rotary: {heads: heads, size: size}}
          value: {value: {slice_channels: {start: 2 * in_channels}, from: qkv}}
      project: {dense: in_channels}
      scale: {layer_scale: 1e-5}
  layer:
    arguments: {heads: int, size: int}
    layers:
      attend: {rotary_attention: {heads: heads, size: size}}
      mlp: {mlp: {layer_scale: 1e-5}}
layers:
  patches: {conv: {filters: 32, kernel: 16, stride: 16}}
  sequence: tokens
  registers: {prefix_tokens: 4}
  class_token: prefix_tokens
  encoder: {layer: {heads: 2, size: 4}, repeat: 2}
  norm: layer_norm
  first: {take: 0}
  classifier: {dense: classes}
"""


def test_rotary_attention_is_that_of_dinov3(tmp_path, timm):
    """timm computes the periods in single precision, and positions: 4x4 are exact."""
    options = {"img_size": 64, "embed_dim": 32, "num_heads": 2, "depth": 2}
    name = "vit_small_patch16_dinov3"
    theirs = timm.create_model(name, num_classes=5, global_pool="token", **options)
    theirs = scattered(theirs.eval()).double()
    theirs.rope.periods = 100.0 ** (torch.arange(4, dtype=torch.float64) / 4)
    (tmp_path / "net.yaml").write_text(DINOV3)
    ours = Case(elaborate(tmp_path / "net.yaml"))
    save_state(theirs.state_dict(), tmp_path / "a.pth")
    weights = adopt(ours.network, tmp_path / "a.pth").weights
    double = {name: array.astype("float64") for name, array in weights.items()}
    ours.load_torch(ours.torch, double)
    picture = np.random.default_rng(0).normal(size=(2, 3, 64, 64))
    assert (
        difference(run_torch(ours.torch, picture), run_torch(theirs, picture)) < 1e-12
    )


CAFORMER = """
archspec: 1
name: CAFormer
input: {channels: 3, size: 64}
classes: 5
defaults:
  conv: {padding: symmetric, bias: true}
  depthwise_conv: {bias: false}
  dense: {bias: false}
  layer_norm: {epsilon: 1e-6, shift: false}
blocks:
  squared_relu:
    layers:
      relu: {activation: relu}
      square: {multiply: {once: {}, twice: {from: relu}}}
  star_relu: {layers: {square: squared_relu, affine: scalar_affine}}
  bottleneck_mlp:
    arguments: {scaled: true}
    layers:
      sum:
        add:
          mlp:
            norm2: layer_norm
            fc1: {dense: 4 * in_channels}
            act: star_relu
            fc2: {dense: in_channels}
          shortcut: {res_scale2: {layer_scale: 1, when: scaled}}
  conv_former:
    layers:
      sum:
        add:
          mixer:
            norm1: layer_norm
            pwconv1: {dense: 2 * in_channels}
            act1: star_relu
            dwconv: {depthwise_conv: 7}
            pwconv2: {dense: in_channels}
          shortcut: {}
      mlp: {bottleneck_mlp: false}
  transformer:
    layers:
      sum:
        add:
          mixer:
            norm1: layer_norm
            qkv: {dense: 3 * in_channels}
            attend: {attention: in_channels // 32}
            proj: {dense: in_channels}
          shortcut: {res_scale1: {layer_scale: 1}}
      mlp: bottleneck_mlp
  stage:
    arguments: {filters: int}
    layers:
      norm: layer_norm
      conv: {conv: {filters: filters, kernel: 3, stride: 2}}
layers:
  stem: {conv: {filters: 16, kernel: 7, stride: 4, padding: [2, 2, 2, 2]}}
  norm: layer_norm
  one: conv_former
  down2: {stage: 32}
  two: conv_former
  down3: {stage: 64}
  three: transformer
  down4: {stage: 96}
  four: transformer
  pool: global_avg_pool
  last_norm: {layer_norm: {shift: true}}
  widen: {dense: {units: 4 * channels, bias: true}}
  square: squared_relu
  head_norm: {layer_norm: {shift: true}}
  classifier: {dense: {units: classes, bias: true}}
"""


@pytest.mark.full
def test_norms_without_shift_are_those_of_metaformer(tmp_path, timm):
    parts = timm.models.metaformer
    mixers = [parts.SepConv] * 2 + [parts.Attention] * 2
    norms = [parts.LayerNorm2dNoBias] * 2 + [parts.LayerNormNoBias] * 2
    sizes = {"depths": (1, 1, 1, 1), "dims": (16, 32, 64, 96), "num_classes": 5}
    theirs = parts.MetaFormer(token_mixers=mixers, norm_layers=norms, **sizes)
    theirs = scattered(theirs.eval()).double()
    (tmp_path / "net.yaml").write_text(CAFORMER)
    ours = Case(elaborate(tmp_path / "net.yaml"))
    save_state(theirs.state_dict(), tmp_path / "a.pth")
    weights = adopt(ours.network, tmp_path / "a.pth").weights
    double = {name: array.astype("float64") for name, array in weights.items()}
    picture = np.random.default_rng(0).normal(size=(2, 3, 64, 64))
    expected = run_torch(theirs, picture)
    ours.load_torch(ours.torch, double)
    assert difference(run_torch(ours.torch, picture), expected) < 1e-12
    assert difference(judged(ours.network, double, picture), expected) < 1e-12
