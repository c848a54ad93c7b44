"""Generated Keras files on every backend, each in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from exchange import case
from zoo import BASES, resized, sizes

SESSION = Path(__file__).with_name("keras_session.py")
EVERYTHING = """
blocks:
  unit:
    arguments: {groups: int}
    residual: true
    layers:
      filter: {depthwise_conv: {kernel: 3, bias: true}}
      norm: layer_norm
      wide: {dense: in_channels * 2}
      bend: {activation: gelu_tanh}
      narrow: {dense: in_channels}
      shuffle: {channel_shuffle: groups}
      scale: {layer_scale: 0.5}
      drop: {drop_path: 0.1}
layers:
  look: {normalize: {mean: [0, 0, 1, 1, 0, 0], std: 2}}
  stem: {conv: {filters: 12, kernel: 3, stride: 2, padding: symmetric}}
  units: {columns: [g], rows: [[2], [3]], each: {unit: g}}
  left: {slice_channels: {stop: 6}}
  max: {max_pool: {kernel: 3, stride: 1, padding: symmetric}}
  frame: {pad: {amounts: [1, 0, 0, 1], value: 1.5}}
  mean: {avg_pool: {kernel: 3, stride: 2, padding: symmetric, ceil: true}}
  leaky: {activation: leaky_relu}
  up: {transposed_conv: {filters: 6, kernel: 3, stride: 2, padding: symmetric}}
  norm: {batch_norm: {initial: 0.5}}
  even: {resize: {size: [12, 18], mode: nearest_floor}}
  fold: {space_to_depth: {factor: 2, order: channels_last}}
  groups: {group_norm: {groups: 3, epsilon: 1e-5, initial: 0}}
  shifted: {conv: {filters: 24, bias: true}}
  respond: global_response_norm
  gain: {scalar_affine: {initial: 0.5, bias: false}}
  affine: scalar_affine
  root: {rms_norm: {epsilon: 1e-5, initial: 2}}
  bare: {rms_norm: {epsilon: 1e-5, scale: false}}
  half: {group_norm: {groups: 3, epsilon: 1e-5, scale: false}}
  unfold: depth_to_space
  less: {subtract: {a: {a1: {adaptive_avg_pool: [5, 7]}}, b: {b1: {resize: [5, 7]}}}}
  spots: {multiply: {x: {}, one: {o1: {conv: 1}}}}
  hard: {activation: hard_swish}
  fit: {resize: {like: left, mode: bilinear}}
  join: {concat: {up: {}, skip: {from: left}}}
  flat: flatten
  drop: {dropout: 0.2}
  out: {dense: classes}
"""
ANY_SIZE = EVERYTHING.replace("flat: flatten", "flat: global_avg_pool")
BACKENDS = ["tensorflow", "jax", "torch"]
NETWORKS = ["mobilenetv1", "mobilenetv2", "shufflenetv2", "unet"]


@pytest.mark.full
@pytest.mark.parametrize("backend", BACKENDS)
def test_everything(backend, network, tmp_path):
    cases = {"everything": network(EVERYTHING), "any_size": network(ANY_SIZE)}
    check_backend(backend, cases, tmp_path)


@pytest.mark.full
@pytest.mark.parametrize("backend", BACKENDS)
def test_bundled(backend, tmp_path):
    chosen = [path for path in BASES if path.stem in NETWORKS]
    cases = {p.stem: case(p, (), sizes(p)[0]) for p in chosen}
    check_backend(backend, cases, tmp_path)


def check_backend(backend, cases, tmp_path):
    for name, found in cases.items():
        (tmp_path / f"{name}.py").write_text(found.keras_text, encoding="utf-8")
    names = {name: found.network.name for name, found in cases.items()}
    (tmp_path / "names.json").write_text(json.dumps(names))
    done = subprocess.run(
        [sys.executable, SESSION, tmp_path],
        env={**os.environ, "KERAS_BACKEND": backend},
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    report = json.loads(done.stdout.splitlines()[-1])
    assert report.keys() == cases.keys()
    faults = [
        f"{name}, {check}: {word}"
        for name, checks in report.items()
        for check, word in checks.items()
        if word != "fine"
    ]
    assert not faults, "\n".join(faults)


def test_layers_have_the_paths_of_the_spec():
    found = case("mobilenetv2", (), resized(64, 64))
    names = {layer.name for layer in found.keras.layers}
    paths = {layer.path.replace(".", "-") for layer in found.network.layers}
    assert names - paths == {"input"}
    assert paths <= names


def test_a_part_of_a_network_by_its_name():
    found = case("mobilenetv2", (), resized(64, 64))
    model = found.keras
    part = keras.Model(model.input, model.get_layer("stages-1-0-expand-act").output)
    image = np.moveaxis(found.image(), 1, -1)
    assert part(image).shape == (2, 32, 32, 96)
