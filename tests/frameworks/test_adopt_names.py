"""What decides which tensor is which: order, names, both, neither, one against another.

The network is a small ResNet, whose first block has two convolutions of one shape: the
last one and the shortcut. Its checkpoints are named as torchvision names them.
"""

from __future__ import annotations

import hashlib
import random
import re

import numpy as np
import pytest
import torch
from exchange import drawn, manifest
from originals import save_state

from archspec.api.network import Network
from archspec.errors import WeightsError
from archspec.weights.adoption import adopt
from archspec.weights.moves import to_target

RESNET = """
layers:
  stem: {conv_bn_act: {filters: 4, kernel: 3}}
  stages:
    columns: [c, n, s]
    rows: [[4, 2, 1], [6, 2, 2]]
    each: {bottleneck: {filters: c, stride: s, expand: 2}}
    repeat: n
    then: {stride: 1}
  pool: global_avg_pool
  classifier: {dense: classes}
"""
PARTS = {
    "reduce.conv": "conv1",
    "reduce.norm": "bn1",
    "conv.conv": "conv2",
    "conv.norm": "bn2",
    "expand.conv": "conv3",
    "expand.norm": "bn3",
    "match.conv": "downsample.0",
    "match.norm": "downsample.1",
}
FIRST = {"conv": "conv1", "norm": "bn1"}


def torchvisions(path: str) -> str:
    """torchvision's name for a layer of ours."""
    if found := re.fullmatch(r"stages\.(\d)\.(\d)\.(.+)", path):
        return f"layer{int(found[1]) + 1}.{found[2]}.{PARTS[found[3]]}"
    return "fc" if path == "classifier" else FIRST[path.removeprefix("stem.")]


def hashed(path: str) -> str:
    return hashlib.sha256(path.encode()).hexdigest()[:8]


class Foreign:
    """Somebody else's state dict for a network, and what it should be taken for."""

    def __init__(self, network, name=torchvisions):
        self.network = network
        single = {n: a.astype("float32") for n, a in drawn(network).items()}
        self.weights = single
        theirs = to_target(network, manifest("torch"), single)
        self.state = {}
        for key, array in theirs.items():
            path, _, variable = key.rpartition(".")
            tensor = torch.from_numpy(np.ascontiguousarray(array))
            self.state[f"{name(path)}.{variable}"] = tensor

    def ordered(self, key) -> Foreign:
        self.state = {name: self.state[name] for name in sorted(self.state, key=key)}
        return self

    def shuffled(self) -> Foreign:
        names = list(self.state)
        random.Random(0).shuffle(names)
        return self.ordered(names.index)

    def moved(self, one, other) -> Foreign:
        """With the layers of two names in each other's place."""
        names = list(self.state)
        for name in [name for name in names if name.startswith(f"{one}.")]:
            i, j = names.index(name), names.index(name.replace(one, other))
            names[i], names[j] = names[j], names[i]
        return self.ordered(names.index)

    def adopted(self, path, *ignore, **how):
        save_state(self.state, path)
        return adopt(self.network, path, ignore, **how)

    def assert_found(self, path, *ignore, **how) -> None:
        found = self.adopted(path, *ignore, **how).weights
        assert found.keys() == self.weights.keys()
        assert all(np.array_equal(found[n], a) for n, a in self.weights.items())

    def assert_refused(self, path, *messages) -> None:
        with pytest.raises(WeightsError) as caught:
            self.adopted(path)
        assert [(d.code, d.message) for d in caught.value.diagnostics] == list(messages)


@pytest.fixture
def resnet(network):
    return network(RESNET).network


@pytest.fixture
def pth(tmp_path):
    return tmp_path / "a.pth"


@pytest.mark.parametrize("file", ["a.pth", "a.safetensors"])
@pytest.mark.parametrize("name", [torchvisions, str])
def test_order_and_names(resnet, tmp_path, file, name):
    Foreign(resnet, name).assert_found(tmp_path / file)


def test_names_alone(resnet, pth):
    Foreign(resnet).shuffled().assert_found(pth)


def test_order_alone(resnet, pth):
    Foreign(resnet, hashed).assert_found(pth)


