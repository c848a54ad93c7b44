"""A Flax NNX MobileNetV2 that a user might have written, adopted from its files."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("flax")

import jax
import orbax.checkpoint as ocp
from exchange import by_layers, difference
from flax import nnx
from safetensors.numpy import save_file

from archspec.elaboration import elaborate
from archspec.errors import WeightsError
from archspec.verification.random_data import random_images
from archspec.weights.adoption import adopt

STAGES = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1),
          (6, 160, 3, 2), (6, 320, 1, 1))  # fmt: skip


class Unit(nnx.Module):
    """Convolution and batch norm, with ReLU6 unless it is linear."""

    def __init__(self, inside, outside, size, step, groups, linear, rngs):
        self.c = nnx.Conv(inside, outside, (size, size), step, use_bias=False,
                          feature_group_count=groups, rngs=rngs)  # fmt: skip
        self.n = nnx.BatchNorm(outside, epsilon=1e-3, rngs=rngs)
        self.linear = linear

    def __call__(self, x):
        x = self.n(self.c(x))
        return x if self.linear else nnx.relu6(x)


class Bottleneck(nnx.Module):
    def __init__(self, inside, outside, times, step, rngs):
        wide = inside * times
        units = [Unit(inside, wide, 1, 1, 1, False, rngs)] if times > 1 else []
        units += [Unit(wide, wide, 3, step, wide, False, rngs)]
        self.body = nnx.List([*units, Unit(wide, outside, 1, 1, 1, True, rngs)])
        self.adds = step == 1 and inside == outside

    def __call__(self, x):
        y = x
        for unit in self.body:
            y = unit(y)
        return x + y if self.adds else y


class Handwritten(nnx.Module):
    def __init__(self, rngs):
        self.begin = Unit(3, 32, 3, 2, 1, False, rngs)
        blocks, channels = [], 32
        for times, outside, count, step in STAGES:
            for number in range(count):
                first = step if number == 0 else 1
                blocks.append(Bottleneck(channels, outside, times, first, rngs))
                channels = outside
        self.blocks = nnx.Sequential(*blocks)
        self.final = Unit(320, 1280, 1, 1, 1, False, rngs)
        self.drop = nnx.Dropout(0.2, rngs=rngs)
        self.logits = nnx.Linear(1280, 1000, rngs=rngs)

    def __call__(self, x):
        x = self.final(self.blocks(self.begin(x)))
        return self.logits(self.drop(x.mean((1, 2))))


@pytest.fixture(scope="module")
def model():
    """With random weights, in single precision."""
    abstract = nnx.eval_shape(lambda: Handwritten(nnx.Rngs(0)))
    abstract.eval()
    graph, state, rest = nnx.split(abstract, (nnx.Param, nnx.BatchStat), ...)
    random = np.random.default_rng(0)

    def drawn(leaf):
        if len(leaf.shape) == 1:
            return random.uniform(0.5, 1.5, leaf.shape).astype(np.float32)
        deviation = (2 / np.prod(leaf.shape[:-1])) ** 0.5
        return (deviation * random.standard_normal(leaf.shape)).astype(np.float32)

    return nnx.merge(graph, jax.tree.map(drawn, state), rest)


def saved_flat(state, path):
    flat = nnx.to_flat_state(state)
    save_file({".".join(map(str, keys)): np.array(v[...]) for keys, v in flat}, path)


def saved_linen(state, path):
    """As Linen has variables: statistics in a collection of their own, with slashes."""
    flat = nnx.to_flat_state(state)
    kinds = {nnx.Param: "params", nnx.BatchStat: "batch_stats"}
    names = ["/".join([kinds[type(v)], *map(str, keys)]) for keys, v in flat]
    values = [np.array(v[...]) for _, v in flat]
    save_file(dict(zip(names, values, strict=True)), path)


def saved_orbax(state, path):
    with ocp.StandardCheckpointer() as checkpointer:
        checkpointer.save(path, state)


@pytest.mark.parametrize("save", [saved_flat, saved_linen, saved_orbax])
def test_computes_what_the_original_does(model, tmp_path, save):
    network = elaborate("mobilenetv2", (), ["input.size=[64, 96]"])
    folder = save is saved_orbax
    path = tmp_path / ("theirs" if folder else "theirs.safetensors")
    save(nnx.state(model, (nnx.Param, nnx.BatchStat)), path)
    weights = adopt(network, path).weights
    images = random_images(network, 0)
    with jax.enable_x64(True):
        graph, state, rest = nnx.split(model, (nnx.Param, nnx.BatchStat), ...)
        doubles = jax.tree.map(lambda array: jax.numpy.asarray(array, float), state)
        run = jax.jit(lambda state, x: nnx.merge(graph, state, rest)(x))
        found = np.asarray(run(doubles, np.moveaxis(images.astype(float), 1, -1)))
    assert difference({"": found}, by_layers(network, weights, images)) < 1e-6


def test_what_is_no_checkpoint(tmp_path):
    network = elaborate("mobilenetv2")
    (tmp_path / "empty").mkdir()
    with pytest.raises(WeightsError, match=r"AS511.*there are no arrays in it"):
        adopt(network, tmp_path / "empty")
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "d").symlink_to("/etc")
    with pytest.raises(WeightsError, match=r"AS511.*there are links in it"):
        adopt(network, tmp_path / "linked")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "manifest.ocdbt").write_bytes(b"no database")
    with pytest.raises(WeightsError, match="AS511"):
        adopt(network, tmp_path / "broken")