def test_another_order_of_each_block_is_learnt(resnet, pth):
    """The shortcut first: shapes tell it in the second stage, and so in the first."""

    def shortcut_first(name):
        block = re.match(r"(layer\d\.\d)\.(\w+)", name)
        whole = block[1] if block else {"c": "a", "b": "b", "f": "z"}[name[0]]
        return whole, not (block and block[2] == "downsample")

    foreign = Foreign(resnet).ordered(shortcut_first)
    assert list(foreign.state)[5] == "layer1.0.downsample.0.weight"
    foreign.assert_found(pth)


def test_neither_order_nor_names(resnet, pth):
    Foreign(resnet, hashed).shuffled().assert_refused(
        pth,
        (
            "AS517",
            "'stem.norm' may be any of "
            "'334b8e5e', 'bfdabf25', 'b37de15a', 'df02a371', 'cffbca2c'",
        ),
    )


def test_a_name_that_moved_is_followed(resnet, pth):
    """Two names of one shape change places in the file, in one block only."""
    Foreign(resnet).moved("layer1.0.conv3", "layer1.0.downsample.0").assert_found(pth)


def test_the_order_against_the_names(resnet, pth):
    """Norms that depend on each other, in the other order."""
    Foreign(resnet).moved("layer2.1.bn1", "layer2.1.bn2").assert_refused(
        pth,
        (
            "AS517",
            "'stages.1.1.reduce.norm' is 'layer2.1.bn2' by the order of the file, "
            "but 'layer2.1.bn1' by name",
        ),
        (
            "AS517",
            "'stages.1.1.conv.norm' is 'layer2.1.bn1' by the order of the file, "
            "but 'layer2.1.bn2' by name",
        ),
    )


def test_names_that_tell_nothing_are_not_guessed_at(network, tmp_path):
    """Two branches of one shape, in a file without order."""
    net = network("""
classes: 4
blocks:
  twins:
    layers:
      both:
        concat:
          one: {left: {conv: {filters: 4, kernel: 3}}}
          two: {right: {conv: {filters: 4, kernel: 3}}}
layers: {stem: {conv: 8}, a: twins, b: twins, pool: global_avg_pool}""")
    words = {"a": "m.1", "b": "m.2", "left": "x", "right": "y"}
    foreign = Foreign(
        net.network, lambda p: ".".join(words.get(w, w) for w in p.split("."))
    )
    foreign.assert_refused(
        tmp_path / "a.safetensors",
        ("AS517", "'a.left' may be any of 'm.1.x', 'm.1.y'"),
        ("AS517", "'a.right' may be any of 'm.1.x', 'm.1.y'"),
    )


def test_of_two_doubts_the_smaller_is_told(network, tmp_path):
    """Names leave open which branch is which, the order also which block."""
    net = network("""
classes: 4
blocks:
  unit:
    layers:
      up: {conv: {filters: 8, kernel: 3}}
      both: {concat: {a: {left: {conv: 4}}, b: {right: {conv: 4}}}}
layers: {stem: {conv: 8}, units: {unit: {}, repeat: 2}, pool: global_avg_pool}""")

    def theirs(path):
        number = re.fullmatch(r"units\.(\d)\.(\w+)", path)
        words = {"up": "ups.{}", "left": "att.{}.p", "right": "att.{}.q"}
        return words[number[2]].format(number[1]) if number else path

    foreign = Foreign(net.network, theirs).ordered(lambda name: name.split(".")[0])
    foreign.assert_refused(
        tmp_path / "a.pth",
        ("AS517", "'units.0.left' may be any of 'att.0.p', 'att.0.q'"),
        ("AS517", "'units.0.right' may be any of 'att.0.p', 'att.0.q'"),
    )


@pytest.mark.parametrize("module", ["", "m.", "m.0."])
def test_words_in_a_file_without_order_are_not_read_by_the_alphabet(
    network, tmp_path, module
):
    net = network("""
classes: 4
layers:
  stem: {conv: 8}
  both: {concat: {a: {one: {conv: 8}}, b: {two: {conv: 8}}}}
  pool: global_avg_pool""").network
    words = {"one": f"{module}right", "two": f"{module}left"}
    foreign = Foreign(net, lambda path: words.get(path, path))
    foreign.assert_refused(
        tmp_path / "a.safetensors",
        ("AS517", f"'one' may be any of '{module}left', '{module}right'"),
    )
    foreign.assert_refused(
        tmp_path / "a.pth",
        ("AS517", f"'one' may be any of '{module}right', '{module}left'"),
        ("AS517", f"'two' may be any of '{module}right', '{module}left'"),
    )
    foreign.assert_found(tmp_path / "a.pth", compared=True)


HEADS = """
classes: 4
layers:
  stem: {conv: {filters: 6, kernel: 4, stride: 4}}
  sequence: tokens
  first: {take: 0}
  head: {dense: classes}
  second: {take: 1, from: sequence}
  head_dist: {dense: classes}
  both: {add: {image: {from: head}, teacher: {}}}
outputs: {image: head, both: both}
"""


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (("fc_a", "fc_b"), False),
        (("1.x", "2.y"), False),
        (("fc_1", "fc_2"), True),
        (("image", "dist"), True),
        (("head", "head_dist"), True),
    ],
)
def test_layers_side_by_side_are_told_apart_by_names(network, pth, names, told):
    """As in a distilled DeiT, whose modules may list either classifier first."""
    words = dict(zip(["head", "head_dist"], names, strict=True))
    foreign = Foreign(network(HEADS).network, lambda path: words.get(path, path))
    if told:
        return foreign.assert_found(pth)
    one, other = names
    foreign.assert_refused(
        pth,
        ("AS517", f"'head' may be any of '{one}', '{other}'"),
        ("AS517", f"'head_dist' may be any of '{one}', '{other}'"),
    )
    foreign.assert_found(pth, compared=True)


def test_layers_between_tell_which_is_which(network, pth):
    """With the dense layers exchanged, one would be run before what it reads."""
    net = network("""
classes: 4
layers:
  stem: {conv: 6}
  pool: global_avg_pool
  a: {dense: 5}
  b: {dense: 4}
  c: {dense: 7, from: pool}
  narrow: {dense: 5}
  d: {dense: 4}
  both: {concat: {b: {from: b}, d: {}}}""").network
    Foreign(net, hashed).assert_found(pth)


SUMMED = """
classes: 4
blocks:
  several:
    layers:
      sum:
        add:
          same: {repeat: 3, same: {conv_bn: {filters: 4, kernel: 3}}}
          skip: {norm: batch_norm}
layers: {stem: {conv: 4}, a: {several: {}, repeat: 2}, pool: global_avg_pool}
"""


@pytest.mark.parametrize("file", ["a.pth", "a.safetensors"])
def test_of_branches_that_are_added_up_each_may_be_any(network, tmp_path, file):
    """But the norms stay with their convolutions, as names say."""

    def kinds(path):
        number = re.fullmatch(r"(a\.\d)\.same\.(\d)\.(conv|norm)", path)
        return f"{number[1]}.{number[3]}s.{number[2]}" if number else path

    net = network(SUMMED).network
    Foreign(net, str).assert_found(tmp_path / file)
    Foreign(net, kinds).assert_found(tmp_path / "other.pth")


def test_a_module_stays_together_wherever_its_name_stands(network, tmp_path):
    """As in timm's ConvNeXt: `downsample` is first, but last by name."""
    net = network("""
input: {channels: 6, size: 32}
layers:
  stem: {convnext_stem: 4}
  stages:
    columns: [c, n, s]
    rows: [[4, 2, 1], [8, 2, 2], [12, 2, 2]]
    each: {convnext_block: {filters: c, stride: s}}
    repeat: n
    then: {stride: 1}
  pool: global_avg_pool
  norm: layer_norm
""").network

    def timms(path):
        found = re.fullmatch(r"stages\.(\d)\.(\d)\.(.+)", path)
        if found is None:
            return path
        inner = found[3].startswith("downsample")
        return f"stages.{found[1]}." + ("" if inner else f"b.{found[2]}.") + found[3]

    Foreign(net, timms).assert_found(tmp_path / "a.safetensors")


def test_words_in_a_module_tell_no_order(network, tmp_path):
    """As in timm's GhostNet, where `bn_dw` is in the middle of its block."""
    net = network("""
defaults:
  conv: {padding: same, bias: false}
  batch_norm: {epsilon: 1e-4, decay: 0.9}
  activation: relu
  squeeze_excite: {gate: sigmoid}
layers:
  a: {ghost_bottleneck: {filters: 4, hidden: 8, stride: 2, se: 0.5}}
  b: {ghost_bottleneck: {filters: 6, hidden: 8, stride: 2, se: 0.5}}
  c: {ghost_bottleneck: {filters: 6, hidden: 12, stride: 2}}
""").network
    words = {"a": "m.0", "b": "m.1", "c": "m.2", "expand": "z", "depthwise": "d"}
    Foreign(
        net, lambda path: ".".join(words.get(word, word) for word in path.split("."))
    ).assert_found(tmp_path / "a.safetensors")


MIXER = """
blocks:
  both:
    arguments: {hidden: int}
    layers: {widen: {dense: hidden}, narrow: {dense: in_channels}}
  mix:
    arguments: {hidden: int}
    layers: {norm: layer_norm, mlp: {both: hidden}}
  layer:
    layers: {one: {mix: 7}, other: {mix: 9}}
layers:
  pool: global_avg_pool
  blocks: {layer: ~, repeat: 2}
  norm: layer_norm
"""


def timms_of_a_mixer(path: str) -> str:
    """The norms of a layer beside its MLPs, which are sorted the other way round."""
    for ours, theirs in [
        ("one.norm", "norm1"), ("other.norm", "norm2"), ("one.mlp", "mlp_tokens"),
        ("other.mlp", "mlp_channels"), ("widen", "fc1"), ("narrow", "fc2"),
    ]:  # fmt: skip
        path = path.replace(ours, theirs)
    return path


def test_no_layer_of_another_module_where_several_are_alike(network, tmp_path):
    """The last norm was taken for the first, since its names told more."""
    foreign = Foreign(network(MIXER).network, timms_of_a_mixer)
    foreign.assert_found(tmp_path / "a.pth")
    with pytest.raises(WeightsError) as caught:
        foreign.adopted(tmp_path / "a.safetensors")
    assert {diagnostic.code for diagnostic in caught.value.diagnostics} == {"AS517"}


WORDS = "one two three four five six seven eight nine ten".split()


@pytest.fixture
def many(network):
    """Branches of one shape, one of them in two steps: more ways than are looked at."""
    branches = "".join(f"\n          {w}: {{{w}s: {{conv: 4}}}}" for w in WORDS)
    return network(f"""
classes: 4
blocks:
  many:
    layers:
      both:
        concat:{branches}
          series: {{first: {{conv: 4}}, second: {{conv: 4}}}}
      last: {{conv: 3}}
layers:
  stem: {{conv: {{filters: 4, kernel: 3}}}}
  a: many
  pool: global_avg_pool""").network


def unlike(path: str) -> str:
    """A name that is none of ours, but of the same module."""
    module, _, word = path.rpartition(".")
    return f"{module}.{word[::-1]}" if module else path


@pytest.mark.parametrize("file", ["a.pth", "a.safetensors"])
def test_too_many_ways_are_not_all_tried(many, tmp_path, file):
    ours = [*(f"a.{word}s" for word in WORDS), "a.first", "a.second"]
    theirs = sorted(map(unlike, ours))
    shown = ", ".join(f"'{name}'" for name in theirs[:8])
    with pytest.raises(WeightsError) as caught:
        Foreign(many, unlike).ordered(str).adopted(tmp_path / file)
    assert caught.value.diagnostics[-1].message.endswith(f"any of {shown} and 4 more")


def test_of_too_many_ways_the_written_order_is_one(many, pth):
    Foreign(many, unlike).assert_found(pth, compared=True)


def test_too_many_ways_and_names_against_the_order(many, pth):
    numbers = {"a.first": "a.step2", "a.second": "a.step1"}
    Foreign(many, lambda path: numbers.get(path) or unlike(path)).assert_refused(
        pth,
        (
            "AS517",
            "'a.first' is 'a.step2' by the order of the file, but 'a.step1' by name",
        ),
        (
            "AS517",
            "'a.second' is 'a.step1' by the order of the file, but 'a.step2' by name",
        ),
    )


@pytest.mark.parametrize("file", ["a.pth", "a.safetensors"])
def test_branches_as_torchvision_calls_them(network, tmp_path, file):
    """As in its Inception v3, but for the module that they are in."""
    net = network("""
blocks:
  mixed:
    layers:
      views:
        concat:
          one: {branch1x1: {conv_bn: 4}}
          seven:
            branch7x7_1: {conv_bn: 4}
            branch7x7_2: {conv_bn: {filters: 4, kernel: [1, 7]}}
            branch7x7_3: {conv_bn: {filters: 4, kernel: [7, 1]}}
          double:
            branch7x7dbl_1: {conv_bn: 4}
            branch7x7dbl_2: {conv_bn: {filters: 4, kernel: [7, 1]}}
            branch7x7dbl_3: {conv_bn: {filters: 4, kernel: [1, 7]}}
          pooled: {branch_pool: {conv_bn: 4}}
layers: {stem: {conv: 16}, mixed: {repeat: 3, mixed: {}}}
""").network

    def torchvisions(path):
        found = re.fullmatch(r"mixed\.(\d)\.(.+)", path)
        if found is None:
            return path
        return f"Mixed_6{'abc'[int(found[1])]}.{found[2].replace('norm', 'bn')}"

    Foreign(net, torchvisions).assert_found(tmp_path / file)


@pytest.mark.parametrize("file", ["a.pth", "a.safetensors"])
@pytest.mark.parametrize("case", [str, str.title])
def test_names_that_are_the_networks_own(many, tmp_path, file, case):
    Foreign(many, case).shuffled().assert_found(tmp_path / file)


def test_what_can_be_done_about_doubt(resnet, pth):
    with pytest.raises(WeightsError) as caught:
        Foreign(resnet, hashed).shuffled().adopted(pth)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.help == (
        "in the spec, name every layer of these shapes as the file does, or list the "
        "tensors of a .pth in the order of execution; "
        "for files of a generated module, use weights convert --from"
    )


def test_the_mapping_is_told(resnet, pth):
    rows = Foreign(resnet).adopted(pth).rows
    assert rows[:3] == [
        ("stem.conv", "conv1", (4, 6, 3, 3)),
        ("stem.norm", "bn1", (4,)),
        ("stages.0.0.reduce.conv", "layer1.0.conv1", (4, 4, 1, 1)),
    ]
    assert rows[-1] == ("classifier", "fc", (5, 12))
    assert len(rows) == 31


def test_the_mapping_is_printed_in_columns(resnet, pth):
    save_state(Foreign(resnet).state, pth)
    adopted = Network.of(resnet).adopt(pth)
    first, second, third, *_ = str(adopted).splitlines()
    assert first == "stem.conv               conv1                  (4, 6, 3, 3)"
    assert second == "stem.norm               bn1                    (4)"
    assert third == "stages.0.0.reduce.conv  layer1.0.conv1         (4, 4, 1, 1)"


def test_tensors_are_left_over(resnet, pth):
    """Of three norms of one shape those that are in a module with nothing of ours."""
    foreign = Foreign(resnet)
    for name in ("weight", "bias", "running_mean", "running_var"):
        foreign.state[f"aux.bn.{name}"] = foreign.state[f"bn1.{name}"]
    foreign.state["aux.fc.weight"] = torch.ones(5, 8)
    with pytest.raises(WeightsError) as caught:
        foreign.adopted(pth)
    assert str(caught.value).splitlines() == [
        "error[AS512]: unexpected in the file: 'aux.bn' (4)",
        "error[AS512]: unexpected in the file: 'aux.fc' (5, 8)",
        "   help: the file has every layer of the network; "
        "--ignore PATTERN leaves out the rest",
    ]


def test_its_own_names_are_not_left_over(resnet, pth):
    foreign = Foreign(resnet, str)
    foreign.state["other.weight"] = foreign.state["stages.0.1.conv.conv.weight"]
    foreign.assert_refused(
        pth, ("AS512", "unexpected in the file: 'other' (4, 4, 3, 3)")
    )


@pytest.mark.parametrize(
    "patterns", [["aux*"], ["*.fc.weight", "aux.n?"], ["aux.[fn]*"]]
)
def test_passed_over(resnet, pth, patterns):
    """Whatever numbers they are."""
    foreign = Foreign(resnet)
    foreign.state["aux.fc.weight"] = torch.ones(5, 8)
    foreign.state["aux.no"] = torch.arange(3)
    foreign.assert_found(pth, *patterns)


def test_nothing_to_pass_over(resnet, pth):
    with pytest.raises(WeightsError) as caught:
        Foreign(resnet).adopted(pth, "fc.*", "aux*", "FC.*")
    assert [(d.code, d.message) for d in caught.value.diagnostics] == [
        ("AS516", "no tensor name matches 'aux*'"),
        ("AS516", "no tensor name matches 'FC.*'"),
    ]


def test_tensors_are_missing(resnet, pth):
    foreign = Foreign(resnet)
    del foreign.state["layer1.1.conv1.weight"]
    del foreign.state["fc.weight"], foreign.state["fc.bias"]
    foreign.assert_refused(
        pth,
        ("AS512", "missing in the file: 'stages.0.1.reduce.conv' (4, 8, 1, 1)"),
        ("AS512", "missing in the file: 'classifier' (5, 12)"),
    )


def test_one_of_several_is_missing(resnet, pth):
    foreign = Foreign(resnet)
    del foreign.state["layer1.1.conv2.weight"]
    foreign.assert_refused(
        pth,
        (
            "AS512",
            "missing in the file: 1 of 'stages.0.0.conv.conv', "
            "'stages.0.1.conv.conv' (4, 4, 3, 3)",
        ),
    )


def test_another_number_of_classes(resnet, pth):
    foreign = Foreign(resnet)
    foreign.state["fc.weight"], foreign.state["fc.bias"] = (
        torch.ones(9, 12),
        torch.ones(9),
    )
    adoption = foreign.adopted(pth)
    assert adoption.network.document.classes == 9
    assert adoption.weights["classifier.weight"].shape == (9, 12)
    assert "the file has 9 classes; using --set classes=9" in adoption.notes


def test_of_another_variant_it_is_told_how_much_differs(resnet, network, pth):
    deeper = RESNET.replace("[6, 2, 2]", "[7, 4, 2]")
    foreign = Foreign(
        network(deeper).network, lambda p: p if p[0] == "c" else torchvisions(p)
    )
    foreign.network = resnet
    with pytest.raises(WeightsError) as caught:
        foreign.adopted(pth)
    network_has = "error[AS512]: the network has"
    file_has = "error[AS512]: the file has"
    assert str(caught.value).splitlines() == [
        "error[AS513]: 'classifier' is (5, 14), but 'classifier' is (5, 12)",
        f"{file_has} 8 of (7), such as 'layer2.3.bn2', the network none",
        f"{file_has} 5 of (14), such as 'layer2.3.bn3', the network none",
        f"{network_has} 4 of (6), such as 'stages.1.1.conv.norm', the file none",
        f"{file_has} 4 of (7, 7, 3, 3), such as 'layer2.3.conv2', the network none",
        f"{file_has} 4 of (14, 7, 1, 1), such as 'layer2.3.conv3', the network none",
        f"{network_has} 3 of (12), such as 'stages.1.1.expand.norm', the file none",
        f"{file_has} 3 of (7, 14, 1, 1), such as 'layer2.3.conv1', the network none",
        f"{network_has} 2 of (6, 6, 3, 3), such as 'stages.1.1.conv.conv', "
        "the file none",
        "error[AS512]: and 6 more shapes differ in number",
        "   help: the file has 16 of the network's 31 layers; another variant?",
    ]


def test_a_bias_too_many(resnet, pth):
    foreign = Foreign(resnet)
    foreign.state["conv1.bias"] = torch.ones(4)
    foreign.assert_refused(
        pth, ("AS512", "'conv1' has weight, bias, but 'stem.conv' has weight")
    )


def test_a_factor_per_channel_may_have_the_axes_of_a_feature_map(network, pth):
    """As in torchvision's ConvNeXt."""
    net = network("layers: {stem: {conv: 8}, gain: {layer_scale: 0.1}}").network
    foreign = Foreign(net, str)
    foreign.state["gain.weight"] = foreign.state["gain.weight"].reshape(8, 1, 1)
    foreign.assert_found(pth)


def test_a_norm_whose_weights_are_called_gamma_and_beta(network, pth):
    """As in ConvNeXt V2's own code, where they have the axes of feature maps."""
    text = "layers: {stem: {conv: 8}, grn: {global_response_norm: 1e-6}, c: {conv: 8}}"
    foreign = Foreign(network(text).network, str)
    for theirs, ours in (("gamma", "weight"), ("beta", "bias")):
        foreign.state[f"grn.{theirs}"] = foreign.state.pop(f"grn.{ours}").view(
            1, 1, 1, 8
        )
    foreign.assert_found(pth)


def test_one_number_for_a_tensor_by_other_names(network, pth):
    """As in timm's HGNetV2, and a factor alone without an axis, as in ReZero."""
    layers = "{c: {conv: 8}, a: scalar_affine, b: {scalar_affine: {bias: false}}}"
    foreign = Foreign(network(f"layers: {layers}").network, str)
    foreign.state["a.scale"] = foreign.state.pop("a.weight")
    foreign.state["b.gain"] = foreign.state.pop("b.weight").view(())
    foreign.assert_found(pth)


def test_norms_without_scale_or_shift(network, pth):
    net = network("""
layers:
  a: {conv: 8}
  an: {batch_norm: {scale: false}}
  b: {conv: 8}
  bn: {batch_norm: {scale: false, shift: false}}
  c: {conv: 8}
  cn: {layer_norm: {epsilon: 1e-6, shift: false}}
  d: {conv: 8}
  dn: {group_norm: {groups: 2, epsilon: 1e-6, scale: false}}
""").network
    foreign = Foreign(net, str)
    assert {"cn.weight", "dn.bias", "bn.running_mean"} <= foreign.state.keys()
    assert foreign.state.keys().isdisjoint(("an.weight", "cn.bias", "dn.weight"))
    foreign.assert_found(pth)


VIT = """
input: {channels: 3, size: 8}
layers:
  patches: {conv: {filters: 8, kernel: 2, stride: 2}}
  sequence: tokens
  registers: {prefix_tokens: 4}
  class_token: prefix_tokens
  positions: position_embedding
  encoder: {encoder_layer: {heads: 2, expand: 1, layer_scale: 1e-5}, repeat: 2}
  first: {take: 0}
  classifier: {dense: classes}
"""
IN_TIMM = {"registers": "reg_token", "class_token": "cls_token", "positions": "pos"}


class ForeignTokens(Foreign):
    """With the names and axes of timm's ViT."""

    def __init__(self, network):
        super().__init__(network, str)
        for path, name in IN_TIMM.items():
            if (table := self.state.pop(f"{path}.weight", None)) is not None:
                self.state[name] = table[None]
        for name in [name for name in self.state if name.endswith("scale.weight")]:
            module = name.removesuffix("scale.weight")
            self.state[f"{module}gamma_1"] = self.state.pop(name)


def test_tokens_beside_factors_per_channel(network, pth):
    """One token has the numbers of a layer scale, and other axes."""
    net = network(VIT).network
    ForeignTokens(net).assert_found(pth)


@pytest.mark.parametrize(
    ("size", "change", "positions", "help"),
    [
        (
            12,
            "",
            (41, 21),
            "--set input.size=12 reads images of the checkpoint's size; for others, "
            "interpolate the embedding in the file",
        ),
        (
            8,
            "position_embedding",
            (16, 21),
            "write 'position_embedding' before 'prefix_tokens'",
        ),
    ],
)
def test_positions_of_another_checkpoint(network, pth, size, change, positions, help):
    net = network(VIT).network
    text = VIT
    if change:  # timm's no_embed_class
        line = f"  positions: {change}\n"
        text = VIT.replace(line, "").replace("  registers", f"{line}  registers")
    other = network(text.replace("size: 8", f"size: {size}")).network
    foreign = ForeignTokens(other)
    foreign.network = net
    theirs, ours = positions
    foreign.assert_refused(
        pth, ("AS513", f"'pos' has {theirs} positions, but 'positions' has {ours}")
    )
    with pytest.raises(WeightsError) as caught:
        foreign.adopted(pth)
    assert caught.value.diagnostics[-1].help == help


def test_numbers_that_are_none(resnet, pth):
    foreign = Foreign(resnet)
    foreign.state["fc.bias"][1] = torch.nan
    foreign.state["bn1.running_mean"][:] = torch.inf
    foreign.assert_refused(
        pth,
        ("AS515", "'bn1.running_mean' has 4 of 4 numbers that are not finite"),
        ("AS515", "'fc.bias' has 1 of 5 numbers that are not finite"),
    )


def test_integers(resnet, pth):
    foreign = Foreign(resnet)
    foreign.state["fc.bias"] = torch.arange(5)
    foreign.assert_refused(
        pth, ("AS514", "'fc.bias' holds int64, but weights are floating-point")
    )


def test_too_large_for_single_precision(resnet, pth):
    foreign = Foreign(resnet)
    foreign.state["fc.bias"] = torch.full((5,), 1e39, dtype=torch.float64)
    foreign.assert_refused(
        pth, ("AS515", "'fc.bias' has 5 of 5 numbers that are not finite")
    )
